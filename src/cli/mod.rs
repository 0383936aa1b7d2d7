//! The command line: what was typed, with its help. Nothing deeper than `commands/` knows of clap.

mod advisory;
mod case;
mod check;
mod find;
mod github;
mod inbox;
mod keygen;
mod late;
mod mail;
mod network;
mod new;
mod open;
mod publish;
mod quantity;
mod request_key;
mod seal;
mod send;
mod serve;
mod store;
mod token;
mod trust;
mod upkeep;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use advisory::{Advisory, AdvisoryDraft, AdvisoryVerb, TriageOptions};
pub use case::{
    Case, CaseEmbargo, CaseEvent, CaseForget, CaseLock, CaseRecover, CaseReply, CaseShow, CaseSync,
    CaseVerb,
};
pub use check::Check;
pub use find::Find;
pub use github::{
    AdvisoryAtGitHub, GitHubCredit, GitHubEvent, GitHubInvite, GitHubOpen, GitHubPlain,
    GitHubPublish, GitHubStep,
};
pub use inbox::{
    Inbox, InboxAck, InboxDelete, InboxEmbargo, InboxEvent, InboxFetch, InboxList, InboxMessages,
    InboxOpen, InboxReply, InboxVerb, IntakeOptions,
};
pub use keygen::{KeyProfile, Keygen};
pub use late::Late;
pub(crate) use late::only_what_is_typed;
pub use mail::MailOptions;
pub use network::NetworkOptions;
pub use new::New;
pub use open::{Open, OpeningOptions};
pub use publish::Publish;
pub use quantity::{NotAQuantity, Size, Span};
pub use request_key::RequestKey;
pub use seal::{ContainerProfile, Seal};
pub use send::{Channel, Send};
pub use serve::{LimitOptions, LogForm, Serve, TlsOptions};
pub use store::StoreOptions;
pub use token::{Token, TokenAdd, TokenList, TokenRevoke, TokenVerb};
pub use trust::{FirstUse, Trust};
pub use upkeep::{Fsck, Sweep};

/// Seal a vulnerability report so that only the vendor can read it, and open it at the other end.
#[derive(Debug, Parser)]
#[command(
    name = "sealpost",
    version,
    after_help = "Start with `sealpost demo`: both sides on this machine, with real keys.",
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Where pins, cases, the outbox and your own profiles are kept [default: the platform's data folder]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "SEALPOST_HOME",
        hide_env_values = true
    )]
    pub home: Option<PathBuf>,

    /// Print the result as one JSON document on stdout, and nothing else there
    #[arg(long, global = true)]
    pub json: bool,

    /// Say nothing but warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more; twice: say what only a developer wants to know
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,

    /// Take passphrases from the first line of FILE instead of asking
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,

    // Text here, so that a refusal does not repeat the password in it.
    /// Send everything through this proxy: socks5h://HOST:PORT, http://… or https://…
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SEALPOST_PROXY",
        hide_env_values = true
    )]
    pub proxy: Option<String>,

    /// Ask nobody: use what is pinned and what the profiles say
    #[arg(long, global = true, env = "SEALPOST_OFFLINE", value_parser = clap::builder::FalseyValueParser::new(), hide_env_values = true)]
    pub offline: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that can
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would replace the long help of the arguments"
)]
pub enum Command {
    Find(Late<Find>),
    Trust(Late<Trust>),
    New(Late<New>),
    Check(Late<Check>),
    Seal(Late<Seal>),
    Send(Late<Send>),
    Case(Late<Case>),
    RequestKey(Late<RequestKey>),
    Open(Late<Open>),
    Keygen(Late<Keygen>),
    Publish(Late<Publish>),
    Serve(Late<Serve>),
    Token(Late<Token>),
    Fsck(Late<Fsck>),
    Sweep(Late<Sweep>),
    Inbox(Late<Inbox>),
    Advisory(Late<Advisory>),
    Demo(Late<Demo>),
    /// Print the completions for a shell
    #[command(
        after_help = "Example:\n  sealpost completions bash > /etc/bash_completion.d/sealpost"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man {
        /// The folder, which must exist
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Show both sides at work on this machine, with real keys
///
/// Makes a vendor's key, runs an intake on this machine, sends it a report with three attachments,
/// opens that straight from the intake and compares, and answers the reporter, whose name nobody
/// knows; each command is printed as you would type it. Nobody else is asked. Everything happens in a
/// fresh folder, which is removed at the end.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sealpost demo\n  sealpost demo --keep try-out")]
pub struct Demo {
    /// Work in this new folder, and leave it there to look at
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}
