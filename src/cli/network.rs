//! What the verbs that ask the network have in common.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use url::{Host, Url};

use crate::network::ConnectTo;

/// The address of an intake; what lacks its scheme is told how to write it.
pub(super) fn intake_url(text: &str) -> Result<Url, String> {
    match text.parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "https" | "http") => Ok(url),
        _ => Err("write it as https://reports.example.org".to_owned()),
    }
}

/// Whom to ask, and what is allowed beyond the rules.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network options")]
pub struct NetworkOptions {
    /// Dial addresses of private networks, too
    #[arg(long)]
    pub allow_private_network: bool,

    /// Follow a redirect to HOST, although it leaves the vendor's site; repeat it for more
    #[arg(long, value_name = "HOST", value_parser = |text: &str| Host::parse(text))]
    pub allow_redirect: Vec<Host<String>>,

    /// Reach HOST at this socket instead, to try a server before its name points there. Its TLS
    /// certificate must be HOST's all the same; `*` is every host
    #[arg(long, value_name = "HOST=ADDRESS:PORT")]
    pub connect_to: Vec<ConnectTo>,

    /// Ask this DNS server instead of the system's
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub dns_server: Option<SocketAddr>,

    /// Trust the DNSSEC keys of the root in FILE (DNSKEY records) instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub trust_anchor: Option<PathBuf>,

    /// The key server that verifies addresses; `none` asks none
    #[arg(long, value_name = "URL", default_value = "https://keys.openpgp.org")]
    pub vks: String,

    /// The key server for keys that are named by fingerprint; `none` asks none
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://keyserver.ubuntu.com"
    )]
    pub hkp: String,

    /// GitHub's API, or that of an Enterprise Server
    #[arg(long, value_name = "URL", default_value = "https://api.github.com")]
    pub github_api: Url,
}
