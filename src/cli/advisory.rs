//! `sealpost advisory`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use url::Url;

use crate::advisory::{CveId, GhsaId, Line, Moment, OrgId, PublisherCategory, Status, Tlp};

/// Make an advisory of an opened report
///
/// `CASE_DIR` is the folder that `open` wrote. What triage adds (the version that mends it, the CVE
/// id, who is thanked, who publishes) stands in a file `advisory.toml` in it, or is typed. What
/// nobody said is never made up: the error names the field.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost advisory csaf report -o example-sa-2026-001.json\n  \
    sealpost advisory osv report --id EXAMPLE-SA-2026-001 --fixed 1.4.2 --published 2026-12-22")]
pub struct Advisory {
    /// The verb.
    #[command(subcommand)]
    pub verb: AdvisoryVerb,
}

/// The forms of an advisory.
#[derive(Debug, Subcommand)]
pub enum AdvisoryVerb {
    /// Write a CSAF 2.0 document (profile "security advisory")
    #[command(
        after_help = "Example:\n  sealpost advisory csaf report --published 2026-12-22 -o example-sa-2026-001.json"
    )]
    Csaf(AdvisoryDraft),
    /// Write an OSV record
    #[command(
        after_help = "Example:\n  sealpost advisory osv report --id EXAMPLE-SA-2026-001 --fixed 1.4.2 --published 2026-12-22"
    )]
    Osv(AdvisoryDraft),
    /// Write a CVE record (format 5.1)
    #[command(
        after_help = "Example:\n  sealpost advisory cve report --cve CVE-2026-12345 -o CVE-2026-12345.json"
    )]
    Cve(AdvisoryDraft),
    /// Write what GitHub's API takes to create a repository advisory
    #[command(after_help = "Example:\n  sealpost advisory ghsa report --fixed 1.4.2 -o ghsa.json")]
    Ghsa(AdvisoryDraft),
    /// Work on the advisory at GitHub
    #[command(name = "github")]
    GitHub(Box<super::AdvisoryAtGitHub>),
}

/// What one form is made of.
#[derive(Debug, Args)]
pub struct AdvisoryDraft {
    /// The folder of the opened report
    #[arg(value_name = "CASE_DIR")]
    pub case: PathBuf,

    /// Where to write it; `-` is stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Replace FILE if it is there
    #[arg(long)]
    pub force: bool,

    /// What triage adds
    #[command(flatten)]
    pub triage: TriageOptions,
}

/// What triage adds: each goes before the field of the same meaning in `advisory.toml`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Instead of what advisory.toml says")]
pub struct TriageOptions {
    /// The advisory's own id
    #[arg(long, value_name = "ID")]
    pub id: Option<Line>,

    /// Its CVE id
    #[arg(long, value_name = "CVE-ID")]
    pub cve: Option<CveId>,

    /// Its id at GitHub
    #[arg(long, value_name = "GHSA-ID")]
    pub ghsa: Option<GhsaId>,

    /// The first version without the flaw
    #[arg(long, value_name = "VERSION")]
    pub fixed: Option<Line>,

    /// Who makes the product
    #[arg(long, value_name = "NAME")]
    pub vendor: Option<Line>,

    /// The product's name
    #[arg(long, value_name = "NAME")]
    pub product: Option<Line>,

    /// Thank NAME for the report; `@LOGIN` is an account at GitHub. Repeat it for more
    #[arg(long, value_name = "NAME")]
    pub credit: Vec<Line>,

    /// When it is published: a day, or a time
    #[arg(long, value_name = "TIME")]
    pub published: Option<Moment>,

    /// When it was changed last [default: when it was published]
    #[arg(long, value_name = "TIME")]
    pub modified: Option<Moment>,

    /// How far it may be passed on: white (or clear), green, amber, red
    #[arg(long, value_name = "LABEL")]
    pub tlp: Option<Tlp>,

    /// draft, interim or final [default: draft]
    #[arg(long, value_name = "STATUS")]
    pub status: Option<Status>,

    /// Who publishes it
    #[arg(long, value_name = "NAME")]
    pub publisher: Option<Line>,

    /// A URL that is the publisher's
    #[arg(long, value_name = "URL")]
    pub publisher_namespace: Option<Url>,

    /// What the publisher is: vendor, coordinator, discoverer, translator, user, other
    #[arg(long, value_name = "CATEGORY")]
    pub publisher_category: Option<PublisherCategory>,

    /// The UUID of the CNA that publishes the CVE record
    #[arg(long, value_name = "UUID")]
    pub cna: Option<OrgId>,
}
