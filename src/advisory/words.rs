//! The words of advisories: roles, kinds of pages, traffic lights, states.
//!
//! The ten roles are those of OSV, CVE and GitHub; the kinds of pages are OSV's; the rest is CSAF
//! 2.0's (sections 3.2.1.5, 3.2.1.8, 3.2.1.12).

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What somebody is thanked for: the ten words that OSV, CVE and GitHub share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Role {
    Analyst,
    Finder,
    #[default]
    Reporter,
    Coordinator,
    RemediationDeveloper,
    RemediationReviewer,
    RemediationVerifier,
    Tool,
    Sponsor,
    Other,
}

/// What a page is: OSV's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum ReferenceKind {
    Advisory,
    Article,
    Detection,
    Discussion,
    Report,
    Fix,
    Introduced,
    Git,
    Package,
    Evidence,
    #[default]
    Web,
}

/// The traffic light protocol, in the words of CSAF 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE", try_from = "String")]
pub enum Tlp {
    /// For everybody. TLP 2.0 calls it clear.
    White,
    /// For the community.
    Green,
    /// For those who need it, and their clients.
    Amber,
    /// For the recipients alone.
    Red,
}

/// How finished an advisory is, in the words of CSAF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not published yet.
    #[default]
    Draft,
    /// Published, and will change often.
    Interim,
    /// Published.
    Final,
}

/// What a publisher is to the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum PublisherCategory {
    Coordinator,
    Discoverer,
    Other,
    Translator,
    User,
    Vendor,
}

/// A word that is none of those that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is none of {0}")]
pub struct UnknownWord(&'static str);

impl FromStr for Tlp {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text.to_ascii_lowercase().as_str() {
            "white" | "clear" => Ok(Self::White),
            "green" => Ok(Self::Green),
            "amber" => Ok(Self::Amber),
            "red" => Ok(Self::Red),
            _ => Err(UnknownWord("white (or clear), green, amber, red")),
        }
    }
}

impl TryFrom<String> for Tlp {
    type Error = UnknownWord;

    fn try_from(text: String) -> Result<Self, UnknownWord> {
        text.parse()
    }
}

impl FromStr for Status {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "draft" => Ok(Self::Draft),
            "interim" => Ok(Self::Interim),
            "final" => Ok(Self::Final),
            _ => Err(UnknownWord("draft, interim, final")),
        }
    }
}

impl FromStr for PublisherCategory {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "coordinator" => Ok(Self::Coordinator),
            "discoverer" => Ok(Self::Discoverer),
            "other" => Ok(Self::Other),
            "translator" => Ok(Self::Translator),
            "user" => Ok(Self::User),
            "vendor" => Ok(Self::Vendor),
            _ => Err(UnknownWord(
                "vendor, coordinator, discoverer, translator, user, other",
            )),
        }
    }
}

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or(UnknownWord("analyst, finder, reporter, coordinator, remediation_developer, remediation_reviewer, remediation_verifier, tool, sponsor, other"))
    }
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Analyst,
        Self::Finder,
        Self::Reporter,
        Self::Coordinator,
        Self::RemediationDeveloper,
        Self::RemediationReviewer,
        Self::RemediationVerifier,
        Self::Tool,
        Self::Sponsor,
        Self::Other,
    ];

    /// The word, in the form of GitHub's API: `remediation_developer`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Analyst => "analyst",
            Self::Finder => "finder",
            Self::Reporter => "reporter",
            Self::Coordinator => "coordinator",
            Self::RemediationDeveloper => "remediation_developer",
            Self::RemediationReviewer => "remediation_reviewer",
            Self::RemediationVerifier => "remediation_verifier",
            Self::Tool => "tool",
            Self::Sponsor => "sponsor",
            Self::Other => "other",
        }
    }
}

impl ReferenceKind {
    /// The word, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::Article => "article",
            Self::Detection => "detection",
            Self::Discussion => "discussion",
            Self::Report => "report",
            Self::Fix => "fix",
            Self::Introduced => "introduced",
            Self::Git => "git",
            Self::Package => "package",
            Self::Evidence => "evidence",
            Self::Web => "web",
        }
    }
}
