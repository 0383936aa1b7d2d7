//! `sealpost request-key`.

use clap::Args;

use super::{MailOptions, NetworkOptions};

/// Ask a vendor for its key, without a word on the finding
///
/// Writes a mail that is the same for everybody but for the key in it: one made for this question,
/// to which the answer can be encrypted. The twelve words that are shown open that answer:
/// sealpost open ANSWER --words
///
/// The mail itself is not encrypted, since there is no key yet: whoever carries it sees that you
/// asked, and nothing else. A report is never sent in the clear.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost request-key val.town\n  \
    sealpost request-key val.town --from me@example.org --eml question.eml\n  \
    sealpost request-key val.town --smtp smtps://me%40example.org@mail.example.org")]
pub struct RequestKey {
    /// The vendor: a domain, a URL, an address, or a profile's name or path
    #[arg(value_name = "TARGET")]
    pub target: String,

    /// How the mail leaves
    #[command(flatten)]
    pub mail: MailOptions,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}
