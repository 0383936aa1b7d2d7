//! A web server that is asked: scheme, host and port, which make URLs.
//!
//! Serves RFC 6454 (what an origin is) and DESIGN.md, "Discovery and trust": https only, but plain http to a loopback
//! address that TARGET itself names.

use std::fmt;

use url::{Host, Url};

use crate::program::host_of;

/// Where a vendor's files are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(Url);

impl Origin {
    /// The origin of a URL, its host in the one form in which hosts are compared. `None` for any scheme but https,
    /// and http on this machine.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let host = host_of(url.host_str()?).ok()?;
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&host));
        safe.then(|| Self::build(url.scheme(), &host, url.port()))
            .flatten()
    }

    /// The origin `https://HOST[:PORT]`.
    #[must_use]
    pub fn https<S: AsRef<str>>(host: &Host<S>, port: Option<u16>) -> Option<Self> {
        Self::build("https", host, port)
    }

    /// A URL on this origin; `path` begins with a slash and holds no query.
    #[must_use]
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// The host, as text: a name in its ASCII form, or an address.
    #[must_use]
    pub fn host_str(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> Option<Host<&str>> {
        self.0.host()
    }

    /// The port, unless it is the scheme's own.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.0.port()
    }

    /// Whether it is asked over plain http, on this machine.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// `example.org`, or `example.org:8443` where the port is not that of https.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.0.port_or_known_default() {
            Some(port) if port != HTTPS_PORT => format!("{}:{port}", self.host_str()),
            _ => self.host_str().to_owned(),
        }
    }

    fn build<S: AsRef<str>>(scheme: &str, host: &Host<S>, port: Option<u16>) -> Option<Self> {
        let text = match port {
            Some(port) => format!("{scheme}://{host}:{port}/"),
            None => format!("{scheme}://{host}/"),
        };
        Url::parse(&text).ok().map(Self)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Whether a host is this machine by its own words: a loopback address, or `localhost`. No name is resolved.
pub(super) fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref() == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address
            .to_ipv4_mapped()
            .map_or(address.is_loopback(), |address| address.is_loopback()),
    }
}

const HTTPS_PORT: u16 = 443;

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<Origin> {
        Origin::of(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_url_is_cut_to_its_origin() {
        for (url, shown, authority) in [
            (
                "https://me@Example.org.:443/a?b#c",
                "https://example.org",
                "example.org",
            ),
            (
                "https://bücher.example:8443",
                "https://xn--bcher-kva.example:8443",
                "xn--bcher-kva.example:8443",
            ),
            ("http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1:80"),
            (
                "http://[::ffff:127.0.0.1]:8080/",
                "http://127.0.0.1:8080",
                "127.0.0.1:8080",
            ),
            ("https://[::1]:8080/", "https://[::1]:8080", "[::1]:8080"),
        ] {
            let origin = origin(url).unwrap();
            assert_eq!(
                (origin.to_string(), origin.authority()),
                (shown.to_owned(), authority.to_owned())
            );
        }
        for url in [
            "http://example.org/",
            "http://localhost.example.org/",
            "http://10.0.0.1/",
            "ftp://example.org/",
            "mailto:a@example.org",
        ] {
            assert_eq!(origin(url), None, "{url}");
        }
    }

    #[test]
    fn a_path_stays_a_path() {
        let origin = origin("https://example.org:8443").unwrap();
        let url = origin.join("/.well-known/security.txt");
        assert_eq!(
            url.as_str(),
            "https://example.org:8443/.well-known/security.txt"
        );
        assert_eq!(
            origin.join("//evil.example/?a#b").as_str(),
            "https://example.org:8443//evil.example/%3Fa%23b"
        );
    }
}
