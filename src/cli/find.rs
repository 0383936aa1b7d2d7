//! `sealpost find`.

use clap::Args;

use super::NetworkOptions;

/// Find where a vendor takes reports, and which key it published
///
/// Asks every source at once: security.txt, the keys that it links to, Web Key Directory, key
/// servers, DNS (DANE), CSAF metadata, and SECURITY.md of a repository. Shows what each of them
/// says, which key may be trusted and why, or what stands against it. Nothing about any finding is
/// sent, but each source learns that somebody asks about the vendor.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        sealpost find example.org\n  \
        sealpost find https://shop.example.org/cart\n  \
        sealpost find security@example.org --json\n  \
        sealpost find github:OWNER/REPO\n  \
        sealpost find val.town --offline")]
pub struct Find {
    /// A domain, a URL, a mail address, github:OWNER/REPO, or a profile's name or path
    #[arg(value_name = "TARGET")]
    pub target: String,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}
