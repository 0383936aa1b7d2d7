//! `sealpost new`.

use std::path::PathBuf;

use clap::Args;

/// Write a report to fill in, shaped by the program's policy
///
/// The report starts with its fields (title, assets, …) as YAML between `---` lines; the rest is
/// Markdown. Nothing leaves your machine.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sealpost new --to val.town\n  sealpost new finding.md --toml")]
pub struct New {
    /// Where to write it; `-` is stdout
    #[arg(default_value = "report.md", value_name = "FILE")]
    pub file: PathBuf,

    /// The program that the report is meant for: a profile's name, or the path of a profile
    #[arg(long, value_name = "TARGET")]
    pub to: Option<String>,

    /// Write the fields as TOML between `+++` lines
    #[arg(long)]
    pub toml: bool,

    /// Replace FILE if it is there
    #[arg(long)]
    pub force: bool,
}
