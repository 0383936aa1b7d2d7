//! GitHub's repository security advisories: the bodies of its REST API.
//!
//! The description of GitHub's API, `private-vulnerability-report-create` (what a reporter files) and
//! `repository-advisory-create` (what maintainers open). A GHSA id is GitHub's to give, so this is
//! the form in which an advisory can exist before it has one.

use serde::Serialize;

use super::{Advisory, AdvisoryError, Triage, ecosystem::OTHER, product::Product};
use crate::report::{CvssVersion, Cwe, Exploited, Report, Severity};

/// A private vulnerability report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrivateReport {
    /// One line, [`MAX_SUMMARY`] characters at most.
    pub summary: String,
    /// Markdown, [`MAX_DESCRIPTION`] characters at most.
    pub description: String,
    /// The packages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vulnerabilities: Vec<Vulnerability>,
    /// The weaknesses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cwe_ids: Vec<Cwe>,
    /// The CVSS vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss_vector_string: Option<String>,
    /// Whether GitHub makes a temporary private fork at once.
    pub start_private_fork: bool,
}

/// A draft advisory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewAdvisory {
    /// One line, [`MAX_SUMMARY`] characters at most.
    pub summary: String,
    /// Markdown, [`MAX_DESCRIPTION`] characters at most.
    pub description: String,
    /// The CVE id, if there is one already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cve_id: Option<String>,
    /// The packages.
    pub vulnerabilities: Vec<Vulnerability>,
    /// The weaknesses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cwe_ids: Vec<Cwe>,
    /// Who is thanked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<NewCredit>,
    /// The CVSS vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss_vector_string: Option<String>,
}

/// A package with its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vulnerability {
    /// Which.
    pub package: VulnerablePackage,
    /// Which of its versions have the flaw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vulnerable_version_range: Option<String>,
    /// Which of its versions mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patched_versions: Option<String>,
    /// The functions that have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vulnerable_functions: Vec<String>,
}

/// A package of an ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VulnerablePackage {
    /// GitHub's word for the ecosystem.
    pub ecosystem: &'static str,
    /// The name in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Somebody with an account, who is thanked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewCredit {
    /// The account.
    pub login: String,
    /// What for.
    #[serde(rename = "type")]
    pub role: &'static str,
}

impl PrivateReport {
    /// The report with all that it says: its Markdown, then the fields that GitHub has no place
    /// for.
    ///
    /// # Errors
    /// [`AdvisoryError::Value`] where a field cannot be said to GitHub, or is too long for it.
    pub fn of(report: &Report) -> Result<Self, AdvisoryError> {
        let products = Product::all(report.affected(), &Triage::default())?;
        let (vector, other) = one_vector(report.severity());
        let mut description = report.body().trim().to_owned();
        let further = further(report, other);
        if !further.is_empty() {
            description.push_str("\n\n---\n\n");
            description.push_str(&further);
        }
        let report = Self {
            summary: report.title().to_owned(),
            description,
            vulnerabilities: products.iter().flat_map(vulnerabilities).collect(),
            cwe_ids: report.weakness().to_vec(),
            cvss_vector_string: vector.map(|one| one.vector().to_owned()),
            start_private_fork: false,
        };
        fits(&report.summary, &report.description)?;
        Ok(report)
    }
}

impl Advisory {
    /// Those who are thanked and have an account at GitHub.
    #[must_use]
    pub fn accounts(&self) -> Vec<NewCredit> {
        let known = self.credits.iter().filter_map(|credit| {
            let login = credit.login.as_ref()?.to_string();
            let role = credit.role.as_str();
            Some(NewCredit { login, role })
        });
        known.collect()
    }

    /// The packages, as GitHub names them.
    #[must_use]
    pub fn vulnerabilities(&self) -> Vec<Vulnerability> {
        self.products.iter().flat_map(vulnerabilities).collect()
    }

    /// The draft advisory; `left_out` takes what GitHub has no place for.
    ///
    /// # Errors
    /// [`AdvisoryError`].
    pub fn new_advisory(&self, left_out: &mut Vec<String>) -> Result<NewAdvisory, AdvisoryError> {
        let (vector, other) = one_vector(&self.severity);
        left_out
            .extend(other.map(|other| format!("the vector {}: GitHub takes one", other.vector())));
        let mut credits = Vec::new();
        for credit in &self.credits {
            match (&credit.login, &credit.name) {
                (Some(login), _) => credits.push(NewCredit {
                    login: login.to_string(),
                    role: credit.role.as_str(),
                }),
                (None, name) => {
                    let name = name.as_ref().map_or("", |name| name.as_str());
                    left_out.push(format!(
                        "the credit to {name}: it names no account (`login`)"
                    ));
                }
            }
        }
        let mut description = self.markdown("###");
        let pages = self
            .references
            .iter()
            .map(|reference| format!("- {}", reference.url));
        let pages: Vec<String> = pages.collect();
        if !pages.is_empty() {
            description.push_str("\n\n### References\n\n");
            description.push_str(&pages.join("\n"));
        }
        if description.trim().is_empty() {
            return Err(AdvisoryError::Missing {
                field: "description".to_owned(),
                format: "GitHub",
                what: "a description",
            });
        }
        fits(&self.title, &description)?;
        Ok(NewAdvisory {
            summary: self.title.clone(),
            description,
            cve_id: self.ids.cve.as_ref().map(ToString::to_string),
            vulnerabilities: self.vulnerabilities(),
            cwe_ids: self.weakness.clone(),
            credits,
            cvss_vector_string: vector.map(|one| one.vector().to_owned()),
        })
    }
}

/// GitHub has one range for an entry, so a product has one entry for each part of its range.
fn vulnerabilities(product: &Product) -> Vec<Vulnerability> {
    let entry = |range: Option<String>, patched: Option<String>| Vulnerability {
        package: VulnerablePackage {
            ecosystem: product
                .ecosystem
                .as_ref()
                .map_or(OTHER, |ecosystem| ecosystem.github()),
            name: product.package.clone().or_else(|| product.product.clone()),
        },
        vulnerable_version_range: range,
        patched_versions: patched,
        vulnerable_functions: product.functions.clone(),
    };
    let all = (!product.patched.is_empty()).then(|| product.patched.join(", "));
    let Some(range) = &product.range else {
        return vec![entry(None, all)];
    };
    let intervals = range.intervals().iter();
    let entries =
        intervals.map(|interval| entry(Some(interval.to_github()), product.patch_of(interval)));
    entries.collect()
}

/// The vector that GitHub gets, and the one for which it has no place: it takes one, and CVSS 3 is
/// what its pages count with first.
fn one_vector(severity: &[Severity]) -> (Option<&Severity>, Option<&Severity>) {
    let older = severity.iter().find(|one| one.version() < CvssVersion::V40);
    let chosen = older.or(severity.first());
    (chosen, severity.iter().find(|one| Some(*one) != chosen))
}

/// What the report says beyond GitHub's fields, as a list.
fn further(report: &Report, severity: Option<&Severity>) -> String {
    let known = report.to_json();
    let mut lines: Vec<String> = Vec::new();
    let mut line = |name: &str, value: &serde_json::Value| {
        let text = match value {
            serde_json::Value::Null => return,
            serde_json::Value::String(text) => text.replace('\n', "\n  "),
            serde_json::Value::Array(items) if items.is_empty() => return,
            serde_json::Value::Array(items) => {
                let items = items.iter().map(|item| {
                    item.as_str()
                        .map_or_else(|| item.to_string(), str::to_owned)
                });
                items.collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        lines.push(format!("- {name}: {text}"));
    };
    line("Assets", &known["assets"]);
    line("Class (VRT)", &known["class"]);
    line(
        "Severity, too",
        &serde_json::json!(severity.map(Severity::vector)),
    );
    line("Discovered", &known["discovered"]);
    line("Method", &known["method"]);
    line("Made by a tool", &known["tool_generated"]);
    if report.exploited() != Exploited::Unknown {
        line("Exploited", &known["exploited"]);
    }
    line("Public", &known["public"]);
    line("Also reported to", &known["also_reported_to"]);
    line("Reporter", &known["reporter"]["name"]);
    line("Contact", &known["reporter"]["contact"]);
    line("Credit as", &known["reporter"]["credit"]);
    line("Disclosure", &known["disclosure"]["plan"]);
    line("Disclosure on", &known["disclosure"]["date"]);
    line("Embargo in days", &known["disclosure"]["embargo_days"]);
    line("References", &known["references"]);
    lines.join("\n")
}

/// Whether GitHub takes texts of these lengths, which it counts in characters.
pub(super) fn fits(summary: &str, description: &str) -> Result<(), AdvisoryError> {
    for (field, text, most) in [
        ("title", summary, MAX_SUMMARY),
        ("description", description, MAX_DESCRIPTION),
    ] {
        let length = text.chars().count();
        if length > most {
            let why = format!("has {length} characters, and GitHub takes {most}");
            return Err(AdvisoryError::value(field, why));
        }
    }
    Ok(())
}

/// The longest summary, in characters.
pub const MAX_SUMMARY: usize = 1024;

/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 65_535;
