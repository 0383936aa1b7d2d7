//! `sealpost send`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::{MailOptions, NetworkOptions};
use crate::openpgp::Fingerprint;

/// Seal a report and deliver it to the vendor
///
/// Finds the vendor's intake among its contacts and the key that it published, seals, uploads, and
/// verifies the receipt before it says "delivered". What cannot be delivered is kept in the outbox,
/// as ciphertext (exit code 6), and goes on with --resume from where it was, however it was cut off;
/// it never arrives twice.
///
/// The case that begins is kept: `sealpost case` shows what becomes of it. The twelve words bring it
/// back on another machine.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags as they are typed; resolved in commands/"
)]
#[command(
    group = ArgGroup::new("what").required(true).args(["report", "resume"]),
    group = ArgGroup::new("signature").args(["sign_with", "unsigned"]),
    after_help = "Examples:\n  \
        sealpost send report.md --to example.org\n  \
        sealpost send report.md -a poc.py -a video.mp4 --to example.org\n  \
        sealpost send report.md --to example.org --dry-run\n  \
        sealpost send report.md --to github:example/widgets --via github\n  \
        sealpost send report.md --to http://127.0.0.1:8080 --yes-trust-first-use\n  \
        sealpost send report.md --to val.town --via mail --from me@example.org\n  \
        sealpost send report.md --to val.town --via mail --smtp smtps://me%40example.org@mail.example.org\n  \
        sealpost send --resume\n  \
        sealpost send --resume k3v7x2qd"
)]
pub struct Send {
    /// The report; `-` is stdin
    #[arg(value_name = "REPORT", requires = "to")]
    pub report: Option<PathBuf>,

    /// Attach FILE; repeat it for more
    #[arg(short, long = "attach", value_name = "FILE", requires = "report")]
    pub attach: Vec<PathBuf>,

    /// Leave the attachments as they are. Otherwise, what pictures and documents say beside their content is taken out of
    /// the copy that is sealed: where and when, by whom, with what. The files themselves are never changed
    #[arg(long, requires = "report")]
    pub keep_metadata: bool,

    /// The vendor: a domain, a URL, an address, github:OWNER/REPO, or a profile's name or path
    #[arg(long, value_name = "TARGET", requires = "report")]
    pub to: Option<String>,

    /// How it travels
    #[arg(long, value_enum, default_value_t)]
    pub via: Channel,

    /// Go on with what is in the outbox: all of it, or one CASE
    #[arg(
        long,
        value_name = "CASE",
        num_args = 0..=1,
        default_missing_value = "",
        conflicts_with_all = [
            "leave_no_trace", "dry_run", "fingerprint", "yes_trust_first_use", "also_to", "signature", "eml", "smtp",
            "sendmail", "from"
        ]
    )]
    pub resume: Option<String>,

    /// Show what would happen, and send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Keep nothing on this machine: no case, no pin, no outbox. The twelve words are all that is left
    #[arg(long)]
    pub leave_no_trace: bool,

    /// The key that is meant, by its whole fingerprint, which you compared
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<Fingerprint>,

    /// Trust a key of the vendor that one source alone names, without being asked
    #[arg(long)]
    pub yes_trust_first_use: bool,

    /// Seal to this certificate, too: your own, so that you can read what you sent
    #[arg(long, value_name = "CERT")]
    pub also_to: Vec<PathBuf>,

    /// Sign with your own key instead: a secret key file, or a fingerprint that gpg-agent holds
    #[arg(long, value_name = "KEY")]
    pub sign_with: Option<String>,

    /// Do not sign
    #[arg(long)]
    pub unsigned: bool,

    /// With --via github: the repository, where the vendor's profile names none
    #[arg(long, value_name = "OWNER/REPO")]
    pub repository: Option<String>,

    /// With --via github: file the report encrypted to the vendor's key, so that GitHub cannot read it
    #[arg(long)]
    pub sealed: bool,

    /// With --via github: file the report so that GitHub can read it, without being asked
    #[arg(long, conflicts_with = "sealed")]
    pub accept_transport_only: bool,

    /// With --via github: have GitHub make a temporary private fork at once
    #[arg(long)]
    pub start_private_fork: bool,

    /// How long to go on trying while nothing gets through, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub patience: u64,

    /// With --via mail
    #[command(flatten)]
    pub mail: MailOptions,

    /// Go on without a proxy, although the case was begun through one
    #[arg(long)]
    pub direct: bool,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// How a report travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Channel {
    /// To the vendor's intake, over https
    #[default]
    Intake,
    /// Into a repository on GitHub, as a private vulnerability report. GitHub can read it, unless --sealed
    #[value(name = "github")]
    GitHub,
    /// As an encrypted mail to the vendor's address
    Mail,
}
