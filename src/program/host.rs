//! Host patterns, and the one form in which hosts are compared.
//!
//! Serves DESIGN.md, "The program profile" (`[scope]`). Hosts are compared label by label in the form that
//! `url::Host` gives them (lower case, IDNA to ASCII), never as bare text: `evilexample.com` is not `example.com`.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use super::text_form::text_form;

/// `example.com` (that host), `*.example.com` (every host beneath it, at any depth, but not itself), or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPattern {
    host: Host<String>,
    reach: Reach,
}

/// Why a text is not a [`HostPattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A `*` anywhere but as the first label.
    #[error("`*` stands only for whole labels at the beginning, as in *.example.com")]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reach {
    Itself,
    Beneath,
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
        match (&self.host, host) {
            (Host::Domain(pattern), Host::Domain(name)) => {
                let beneath = || {
                    name.strip_suffix(pattern.as_str())
                        .is_some_and(|rest| rest.ends_with('.'))
                };
                match self.reach {
                    Reach::Itself => name == pattern || (subdomains && beneath()),
                    Reach::Beneath => beneath(),
                }
            }
            (pattern, host) => pattern == host,
        }
    }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (reach, name) = match text.strip_prefix("*.") {
            Some(name) => (Reach::Beneath, name),
            None => (Reach::Itself, text),
        };
        if name.contains('*') {
            return Err(PatternError::Wildcard);
        }
        let port = name.contains(':') && !(name.starts_with('[') && name.ends_with(']'));
        if port || name.contains(['/', '@', '?', '#', '\\']) {
            return Err(PatternError::NotHostAlone);
        }
        let host = read(name).ok_or(PatternError::Host)?;
        let wide = match &host {
            Host::Domain(name) => !name.contains('.'),
            Host::Ipv4(_) | Host::Ipv6(_) => true,
        };
        if wide && reach == Reach::Beneath {
            return Err(PatternError::WildcardTooWide);
        }
        Ok(Self { host, reach })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reach {
            Reach::Itself => write!(f, "{}", self.host),
            Reach::Beneath => write!(f, "*.{}", self.host),
        }
    }
}

text_form!(HostPattern, "description": "A host, or *.HOST for every host beneath it.", "pattern": r"^(\*\.)?[^*/@?#]+$");

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
            ("*example.com", PatternError::Wildcard),
            ("www.example.*", PatternError::Wildcard),
            ("*.*.example.com", PatternError::Wildcard),
            ("*", PatternError::Wildcard),
            ("*.com", PatternError::WildcardTooWide),
            ("*.com.", PatternError::WildcardTooWide),
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
