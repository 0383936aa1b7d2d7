//! OSV: the format of open-source vulnerability databases, version 1.7.5.
//!
//! <https://ossf.github.io/osv-schema/>. `database_specific` bears the members that GitHub's
//! advisory database has there.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Advisory, AdvisoryError, Credit,
    product::Product,
    span::{End, Span},
};
use crate::report::{CvssVersion, Severity};

#[derive(Serialize)]
pub(super) struct Osv {
    schema_version: &'static str,
    id: String,
    modified: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    summary: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    details: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    severity: Vec<Value>,
    affected: Vec<OsvAffected>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    credits: Vec<OsvCredit>,
    #[serde(skip_serializing_if = "Value::is_null")]
    database_specific: Value,
}

#[derive(Serialize)]
struct OsvAffected {
    package: OsvPackage,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    versions: Vec<String>,
}

#[derive(Serialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
}

#[derive(Serialize)]
struct OsvCredit {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contact: Vec<String>,
    #[serde(rename = "type")]
    role: String,
}

impl Advisory {
    pub(super) fn osv(&self) -> Result<Osv, AdvisoryError> {
        let (id, aliases) = self.osv_ids()?;
        let modified = self
            .modified()
            .ok_or_else(|| missing("published", "a time of its last change"))?;
        let affected = self.products.iter().map(OsvAffected::of);
        let affected: Vec<OsvAffected> = affected.collect::<Result<_, _>>()?;
        if affected.is_empty() {
            return Err(missing("affected", "the packages that have the flaw"));
        }
        Ok(Osv {
            schema_version: "1.7.5",
            id,
            modified: modified.to_string(),
            published: self.published.map(|published| published.to_string()),
            aliases,
            summary: self.title.clone(),
            details: self.markdown("##"),
            severity: self.severity.iter().map(severity).collect(),
            affected,
            references: self
                .references
                .iter()
                .map(|reference| json!({ "type": reference.kind.as_str().to_uppercase(), "url": reference.url }))
                .collect(),
            credits: self.credits.iter().map(OsvCredit::of).collect(),
            database_specific: self.database_specific(),
        })
    }

    /// The id of the record, and the other ids of the flaw. An id whose prefix is no database's
    /// that OSV knows gets the prefix that the schema reserves for such.
    fn osv_ids(&self) -> Result<(String, Vec<String>), AdvisoryError> {
        let own = self.ids.own.as_ref().map(|id| {
            if PREFIXES.iter().any(|known| has_prefix(id.as_str(), known)) {
                id.to_string()
            } else {
                format!("x_{id}")
            }
        });
        let ghsa = self.ids.ghsa.as_ref().map(ToString::to_string);
        let cve = self.ids.cve.as_ref().map(ToString::to_string);
        let mut all: Vec<String> = own.into_iter().chain(ghsa).chain(cve).collect();
        let Some(id) = all.first().cloned() else {
            return Err(missing("id", "an id, a `ghsa` or a `cve`"));
        };
        all.extend(self.ids.aliases.iter().map(ToString::to_string));
        let mut aliases = Vec::new();
        for alias in all {
            if alias != id && !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        Ok((id, aliases))
    }

    fn database_specific(&self) -> Value {
        let mut members = serde_json::Map::new();
        if !self.weakness.is_empty() {
            members.insert("cwe_ids".into(), json!(self.weakness));
        }
        if let Some(first) = self.severity.first() {
            let rating = first.score().rating().as_str().to_uppercase();
            members.insert("severity".into(), rating.into());
        }
        if members.is_empty() {
            return Value::Null;
        }
        Value::Object(members)
    }
}

impl OsvAffected {
    fn of(product: &Product) -> Result<Self, AdvisoryError> {
        let name = product.package.clone();
        let name = name.ok_or_else(|| {
            product.missing("package", OSV, "the package's name in its ecosystem")
        })?;
        let ecosystem = match (&product.ecosystem, &product.ecosystem_written) {
            (Some(ecosystem), _) => ecosystem.osv(),
            (None, Some(written)) => {
                let why = format!("`{written}` is not an ecosystem that OSV knows");
                return Err(product.wrong("ecosystem", why));
            }
            (None, None) => {
                return Err(product.missing(
                    "ecosystem",
                    OSV,
                    "the place where the package is published",
                ));
            }
        };
        let range_type = if product.is_semver() {
            "SEMVER"
        } else {
            "ECOSYSTEM"
        };
        let (mut ranges, mut versions) = (Vec::new(), Vec::new());
        for span in product.spans(OSV)? {
            let (from, end) = match span {
                Span::Exactly(version) => {
                    versions.push(version);
                    continue;
                }
                Span::Between { from, end } => (from, end),
            };
            let mut events = vec![json!({ "introduced": from.as_deref().unwrap_or("0") })];
            match end {
                End::Open => {}
                End::Fixed(version) => events.push(json!({ "fixed": version })),
                End::Last(version) => events.push(json!({ "last_affected": version })),
            }
            ranges.push(json!({ "type": range_type, "events": events }));
        }
        Ok(Self {
            package: OsvPackage {
                ecosystem,
                name,
                purl: product.purl.as_ref().map(ToString::to_string),
            },
            ranges,
            versions,
        })
    }
}

impl OsvCredit {
    fn of(credit: &Credit) -> Self {
        let login = credit.login.as_ref();
        let name = credit.name.as_ref().or(login).map(ToString::to_string);
        let page = login.map(|login| format!("https://github.com/{login}"));
        let contact = credit.contact.iter().map(ToString::to_string);
        Self {
            name: name.unwrap_or_default(),
            contact: page.into_iter().chain(contact).collect(),
            role: credit.role.as_str().to_uppercase(),
        }
    }
}

fn missing(field: &str, what: &'static str) -> AdvisoryError {
    AdvisoryError::Missing {
        field: field.to_owned(),
        format: OSV,
        what,
    }
}

fn severity(severity: &Severity) -> Value {
    let kind = match severity.version() {
        CvssVersion::V30 | CvssVersion::V31 => "CVSS_V3",
        CvssVersion::V40 => "CVSS_V4",
    };
    json!({ "type": kind, "score": severity.vector() })
}

fn has_prefix(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with('-'))
        || id.starts_with("x_")
}

const OSV: &str = "OSV";

/// Databases whose ids may stand in an OSV record as they are.
#[rustfmt::skip]
const PREFIXES: [&str; 57] = [
    "ASB-A", "PUB-A", "ALPINE", "ALSA", "ALBA", "ALEA", "AZL", "BELL", "BIT", "CGA", "CLEANSTART", "CLSA", "CURL",
    "CVE", "DEBIAN", "DHI", "DRUPAL", "DSA", "DLA", "ELA", "DTSA", "ECHO", "EEF", "FreeBSD", "GHSA", "GO", "GSD",
    "HSEC", "JLSEC", "KUBE", "LBSEC", "LSN", "MAL", "MINI", "MGASA", "OESA", "OSEC", "OSV", "openSUSE-SU", "PHSA",
    "PSF", "PYSEC", "RHBA", "RHEA", "RHSA", "RLSA", "RXSA", "RSEC", "ROOT", "RUSTSEC", "SUSE-SU", "SUSE-RU",
    "SUSE-FU", "SUSE-OU", "UBUNTU", "USN", "V8",
];
