//! What GitHub answers, and what is changed in an advisory.
//!
//! `repository-advisory`, `repository-advisory-update`, `full-repository`. Answers are strangers'
//! text; members that are not needed are not read.

use serde::{Deserialize, Serialize};

use crate::advisory::{NewCredit, Vulnerability};

/// A repository security advisory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AdvisoryView {
    /// `GHSA-xxxx-xxxx-xxxx`.
    pub ghsa_id: String,
    /// Its CVE id, once it has one.
    #[serde(default)]
    pub cve_id: Option<String>,
    /// Its page.
    pub html_url: String,
    /// What it is about.
    #[serde(default)]
    pub summary: String,
    /// Markdown.
    #[serde(default)]
    pub description: Option<String>,
    /// Where it stands.
    pub state: AdvisoryState,
    /// When it was made, or reported.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When it was published.
    #[serde(default)]
    pub published_at: Option<String>,
    /// Who is thanked, as far as they have accepted or not.
    #[serde(default)]
    credits: Option<Vec<CreditView>>,
    #[serde(default)]
    collaborating_users: Option<Vec<UserView>>,
    #[serde(default)]
    private_fork: Option<Fork>,
    #[serde(default)]
    vulnerabilities: Option<Vec<PackageView>>,
}

/// Where an advisory stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdvisoryState {
    /// Reported, and nobody has accepted it.
    Triage,
    /// Maintainers work on it.
    Draft,
    /// Everybody can read it.
    Published,
    /// It was turned down.
    Closed,
    /// It was published by mistake.
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct UserView {
    login: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct CreditView {
    #[serde(default)]
    login: String,
    #[serde(rename = "type", default)]
    role: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct PackageView {
    #[serde(default)]
    patched_versions: Option<String>,
}

/// A temporary private fork.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Fork {
    /// `OWNER/REPO-ghsa-…`.
    pub full_name: String,
    /// Its page.
    pub html_url: String,
}

impl AdvisoryView {
    /// The accounts that may see and change it, beside the maintainers.
    pub fn collaborators(&self) -> impl Iterator<Item = &str> {
        let users = self.collaborating_users.iter().flatten();
        users.map(|user| user.login.as_str())
    }

    /// Who is thanked: the account, and what for.
    pub fn credits(&self) -> impl Iterator<Item = (&str, &str)> {
        let credits = self.credits.iter().flatten();
        credits.map(|credit| (credit.login.as_str(), credit.role.as_str()))
    }

    /// Whether it says which version mends the flaw.
    #[must_use]
    pub fn names_a_patch(&self) -> bool {
        let mut packages = self.vulnerabilities.iter().flatten();
        packages.any(|one| {
            one.patched_versions
                .as_ref()
                .is_some_and(|versions| !versions.is_empty())
        })
    }

    /// The temporary private fork, once there is one.
    #[must_use]
    pub fn private_fork(&self) -> Option<&Fork> {
        self.private_fork.as_ref()
    }
}

impl AdvisoryState {
    /// GitHub's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A change; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Update {
    /// The new state: draft, published or closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<AdvisoryState>,
    /// All collaborators, those that were there among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collaborating_users: Option<Vec<String>>,
    /// All who are thanked, those that were there among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<Vec<Thanked>>,
    /// The packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vulnerabilities: Option<Vec<Vulnerability>>,
    /// The CVE id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cve_id: Option<String>,
}

/// Somebody who is thanked, in GitHub's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thanked {
    /// The account.
    pub login: String,
    /// What for.
    #[serde(rename = "type")]
    pub role: String,
}

impl From<&NewCredit> for Thanked {
    fn from(credit: &NewCredit) -> Self {
        Self {
            login: credit.login.clone(),
            role: credit.role.to_owned(),
        }
    }
}
