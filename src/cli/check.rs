//! `sealpost check`.

use std::path::PathBuf;

use clap::Args;

use super::NetworkOptions;

/// Check a report before it goes out
///
/// Says what is missing, what the program does not want (hosts out of scope, classes that it excludes, by their ids or
/// by what the text says), which secrets stand in report and attachments, and what attachments tell beside their
/// content. A problem ends with exit code 4, a hint does not. A problem that you have looked at is answered in the
/// report's field `overrides`, for the vendor to read. Nothing leaves your machine; only where --to names a vendor
/// without a profile is that vendor's site asked for one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost check report.md\n  \
    sealpost check report.md -a poc.py -a video.mp4 --to val.town\n  \
    sealpost check report.md --to val.town --offline --json")]
pub struct Check {
    /// The report; `-` is stdin
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// Check FILE, too, which is to be attached; repeat it for more
    #[arg(short, long = "attach", value_name = "FILE")]
    pub attach: Vec<PathBuf>,

    /// The vendor that the report is meant for: a domain, a URL, an address, github:OWNER/REPO, or a profile's name or
    /// path [default: the profile that the report's field `program` names]
    #[arg(long, value_name = "TARGET")]
    pub to: Option<String>,

    /// The network
    #[command(flatten)]
    pub network: NetworkOptions,
}
