//! What a finding is about: a URL, a domain, a package or a repository.
//!
//! Serves DESIGN.md, "The report", `assets`. Package URLs: ECMA-427.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use packageurl::PackageUrl;
use serde::{Serialize, Serializer};
use thiserror::Error;
use url::{Host, Url};

use super::error::excerpt;

/// One asset: what was written (which `Display` gives back) and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    written: String,
    kind: AssetKind,
}

/// What an asset is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssetKind {
    /// `https://app.example.com/login`; always with a host.
    Url(Url),
    /// `example.com`, `192.0.2.1` or `*.example.com`, in its ASCII form.
    Domain(Host),
    /// `pkg:npm/%40scope/name@1.2.3`.
    Purl(PackageUrl<'static>),
    /// `github:owner/name`, `https://github.com/owner/name` or any URL of a git repository.
    Repository(Repository),
}

/// A source repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    host: String,
    path: String,
}

impl Asset {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> &AssetKind {
        &self.kind
    }

    /// The host that a program's scope decides on: that of a URL or domain, in its ASCII form.
    /// A package or repository has none, whoever hosts it.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        match &self.kind {
            AssetKind::Url(url) => url.host_str().map(str::to_owned),
            AssetKind::Domain(host) => Some(host.to_string()),
            AssetKind::Purl(_) | AssetKind::Repository(_) => None,
        }
    }
}

impl Repository {
    /// The forge's host, in lower case, such as `github.com`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path on it, without slashes at the ends and without `.git`, such as `owner/name`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    fn new(host: &str, path: &str) -> Option<Self> {
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        (!host.is_empty() && !path.is_empty()).then(|| Self {
            host: host.to_ascii_lowercase(),
            path: path.to_owned(),
        })
    }

    fn from_url(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        let names = url
            .path()
            .split('/')
            .filter(|name| !name.is_empty())
            .count();
        let path = url.path().trim_end_matches('/');
        let ends = path.strip_suffix(".git").is_some();
        let git = GIT_SCHEMES.contains(&url.scheme());
        let forge = FORGES.contains(&host) && names == 2;
        let plain = url.query().is_none() && url.fragment().is_none();
        (git || (plain && (ends || forge)))
            .then(|| Self::new(host, url.path()))
            .flatten()
    }
}

impl FromStr for Asset {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        let written = text.trim();
        let kind = if written
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case("pkg:"))
        {
            let purl = PackageUrl::from_str(written);
            AssetKind::Purl(purl.map_err(|_| AssetError::new(Wanted::Purl, written))?)
        } else if let Some(path) = written.strip_prefix("github:") {
            AssetKind::Repository(
                on_github(path).ok_or_else(|| AssetError::new(Wanted::GitHub, written))?,
            )
        } else if written.contains("://") {
            url_or_repository(written).ok_or_else(|| AssetError::new(Wanted::Url, written))?
        } else if let Some((host, path)) =
            written.strip_prefix("git@").and_then(|s| s.split_once(':'))
        {
            let repository = domain(host).and_then(|host| Repository::new(&host.to_string(), path));
            AssetKind::Repository(repository.ok_or_else(|| AssetError::new(Wanted::Any, written))?)
        } else {
            AssetKind::Domain(domain(written).ok_or_else(|| AssetError::new(Wanted::Any, written))?)
        };
        let written = written.to_owned();
        Ok(Self { written, kind })
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl Serialize for Asset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

/// The text is none of the four kinds.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("is not {wanted}: `{written}`")]
pub struct AssetError {
    wanted: Wanted,
    written: String,
}

impl AssetError {
    fn new(wanted: Wanted, written: &str) -> Self {
        let written = excerpt(written);
        Self { wanted, written }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    Url,
    Purl,
    GitHub,
}

impl fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Any => {
                "a URL (`https://…`), a domain, a package URL (`pkg:…`) or a repository \
                 (`github:owner/name`)"
            }
            Self::Url => "a URL with a host",
            Self::Purl => "a package URL such as `pkg:npm/name@1.2.3`",
            Self::GitHub => "a repository such as `github:owner/name`",
        })
    }
}

fn on_github(path: &str) -> Option<Repository> {
    let (owner, name) = path.split_once('/')?;
    let named = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && part.chars().all(plain)
    };
    (named(owner) && named(name))
        .then(|| Repository::new("github.com", path))
        .flatten()
}

fn url_or_repository(written: &str) -> Option<AssetKind> {
    let url = Url::parse(written).ok()?;
    url.host_str().filter(|host| !host.is_empty())?;
    Some(match Repository::from_url(&url) {
        Some(repository) => AssetKind::Repository(repository),
        None => AssetKind::Url(url),
    })
}

/// A name with a dot, `localhost` or an address; without port and path.
fn domain(written: &str) -> Option<Host> {
    let name = written.strip_prefix("*.").unwrap_or(written);
    if name.contains(['*', '%']) {
        return None;
    }
    match Host::parse(name).ok()? {
        Host::Domain(plain) if plain.contains('.') || plain == "localhost" => {
            let wild = if name.len() == written.len() {
                ""
            } else {
                "*."
            };
            Some(Host::Domain(format!("{wild}{plain}")))
        }
        // The URL standard also reads `1.2` and `0x7f` as addresses: a person does not.
        Host::Ipv4(address) => {
            (written.parse() == Ok::<Ipv4Addr, _>(address)).then_some(Host::Ipv4(address))
        }
        Host::Ipv6(address) => (name.len() == written.len()).then_some(Host::Ipv6(address)),
        Host::Domain(_) => None,
    }
}

const GIT_SCHEMES: [&str; 5] = ["git", "ssh", "git+https", "git+ssh", "git+http"];

/// Where `https://HOST/OWNER/NAME` is a repository.
const FORGES: [&str; 5] = [
    "github.com",
    "gitlab.com",
    "codeberg.org",
    "bitbucket.org",
    "git.sr.ht",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Asset, AssetKind};

    fn asset(text: &str) -> Asset {
        text.parse().unwrap()
    }

    #[test]
    fn tells_the_kinds_apart() {
        for text in [
            "https://a.example/x?y#z",
            "wss://a.example:8443",
            "https://github.com/a/b/c",
        ] {
            assert!(matches!(asset(text).kind(), AssetKind::Url(_)), "{text}");
        }
        for text in [
            "example.com",
            "*.example.com",
            "192.0.2.1",
            "[2001:db8::1]",
            "bücher.example",
        ] {
            assert!(matches!(asset(text).kind(), AssetKind::Domain(_)), "{text}");
        }
        assert!(matches!(asset("pkg:npm/%40a/b@1").kind(), AssetKind::Purl(p) if p.name() == "b"));
        assert_eq!(
            asset("bücher.example").host().as_deref(),
            Some("xn--bcher-kva.example")
        );
        assert_eq!(
            asset("https://A.example/").host().as_deref(),
            Some("a.example")
        );
        assert_eq!(
            asset(" HTTPS://A.example ").to_string(),
            "HTTPS://A.example"
        );
    }

    #[test]
    fn repositories_have_host_and_path() {
        for text in [
            "github:owner/name",
            "https://github.com/owner/name",
            "https://GitHub.com/owner/name.git/",
            "git@github.com:owner/name.git",
            "ssh://git@github.com/owner/name",
            "git+https://github.com/owner/name.git",
        ] {
            let asset = asset(text);
            let AssetKind::Repository(repository) = asset.kind() else {
                panic!("{text}");
            };
            assert_eq!(
                (repository.host(), repository.path()),
                ("github.com", "owner/name")
            );
            assert_eq!(asset.host(), None);
        }
    }

    #[test]
    fn refuses_what_is_no_asset() {
        for text in [
            "",
            "widget",
            "my app",
            "example.com/login",
            "example.com:8443",
            "https://",
            "file:///etc",
            "pkg:",
            "pkg:npm",
            "github:owner",
            "github:a/b/c",
            "1.2",
            "0x7f000001",
            "a@example.com",
            "*.192.0.2.1",
            "*",
            "*.",
            "git@:x",
            "a.*.example",
            "ex%61mple.com",
        ] {
            assert!(
                text.parse::<Asset>().is_err(),
                "{text:?} is {:?}",
                text.parse::<Asset>()
            );
        }
    }

    proptest! {
        #[test]
        fn p31_any_text_is_an_asset_or_an_error(text in "(pkg:|github:|https://|git@)?\\PC{0,40}") {
            if let Ok(asset) = text.parse::<Asset>() {
                prop_assert_eq!(asset.to_string(), text.trim());
            }
        }
    }
}
