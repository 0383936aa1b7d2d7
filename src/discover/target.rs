//! TARGET as typed, once it is no profile's name or path: a domain, URL, address or repository.
//!
//! Serves DESIGN.md, "Commands" (`find TARGET`) and "Discovery and trust"; RFC 9116 section 3.1 for why a URL is
//! reduced: `site` says more. Nothing is resolved or asked here.

use std::fmt;

use url::Host;

use super::{
    origin::{Origin, is_loopback},
    typed::{Form, Typed},
};
use crate::program::{HostError, MailAddress, Repository, is_public_suffix, registrable};

pub use super::typed::Problem;

/// Whom a TARGET means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A domain or an address, with its port: the host that speaks for what was typed.
    Domain(Origin),
    /// A mail address.
    Address(MailAddress),
    /// A repository on GitHub.
    GitHub(Repository),
}

/// A text that is no TARGET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetError {
    text: String,
    problem: Problem,
}

impl Target {
    /// Reads a TARGET. A URL is reduced to the registrable domain, and loses its port on the way; a bare domain is
    /// kept, but for `www.`; an address is kept.
    ///
    /// # Errors
    /// [`TargetError`], which names the text and the next step.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let fail = |problem| TargetError::new(text, problem);
        match Typed::read(text).map_err(fail)? {
            Typed::Address(address) => Ok(Self::Address(address)),
            Typed::GitHub(repository) => Ok(Self::GitHub(repository)),
            Typed::Web(origin, form) => reduce(origin, form).map(Self::Domain).map_err(fail),
        }
    }

    /// The stable name, in lower case, under which a pin is kept: `example.org`, `example.org:8443`,
    /// `security@example.org`, `github:owner/repo`. It parses as the same target.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            // Typed bare, one label would be taken for a profile's name.
            Self::Domain(origin) if origin.host().is_some_and(|host| is_one_label(&host)) => {
                format!("https://{}", origin.authority())
            }
            Self::Domain(origin) => origin.authority(),
            Self::Address(address) => address.to_string().to_ascii_lowercase(),
            Self::GitHub(repository) => format!("github:{repository}").to_ascii_lowercase(),
        }
    }

    /// Where the target's own files are, if it has any: of an address, its domain.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Self::Domain(origin) => Some(origin.clone()),
            Self::Address(address) => Origin::https(&Host::Domain(address.domain()), None),
            Self::GitHub(_) => None,
        }
    }
}

impl TargetError {
    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    fn new(text: &str, problem: Problem) -> Self {
        let shown: String = text.chars().take(MAX_SHOWN).collect();
        let cut = if shown.len() < text.len() { "…" } else { "" };
        let text = format!("{}{cut}", shown.escape_debug());
        Self { text, problem }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the target `{}` {}", self.text, self.problem)
    }
}

impl std::error::Error for TargetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

fn reduce(origin: Origin, form: Form) -> Result<Origin, Problem> {
    let Some(Host::Domain(name)) = origin.host() else {
        return Ok(origin);
    };
    if is_public_suffix(name) {
        return Err(Problem::PublicSuffix);
    }
    let bare = name
        .strip_prefix("www.")
        .filter(|rest| rest.contains('.') && !is_public_suffix(rest))
        .unwrap_or(name);
    let speaker = match form {
        Form::Url => registrable(name).unwrap_or_else(|| name.to_owned()),
        Form::Bare if is_one_label(&Host::Domain(name)) => return Err(Problem::OneLabel),
        Form::Bare => bare.to_owned(),
    };
    if speaker == name {
        return Ok(origin);
    }
    // A port belongs to the host that was typed; `www.` is another name for the same one.
    let port = origin.port().filter(|_| speaker == bare);
    Origin::https(&Host::Domain(speaker), port).ok_or(Problem::Host(HostError::NoHost))
}

fn is_one_label(host: &Host<&str>) -> bool {
    matches!(host, Host::Domain(name) if !name.contains('.')) && !is_loopback(host)
}

/// How many characters of a wrong text an error shows.
const MAX_SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;

    use super::*;
    use crate::program::ContactError;

    fn subject(text: &str) -> String {
        Target::parse(text)
            .unwrap_or_else(|error| panic!("{error}"))
            .subject()
    }

    fn problem(text: &str) -> Problem {
        match Target::parse(text) {
            Ok(target) => panic!("{text} is {target:?}"),
            Err(error) => error.problem().clone(),
        }
    }

    #[test]
    fn domains_are_kept_and_urls_are_reduced() {
        for (text, expected) in [
            ("example.org", "example.org"),
            ("EXAMPLE.org.", "example.org"),
            ("example.org/", "example.org"),
            ("www.example.org:8443", "example.org:8443"),
            ("docs.example.org", "docs.example.org"),
            ("www.docs.example.org", "docs.example.org"),
            ("www.gov.uk", "www.gov.uk"),
            ("www.ck", "www.ck"),
            ("bücher.example", "xn--bcher-kva.example"),
            (
                "https://Shop.Example.co.uk/a?b=https://c.example#d",
                "example.co.uk",
            ),
            ("https://shop.example.org:8443/", "example.org"),
            ("https://www.example.org:8443/", "example.org:8443"),
            ("https://example.org:443/", "example.org"),
            ("HTTPS://Example.org:8443", "example.org:8443"),
            ("https://a.someone.github.io/", "someone.github.io"),
            ("https://gist.github.com/someone/1", "github.com"),
            ("https://github.com/", "github.com"),
            ("https://intranet:8443/", "https://intranet:8443"),
            ("192.0.2.7", "192.0.2.7"),
            ("https://192.0.2.7:8443/x", "192.0.2.7:8443"),
            ("2001:DB8:0::1", "[2001:db8::1]"),
            ("[2001:db8::1]:8443", "[2001:db8::1]:8443"),
            ("localhost:8443", "localhost:8443"),
        ] {
            assert_eq!(subject(text), expected, "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for (text, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.9.9.9/x", "http://127.9.9.9"),
            ("http://[::1]:8080/x", "http://[::1]:8080"),
            ("http://[::ffff:127.0.0.1]/", "http://127.0.0.1"),
            ("http://localhost:8080/", "http://localhost:8080"),
        ] {
            let origin = Target::parse(text).unwrap().origin().unwrap();
            assert!(origin.is_plain_http());
            assert_eq!(origin.to_string(), expected, "{text}");
        }
        for text in [
            "http://example.org",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://10.0.0.1",
            "http://0.0.0.0",
        ] {
            assert_eq!(problem(text), Problem::PlainHttp, "{text}");
        }
        assert_eq!(subject("http://127.0.0.1"), "127.0.0.1:80");
    }

    #[test]
    fn addresses_and_repositories_are_read_in_every_spelling() {
        for text in [
            "Security@Example.org",
            "mailto:security@example.org",
            "MAILTO:security@EXAMPLE.ORG",
        ] {
            assert_eq!(subject(text), "security@example.org", "{text}");
        }
        let origin = Target::parse("security@example.org").unwrap().origin();
        assert_eq!(origin.unwrap().to_string(), "https://example.org");
        for text in [
            "github:Owner/Repo",
            "GitHub:owner/repo",
            "https://github.com/owner/repo",
            "https://www.github.com/owner/repo.git",
            "https://github.com/Owner/Repo/security/advisories/new?a#b",
            "github.com/owner/repo/",
            "git@github.com:owner/repo.git",
            "ssh://git@github.com/owner/repo.git",
        ] {
            assert_eq!(subject(text), "github:owner/repo", "{text}");
        }
        for text in [
            "github:",
            "github:owner",
            "github:owner/..",
            "github:owner/re po%20",
            "https://github.com/owner",
            "https://github.com/orgs/owner",
            "https://github.com/security/advanced-security",
            "https://github.com//repo",
        ] {
            let problem = problem(text);
            assert!(
                matches!(problem, Problem::Repository | Problem::Characters),
                "{text}: {problem}"
            );
        }
        assert!(matches!(
            Target::parse("https://github.com.example.org/owner/repo"),
            Ok(Target::Domain(_))
        ));
    }

    #[test]
    fn what_is_no_target_says_why_and_what_next() {
        for (text, expected) in [
            ("", Problem::Empty),
            (" example.org", Problem::Characters),
            ("exa\u{200b}mple.org", Problem::Characters),
            ("exa\u{ad}mple.org", Problem::Characters),
            ("example.org\u{1b}[2J", Problem::Characters),
            ("https:\\\\example.org", Problem::Characters),
            ("a@b@example.org", Problem::Address(ContactError::Mail)),
            (
                "mailto:a@example.org?bcc=b@example.org",
                Problem::Address(ContactError::Mail),
            ),
            ("mailto:", Problem::Address(ContactError::Mail)),
            ("ftp://example.org", Problem::Scheme),
            ("https:example.org", Problem::Scheme),
            ("javascript:alert(1)", Problem::Scheme),
            ("https://user@example.org/", Problem::UserName),
            ("https://:secret@example.org/", Problem::UserName),
            ("example.org/security", Problem::Path),
            ("example.org?x", Problem::Path),
            ("valtwn", Problem::OneLabel),
            ("co.uk", Problem::PublicSuffix),
            ("com", Problem::PublicSuffix),
            ("https://github.io/", Problem::PublicSuffix),
            ("GitHub.io.", Problem::PublicSuffix),
            ("https://公司.cn/", Problem::PublicSuffix),
            ("a..example.org", Problem::Host(HostError::NoHost)),
        ] {
            assert_eq!(problem(text), expected, "{text}");
        }
        for text in [
            "https://",
            "example.org:99999",
            "1.2.3.4.5",
            "xn--a.example",
            "[::1",
            "%",
        ] {
            assert!(matches!(problem(text), Problem::Host(_)), "{text}");
        }
        let error = Target::parse("xn--a.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the target `xn--a.example` names no host that a server can have: check its spelling"
        );
        assert!(error.source().is_some());
        let long = Target::parse(&format!("a\u{1b} {}", "b".repeat(500)))
            .unwrap_err()
            .to_string();
        assert!(
            long.len() < 250 && !long.contains('\u{1b}') && long.contains('…'),
            "{long}"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_subject_is_stable(
            text in "(https?://|mailto:|github:|www\\.)?\\PC{0,30}(\\.org|\\.co\\.uk|/a|:80)?"
        ) {
            if let Ok(target) = Target::parse(&text) {
                let subject = target.subject();
                prop_assert_eq!(subject.to_lowercase(), subject.as_str());
                prop_assert_eq!(Target::parse(&subject).map(|again| again.subject()), Ok(subject));
                if let Some(origin) = target.origin() {
                    let host = origin.host().unwrap();
                    prop_assert!(!origin.is_plain_http() || is_loopback(&host));
                }
            }
        }
    }
}
