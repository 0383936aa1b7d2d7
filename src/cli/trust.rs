//! `sealpost trust`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::NetworkOptions;
use crate::openpgp::Fingerprint;

/// Pin the key of a vendor, or show and remove pins
///
/// A pinned key is used from then on, and nothing that a web page or a key server says later
/// replaces it: if another key is published, sealing stops until you pin that one by its
/// fingerprint. Compare the fingerprint with what the vendor says elsewhere: in a talk, on paper,
/// on the phone.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["target", "list", "remove"]),
    after_help = "Examples:\n  \
        sealpost trust example.org\n  \
        sealpost trust example.org --fingerprint 0123456789ABCDEF0123456789ABCDEF01234567\n  \
        sealpost trust example.org --key vendor.asc\n  \
        sealpost trust --list\n  \
        sealpost trust --remove example.org"
)]
pub struct Trust {
    /// A domain, a URL, a mail address, github:OWNER/REPO, or a profile's name or path
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,

    /// Show all pins
    #[arg(long)]
    pub list: bool,

    /// Remove the pin of TARGET
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["fingerprint", "key"])]
    pub remove: Option<String>,

    /// Pin the certificate in this file, without asking anybody
    #[arg(long, value_name = "CERT", requires = "target")]
    pub key: Option<PathBuf>,

    /// Which key to trust
    #[command(flatten)]
    pub first_use: FirstUse,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// How a key becomes trusted that is not pinned yet.
#[derive(Debug, Args)]
pub struct FirstUse {
    /// The key that is meant, by its whole fingerprint, which you compared
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<Fingerprint>,

    /// Trust a key that one source alone names, without being asked
    #[arg(long)]
    pub yes_trust_first_use: bool,
}
