//! Host patterns with `*` in places other than the first label: `*dev*.example.com`, `api-*.example.com`,
//! `*.example.*`.
//!
//! Serves DESIGN.md, "The program profile" (`[scope]`). A fifth of the bounty programs that use wildcards at all write
//! such ones. Whatever a `*` stands for, the domain that one owner controls is named: a pattern that could take in
//! hosts of somebody else (`www.example-*.com`) is refused, and `*example.com` is example.com with what is beneath it,
//! never evilexample.com.

use super::{
    domain::{is_icann_suffix, registrable},
    host::PatternError,
};

/// A pattern that was found to name its domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Glob {
    /// Whether labels may stand before the first: it is `*`, or begins with one.
    open: bool,
    /// The labels, `*` standing for any characters of one label; the one in front at least one label where it was `*`
    /// alone.
    labels: Vec<String>,
    /// Whether the pattern ends with `.*`: one public suffix of the list's ICANN part (`com`, `co.uk`).
    any_suffix: bool,
}

impl Glob {
    /// Reads a pattern in lower case that holds a `*`.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let (front, any_suffix) = match text.strip_suffix(".*") {
            Some(front) => (front, true),
            None => (text, false),
        };
        let labels: Vec<String> = front.split('.').map(str::to_owned).collect();
        if !labels.iter().all(|label| is_plain(label)) {
            return Err(PatternError::Host);
        }
        let stars = |label: &String| label.contains('*');
        let literal = labels.iter().rev().take_while(|label| !stars(label));
        let literal = literal.count();
        let open = labels.first().is_some_and(|label| label.starts_with('*'));
        let domain = labels.get(labels.len() - literal..).unwrap_or_default();
        let named = if any_suffix {
            literal > 0
        } else {
            registrable(&domain.join(".")).is_some()
        };
        let read = Self {
            open,
            labels,
            any_suffix,
        };
        if named {
            Ok(read)
        } else {
            read.unglued().ok_or(PatternError::Wildcard)
        }
    }

    /// `*example.com` and `*example.*` as the domain with what is beneath it: their `*` stands for whole labels.
    fn unglued(mut self) -> Option<Self> {
        let first = self.labels.first_mut()?;
        *first = first.strip_prefix('*')?.to_owned();
        let literal = self
            .labels
            .iter()
            .all(|label| is_plain(label) && !label.contains('*'));
        let domain = self.labels.join(".");
        let own = if self.any_suffix {
            self.labels.len() == 1
        } else {
            registrable(&domain).as_ref() == Some(&domain)
        };
        (literal && own).then_some(self)
    }

    /// Whether the pattern takes in this name, which is in the one form of hosts; with `subdomains`, also what is
    /// beneath a host that it takes in.
    pub(super) fn covers(&self, name: &str, subdomains: bool) -> bool {
        let own = if self.any_suffix {
            without_suffix(name)
        } else {
            Some(name)
        };
        let Some(own) = own else { return false };
        let mut labels = self.labels.iter().rev();
        let mut hosts = own.rsplit('.');
        let matched = labels.by_ref().all(|label| {
            hosts
                .next()
                .is_some_and(|host| matches(label.as_bytes(), host.as_bytes()))
        });
        matched && (self.open || subdomains || hosts.next().is_none())
    }
}

/// What stands before the public suffix, if that is one of the ICANN part.
fn without_suffix(name: &str) -> Option<&str> {
    let domain = registrable(name)?;
    let (label, suffix) = domain.split_once('.')?;
    let cut = name.len().checked_sub(suffix.len() + 1)?;
    (is_icann_suffix(suffix) && !label.is_empty())
        .then(|| name.get(..cut))
        .flatten()
}

fn is_plain(label: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    (1..=63).contains(&label.len()) && label.bytes().all(|b| plain(b) || b == b'*')
}

/// Whether `pattern`, where `*` stands for any bytes, none included, is `text`.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                retry = Some((p, t));
            }
            Some(wanted) if Some(wanted) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match &mut retry {
                Some((after, from)) => {
                    *from += 1;
                    (p, t) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|&rest| rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, name: &str) -> bool {
        Glob::parse(pattern).unwrap().covers(name, false)
    }

    #[test]
    fn a_star_stays_within_its_label() {
        for (pattern, name) in [
            ("api-*.example.com", "api-1.example.com"),
            ("api*.example.com", "api.example.com"),
            ("*dev*.example.com", "xdevy.example.com"),
            ("*dev*.example.com", "a.b.dev.example.com"),
            ("*dev.example.com", "dev.example.com"),
            ("*.dev.*.example.com", "a.dev.b.example.com"),
            ("*.dev.*.example.com", "a.b.dev.c.example.com"),
            ("*-api-*.example.com", "x-api-.example.com"),
            ("*.*.example.com", "a.b.example.com"),
        ] {
            assert!(covers(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("api-*.example.com", "api-1.b.example.com"),
            ("api-*.example.com", "a.api-1.example.com"),
            ("api-*.example.com", "api-1.example.com.evil.net"),
            ("api-*.example.com", "api-1evilexample.com"),
            ("*dev*.example.com", "example.com"),
            ("*dev*.example.com", "dev.evilexample.com"),
            ("*dev*.example.com", "prod.example.com"),
            ("*.dev.*.example.com", "dev.b.example.com"),
            ("*.dev.*.example.com", "a.dev.example.com"),
            ("*.*.example.com", "a.example.com"),
        ] {
            assert!(!covers(pattern, name), "{pattern} {name}");
        }
        let beneath = Glob::parse("api-*.example.com").unwrap();
        assert!(beneath.covers("a.api-1.example.com", true));
        assert!(!beneath.covers("aapi-1.example.com", true));
    }

    #[test]
    fn a_star_glued_to_the_domain_is_no_look_alike() {
        for pattern in ["*example.com", "*example.com.br", "*53.com"] {
            let domain = pattern.trim_start_matches('*');
            assert!(covers(pattern, domain) && covers(pattern, &format!("a.b.{domain}")));
            assert!(!covers(pattern, &format!("evil{domain}")), "{pattern}");
        }
    }

    #[test]
    fn a_star_at_the_end_is_one_public_suffix() {
        for name in ["example.com", "a.example.co.uk", "a.b.example.de"] {
            assert!(covers("*example.*", name), "{name}");
            assert_eq!(covers("*.example.*", name), name.contains("a."), "{name}");
        }
        assert!(covers("www.example.*", "www.example.com.br"));
        for name in [
            "evilexample.com",
            "example.evil.com",
            "example.github.io",
            "example.com.evil.net",
            "com",
        ] {
            assert!(!covers("*example.*", name), "{name}");
        }
        assert!(!covers("www.example.*", "a.www.example.com"));
    }

    #[test]
    fn what_could_be_somebody_elses_is_refused() {
        for pattern in [
            "www.example-*.com",
            "*example*.com",
            "www.*.com",
            "*.*.com",
            "a.*.*",
            "*",
            "*.*",
            "*com",
            "*a*.github.io",
            "prod-*.co.uk",
        ] {
            assert!(Glob::parse(pattern).is_err(), "{pattern}");
        }
    }
}
