//! What keeps a request from being sent, and what goes wrong with one.

use std::{net::IpAddr, path::PathBuf};

use super::policy::{MAX_REDIRECTS, PATIENCE, STALL};

/// A rule of the policy that a request would break. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `--offline`.
    #[error("not asked, because of --offline")]
    Offline,
    /// The scheme protects nothing.
    #[error("{scheme}: is not used, only https:")]
    NotHttps {
        /// The scheme.
        scheme: String,
    },
    /// A name or password in the URL.
    #[error("a URL with a user name or password is not asked")]
    Credentials,
    /// There is no server to ask.
    #[error("the URL names no host")]
    NoHost,
    /// The address means something on the local network alone.
    #[error(
        "{host} is at the private address {address}, which is not dialled (--allow-private-network allows it)"
    )]
    PrivateAddress {
        /// Who points there.
        host: String,
        /// Where.
        address: IpAddr,
    },
    /// DNS would tell this machine's resolver what the proxy is to hide.
    #[error("not asked, because DNS does not go through the proxy")]
    DnsBesideProxy,
    /// A redirect leads to somebody else.
    #[error(
        "it redirects to {to}, another origin; if the vendor confirms that, add --allow-redirect {to}"
    )]
    OtherOrigin {
        /// The host.
        to: String,
    },
}

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A redirect without a place that makes sense.
    #[error("it redirects to nowhere")]
    BadRedirect,
    /// Too many redirects.
    #[error("it redirects more than {MAX_REDIRECTS} times")]
    TooManyRedirects,
    /// The name does not exist, or the resolver failed.
    #[error("the name {host} cannot be resolved ({why})")]
    Name {
        /// The name.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// Nothing answered in time.
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    TimedOut,
    /// A long exchange came to a halt.
    #[error("nothing moved for {} seconds", STALL.as_secs())]
    Stalled,
    /// A long answer drips.
    #[error("hardly anything came for {} seconds", STALL.as_secs())]
    TooSlow,
    /// The server could not prove who it is.
    #[error("the TLS certificate of {host} does not hold ({why})")]
    Tls {
        /// The host.
        host: String,
        /// What rustls says.
        why: String,
    },
    /// No connection, or it broke.
    #[error("cannot talk to {host} ({why})")]
    Connection {
        /// The host.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// More than is reasonable.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The cap.
        limit: usize,
    },
}

impl FetchError {
    /// A stable word for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(Refusal::Offline) => "offline",
            Self::Refused(Refusal::NotHttps { .. }) => "not-https",
            Self::Refused(Refusal::Credentials) => "credentials-in-url",
            Self::Refused(Refusal::NoHost) => "no-host",
            Self::Refused(Refusal::PrivateAddress { .. }) => "private-address",
            Self::Refused(Refusal::DnsBesideProxy) => "not-through-proxy",
            Self::Refused(Refusal::OtherOrigin { .. }) => "redirected-elsewhere",
            Self::BadRedirect => "bad-redirect",
            Self::TooManyRedirects => "too-many-redirects",
            Self::Name { .. } => "name-not-resolved",
            Self::TimedOut => "timed-out",
            Self::Stalled => "stalled",
            Self::TooSlow => "too-slow",
            Self::Tls { .. } => "tls",
            Self::Connection { .. } => "no-connection",
            Self::TooLarge { .. } => "too-large",
        }
    }
}

/// Why the network cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// No runtime, no TLS roots, a proxy that cannot be used.
    #[error("cannot set up the HTTP client")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system's DNS configuration.
    #[error("cannot read which DNS servers this system uses (--dns-server ADDRESS:PORT names one)")]
    Resolver(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file of `--trust-anchor`.
    #[error("cannot read the trust anchor {path}")]
    TrustAnchor {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
