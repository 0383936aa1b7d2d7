//! What one link of a SECURITY.md is likely to be, by its place, its label and the words around it.
//!
//! Serves `security_md`. Each judgement is a guess on the safe side: the lists here are of what was seen in the wild.

use percent_encoding::percent_decode_str;
use url::Url;

use super::{
    markdown::Link,
    prose::{self, Context, MAX_CONTACTS},
};
use crate::{
    openpgp::Fingerprint,
    program::{MailAddress, Repository, registrable},
};

/// Whether the words around a link are about reporting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    OfReports,
    OfOtherThings,
}

impl Speaks {
    /// Judges a block's text.
    pub(super) fn in_text(text: &str) -> Self {
        let text = text.to_lowercase();
        if FORM_WORDS.iter().any(|word| text.contains(word)) {
            Self::OfReports
        } else {
            Self::OfOtherThings
        }
    }
}

/// The addresses of a `mailto:` link, without what it wants to fill in.
pub(super) fn mail_addresses(destination: &str) -> Vec<MailAddress> {
    let Some((scheme, rest)) = destination.split_once(':') else {
        return Vec::new();
    };
    if !scheme.eq_ignore_ascii_case("mailto") {
        return Vec::new();
    }
    let list = rest.split('?').next().unwrap_or_default();
    list.split(',')
        .take(MAX_CONTACTS)
        .filter_map(|address| {
            let address = percent_decode_str(address.trim());
            address.decode_utf8().ok()?.parse().ok()
        })
        .collect()
}

/// The fingerprint in a link to a key server, or in `openpgp4fpr:`.
pub(super) fn written_in(link: &Link) -> Option<Fingerprint> {
    let is_key = link.destination.starts_with("openpgp4fpr:")
        || link.destination.contains("/pks/lookup?")
        || link.destination.contains("/vks/v1/")
        || has_key_word(&link.label);
    let found = is_key.then(|| prose::fingerprints(&link.destination, Context::Keys));
    found?.into_iter().next()
}

/// The repository whose private vulnerability reporting a link opens.
pub(super) fn private_report(url: &Url, label: &str) -> Option<Repository> {
    if url.scheme() != "https" || !matches!(url.host_str(), Some("github.com" | "www.github.com")) {
        return None;
    }
    let segments: Vec<_> = url
        .path_segments()?
        .filter(|part| !part.is_empty())
        .collect();
    let [owner, name, rest @ ..] = segments.as_slice() else {
        return None;
    };
    let is_form = match rest {
        ["security", "advisories", "new"] => true,
        // The list of advisories and the policy hold the button, too; they are linked for other reasons as well.
        ["security"] | ["security", "advisories" | "policy"] => label.contains("report"),
        _ => false,
    };
    is_form
        .then(|| format!("{owner}/{name}").parse().ok())
        .flatten()
}

/// A file of a repository as it is, rather than the page that shows it.
pub(super) fn raw_file(url: &Url) -> Option<Url> {
    let page = url.scheme() == "https" && url.host_str() == Some("github.com");
    let segments: Vec<_> = url.path_segments()?.collect();
    let [owner, name, "blob" | "raw", rest @ ..] = segments.as_slice() else {
        return None;
    };
    let raw = format!(
        "https://raw.githubusercontent.com/{owner}/{name}/{}",
        rest.join("/")
    );
    page.then(|| Url::parse(&raw).ok()).flatten()
}

/// Whether a link may lead to a key: by its ending, or by a label that says so.
pub(super) fn is_key(url: &Url, label: &str) -> bool {
    let path = url.path().to_ascii_lowercase();
    let file = KEY_ENDINGS.iter().any(|ending| path.ends_with(ending));
    file || (has_key_word(label) && !explains(url))
}

/// Whether a link is marked as a place for reports: by its own words, or as a page on security in a text on reporting.
pub(super) fn is_report_form(url: &Url, label: &str, context: Speaks) -> bool {
    let place =
        format!("{}{}", url.host_str().unwrap_or_default(), url.path()).to_ascii_lowercase();
    let is_file = FILES.iter().any(|ending| place.ends_with(ending));
    if is_file || NOT_FORMS.iter().any(|word| label.contains(word)) {
        return false;
    }
    let has = |words: &[&str]| {
        words
            .iter()
            .any(|word| label.contains(word) || place.contains(word))
    };
    let marked = has(&FORM_WORDS) || (context == Speaks::OfReports && has(&["security"]));
    marked && !is_about(url)
}

/// Sites that explain what keys and vulnerabilities are. Key servers have such domains, too.
fn explains(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let explains = registrable(host).is_some_and(|site| EXPLAIN.contains(&site.as_str()));
    (explains && !host.starts_with("keys.")) || host == "docs.github.com"
}

/// The same, and GitHub, whose report forms are known by their paths.
fn is_about(url: &Url) -> bool {
    let site = registrable(url.host_str().unwrap_or_default());
    explains(url)
        || matches!(
            site.as_deref(),
            Some("github.com" | "githubusercontent.com")
        )
}

/// Whether a text speaks of OpenPGP keys.
pub(super) fn has_key_word(text: &str) -> bool {
    text.to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| KEY_WORDS.contains(&word))
}

const KEY_ENDINGS: [&str; 5] = [".asc", ".pgp", ".gpg", ".key", ".pub"];

const KEY_WORDS: [&str; 6] = [
    "pgp",
    "gpg",
    "gnupg",
    "openpgp",
    "openpgp4fpr",
    "fingerprint",
];

const FORM_WORDS: [&str; 9] = [
    "report",
    "disclos",
    "vuln",
    "bounty",
    "whitehat",
    "hackerone.com/",
    "bugcrowd.com/",
    "intigriti.com/",
    "huntr.",
];

const NOT_FORMS: [&str; 5] = ["issue", "public", "tracker", "audit", "discussion"];

const FILES: [&str; 5] = [".pdf", ".png", ".svg", ".md", ".txt"];

const EXPLAIN: [&str; 12] = [
    "wikipedia.org",
    "cve.org",
    "mitre.org",
    "nist.gov",
    "first.org",
    "owasp.org",
    "gnupg.org",
    "gpg4win.org",
    "openpgp.org",
    "shields.io",
    "contributor-covenant.org",
    "cwe.org",
];
