//! `sealpost seal`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::NetworkOptions;
use crate::openpgp::Fingerprint;

/// Seal a report and its attachments into one file
///
/// The file can be read by the holder of the key alone; it says nothing of the finding, of you or
/// of the names of your files. It is signed by a key made for this case. The twelve words that
/// are shown bring that key back: keep them, they open the vendor's answers.
///
/// The vendor opens it with `sealpost open`, or with `gpg -d FILE | tar x`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags as they are typed; resolved in commands/"
)]
#[command(
    group = ArgGroup::new("addressee").required(true).multiple(true).args(["to", "key", "passphrase"]),
    group = ArgGroup::new("signature").args(["sign_with", "unsigned"]),
    after_help = "Examples:\n  \
        sealpost seal report.md -a poc.py -a video.mp4 --key vendor.asc\n  \
        sealpost seal report.md --to example.org\n  \
        sealpost seal report.md --to val.town --key val-town.asc -o finding.pgp\n  \
        sealpost seal - --key vendor.asc --armor < report.md > report.asc\n  \
        sealpost seal report.md --to val.town --passphrase"
)]
pub struct Seal {
    /// The report; `-` is stdin
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// Attach FILE; repeat it for more
    #[arg(short, long = "attach", value_name = "FILE")]
    pub attach: Vec<PathBuf>,

    /// Leave the attachments as they are. Otherwise, what pictures and documents say beside their content is taken out of
    /// the copy that is sealed: where and when, by whom, with what. The files themselves are never changed
    #[arg(long)]
    pub keep_metadata: bool,

    /// The vendor that the report is meant for: a domain, a URL, an address, github:OWNER/REPO, or
    /// a profile's name or path. Without --key its key is looked for, as `find` does
    #[arg(long, value_name = "TARGET")]
    pub to: Option<String>,

    /// A file with the vendor's certificate; repeat it for several recipients
    #[arg(long, value_name = "CERT")]
    pub key: Vec<PathBuf>,

    /// The key that is meant, by its whole fingerprint, which you compared; with several --key one
    /// for each
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Vec<Fingerprint>,

    /// Trust a key of the vendor that one source alone names, without being asked
    #[arg(long, conflicts_with_all = ["key", "passphrase"])]
    pub yes_trust_first_use: bool,

    /// Seal with a passphrase that you agree on over another channel
    #[arg(long, conflicts_with_all = ["key", "also_to", "fingerprint"])]
    pub passphrase: bool,

    /// Seal to this certificate, too: your own, so that you can read what you sent
    #[arg(long, value_name = "CERT")]
    pub also_to: Vec<PathBuf>,

    /// Sign with your own key instead: a secret key file, or a fingerprint that gpg-agent holds
    #[arg(long, value_name = "KEY")]
    pub sign_with: Option<String>,

    /// Do not sign
    #[arg(long)]
    pub unsigned: bool,

    /// Where to write the sealed report; `-` is stdout [default: report.pgp or
    /// report.asc beside REPORT]
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,

    /// Force the container [default: the newest that all recipients read]
    #[arg(long, value_enum)]
    pub profile: Option<ContainerProfile>,

    /// Write ASCII armour, for a mail body or a web form
    #[arg(long)]
    pub armor: bool,

    /// Replace OUT if it is there
    #[arg(long)]
    pub force: bool,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// Which generation of OpenPGP reads the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ContainerProfile {
    /// SEIPDv1: everyone, GnuPG included
    Rfc4880,
    /// SEIPDv2 (AES-256 in OCB mode), and Argon2id with a passphrase
    Rfc9580,
}
