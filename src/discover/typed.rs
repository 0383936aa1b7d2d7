//! What was typed as a TARGET, taken apart: an address, a repository, or a place on the web.
//!
//! Serves DESIGN.md, "Commands" (`find TARGET`). `target` makes of it whom it means; `site` finds the vendor.

use std::net::Ipv6Addr;

use url::{Host, Url};

use super::{
    look_alike::is_invisible,
    origin::{Origin, is_loopback},
};
use crate::program::{ContactError, HostError, MailAddress, Repository, host_of};

/// What was typed, before it is reduced to the host that speaks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    Address(MailAddress),
    GitHub(Repository),
    Web(Origin, Form),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Bare,
    Url,
}

/// What is wrong with the text, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing.
    #[error("is empty: name a domain, a URL, an address, github:OWNER/REPO or a profile")]
    Empty,
    /// White space, a control or an invisible character, or a backslash.
    #[error(
        "holds a space, a backslash, a control or an invisible character: type it again by hand"
    )]
    Characters,
    /// An `@`, but no plain address.
    #[error("is not a plain mail address, such as security@example.org")]
    Address(#[source] ContactError),
    /// Means GitHub, but no repository there.
    #[error("names no repository: write github:OWNER/REPO")]
    Repository,
    /// A scheme that leads to no vendor.
    #[error("begins with a scheme that leads nowhere: write https://HOST, or the domain alone")]
    Scheme,
    /// `http:` to another machine.
    #[error(
        "is plain http, which is only for this machine (127.0.0.1, [::1], localhost): write https://"
    )]
    PlainHttp,
    /// A URL that gives away credentials.
    #[error("holds a user name or password: write the URL without it")]
    UserName,
    /// Not a host.
    #[error("names no host that a server can have: check its spelling")]
    Host(#[source] HostError),
    /// A path without a scheme.
    #[error("has a path but no scheme: write https:// before it, or github:OWNER/REPO")]
    Path,
    /// One label: neither a profile's name nor a domain.
    #[error("is neither a known profile nor a domain: write it in full, such as example.org")]
    OneLabel,
    /// `co.uk`, `github.io`.
    #[error(
        "is a public suffix, beneath which anyone may have a name: write the vendor's own domain"
    )]
    PublicSuffix,
}

impl Typed {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::Empty);
        }
        let strange = |c: char| c.is_whitespace() || c.is_control() || c == '\\' || is_invisible(c);
        if text.contains(strange) {
            return Err(Problem::Characters);
        }
        if let Some(path) = GITHUB.iter().find_map(|start| after(text, start)) {
            return read_repository(path).map(Self::GitHub);
        }
        if let Some(address) = after(text, "mailto:") {
            return read_address(address);
        }
        if text.contains("://") {
            return read_url(text);
        }
        if text.contains('@') {
            return read_address(text);
        }
        read_bare(text)
    }
}

fn read_address(text: &str) -> Result<Typed, Problem> {
    text.parse().map(Typed::Address).map_err(Problem::Address)
}

/// `OWNER/REPO`, perhaps with `.git` or a path inside the repository.
fn read_repository(path: &str) -> Result<Repository, Problem> {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let mut segments = path.split('/');
    let (Some(owner), Some(name)) = (segments.next(), segments.next()) else {
        return Err(Problem::Repository);
    };
    let reserved = NOT_OWNERS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(owner));
    let name = name.strip_suffix(".git").unwrap_or(name);
    let repository = format!("{owner}/{name}").parse();
    repository
        .ok()
        .filter(|_| !reserved)
        .ok_or(Problem::Repository)
}

fn read_url(text: &str) -> Result<Typed, Problem> {
    let url = Url::parse(text).map_err(|error| Problem::Host(HostError::Syntax(error)))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Problem::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::UserName);
    }
    let host = host_of(url.as_str()).map_err(Problem::Host)?;
    if url.scheme() == "http" && !is_loopback(&host) {
        return Err(Problem::PlainHttp);
    }
    let github = matches!(&host, Host::Domain(name) if matches!(name.as_str(), "github.com" | "www.github.com"));
    match url.path().trim_matches('/') {
        path if github && !path.is_empty() => read_repository(path).map(Typed::GitHub),
        _ => {
            let origin = Origin::of(&url).ok_or(Problem::Host(HostError::NoHost))?;
            Ok(Typed::Web(origin, Form::Url))
        }
    }
}

/// A host with an optional port; an IPv6 address with or without brackets.
fn read_bare(text: &str) -> Result<Typed, Problem> {
    let text = text.strip_suffix('/').unwrap_or(text);
    if text.contains(['/', '?', '#']) {
        return Err(Problem::Path);
    }
    let host = match text.parse() {
        Ok(address) => format!("[{}]", Ipv6Addr::to_string(&address)),
        Err(_) => text.to_owned(),
    };
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    if !host.starts_with('[') && !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::Scheme);
    }
    let canonical = host_of(&host).map_err(Problem::Host)?;
    let url = Url::parse(&format!("https://{host}"))
        .map_err(|error| Problem::Host(HostError::Syntax(error)))?;
    let origin = Origin::https(&canonical, url.port()).ok_or(Problem::Host(HostError::NoHost))?;
    Ok(Typed::Web(origin, Form::Bare))
}

fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// How the ways to write a repository begin that are not URLs for people.
const GITHUB: [&str; 5] = [
    "github:",
    "git@github.com:",
    "ssh://git@github.com/",
    "github.com/",
    "www.github.com/",
];

/// First segments of GitHub's own pages.
const NOT_OWNERS: [&str; 16] = [
    "about",
    "advisories",
    "apps",
    "collections",
    "customer-stories",
    "enterprise",
    "explore",
    "features",
    "login",
    "marketplace",
    "orgs",
    "search",
    "security",
    "settings",
    "sponsors",
    "topics",
];
