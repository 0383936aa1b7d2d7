//! Host patterns, and the one form in which hosts are compared.
//!
//! Serves DESIGN.md, "The program profile" (`[scope]`). Hosts are compared label by label in the form that
//! `url::Host` gives them (lower case, IDNA to ASCII), never as bare text: `evilexample.com` is not `example.com`.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use super::{glob::Glob, text_form::text_form};

/// `example.com` (that host), `*.example.com` (every host beneath it, at any depth, but not itself), an address, or a
/// pattern such as `*dev*.example.com`, whose `*` stands for any characters of its label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPattern(Reach);

/// Why a text is not a [`HostPattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A `*` where it could take in hosts of other owners.
    #[error(
        "a `*` stands before the domain that the vendor owns, as in *.example.com or api-*.example.com"
    )]
    Wildcard,
    /// A wildcard before a top-level domain or an address.
    #[error("a wildcard needs a domain of two labels or more beneath it")]
    WildcardTooWide,
    /// A URL, a path, a port or a user name.
    #[error("a host pattern is a host alone, without scheme, port or path")]
    NotHostAlone,
    /// Not a host.
    #[error("not a host name or address")]
    Host,
}

/// Why [`host_of`] found no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Neither a URL nor a host.
    #[error("not a URL or host")]
    Syntax(#[source] url::ParseError),
    /// A URL without a host, or with one that no server can have.
    #[error("names no host")]
    NoHost,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Reach {
    Itself(Host<String>),
    Beneath(String),
    Glob { written: String, glob: Glob },
}

/// The host of an asset: of a URL, or of a bare `example.com`, `example.com:8443` or `[2001:db8::1]`.
///
/// # Errors
/// [`HostError`] where there is no host, or the text is ambiguous (`user@host` without a scheme).
pub fn host_of(text: &str) -> Result<Host<String>, HostError> {
    let text = text.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else if text.contains('@') {
        return Err(HostError::NoHost);
    } else {
        Url::parse(&format!("https://{text}"))
    };
    let url = url.map_err(HostError::Syntax)?;
    url.host()
        .and_then(|host| canonical(&host))
        .ok_or(HostError::NoHost)
}

impl HostPattern {
    /// Whether the pattern takes in this host, which [`canonical`] made; with `subdomains`, a plain host takes in those
    /// beneath it.
    pub(super) fn covers(&self, host: &Host<String>, subdomains: bool) -> bool {
        match (&self.0, host) {
            (Reach::Itself(Host::Domain(pattern)), Host::Domain(name)) => {
                name == pattern || (subdomains && is_beneath(name, pattern))
            }
            (Reach::Itself(pattern), host) => pattern == host,
            (Reach::Beneath(pattern), Host::Domain(name)) => is_beneath(name, pattern),
            (Reach::Glob { glob, .. }, Host::Domain(name)) => glob.covers(name, subdomains),
            (Reach::Beneath(_) | Reach::Glob { .. }, _) => false,
        }
    }

    /// Whether it names a host, or all beneath one: what is left to a `*` elsewhere makes nobody the vendor.
    pub(super) fn is_plain(&self) -> bool {
        !matches!(self.0, Reach::Glob { .. })
    }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        // `*.example.com*` comes from lists of URLs: what follows is a path, not more of the name.
        let ends_in_path = |rest: &&str| rest.ends_with(|c: char| c.is_ascii_alphanumeric());
        let text = text.strip_suffix('*').filter(ends_in_path).unwrap_or(text);
        let beneath = text.strip_prefix("*.");
        let name = beneath.unwrap_or(text);
        let port = name.contains(':') && !(name.starts_with('[') && name.ends_with(']'));
        if port || name.contains(['/', '@', '?', '#', '\\']) {
            return Err(PatternError::NotHostAlone);
        }
        if name.contains('*') {
            let written = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
            let glob = Glob::parse(&written)?;
            return Ok(Self(Reach::Glob { written, glob }));
        }
        let host = read(name).ok_or(PatternError::Host)?;
        match (beneath, host) {
            (None, host) => Ok(Self(Reach::Itself(host))),
            (Some(_), Host::Domain(name)) if name.contains('.') => Ok(Self(Reach::Beneath(name))),
            _ => Err(PatternError::WildcardTooWide),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reach::Itself(host) => write!(f, "{host}"),
            Reach::Beneath(name) => write!(f, "*.{name}"),
            Reach::Glob { written, .. } => f.write_str(written),
        }
    }
}

text_form!(HostPattern, "description": "A host, *.HOST for every host beneath it, or a pattern such as api-*.example.com.", "pattern": r"^[^/@?#]+$");

fn is_beneath(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'))
}

/// One form for each host, whatever URL it came from: schemes that `url` does not know keep case and even addresses
/// as text, so every name is read again.
pub(super) fn canonical<S: AsRef<str>>(host: &Host<S>) -> Option<Host<String>> {
    match host {
        Host::Domain(name) => read(name.as_ref()),
        Host::Ipv4(address) => Some(Host::Ipv4(*address)),
        Host::Ipv6(address) => Some(
            address
                .to_ipv4_mapped()
                .map_or(Host::Ipv6(*address), Host::Ipv4),
        ),
    }
}

fn read(name: &str) -> Option<Host<String>> {
    let rooted = Host::parse(name).ok()?;
    let Host::Domain(domain) = &rooted else {
        return canonical(&rooted);
    };
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let labels = domain
        .split('.')
        .all(|label| (1..=63).contains(&label.len()));
    // Without its last dot a name may read as an address (`192.0.2.1.`): parse what is left.
    match Host::parse(domain).ok()? {
        Host::Domain(domain) if labels && domain.len() <= 253 => Some(Host::Domain(domain)),
        Host::Domain(_) => None,
        address => Some(address),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_that_could_reach_too_far_are_refused() {
        for (text, error) in [
            ("*example*.com", PatternError::Wildcard),
            ("www.example.*.*", PatternError::Wildcard),
            ("*.*.com", PatternError::Wildcard),
            ("*", PatternError::Wildcard),
            ("*bücher*.example.com", PatternError::Host),
            ("*a*.example.com:443", PatternError::NotHostAlone),
            ("*.com", PatternError::WildcardTooWide),
            ("*.com.", PatternError::WildcardTooWide),
            ("*.com*", PatternError::WildcardTooWide),
            ("*.192.0.2.1", PatternError::WildcardTooWide),
            ("https://example.com", PatternError::NotHostAlone),
            ("example.com:443", PatternError::NotHostAlone),
            ("example.com/path", PatternError::NotHostAlone),
            ("user@example.com", PatternError::NotHostAlone),
            ("", PatternError::Host),
            ("*.", PatternError::Host),
            (".example.com", PatternError::Host),
            ("a..example.com", PatternError::Host),
            ("two words", PatternError::Host),
        ] {
            assert_eq!(text.parse::<HostPattern>(), Err(error), "{text}");
        }
    }

    #[test]
    fn an_asset_has_one_host_or_none() {
        for (text, host) in [
            (" https://user@Example.com:8443/a?b=c.net ", "example.com"),
            ("example.com./path", "example.com"),
            ("[2001:DB8:0::1]:443", "[2001:db8::1]"),
            ("[::ffff:192.0.2.7]", "192.0.2.7"),
        ] {
            assert_eq!(
                host_of(text).map(|host| host.to_string()).as_deref(),
                Ok(host),
                "{text}"
            );
        }
        for text in [
            "example.com@evil.net",
            "mailto:a@example.com",
            "file:///etc",
            "a..example.com",
        ] {
            assert_eq!(host_of(text), Err(HostError::NoHost), "{text}");
        }
        assert!(matches!(host_of(""), Err(HostError::Syntax(_))));
    }

    proptest! {
        #[test]
        fn no_text_panics(pattern in "\\PC{0,80}", host in "\\PC{0,80}") {
            let found = host_of(&host);
            if let Ok(pattern) = pattern.parse::<HostPattern>() {
                let again = pattern.to_string().parse::<HostPattern>();
                prop_assert_eq!(again.as_ref(), Ok(&pattern));
                let _ = found.map(|found| pattern.covers(&found, true));
            }
            let _ = canonical(&Host::Domain(host));
        }
    }
}
