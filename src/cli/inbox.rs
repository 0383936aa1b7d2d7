//! `sealpost inbox`: the vendor's side of an intake.

use std::path::PathBuf;

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use jiff::civil::Date;
use url::Url;

use super::{NetworkOptions, OpeningOptions, network::intake_url};
use crate::{
    case::{EventKind, State},
    wire::{MessageId, ReportId},
};

/// Read and answer the reports at your intake
///
/// The intake holds sealed reports only: opening, answering and verifying happen on this machine,
/// with your own keys. A token of the intake (`sealpost token add`) says what you may do: read,
/// triage or admin.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
    export SEALPOST_INTAKE=https://reports.example.org SEALPOST_TOKEN_FILE=$HOME/token\n  \
    sealpost inbox list --state received\n  \
    sealpost inbox open kzq3v5mbxq4y2l6c7fwtbn2h3e --key secret.pgp -o report\n  \
    sealpost inbox ack kzq3v5mbxq4y2l6c7fwtbn2h3e"
)]
pub struct Inbox {
    /// What to do.
    #[command(subcommand)]
    pub verb: InboxVerb,
}

/// What to do at an intake.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would replace the long help of the arguments"
)]
pub enum InboxVerb {
    List(Box<InboxList>),
    Fetch(Box<InboxFetch>),
    Open(Box<InboxOpen>),
    Ack(Box<InboxAck>),
    Event(Box<InboxEvent>),
    Embargo(Box<InboxEmbargo>),
    Messages(Box<InboxMessages>),
    Reply(Box<InboxReply>),
    Delete(Box<InboxDelete>),
}

/// Which intake, and as whom.
#[derive(Debug, Args)]
pub struct IntakeOptions {
    /// The intake, such as `https://reports.example.org`
    #[arg(
        long,
        value_name = "URL",
        value_parser = intake_url,
        env = "SEALPOST_INTAKE",
        hide_env_values = true
    )]
    pub intake: Option<Url>,

    /// A file with your token for it, which only you can read
    #[arg(
        long,
        value_name = "FILE",
        env = "SEALPOST_TOKEN_FILE",
        hide_env_values = true
    )]
    pub token_file: Option<PathBuf>,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// List the reports, newest first, and which of your keys open each
///
/// No key is unlocked and no card is asked for its PIN to tell that.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost inbox list --state received --limit 20\n  \
    sealpost inbox list --program program.toml\n  \
    sealpost inbox list --json --key secret.pgp")]
pub struct InboxList {
    /// Only those in this state
    #[arg(long, value_name = "STATE", value_parser = states())]
    pub state: Option<State>,

    /// At most so many [default: all]
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,

    /// Your program, a profile's name or path: what happened to each report that is not closed is asked for, too, and
    /// you are warned of embargoes that end soon
    #[arg(long, value_name = "TARGET")]
    pub program: Option<String>,

    /// A file with a secret key of yours; repeat it for more [default: what gpg-agent holds]
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

/// Download sealed reports as they are, to open them elsewhere
///
/// Goes on where it was cut. The size, the SHA-256 and the receipt are checked: what the intake
/// exchanged for something else is noticed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    sealpost inbox fetch kzq3v5mbxq4y2l6c7fwtbn2h3e -o sealed")]
pub struct InboxFetch {
    /// The reports
    #[arg(required = true, value_name = "ID")]
    pub id: Vec<ReportId>,

    /// The folder for them; each is ID.pgp there
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,

    /// A file with your secret key, whose certificate verifies the receipts [default: gpg-agent]
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

/// Open a report straight from the intake
///
/// As `sealpost open`: nothing appears in the folder before everything was decrypted and
/// authenticated, and nothing sealed is left on this disk. The key to answer to is remembered for
/// `inbox reply`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    sealpost inbox open kzq3v5mbxq4y2l6c7fwtbn2h3e --key secret.pgp -o report")]
pub struct InboxOpen {
    /// The report
    #[arg(value_name = "ID")]
    pub id: ReportId,

    /// A new folder for what is inside [default: ID]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// With what, and what is believed
    #[command(flatten)]
    pub opening: OpeningOptions,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

/// Tell the reporter that you have the report
///
/// The same as `inbox event ID acknowledged`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    sealpost inbox ack kzq3v5mbxq4y2l6c7fwtbn2h3e")]
pub struct InboxAck {
    /// The reports
    #[arg(required = true, value_name = "ID")]
    pub id: Vec<ReportId>,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

/// Tell the reporter what became of a report
///
/// An event is a word and a time, and says nothing of the finding. Whatever there is to explain goes
/// into a sealed message: `inbox reply`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost inbox event kzq3v5mbxq4y2l6c7fwtbn2h3e accepted\n  \
    sealpost inbox event kzq3v5mbxq4y2l6c7fwtbn2h3e embargo-until --until 2027-02-20")]
pub struct InboxEvent {
    /// The report
    #[arg(value_name = "ID")]
    pub id: ReportId,

    /// What happened
    #[arg(value_name = "KIND", value_parser = kinds())]
    pub kind: EventKind,

    /// The new end of the embargo; with embargo-until alone
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

/// Tell when a finding may be published, and write it into a calendar
///
/// Counts the days of your program from the event that starts them, as the reporter does; an end that both sides agreed
/// on (`inbox event ID embargo-until`) counts instead.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost inbox embargo kzq3v5mbxq4y2l6c7fwtbn2h3e --program program.toml\n  \
    sealpost inbox embargo kzq3v5mbxq4y2l6c7fwtbn2h3e --program val.town --ics embargo.ics")]
pub struct InboxEmbargo {
    /// The report
    #[arg(value_name = "ID")]
    pub id: ReportId,

    /// Your program: a profile's name or path [default: only what both sides agreed on counts]
    #[arg(long, value_name = "TARGET")]
    pub program: Option<String>,

    /// The opened report (`report.md`), whose plan counts where the program says nothing
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Write the end into FILE, for a calendar, with alarms before it; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub ics: Option<PathBuf>,

    /// Replace FILE if it is there
    #[arg(long, requires = "ics")]
    pub force: bool,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

/// List the messages of a report, and read those of the reporter
///
/// Your own messages are sealed to the reporter alone, so they are listed and not shown.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost inbox messages kzq3v5mbxq4y2l6c7fwtbn2h3e --key secret.pgp\n  \
    sealpost inbox messages kzq3v5mbxq4y2l6c7fwtbn2h3e -o sealed")]
pub struct InboxMessages {
    /// The report
    #[arg(value_name = "ID")]
    pub id: ReportId,

    /// Only these messages
    #[arg(value_name = "MESSAGE")]
    pub message: Vec<MessageId>,

    /// Save the sealed messages into this folder, each as MESSAGE.pgp, instead of opening them
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// A file with the secret key; repeat it to try several [default: gpg-agent]
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

/// Answer a reporter, whose name need not be known to anyone
///
/// The message is sealed to the key that was enclosed in the report, and signed by your own, so that
/// nobody at the intake can read it or write in your name.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("signature").required(true).args(["sign_with", "unsigned"]),
    after_help = "Examples:\n  \
    sealpost inbox reply kzq3v5mbxq4y2l6c7fwtbn2h3e --message answer.txt --sign-with secret.pgp\n  \
    echo \"Fixed in 2.1\" | sealpost inbox reply kzq3v5mbxq4y2l6c7fwtbn2h3e --message - --sign-with secret.pgp"
)]
pub struct InboxReply {
    /// The report
    #[arg(value_name = "ID")]
    pub id: ReportId,

    /// The text, in UTF-8; `-` is stdin
    #[arg(short, long, value_name = "FILE")]
    pub message: PathBuf,

    /// The reporter's certificate [default: the one that was enclosed, once the report was opened
    /// with `inbox open`]
    #[arg(long, value_name = "CERT")]
    pub reporter: Option<PathBuf>,

    /// Sign with your key: a secret key file, such as secret.pgp of `keygen`, or a fingerprint that
    /// gpg-agent holds
    #[arg(long, value_name = "KEY")]
    pub sign_with: Option<String>,

    /// Do not sign: the reporter cannot tell then who wrote it
    #[arg(long)]
    pub unsigned: bool,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

/// Remove a report from the intake for good, with its messages
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    sealpost inbox delete kzq3v5mbxq4y2l6c7fwtbn2h3e --yes")]
pub struct InboxDelete {
    /// The report
    #[arg(value_name = "ID")]
    pub id: ReportId,

    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,

    /// Which intake
    #[command(flatten)]
    pub at: IntakeOptions,
}

fn states() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(State::as_str))
        .try_map(|word| State::from_word(&word).ok_or("no such state"))
}

/// What a vendor can say; that a report came, the intake alone does.
pub(super) fn kinds() -> impl TypedValueParser<Value = EventKind> {
    let said = EventKind::ALL
        .into_iter()
        .filter(|kind| *kind != EventKind::Received);
    PossibleValuesParser::new(said.map(EventKind::as_str))
        .try_map(|word| EventKind::from_word(&word).ok_or("no such event"))
}
