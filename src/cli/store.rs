//! Where an intake keeps what it takes: the same for every command that works on it.

use std::path::PathBuf;

use clap::Args;

/// Where an intake keeps what it takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Where reports are kept")]
pub struct StoreOptions {
    /// Keep the database and the sealed reports in this folder [default: `intake` in the platform's
    /// data folder]
    #[arg(
        long,
        value_name = "DIR",
        env = "SEALPOST_DATA",
        hide_env_values = true
    )]
    pub data: Option<PathBuf>,

    // A password must not be an argument, so the environment is read where that can be told apart.
    /// Keep the database on a PostgreSQL server: `postgres://USER@HOST/DATABASE`. A password
    /// comes from the environment alone: the whole URL in `SEALPOST_DATABASE`, or PGPASSFILE
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// Keep the sealed reports in a bucket: `s3://BUCKET[/PREFIX]?endpoint=URL&region=NAME`,
    /// with the keys in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`
    #[arg(
        long,
        value_name = "URL",
        env = "SEALPOST_OBJECTS",
        hide_env_values = true
    )]
    pub objects: Option<String>,
}
