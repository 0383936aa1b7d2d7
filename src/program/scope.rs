//! Which hosts a program asks to have tested, and which of them never speak for it.
//!
//! Serves DESIGN.md, "The program profile" (`[scope]`). Hosts are compared label by label in the form that
//! `url::Host` gives them (lower case, IDNA to ASCII), never as bare text: `evilexample.com` is not `example.com`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Host;

use super::host::{HostPattern, canonical};

/// What a program says of hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Hosts to test.
    #[serde(rename = "in", default, skip_serializing_if = "Vec::is_empty")]
    inside: Vec<HostPattern>,
    /// Hosts to leave alone. They win over `in`.
    #[serde(rename = "out", default, skip_serializing_if = "Vec::is_empty")]
    outside: Vec<HostPattern>,
    /// Whether a host named in `in` or `out` stands for its subdomains too.
    #[serde(default)]
    subdomains: bool,
    /// Hosts, with everything beneath them, whose content users write: they may be in scope, but never speak for the
    /// vendor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    user_content: Vec<HostPattern>,
}

/// What a [`Scope`] says of one host, with the pattern that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Listed to be tested.
    In(&'a HostPattern),
    /// Listed to be left alone, whatever else is listed.
    Out(&'a HostPattern),
    /// The program lists what is in scope, and this host is not there.
    Unlisted,
    /// The program does not say which hosts are in scope.
    Unstated,
}

impl Scope {
    /// Judges one host: `out` wins over `in`. Case, a trailing dot, IDNA and mapped addresses make no difference.
    pub fn judge<S: AsRef<str>>(&self, host: &Host<S>) -> Verdict<'_> {
        let host = canonical(host);
        if let Some(pattern) = self.first(&self.outside, host.as_ref()) {
            return Verdict::Out(pattern);
        }
        match self.first(&self.inside, host.as_ref()) {
            Some(pattern) => Verdict::In(pattern),
            None if self.inside.is_empty() => Verdict::Unstated,
            None => Verdict::Unlisted,
        }
    }

    /// Whether users, not the vendor, decide what this host serves. A host that cannot be read counts as one.
    pub fn is_user_content<S: AsRef<str>>(&self, host: &Host<S>) -> bool {
        canonical(host).is_none_or(|host| {
            self.user_content
                .iter()
                .any(|pattern| pattern.covers(&host, true))
        })
    }

    /// Whether what this host publishes (security.txt, keys) may be taken for the vendor's word: it is in scope by a
    /// pattern that names it or a host above it, and its content is the vendor's own.
    pub fn speaks_for_vendor<S: AsRef<str>>(&self, host: &Host<S>) -> bool {
        let named = |host: &Host<String>| {
            self.inside
                .iter()
                .any(|pattern| pattern.is_plain() && pattern.covers(host, self.subdomains))
        };
        matches!(self.judge(host), Verdict::In(_))
            && canonical(host).as_ref().is_some_and(named)
            && !self.is_user_content(host)
    }

    /// The hosts to test.
    #[must_use]
    pub fn inside(&self) -> &[HostPattern] {
        &self.inside
    }

    /// The hosts to leave alone.
    #[must_use]
    pub fn outside(&self) -> &[HostPattern] {
        &self.outside
    }

    /// The hosts whose content users write.
    #[must_use]
    pub fn user_content(&self) -> &[HostPattern] {
        &self.user_content
    }

    /// Whether a listed host stands for its subdomains too.
    #[must_use]
    pub fn subdomains(&self) -> bool {
        self.subdomains
    }

    fn first<'p>(
        &self,
        patterns: &'p [HostPattern],
        host: Option<&Host<String>>,
    ) -> Option<&'p HostPattern> {
        patterns
            .iter()
            .find(|pattern| host.is_some_and(|host| pattern.covers(host, self.subdomains)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::super::host_of;
    use super::*;

    fn scope(inside: &[&str], outside: &[&str], user_content: &[&str]) -> Scope {
        let read = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Scope {
            inside: read(inside),
            outside: read(outside),
            subdomains: false,
            user_content: read(user_content),
        }
    }

    fn is_in(scope: &Scope, host: &str) -> bool {
        matches!(scope.judge(&host_of(host).unwrap()), Verdict::In(_))
    }

    #[test]
    fn a_host_is_compared_by_labels() {
        let plain = scope(&["example.com"], &[], &[]);
        for host in [
            "example.com",
            "EXAMPLE.com.",
            "example.com:8443",
            "https://example.com./a?b=c.net",
            "ssh://Example.COM",
        ] {
            assert!(is_in(&plain, host), "{host}");
        }
        for host in [
            "evilexample.com",
            "example.com.evil.net",
            "www.example.com",
            "com",
            "example.co",
            "https://example.com@evil.net",
        ] {
            assert!(!is_in(&plain, host), "{host}");
        }
    }

    #[test]
    fn a_wildcard_reaches_every_depth_but_not_itself() {
        let wild = scope(&["*.example.com"], &[], &[]);
        assert!(is_in(&wild, "a.example.com") && is_in(&wild, "a.b.example.com"));
        assert!(!is_in(&wild, "example.com") && !is_in(&wild, "evilexample.com"));
        let with_subdomains = Scope {
            subdomains: true,
            ..scope(&["example.com"], &["blog.example.com"], &[])
        };
        assert!(
            is_in(&with_subdomains, "a.example.com")
                && !is_in(&with_subdomains, "a.blog.example.com")
        );
    }

    #[test]
    fn out_wins_and_silence_is_told_apart() {
        let both = scope(&["*.example.com"], &["old.example.com"], &[]);
        let judge = |host: &str| both.judge(&host_of(host).unwrap());
        assert_eq!(judge("old.example.com"), Verdict::Out(&both.outside[0]));
        assert_eq!(judge("example.net"), Verdict::Unlisted);
        assert_eq!(
            Scope::default().judge(&host_of("example.net").unwrap()),
            Verdict::Unstated
        );
        assert_eq!(
            both.judge(&Host::Domain("a..example.com")),
            Verdict::Unlisted
        );
    }

    #[test]
    fn names_and_addresses_are_compared_in_one_form() {
        let idna = scope(&["bücher.example", "192.0.2.7", "[2001:db8::1]"], &[], &[]);
        for host in [
            "xn--bcher-kva.example",
            "BÜCHER.example",
            "192.0.2.7:80",
            "http://3221225991",
            "192.0.2.7.",
            "[::ffff:192.0.2.7]",
            "[2001:DB8:0::1]:443",
        ] {
            assert!(is_in(&idna, host), "{host}");
        }
        assert!(is_in(&idna, "ssh://192.0.2.7"));
        assert!(!is_in(&idna, "192.0.2.8") && !is_in(&idna, "buecher.example"));
    }

    #[test]
    fn user_content_may_be_in_scope_but_never_speaks() {
        let town = scope(&["example.com", "*.run.example"], &[], &["*.run.example"]);
        let user = host_of("someone.run.example").unwrap();
        assert!(matches!(town.judge(&user), Verdict::In(_)));
        assert!(town.is_user_content(&user) && !town.speaks_for_vendor(&user));
        assert!(town.speaks_for_vendor(&host_of("example.com").unwrap()));
        assert!(!town.speaks_for_vendor(&host_of("evilexample.com").unwrap()));
        assert!(!town.speaks_for_vendor(&Host::Domain("a b")));
    }

    #[test]
    fn every_wildcard_of_the_corpus_is_judged_or_refused() {
        let Some(corpus) = std::env::var_os("SEALPOST_CORPUS").map(PathBuf::from) else {
            println!("SEALPOST_CORPUS is not set: skipped");
            return;
        };
        let text =
            std::fs::read_to_string(corpus.join("scope/bounty-targets-data/data/wildcards.txt"))
                .unwrap();
        let (mut judged, mut refused) = (0, Vec::new());
        for line in text.lines() {
            if line.parse::<HostPattern>().is_err() {
                refused.push(line);
                continue;
            }
            let wild = scope(&[line], &[], &[]);
            let expected = Expected::of(line);
            for host in &expected.inside {
                assert!(is_in(&wild, host), "{line} {host}");
                let out = scope(&[line], &[line], &[line]);
                let host = host_of(host).unwrap();
                assert!(matches!(out.judge(&host), Verdict::Out(_)), "{line}");
                assert!(!wild.is_user_content(&host) && out.is_user_content(&host));
                let path = |rest: &&str| !rest.ends_with(['.', '-']);
                let plain = line.strip_suffix('*').filter(path).unwrap_or(line);
                let plain = match plain.rfind('*') {
                    Some(last) => last == 0 && plain.starts_with("*."),
                    None => true,
                };
                assert_eq!(wild.speaks_for_vendor(&host), plain, "{line}");
            }
            for host in &expected.outside {
                assert!(!is_in(&wild, host), "{line} {host}");
            }
            judged += 1;
        }
        println!(
            "{judged} wildcards judged, {} refused: {refused:?}",
            refused.len()
        );
        // Each of these leaves the owner's domain open, or says something that no host is.
        assert!(refused.len() <= 8 && judged + refused.len() == text.lines().count());
    }

    /// Hosts that a wildcard means and hosts that it does not, worked out from its text alone.
    struct Expected {
        inside: Vec<String>,
        outside: Vec<String>,
    }

    impl Expected {
        fn of(pattern: &str) -> Self {
            let path = |rest: &&str| !rest.ends_with(['.', '-']);
            let pattern = pattern.strip_suffix('*').filter(path).unwrap_or(pattern);
            let ending = pattern.strip_suffix(".*");
            let body = ending.unwrap_or(pattern);
            let first = body.split('.').next().unwrap();
            let glued = first.starts_with('*') && first.len() > 1;
            let fill = |with: &str| match ending {
                Some(_) => format!("{}.com", body.replace('*', with)),
                None => body.replace('*', with),
            };
            // What follows the last `*` before the end: nothing before it belongs to the domain for sure.
            let tail = fill("\0").rsplit('\0').next().unwrap().to_owned();
            let domain = crate::program::registrable(tail.trim_start_matches(['.', '-']));
            let mut expected = Self {
                inside: vec![
                    fill("a"),
                    format!("https://{}:8443/y", fill("B2").to_uppercase()),
                ],
                outside: vec![
                    "evil.example".to_owned(),
                    format!("{}.evil.example", fill("a")),
                ],
            };
            if glued {
                let whole = fill("");
                expected.inside = vec![whole.clone(), format!("a.B.{whole}.")];
            } else if first == "*" {
                expected.inside.push(fill("a").replacen("a.", "b.a.", 1));
                expected.outside.push(fill("a").replacen("a.", "", 1));
            } else {
                expected.outside.push(format!("b.{}", fill("a")));
            }
            for domain in domain.into_iter().chain(ending.map(|_| {
                let plain = body.rsplit('.').next().unwrap().trim_start_matches('*');
                format!("{plain}.com")
            })) {
                let filled = fill("a");
                if let Some(front) = filled.strip_suffix(&domain) {
                    expected.outside.push(format!("{front}evil{domain}"));
                    expected.outside.push(format!("{front}evil-{domain}"));
                }
                expected.outside.push(format!("evil{domain}"));
            }
            expected
        }
    }

    proptest! {
        #[test]
        fn a_prefix_without_a_dot_is_another_host(prefix in "[a-z0-9]{1,10}", domain in "[a-z]{1,10}\\.[a-z]{2,6}") {
            let lists = Scope { subdomains: true, ..scope(&[&domain], &[], &[]) };
            let (look_alike, beneath) = (format!("{prefix}{domain}"), format!("{prefix}.{domain}"));
            prop_assert!(!is_in(&lists, &look_alike));
            prop_assert!(is_in(&lists, &beneath));
        }
    }
}
