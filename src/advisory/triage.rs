//! `advisory.toml`: what triage adds to a report before an advisory can be made of it.
//!
//! Serves DESIGN.md, "Commands" (`advisory`). Each field that is there replaces what the report
//! says; what neither says stays unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

use super::{
    error::AdvisoryError,
    text::{CveId, GhsaId, Line, Moment, OrgId, Prose},
    words::{PublisherCategory, ReferenceKind, Role, Status, Tlp},
};
use crate::report::{Cwe, Severity};

/// What `advisory.toml` says. All of it is optional.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Triage {
    /// The advisory's own id, as its publisher gives it.
    pub id: Option<Line>,
    /// What it is about, in one line.
    pub title: Option<Line>,
    /// What is wrong.
    pub description: Option<Prose>,
    /// What it lets an attacker do.
    pub impact: Option<Prose>,
    /// What helps until it is mended.
    pub workaround: Option<Prose>,
    /// What mends it, where more is to be said than a version.
    pub solution: Option<Prose>,
    /// The language of these texts, a BCP 47 tag.
    pub language: Option<Line>,
    /// The CVE id.
    pub cve: Option<CveId>,
    /// The id of GitHub's advisory.
    pub ghsa: Option<GhsaId>,
    /// Other ids of the same flaw.
    pub aliases: Vec<Line>,
    /// The weaknesses behind it.
    #[serde(deserialize_with = "texts")]
    pub weakness: Vec<Cwe>,
    /// Names of weaknesses that the program does not know: `"CWE-79" = "…"`.
    pub weakness_names: BTreeMap<String, Line>,
    /// The vendor's own judgement, at most one CVSS 3 and one CVSS 4 vector.
    #[serde(deserialize_with = "texts")]
    pub severity: Vec<Severity>,
    /// Who made the products, where they do not say so themselves.
    pub vendor: Option<Line>,
    /// The product, where there is one.
    pub product: Option<Line>,
    /// The first version without the flaw, where there is one package.
    pub fixed: Option<Line>,
    /// The packages, instead of the report's.
    pub affected: Vec<AffectedEntry>,
    /// Who is thanked, instead of the report's reporter.
    pub credit: Vec<Credit>,
    /// Pages, besides the report's.
    pub reference: Vec<Reference>,
    /// Versions of the advisory, the oldest first.
    pub revision: Vec<Revision>,
    /// When it was, or will be, published.
    pub published: Option<Moment>,
    /// When it was changed last.
    pub modified: Option<Moment>,
    /// How far it may be passed on.
    pub tlp: Option<Tlp>,
    /// Whether it is finished.
    pub status: Option<Status>,
    /// Who publishes it.
    pub publisher: Publisher,
    /// Who publishes the CVE record.
    pub cna: Cna,
}

/// A package or product that has the flaw.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AffectedEntry {
    /// Its name in the ecosystem, or a package URL.
    pub package: Option<Line>,
    /// Where it is published.
    pub ecosystem: Option<Line>,
    /// Which versions have the flaw.
    pub range: Option<Line>,
    /// The first version without it; several with commas between.
    pub patched: Option<Line>,
    /// Who makes it.
    pub vendor: Option<Line>,
    /// The product's name for people.
    pub product: Option<Line>,
    /// The functions that have the flaw.
    pub functions: Vec<Line>,
}

/// Somebody who is thanked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// A name, as they want it.
    pub name: Option<Line>,
    /// Their account on GitHub.
    pub login: Option<Line>,
    /// What for.
    #[serde(rename = "type", default)]
    pub role: Role,
    /// Whom they work for.
    pub organization: Option<Line>,
    /// Pages or addresses.
    #[serde(default)]
    pub contact: Vec<Url>,
}

/// A page that says more.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Where.
    pub url: Url,
    /// What it is.
    #[serde(rename = "type", default)]
    pub kind: ReferenceKind,
    /// In words.
    pub summary: Option<Line>,
}

/// A version of the advisory.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// Its number, such as `1`.
    pub number: Line,
    /// When.
    pub date: Moment,
    /// What changed.
    pub summary: Line,
}

/// Who publishes an advisory.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Publisher {
    /// The name.
    pub name: Option<Line>,
    /// What they are to the product.
    pub category: Option<PublisherCategory>,
    /// A URL that is theirs.
    pub namespace: Option<Url>,
    /// How to reach them.
    pub contact: Option<Line>,
}

/// An organisation that may publish CVE records.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cna {
    /// Its UUID in the CVE program.
    pub org_id: Option<OrgId>,
    /// Its short name there.
    pub short_name: Option<Line>,
}

impl Triage {
    /// The largest `advisory.toml` that is read, in bytes.
    pub const LIMIT: u64 = 256 * 1024;

    /// Reads an `advisory.toml`. `file` is the name that errors give it.
    ///
    /// # Errors
    /// [`AdvisoryError::Syntax`], with the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, AdvisoryError> {
        toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            let before = text.get(..place).unwrap_or_default();
            AdvisoryError::Syntax {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                problem: error.message().to_owned(),
            }
        })
    }

    /// What was typed, put over what is written.
    #[must_use]
    pub fn overlaid(self, typed: Self) -> Self {
        let first = |typed: Vec<Credit>, written| if typed.is_empty() { written } else { typed };
        Self {
            id: typed.id.or(self.id),
            cve: typed.cve.or(self.cve),
            ghsa: typed.ghsa.or(self.ghsa),
            vendor: typed.vendor.or(self.vendor),
            product: typed.product.or(self.product),
            fixed: typed.fixed.or(self.fixed),
            credit: first(typed.credit, self.credit),
            published: typed.published.or(self.published),
            modified: typed.modified.or(self.modified),
            tlp: typed.tlp.or(self.tlp),
            status: typed.status.or(self.status),
            publisher: Publisher {
                name: typed.publisher.name.or(self.publisher.name),
                category: typed.publisher.category.or(self.publisher.category),
                namespace: typed.publisher.namespace.or(self.publisher.namespace),
                contact: self.publisher.contact,
            },
            cna: Cna {
                org_id: typed.cna.org_id.or(self.cna.org_id),
                short_name: self.cna.short_name,
            },
            ..self
        }
    }
}

/// A list of values that are written as text; one alone may stand without brackets.
fn texts<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "text or a list of texts is wanted")]
    enum Written {
        One(String),
        Several(Vec<String>),
    }
    let written = match Written::deserialize(deserializer)? {
        Written::One(text) => vec![text],
        Written::Several(texts) => texts,
    };
    let parsed = written
        .iter()
        .map(|text| text.parse().map_err(D::Error::custom));
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_names_its_line() {
        for (text, line, says) in [
            ("id = 'A-1'\ncwe = 'CWE-79'\n", 2, "unknown field `cwe`"),
            ("\n\ncve = 'CVE-1'\n", 3, "CVE-2026-12345"),
            ("[publisher]\nname = ''\n", 2, "is empty"),
            ("weakness = 'XSS'\n", 1, "is not a weakness"),
            ("[[credit]]\ntype = 'hero'\n", 2, "unknown variant `hero`"),
            ("published = 2026\n", 1, "a day such as 2026-12-22"),
            ("id = ", 1, ""),
        ] {
            let error = Triage::parse("advisory.toml", text)
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with(&format!("advisory.toml:{line}: ")),
                "{error}"
            );
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn what_was_typed_wins() {
        let written = "id = 'A-1'\ntlp = 'clear'\nseverity = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'\n\
                       [publisher]\nname = 'Example'\ncontact = 'x'\n[[credit]]\nname = 'A'\n";
        let written = Triage::parse("advisory.toml", written).unwrap();
        assert_eq!(written.tlp, Some(Tlp::White));
        let typed = Triage {
            id: "B-2".parse().ok(),
            ..Triage::default()
        };
        let both = written.clone().overlaid(typed);
        assert_eq!(both.id.unwrap().as_str(), "B-2");
        assert_eq!(
            (both.publisher, both.credit),
            (written.publisher, written.credit)
        );
        assert_eq!(both.severity.len(), 1);
    }
}
