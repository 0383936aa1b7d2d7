//! `sealpost advisory github`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{NetworkOptions, TriageOptions};
use crate::advisory::GhsaId;

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
