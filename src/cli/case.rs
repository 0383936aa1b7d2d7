//! `sealpost case`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use url::Url;

use super::{NetworkOptions, inbox::kinds, network::intake_url};
use crate::{case::EventKind, openpgp::Fingerprint};

/// See what becomes of your reports, and talk to the vendor
///
/// A case begins with `sealpost send`. CASE is its name, or the beginning of its name.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sealpost case list\n  sealpost case sync")]
pub struct Case {
    /// What to do
    #[command(subcommand)]
    pub verb: CaseVerb,
}

/// The verbs of `case`.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would replace the long help of the arguments"
)]
pub enum CaseVerb {
    /// List all cases
    #[command(after_help = "Examples:\n  sealpost case list\n  sealpost case list --json")]
    List,
    Show(CaseShow),
    Sync(Box<CaseSync>),
    Event(CaseEvent),
    Embargo(CaseEmbargo),
    Reply(Box<CaseReply>),
    Recover(Box<CaseRecover>),
    Forget(CaseForget),
    Lock(CaseLock),
    /// Take the passphrase away: the records can then be read without it
    #[command(after_help = "Example:\n  sealpost case unlock")]
    Unlock,
}

/// Show a case: its receipt, what happened, the messages
///
/// Verifies the receipt again: with the signature of the vendor's key it proves when the report
/// arrived. Nobody is asked; `case sync` asks.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost case show k3v7x2qd\n  \
    sealpost case show k3 --receipt receipt.txt\n  \
    sealpost case show k3 --words")]
pub struct CaseShow {
    /// The case
    #[arg(value_name = "CASE")]
    pub case: String,

    /// Write the signed receipt into FILE; `-` is stdout. Anybody can verify it with `gpg --verify`
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,

    /// Show the twelve words, too, which bring the case back on another machine
    #[arg(long)]
    pub words: bool,

    /// Your own secret key, where the report was signed with it (--sign-with)
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,
}

/// Ask the intake what happened, and fetch new messages
///
/// Opens each message and says who signed it: the vendor, the key that the intake holds (so that
/// whoever runs the intake could have written it), or nobody.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sealpost case sync\n  sealpost case sync k3v7x2qd\n  sealpost case sync --mbox Mail/inbox"
)]
pub struct CaseSync {
    /// The case [default: all that are not closed]
    #[arg(value_name = "CASE")]
    pub case: Option<String>,

    /// Look for the vendor's answers in a mailbox, for cases that went by mail: an mbox file, a
    /// maildir, or one mail
    #[arg(long, value_name = "PATH")]
    pub mbox: Option<PathBuf>,

    /// Your own secret key, where the report was signed with it (--sign-with)
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,

    /// Go on without a proxy, although the case was begun through one
    #[arg(long)]
    pub direct: bool,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// Note what happened to a case elsewhere
///
/// What a vendor says in a mail, on GitHub or on the telephone no intake knows of. What you note here stays on this
/// machine and counts like what the intake says: an acknowledgement or a security release may start the embargo,
/// embargo-until moves its end to the day that both sides agreed on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost case event k3v7x2qd acknowledged\n  \
    sealpost case event k3v7x2qd security-release --on 2026-11-20\n  \
    sealpost case event k3 embargo-until --until 2027-02-20")]
pub struct CaseEvent {
    /// The case
    #[arg(value_name = "CASE")]
    pub case: String,

    /// What happened
    #[arg(value_name = "KIND", value_parser = kinds())]
    pub kind: EventKind,

    /// The day on which it happened, in UTC [default: today]
    #[arg(long, value_name = "DATE")]
    pub on: Option<Date>,

    /// The new end of the embargo; with embargo-until alone
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
}

/// Tell when a finding may be published, and write it into a calendar
///
/// Counts the days of the vendor's program from the event that starts them, as the vendor does; an end that both sides
/// agreed on later counts instead. Nobody is asked: `case sync` first, to know what happened since; what happened
/// elsewhere is for `case event`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost case embargo\n  \
    sealpost case embargo k3v7x2qd --ics embargo.ics")]
pub struct CaseEmbargo {
    /// The case [default: all that are not closed]
    #[arg(value_name = "CASE")]
    pub case: Option<String>,

    /// Write the ends into FILE, for a calendar, with alarms before them; `-` is stdout. It names the case, not the
    /// vendor and not the finding
    #[arg(long, value_name = "FILE")]
    pub ics: Option<PathBuf>,

    /// Replace FILE if it is there
    #[arg(long, requires = "ics")]
    pub force: bool,
}

/// Send a message to the vendor, sealed like the report
///
/// It is padded, and signed by the key of the case. One that cannot be delivered is kept in the
/// outbox (exit code 6): `sealpost send --resume` goes on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost case reply k3v7x2qd --message answer.txt\n  \
    sealpost case reply k3 --message - < answer.txt")]
pub struct CaseReply {
    /// The case
    #[arg(value_name = "CASE")]
    pub case: String,

    /// The text; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub message: PathBuf,

    /// Sign with your own key instead: a secret key file, or a fingerprint that gpg-agent holds
    #[arg(long, value_name = "KEY")]
    pub sign_with: Option<String>,

    /// How long to go on trying while nothing gets through, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub patience: u64,

    /// Go on without a proxy, although the case was begun through one
    #[arg(long)]
    pub direct: bool,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// Bring a case back on this machine, by its twelve words
///
/// They are asked for. The vendor's intake is found as `send` finds it, and asked for the case once you
/// confirmed that it may have the case's token; its receipt is verified. You are not asked about an
/// intake that you typed: --intake URL, or an address of this machine as --to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost case recover --to example.org\n  \
    sealpost case recover --to example.org --words-file words.txt --yes\n  \
    sealpost case recover --to example.org --intake https://reports.example.org")]
pub struct CaseRecover {
    /// The vendor, as in `send`
    #[arg(long, value_name = "TARGET")]
    pub to: String,

    /// Ask for the words on the terminal, which is what happens anyway
    #[arg(long, conflicts_with = "words_file")]
    pub words: bool,

    /// Take the words from the first line of FILE instead of asking
    #[arg(long, value_name = "FILE")]
    pub words_file: Option<PathBuf>,

    /// The intake that has the case, instead of the one that is found
    #[arg(long, value_name = "URL", value_parser = intake_url)]
    pub intake: Option<Url>,

    /// Give the case's token to the intake that is found, without being asked
    #[arg(long)]
    pub yes: bool,

    /// The key that the report was sealed to, by its whole fingerprint
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<Fingerprint>,

    /// Trust a key of the vendor that one source alone names, without being asked
    #[arg(long)]
    pub yes_trust_first_use: bool,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// Wipe a case from this machine, with what waits in the outbox
///
/// Its bytes are overwritten, which flash storage, copies and snapshots may defeat. The intake keeps
/// what it has; the twelve words bring the case back. Keys that you trust stay trusted.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost case forget k3v7x2qd\n  \
    sealpost case forget k3v7x2qd --yes")]
pub struct CaseForget {
    /// The case
    #[arg(value_name = "CASE")]
    pub case: String,

    /// Do it without being asked
    #[arg(long)]
    pub yes: bool,
}

/// Set or change the passphrase of all cases
///
/// Their records are encrypted with it from then on; sending needs no passphrase, reading asks for
/// it once a command.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost case lock\n  \
    sealpost case lock --new-passphrase-file new.txt")]
pub struct CaseLock {
    /// Take the new passphrase from the first line of FILE instead of asking
    #[arg(long, value_name = "FILE")]
    pub new_passphrase_file: Option<PathBuf>,
}
