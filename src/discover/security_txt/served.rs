//! How the file was served, and whether what it says may be believed.
//!
//! Serves RFC 9116 §2.5.2 (Canonical), §2.5.5 (Expires), §3 (location, media type) and §5.2 (redirects).

use jiff::Timestamp;
use url::{Host, Url};

use super::{SecurityTxt, code::Code, finding::Finding};

/// Why a file is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAuthority {
    /// It names the addresses at which it may be found, and this is none of them.
    #[error("the security.txt at {retrieved} says that it belongs at {}", canonical.join(", "))]
    NotCanonical {
        /// Where it was found.
        retrieved: String,
        /// Where it says it belongs, as written: hostile text.
        canonical: Vec<String>,
    },
    /// Its time is over.
    #[error("the security.txt expired at {at}")]
    Expired {
        /// The earliest of its dates.
        at: Timestamp,
    },
}

/// What is wrong with how the file was served: `media_type` is the Content-Type as received, `requested` the address
/// that was asked for first, `retrieved` the one that answered.
#[must_use]
pub fn served(media_type: Option<&str>, requested: &Url, retrieved: &Url) -> Vec<Finding> {
    let mut findings = Vec::new();
    if [requested, retrieved]
        .iter()
        .any(|url| url.scheme() != "https")
    {
        findings.push(Finding::whole(Code::PlainHttp));
    }
    if requested.path() != WELL_KNOWN {
        findings.push(Finding::whole(Code::OldLocation));
    }
    if !same(requested, retrieved) {
        findings.push(Finding::quoting(Code::Redirected, retrieved.as_str()));
    }
    match media_type {
        None => findings.push(Finding::whole(Code::MediaTypeMissing)),
        Some(text) => findings.extend(media_fault(text).map(|code| Finding::quoting(code, text))),
    }
    findings
}

impl SecurityTxt {
    /// Whether the file may be believed. It may not if it has Canonical fields and none is the address `retrieved` (the
    /// one that was asked for; one that also takes the end of a redirect asks again), or if it has expired. A file
    /// without a readable Expires may: that is an error in it, and very many real files have it.
    ///
    /// # Errors
    /// [`NoAuthority`], which says why not.
    pub fn authority(&self, retrieved: &Url) -> Result<(), NoAuthority> {
        let named = |url: &Url| same(url, retrieved);
        let canonical = self.canonical();
        let found = canonical
            .iter()
            .any(|entry| entry.value().as_ref().is_some_and(named));
        if !canonical.is_empty() && !found {
            return Err(NoAuthority::NotCanonical {
                retrieved: retrieved.to_string(),
                canonical: canonical
                    .iter()
                    .map(|entry| entry.text().to_owned())
                    .collect(),
            });
        }
        match self.expires() {
            Some(at) if at <= self.now => Err(NoAuthority::Expired { at }),
            _ => Ok(()),
        }
    }

    /// Adds what is wrong with how the file was served, as [`served`] finds it, and a Canonical that names neither
    /// address.
    pub fn add_served(&mut self, media_type: Option<&str>, requested: &Url, retrieved: &Url) {
        let not_canonical =
            |url| matches!(self.authority(url), Err(NoAuthority::NotCanonical { .. }));
        let mismatch = [requested, retrieved].into_iter().all(not_canonical);
        self.add(served(media_type, requested, retrieved));
        self.add(mismatch.then(|| Finding::quoting(Code::CanonicalMismatch, requested.as_str())));
    }
}

/// Whether two addresses are one: scheme and host in any case, the default port named or not, a last dot of the host or
/// none, the path and the query to the letter. A user name or password makes every address another.
fn same(one: &Url, other: &Url) -> bool {
    let anonymous = |url: &Url| url.username().is_empty() && url.password().is_none();
    let place = |url: &Url| {
        (
            url.scheme().to_owned(),
            host(url),
            url.port_or_known_default(),
        )
    };
    anonymous(one)
        && anonymous(other)
        && place(one) == place(other)
        && one.path() == other.path()
        && one.query() == other.query()
}

fn host(url: &Url) -> Option<Host<String>> {
    url.host().map(|host| match host {
        Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned()),
        address => address.to_owned(),
    })
}

fn media_fault(text: &str) -> Option<Code> {
    let mut parts = text.split(';').map(str::trim);
    if !parts
        .next()
        .is_some_and(|media| media.eq_ignore_ascii_case("text/plain"))
    {
        return Some(Code::MediaTypeWrong);
    }
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    });
    let fits = charset.is_none_or(|name| {
        name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("csUTF8")
    });
    (!fits).then_some(Code::CharsetWrong)
}

const WELL_KNOWN: &str = "/.well-known/security.txt";

#[cfg(test)]
mod tests {
    use super::{super::SourceText, *};

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn read(text: &str) -> SecurityTxt {
        let bytes = text.as_bytes();
        let text = SourceText {
            bytes,
            first_line: 1,
            signed: false,
        };
        SecurityTxt::parse(&text, "2026-11-22T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn only_the_canonical_address_speaks() {
        let file = read("Canonical: https://Example.org./.well-known/security.txt\n");
        for at in [
            "https://example.org/.well-known/security.txt",
            "HTTPS://EXAMPLE.ORG:443/.well-known/security.txt#top",
        ] {
            assert_eq!(file.authority(&url(at)), Ok(()), "{at}");
        }
        for at in [
            "http://example.org/.well-known/security.txt",
            "https://example.org:8443/.well-known/security.txt",
            "https://www.example.org/.well-known/security.txt",
            "https://example.org/.well-known/Security.txt",
            "https://example.org/.well-known/security.txt/",
            "https://example.org/.well-known/security.txt?a",
            "https://example.org/security.txt",
            "https://me@example.org/.well-known/security.txt",
        ] {
            let verdict = file.authority(&url(at));
            assert!(
                matches!(verdict, Err(NoAuthority::NotCanonical { .. })),
                "{at}"
            );
        }
        // One that cannot be read allows nothing either.
        let broken = read("Canonical: example.org/.well-known/security.txt\n");
        assert!(
            broken
                .authority(&url("https://example.org/.well-known/security.txt"))
                .is_err()
        );
    }

    #[test]
    fn the_earliest_date_counts() {
        let at = url("https://example.org/.well-known/security.txt");
        for (text, believed) in [
            ("", true),
            ("Expires: never\n", true),
            ("Expires: 2026-11-22T00:00:01Z\n", true),
            ("Expires: 2026-11-22T00:00:00Z\n", false),
            ("Expires: 2026-10-22\n", false),
            (
                "Expires: 2027-01-01T00:00:00Z\nExpires: 2026-01-01T00:00:00Z\n",
                false,
            ),
        ] {
            assert_eq!(read(text).authority(&at).is_ok(), believed, "{text}");
        }
    }

    #[test]
    fn the_way_of_serving_is_judged() {
        let good = "https://example.org/.well-known/security.txt";
        let old = "https://example.org/security.txt";
        let codes = |media_type, requested, retrieved| -> Vec<_> {
            let findings = served(media_type, &url(requested), &url(retrieved));
            findings.iter().map(Finding::code).collect()
        };
        for media_type in [
            "text/plain",
            "Text/Plain; charset=\"UTF-8\"",
            "text/plain;format=flowed",
        ] {
            assert_eq!(codes(Some(media_type), good, good), []);
        }
        assert_eq!(
            codes(Some("text/plain; charset=latin1"), good, good),
            [Code::CharsetWrong]
        );
        assert_eq!(
            codes(Some("text/html; charset=utf-8"), good, good),
            [Code::MediaTypeWrong]
        );
        assert_eq!(codes(None, good, good), [Code::MediaTypeMissing]);
        assert_eq!(
            codes(Some("text/plain"), old, good),
            [Code::OldLocation, Code::Redirected]
        );
        let plain = "http://example.org/.well-known/security.txt";
        assert_eq!(
            codes(Some("text/plain"), good, plain),
            [Code::PlainHttp, Code::Redirected]
        );
    }

    #[test]
    fn either_end_of_a_redirect_may_be_canonical() {
        let (apex, www) = (
            url("https://example.org/.well-known/security.txt"),
            url("https://www.example.org/.well-known/security.txt"),
        );
        let mismatch = |canonical: &str| {
            let mut file = read(&format!("Canonical: {canonical}\n"));
            file.add_served(Some("text/plain"), &apex, &www);
            let mut codes = file.findings().iter().map(Finding::code);
            codes.any(|code| code == Code::CanonicalMismatch)
        };
        assert!(!mismatch(apex.as_str()));
        assert!(!mismatch(www.as_str()));
        assert!(mismatch("https://example.net/.well-known/security.txt"));
    }
}
