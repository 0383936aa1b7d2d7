//! What a report says is affected, and what advisories make of it.

use super::*;

fn product(toml: &str) -> Result<Product, AdvisoryError> {
    let triage = Triage::parse("advisory.toml", toml)?;
    Ok(Product::all(&[], &triage)?.remove(0))
}

#[test]
fn a_package_url_says_it_all() {
    let found = product("[[affected]]\npackage = 'pkg:npm/%40a/b@1.2.3'\n").unwrap();
    assert_eq!(found.ecosystem.as_ref().unwrap().osv(), "npm");
    assert_eq!(found.package.as_deref(), Some("@a/b"));
    assert_eq!(found.purl.unwrap().to_string(), "pkg:npm/%40a/b");
    assert_eq!(found.range.unwrap().to_vls(), "1.2.3");
    let release =
        "[[affected]]\npackage = 'pkg:deb/debian/curl'\necosystem = 'Debian:12'\nrange='< 7'\n";
    assert_eq!(
        product(release).unwrap().ecosystem.unwrap().osv(),
        "Debian:12"
    );
    let vers = "[[affected]]\npackage = 'b'\nrange='vers:pypi/<7'\n";
    assert_eq!(product(vers).unwrap().ecosystem.unwrap().osv(), "PyPI");
}

#[test]
fn what_contradicts_itself_names_its_field() {
    for (toml, says) in [
        (
            "ecosystem='npm'\nrange='>= 2, < 1.4'",
            "affected[0].range: 2.0.0 is later than 1.4.0",
        ),
        (
            "ecosystem='npm'\nrange='< 2 || >= 1, < 3'",
            "affected[0].range: its parts overlap",
        ),
        (
            "ecosystem='npm'\nrange='< 2.x'",
            "affected[0].range: `2.x` is not a semantic",
        ),
        (
            "ecosystem='npm'\npatched='2.0.0.1'",
            "affected[0].patched: `2.0.0.1`",
        ),
        (
            "ecosystem='npm'\nrange='vers:pypi/<2'",
            "affected[0].range: counts versions as pypi",
        ),
        (
            "ecosystem='maven'\npackage='x'",
            "affected[0].package: `x` must be `group:artifact`",
        ),
        (
            "ecosystem='npm'\npackage='pkg:pypi/x'",
            "affected[0].ecosystem: is npm",
        ),
        (
            "package='pkg:nonsense'",
            "affected[0].package: `pkg:nonsense` is not",
        ),
        (
            "range='all of them'",
            "affected[0].range: `all of them` is not a version",
        ),
    ] {
        let error = product(&format!("[[affected]]\n{toml}\n"))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(says), "{error}");
    }
    let two = Triage::parse("a", "fixed='2'\n[[affected]]\n[[affected]]\n").unwrap();
    assert!(
        Product::all(&[], &two)
            .unwrap_err()
            .to_string()
            .starts_with("fixed: ")
    );
}

#[test]
fn another_fix_moves_the_end_of_the_range() {
    let fixed = |range: &str| {
        let toml = format!(
            "fixed='1.4.2'\n[[affected]]\necosystem='npm'\nrange='{range}'\npatched='1.2.3'\n"
        );
        let range = product(&toml).map(|product| product.range.unwrap().to_vls());
        range.map_err(|why| why.to_string())
    };
    for (range, becomes) in [
        ("< 1.2.3", "<1.4.2"),
        (">= 1.0, < 1.2.3", ">=1.0|<1.4.2"),
        ("vers:npm/>=1.0|<1.2.3", ">=1.0|<1.4.2"),
        (">= 1.0", ">=1.0|<1.4.2"),
        ("*", "<1.4.2"),
        ("<= 1.2.2", "<=1.2.2"),
        ("1.2.2", "1.2.2"),
        ("< 1.0.1 || >= 1.1, < 1.4.2", "<1.0.1|>=1.1|<1.4.2"),
    ] {
        assert_eq!(fixed(range).as_deref(), Ok(becomes), "{range}");
    }
    for range in ["< 1.0.1 || >= 1.1, < 1.2.3", "<= 1.5", "1.4.2"] {
        let why = fixed(range).unwrap_err();
        assert!(
            why.starts_with("fixed: 1.4.2 does not go together with the range `"),
            "{why}"
        );
    }
}
