//! `sealpost advisory github`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::{NetworkOptions, TriageOptions, inbox::kinds};
use crate::{advisory::GhsaId, case::EventKind};

/// Work on the advisory at GitHub
#[derive(Debug, Args)]
pub struct AdvisoryAtGitHub {
    /// The step.
    #[command(subcommand)]
    pub step: GitHubStep,
}

/// The steps.
#[derive(Debug, Subcommand)]
pub enum GitHubStep {
    /// Open a draft advisory of the report, or accept the report that was filed at GitHub
    ///
    /// The steps to reproduce are left out, since what is in the draft will be published. Doing it
    /// again finds the advisory instead of making another.
    #[command(after_help = "Examples:\n  \
        sealpost advisory github open report --repository example/widgets\n  \
        sealpost advisory github open report --repository example/widgets --report GHSA-2345-6789-cfgh")]
    Open(Box<GitHubOpen>),
    /// Invite people to the advisory: the reporter, and whom you both trust
    #[command(after_help = "Example:\n  sealpost advisory github invite report rdoe")]
    Invite(GitHubInvite),
    /// Make the temporary private fork in which the flaw is mended
    #[command(after_help = "Example:\n  sealpost advisory github fork report")]
    Fork(GitHubPlain),
    /// Thank people: those that are named, else those of advisory.toml that have a `login`
    #[command(after_help = "Examples:\n  \
        sealpost advisory github credit report\n  \
        sealpost advisory github credit report rdoe:finder amaint:remediation_developer")]
    Credit(GitHubCredit),
    /// Ask GitHub for a CVE id
    #[command(after_help = "Example:\n  sealpost advisory github request-cve report")]
    RequestCve(GitHubPlain),
    /// Note what happened, for the embargo: the security release, another end that you agreed on
    #[command(after_help = "Examples:\n  \
        sealpost advisory github event report security-release --on 2026-11-20\n  \
        sealpost advisory github event report embargo-until --until 2027-02-20")]
    Event(GitHubEvent),
    /// Publish the advisory, if its embargo is over
    ///
    /// The embargo counts by the vendor's program, by the reporter's plan, and by what was noted
    /// with `event`. Versions that mend the flaw are added from advisory.toml where GitHub's draft names none.
    #[command(after_help = "Examples:\n  \
        sealpost advisory github publish report --program exposurex\n  \
        sealpost advisory github publish report --override 'it is exploited, and the reporter agrees'")]
    Publish(GitHubPublish),
}

/// `open`.
#[derive(Debug, Args)]
pub struct GitHubOpen {
    /// The folder of the opened report; with --report it may be a new one
    #[arg(value_name = "CASE_DIR")]
    pub case: PathBuf,

    /// The repository that the advisory is of
    #[arg(long, value_name = "OWNER/REPO")]
    pub repository: String,

    /// The private report that is at GitHub already: accept it instead of opening another
    #[arg(long, value_name = "GHSA-ID")]
    pub report: Option<GhsaId>,

    /// What triage adds
    #[command(flatten)]
    pub triage: TriageOptions,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// `invite`.
#[derive(Debug, Args)]
pub struct GitHubInvite {
    /// The folder of the opened report
    #[arg(value_name = "CASE_DIR")]
    pub case: PathBuf,

    /// Whom: accounts at GitHub
    #[arg(value_name = "LOGIN", required = true)]
    pub logins: Vec<String>,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// `credit`.
#[derive(Debug, Args)]
pub struct GitHubCredit {
    /// The folder of the opened report
    #[arg(value_name = "CASE_DIR")]
    pub case: PathBuf,

    /// Whom, and what for (`reporter` if nothing is said)
    #[arg(value_name = "LOGIN[:TYPE]")]
    pub logins: Vec<String>,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// The steps that need nothing else.
#[derive(Debug, Args)]
pub struct GitHubPlain {
    /// The folder of the opened report
    #[arg(value_name = "CASE_DIR")]
    pub case: PathBuf,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// `event`.
#[derive(Debug, Args)]
pub struct GitHubEvent {
    /// The folder of the opened report
    #[arg(value_name = "CASE_DIR")]
    pub case: PathBuf,

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

/// `publish`.
#[derive(Debug, Args)]
pub struct GitHubPublish {
    /// The folder of the opened report
    #[arg(value_name = "CASE_DIR")]
    pub case: PathBuf,

    /// Whose terms hold: a profile's name or path [default: the program that the report names]
    #[arg(long, value_name = "PROGRAM")]
    pub program: Option<String>,

    /// Publish although the embargo is not over; the reason is kept in events.json
    #[arg(long, value_name = "REASON")]
    pub r#override: Option<String>,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}
