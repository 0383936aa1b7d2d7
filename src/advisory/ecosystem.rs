//! Where packages are published: one row for each ecosystem, with its name in every format.
//!
//! OSV schema, "Defined ecosystems"; GitHub's REST API, `security-advisory-ecosystems`; package
//! URLs (ECMA-427) and vers, whose versioning schemes bear the package URL's type; CVE records,
//! `collectionURL` and `versionType`.

use std::{fmt, str::FromStr};

use packageurl::PackageUrl;

/// An ecosystem that OSV knows, perhaps with a release behind a colon (`Debian:12`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ecosystem {
    row: &'static Row,
    release: Option<String>,
}

/// How an ecosystem orders its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordering {
    /// `SemVer` 2.0, and the ecosystem enforces it.
    SemVer,
    /// In its own way, which this program does not know.
    Own,
}

impl Ecosystem {
    /// The name in OSV, with the release if there is one.
    #[must_use]
    pub fn osv(&self) -> String {
        match &self.release {
            Some(release) => format!("{}:{release}", self.row.osv),
            None => self.row.osv.to_owned(),
        }
    }

    /// The name in GitHub's API, which knows thirteen and calls the rest `other`.
    #[must_use]
    pub fn github(&self) -> &'static str {
        self.row.github
    }

    /// The URL of the collection that gives a package's name its meaning, for a CVE record.
    #[must_use]
    pub fn collection(&self) -> Option<&'static str> {
        (!self.row.collection.is_empty()).then_some(self.row.collection)
    }

    /// The versioning scheme of a vers URI; `None` where none is registered.
    #[must_use]
    pub fn vers(&self) -> Option<&'static str> {
        let kind = self.row.purl.split('/').next().unwrap_or_default();
        (!kind.is_empty()).then_some(kind)
    }

    /// How its versions are ordered.
    #[must_use]
    pub fn ordering(&self) -> Ordering {
        self.row.ordering
    }

    /// The `versionType` of a CVE record.
    #[must_use]
    pub fn version_type(&self) -> &'static str {
        match (self.row.ordering, self.vers()) {
            (Ordering::SemVer, _) => "semver",
            (_, Some("maven")) => "maven",
            (_, Some("pypi")) => "python",
            (_, Some("rpm")) => "rpm",
            _ => "custom",
        }
    }

    /// The package's name as the ecosystem itself writes it.
    #[must_use]
    pub fn canonical(&self, package: &str) -> String {
        if self.row.osv != "PyPI" {
            return package.to_owned();
        }
        // PEP 503.
        let lower = package.to_lowercase();
        let words = lower.split(['-', '_', '.']).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-")
    }

    /// The package URL of a package; `None` where the ecosystem has no type of its own.
    ///
    /// # Errors
    /// What the name should look like.
    pub fn purl(&self, package: &str) -> Result<Option<PackageUrl<'static>>, &'static str> {
        let Some((kind, fixed)) = self.purl_kind() else {
            return Ok(None);
        };
        let package = self.canonical(package);
        let (namespace, name) = match kind {
            "maven" => package.split_once(':').ok_or("must be `group:artifact`")?,
            "swift" => {
                let place = package
                    .split_once("://")
                    .map_or(&*package, |(_, rest)| rest);
                let place = place.strip_suffix(".git").unwrap_or(place);
                place
                    .rsplit_once('/')
                    .ok_or("must be the URL of a repository")?
            }
            "golang" | "npm" | "composer" | "github" => {
                package.rsplit_once('/').unwrap_or(("", &package))
            }
            _ => (fixed, &*package),
        };
        let built = PackageUrl::new(kind, name.to_owned()).and_then(|mut purl| {
            if !namespace.is_empty() {
                purl.with_namespace(namespace.to_owned())?;
            }
            purl.validate()?;
            Ok(purl)
        });
        built
            .map(Some)
            .map_err(|_| "is not a package's name in its ecosystem")
    }

    /// The ecosystem and the name in it that a package URL stands for.
    #[must_use]
    pub fn of_purl(purl: &PackageUrl<'_>) -> Option<(Self, String)> {
        let place = match purl.namespace() {
            Some(namespace) => format!("{}/{namespace}", purl.ty()),
            None => purl.ty().to_owned(),
        };
        let row = ROWS
            .iter()
            .find(|row| !row.purl.is_empty() && (row.purl == place || row.purl == purl.ty()))?;
        let name = match (purl.namespace(), purl.ty()) {
            (Some(namespace), "maven") => format!("{namespace}:{}", purl.name()),
            (Some(namespace), "swift") => format!("https://{namespace}/{}.git", purl.name()),
            (Some(namespace), _) if row.purl != place => format!("{namespace}/{}", purl.name()),
            _ => purl.name().to_owned(),
        };
        Some((Self { row, release: None }, name))
    }

    /// The type of its package URLs and the namespace that all of them share.
    fn purl_kind(&self) -> Option<(&'static str, &'static str)> {
        let purl = self.row.purl;
        (!purl.is_empty()).then(|| purl.split_once('/').unwrap_or((purl, "")))
    }
}

impl FromStr for Ecosystem {
    type Err = UnknownEcosystem;

    /// Reads OSV's name, GitHub's, or the type of the package URL, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownEcosystem> {
        let text = text.trim();
        let (name, release) = match text.split_once(':') {
            Some((name, release)) => (name, Some(release)),
            None => (text, None),
        };
        let known = |row: &&Row| {
            let github = if row.github == OTHER { "" } else { row.github };
            [row.osv, github, row.purl]
                .iter()
                .any(|known| !known.is_empty() && known.eq_ignore_ascii_case(name))
        };
        let row = ROWS.iter().find(known);
        match (row, release) {
            (Some(row), None) => Ok(Self { row, release: None }),
            (Some(row), Some(release)) if !release.is_empty() => Ok(Self {
                row,
                release: Some(release.to_owned()),
            }),
            _ => Err(UnknownEcosystem(text.chars().take(60).collect())),
        }
    }
}

/// A name that no ecosystem of OSV or GitHub bears.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ecosystem that OSV or GitHub knows, such as npm, PyPI, crates.io or Go")]
pub struct UnknownEcosystem(String);

struct Row {
    osv: &'static str,
    github: &'static str,
    /// The type of the package URL, with the namespace where all packages share one.
    purl: &'static str,
    collection: &'static str,
    ordering: Ordering,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.osv)
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.osv == other.osv
    }
}

impl Eq for Row {}

const fn row(
    osv: &'static str,
    github: &'static str,
    purl: &'static str,
    collection: &'static str,
    ordering: Ordering,
) -> Row {
    Row {
        osv,
        github,
        purl,
        collection,
        ordering,
    }
}

/// An ecosystem that GitHub does not know.
const fn other(osv: &'static str, purl: &'static str) -> Row {
    row(osv, OTHER, purl, "", Ordering::Own)
}

/// GitHub's word for all others.
pub(super) const OTHER: &str = "other";

/// Those that GitHub knows first, then the rest of OSV's, in its order.
#[rustfmt::skip]
static ROWS: [Row; 47] = [
    row("npm", "npm", "npm", "https://registry.npmjs.org", Ordering::SemVer),
    row("PyPI", "pip", "pypi", "https://pypi.org", Ordering::Own),
    row("crates.io", "rust", "cargo", "https://crates.io", Ordering::SemVer),
    row("Go", "go", "golang", "https://pkg.go.dev", Ordering::SemVer),
    row("Maven", "maven", "maven", "https://repo.maven.apache.org/maven2", Ordering::Own),
    row("NuGet", "nuget", "nuget", "https://www.nuget.org", Ordering::Own),
    row("Packagist", "composer", "composer", "https://packagist.org", Ordering::Own),
    row("RubyGems", "rubygems", "gem", "https://rubygems.org", Ordering::Own),
    row("Hex", "erlang", "hex", "https://hex.pm", Ordering::SemVer),
    row("GitHub Actions", "actions", "github", "https://github.com", Ordering::Own),
    row("Pub", "pub", "pub", "https://pub.dev", Ordering::SemVer),
    row("SwiftURL", "swift", "swift", "", Ordering::SemVer),
    other("AlmaLinux", "rpm/almalinux"),
    other("Alpaquita", "apk/alpaquita"),
    other("Alpine", "apk/alpine"),
    other("Android", ""),
    other("Azure Linux", "rpm/azurelinux"),
    other("BellSoft Hardened Containers", ""),
    other("Bioconductor", "bioconductor"),
    other("Bitnami", "bitnami"),
    other("Chainguard", "apk/chainguard"),
    other("CleanStart", ""),
    row("ConanCenter", OTHER, "conan", "https://conan.io/center", Ordering::Own),
    row("CRAN", OTHER, "cran", "https://cran.r-project.org", Ordering::Own),
    other("Debian", "deb/debian"),
    other("Docker Hardened Images", ""),
    other("Echo", "deb/echo"),
    other("FreeBSD", ""),
    other("GHC", ""),
    row("Hackage", OTHER, "hackage", "https://hackage.haskell.org", Ordering::Own),
    other("Julia", ""),
    other("Kubernetes", ""),
    other("Linux", ""),
    other("Mageia", "rpm/mageia"),
    other("MinimOS", "apk/minimos"),
    row("opam", OTHER, "opam", "https://opam.ocaml.org", Ordering::Own),
    other("openEuler", "rpm/openeuler"),
    other("openSUSE", "rpm/opensuse"),
    other("OSS-Fuzz", ""),
    other("Photon OS", "rpm/photon"),
    other("Red Hat", "rpm/redhat"),
    other("Rocky Linux", "rpm/rocky-linux"),
    other("SUSE", "rpm/suse"),
    other("TuxCare", ""),
    other("Ubuntu", "deb/ubuntu"),
    other("VSCode", ""),
    other("Wolfi", "apk/wolfi"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn ecosystem(name: &str) -> Ecosystem {
        name.parse().unwrap()
    }

    #[test]
    fn one_ecosystem_goes_by_all_its_names() {
        for name in ["PyPI", "pip", "pypi", " PIP "] {
            assert_eq!(ecosystem(name).osv(), "PyPI");
        }
        assert_eq!(ecosystem("cargo").github(), "rust");
        assert_eq!(ecosystem("Debian:12").osv(), "Debian:12");
        assert_eq!(ecosystem("debian").github(), "other");
        for none in ["", "other", "npn", "Debian:", ":12"] {
            assert!(none.parse::<Ecosystem>().is_err(), "{none}");
        }
    }

    #[test]
    fn package_urls_there_and_back() {
        for (name, package, purl) in [
            ("npm", "@scope/name", "pkg:npm/%40scope/name"),
            ("npm", "name", "pkg:npm/name"),
            ("pip", "Some_Package.x", "pkg:pypi/some-package-x"),
            ("go", "example.org/a/b", "pkg:golang/example.org/a/b"),
            ("maven", "org.example:thing", "pkg:maven/org.example/thing"),
            ("composer", "vendor/name", "pkg:composer/vendor/name"),
            ("actions", "owner/repo", "pkg:github/owner/repo"),
            (
                "swift",
                "https://example.org/a/b.git",
                "pkg:swift/example.org/a/b",
            ),
            ("Debian:12", "curl", "pkg:deb/debian/curl"),
        ] {
            let built = ecosystem(name).purl(package).unwrap().unwrap();
            assert_eq!(built.to_string(), purl);
            let (back, written) = Ecosystem::of_purl(&built).unwrap();
            let plain = name.split(':').next().unwrap();
            assert_eq!(back, ecosystem(plain));
            assert_eq!(written, ecosystem(name).canonical(package));
        }
        assert!(ecosystem("maven").purl("thing").is_err());
        assert_eq!(ecosystem("Linux").purl("Kernel"), Ok(None));
        let unknown = PackageUrl::new("generic", "x").unwrap();
        assert!(Ecosystem::of_purl(&unknown).is_none());
    }
}
