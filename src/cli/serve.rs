//! `sealpost serve`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use url::Url;

use super::{Size, Span, StoreOptions};
use crate::intake::Network;

/// Take sealed reports over HTTPS, and publish your key
///
/// The intake takes only what is sealed to CERT or to a hidden recipient, and cannot open it. Give
/// it receipts.pgp of `keygen` to sign receipts with, never the key that opens reports: that is
/// refused (exit code 3). It makes its folder on the first start. SIGTERM ends it in order, and
/// SIGHUP makes it read the TLS certificate again.
///
/// Every option can stand in the environment, as `SEALPOST_SERVE_…` with its name in capitals, or in
/// the file of --config, by its name. What is typed counts before the environment, and that before
/// the file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost serve --key keys/certificate.asc --signing keys/receipts.pgp\n  \
    sealpost serve --key certificate.asc --signing receipts.pgp --public-url https://reports.example.org/ --tls-cert chain.pem --tls-key key.pem --listen 0.0.0.0:443\n  \
    sealpost serve --config /etc/sealpost/intake.toml --admin-listen 127.0.0.1:9090")]
pub struct Serve {
    /// The file with your certificate
    #[arg(
        long,
        value_name = "CERT",
        env = "SEALPOST_SERVE_KEY",
        hide_env_values = true
    )]
    pub key: Option<PathBuf>,

    /// Sign receipts and security.txt with this secret key file (receipts.pgp of `keygen`)
    #[arg(
        long,
        value_name = "FILE",
        env = "SEALPOST_SERVE_SIGNING",
        hide_env_values = true
    )]
    pub signing: Option<PathBuf>,

    /// Flush the database for each report apart, to measure what sharing a flush gains
    #[arg(long, hide = true)]
    pub flushes_apart: bool,

    /// Listen at this address and port [default: 127.0.0.1:8080]
    #[arg(
        long,
        value_name = "ADDR",
        env = "SEALPOST_SERVE_LISTEN",
        hide_env_values = true
    )]
    pub listen: Option<SocketAddr>,

    /// How reporters reach it: for security.txt and the commands on the page
    #[arg(
        long,
        value_name = "URL",
        env = "SEALPOST_SERVE_PUBLIC_URL",
        hide_env_values = true
    )]
    pub public_url: Option<Url>,

    /// Your program profile (program.toml), or the folder that holds it
    #[arg(
        long,
        value_name = "FILE",
        env = "SEALPOST_SERVE_PROGRAM",
        hide_env_values = true
    )]
    pub program: Option<PathBuf>,

    /// The languages that you read, such as en,de
    #[arg(
        long,
        value_name = "TAG",
        value_delimiter = ',',
        env = "SEALPOST_SERVE_LANGUAGE",
        hide_env_values = true
    )]
    pub language: Vec<String>,

    /// Take options from this TOML file
    #[arg(
        long,
        value_name = "FILE",
        env = "SEALPOST_SERVE_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// Answer /metrics, /healthz and /readyz here, too: an address that only you reach
    #[arg(
        long,
        value_name = "ADDR",
        env = "SEALPOST_SERVE_ADMIN_LISTEN",
        hide_env_values = true
    )]
    pub admin_listen: Option<SocketAddr>,

    /// How log lines look [default: json]
    #[arg(
        long,
        value_enum,
        value_name = "FORM",
        env = "SEALPOST_SERVE_LOG",
        hide_env_values = true
    )]
    pub log: Option<LogForm>,

    /// Where reports are kept
    #[command(flatten)]
    pub store: StoreOptions,

    /// TLS
    #[command(flatten)]
    pub tls: TlsOptions,

    /// Limits
    #[command(flatten)]
    pub limits: LimitOptions,
}

/// TLS of its own. Behind a proxy that speaks it, none is needed.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsOptions {
    /// Speak TLS with the certificate in this PEM file, with those that lead to its root
    #[arg(
        long,
        value_name = "PEM",
        env = "SEALPOST_SERVE_TLS_CERT",
        hide_env_values = true
    )]
    pub tls_cert: Option<PathBuf>,

    /// The key of that certificate
    #[arg(
        long,
        value_name = "PEM",
        env = "SEALPOST_SERVE_TLS_KEY",
        hide_env_values = true
    )]
    pub tls_key: Option<PathBuf>,
}

/// What keeps one client from taking the intake away from the others.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// The largest report [default: 2GiB]
    #[arg(
        long,
        value_name = "SIZE",
        env = "SEALPOST_SERVE_MAX_SIZE",
        hide_env_values = true
    )]
    pub max_size: Option<Size>,

    /// How many uploads may be unfinished [default: 1000]
    #[arg(
        long,
        value_name = "N",
        env = "SEALPOST_SERVE_MAX_UPLOADS",
        hide_env_values = true
    )]
    pub max_uploads: Option<u64>,

    /// How many of them one client may have begun; 0 is no limit [default: an eighth of
    /// --max-uploads, up to 20]
    #[arg(
        long,
        value_name = "N",
        env = "SEALPOST_SERVE_UPLOADS_PER_CLIENT",
        hide_env_values = true
    )]
    pub uploads_per_client: Option<usize>,

    /// How long an upload may take; one without a byte goes after an hour [default: 7d]
    #[arg(
        long,
        value_name = "TIME",
        env = "SEALPOST_SERVE_UPLOAD_EXPIRES",
        hide_env_values = true
    )]
    pub upload_expires: Option<Span>,

    /// How much of the disk stays free [default: 256MiB]
    #[arg(
        long,
        value_name = "SIZE",
        env = "SEALPOST_SERVE_MIN_FREE",
        hide_env_values = true
    )]
    pub min_free: Option<Size>,

    /// New reports, uploads and messages a minute from one client, and 20 times as many other
    /// requests; 0 is no limit [default: 60]
    #[arg(
        long,
        value_name = "N",
        env = "SEALPOST_SERVE_RATE_LIMIT",
        hide_env_values = true
    )]
    pub rate_limit: Option<u32>,

    /// Believe proxies in this network when they name the client (X-Forwarded-For); repeat it
    #[arg(
        long,
        value_name = "CIDR",
        value_delimiter = ',',
        env = "SEALPOST_SERVE_TRUSTED_PROXY",
        hide_env_values = true
    )]
    pub trusted_proxy: Vec<Network>,

    /// How many connections at once [default: 16384, or as many as the limit of open files allows]
    #[arg(
        long,
        value_name = "N",
        env = "SEALPOST_SERVE_MAX_CONNECTIONS",
        hide_env_values = true
    )]
    pub max_connections: Option<usize>,

    /// How many of them one client may have; trusted proxies are not counted; 0 is no limit [default:
    /// an eighth of --max-connections, up to 128]
    #[arg(
        long,
        value_name = "N",
        env = "SEALPOST_SERVE_CONNECTIONS_PER_CLIENT",
        hide_env_values = true
    )]
    pub connections_per_client: Option<usize>,

    /// How long the head of a request may take, and a connection be idle [default: 10s]
    #[arg(
        long,
        value_name = "TIME",
        env = "SEALPOST_SERVE_HEADER_TIMEOUT",
        hide_env_values = true
    )]
    pub header_timeout: Option<Span>,

    /// How many bytes of a body must come a second, on average over 30 seconds; 0 is no limit
    /// [default: 512]
    #[arg(
        long,
        value_name = "SIZE",
        env = "SEALPOST_SERVE_MIN_BODY_RATE",
        hide_env_values = true
    )]
    pub min_body_rate: Option<Size>,

    /// How long requests may go on after SIGTERM [default: 30s]
    #[arg(
        long,
        value_name = "TIME",
        env = "SEALPOST_SERVE_SHUTDOWN_GRACE",
        hide_env_values = true
    )]
    pub shutdown_grace: Option<Span>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// One JSON document a line
    #[default]
    Json,
    /// For people
    Text,
}
