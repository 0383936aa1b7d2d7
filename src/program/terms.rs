//! What a program asks of reporters and what it promises them, table by table.
//!
//! Serves DESIGN.md, "The program profile": `[encryption]`, `[[exclusion]]`, `[[conduct]]`, `[disclosure]`,
//! `[promises]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identifiers::{CweId, Fingerprint, Id, VrtId};
use super::phrase::Phrase;

/// What the vendor does with encrypted reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    #[serde(default)]
    pub(super) wanted: Wanted,
    /// The keys that the vendor published, by fingerprint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) fingerprints: Vec<Fingerprint>,
    /// Words for people: where encryption is refused, what to do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    /// What the vendor's software reads, where a report is sealed with a passphrase. Absent: `rfc4880`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) passphrase_profile: Option<PassphraseProfile>,
}

/// Whether the vendor wants encryption.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// Reports must be encrypted.
    Required,
    /// Encrypted reports are welcome.
    Preferred,
    /// The vendor published no key.
    #[default]
    NonePublished,
    /// The vendor does not take encrypted reports.
    Refused,
}

/// Which standard a passphrase-sealed report may rest on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PassphraseProfile {
    /// Iterated and salted S2K, which every program reads.
    #[default]
    Rfc4880,
    /// Argon2id (RFC 9580 §3.7.1.4).
    Rfc9580,
}

/// A class of findings that the vendor does not want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    pub(super) id: Id,
    /// The classes meant, each with everything narrower.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vrt: Vec<VrtId>,
    /// The weaknesses meant. A weakness that is broader than the excluded class does not belong here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cwe: Vec<CweId>,
    /// Whether this excludes what an automated tool found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    tool_generated: bool,
    /// Words by which a report shows that it is about this class, beside those that `check` knows itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    phrases: Vec<Phrase>,
    /// Words for people.
    words: String,
}

/// A rule for testing and reporting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conduct {
    pub(super) id: Id,
    /// Words for people.
    words: String,
}

/// When a finding may be published, and who is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Days from `starts` until publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 3650))]
    pub(super) embargo_days: Option<u16>,
    /// The event from which the days count. Absent: the policy counts from something else, which `words` tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    starts: Option<EmbargoStart>,
    /// Words for people: who is credited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credit: Option<String>,
    /// Words for people: what days and event cannot say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

/// The event that starts an embargo's days. Until it happens, the finding stays unpublished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EmbargoStart {
    /// The report was sent.
    Report,
    /// The vendor acknowledged the report.
    Acknowledgement,
    /// The fix was released.
    SecurityRelease,
}

/// What the vendor promises to those who follow its policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promises {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) safe_harbor: Option<SafeHarbor>,
    /// Words for people: about legal action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legal: Option<String>,
    /// Words for people: about the reporter's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confidentiality: Option<String>,
    /// Whether findings are paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bounty: Option<Bounty>,
}

/// How far a safe harbour goes, in the terms of disclose.io.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SafeHarbor {
    /// Testing within the policy is authorised, and no legal action follows.
    Full,
    /// Less than that, such as no legal action without the authorisation.
    Partial,
    /// Expressly none.
    None,
}

/// Whether findings are paid for, in the terms of disclose.io.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bounty {
    /// They are.
    Yes,
    /// Some are.
    Partial,
    /// They are not.
    No,
}

impl Encryption {
    /// Whether the vendor wants encryption.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The fingerprints of the keys that the vendor published.
    #[must_use]
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// Words for people; always there where encryption is refused.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// What a passphrase-sealed report may use.
    #[must_use]
    pub fn passphrase_profile(&self) -> PassphraseProfile {
        self.passphrase_profile.unwrap_or_default()
    }
}

impl Exclusion {
    /// Its id, unique within the profile.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Words for people.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The excluded classes.
    #[must_use]
    pub fn vrt(&self) -> &[VrtId] {
        &self.vrt
    }

    /// The excluded weaknesses.
    #[must_use]
    pub fn cwe(&self) -> &[CweId] {
        &self.cwe
    }

    /// Words by which a report shows that it is about this class.
    #[must_use]
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// Whether a report of this VRT class is excluded.
    #[must_use]
    pub fn covers_class(&self, class: &str) -> bool {
        self.vrt.iter().any(|excluded| excluded.covers(class))
    }

    /// Whether a report of this CWE number is excluded.
    #[must_use]
    pub fn covers_weakness(&self, number: u32) -> bool {
        self.cwe.iter().any(|excluded| excluded.number() == number)
    }

    /// Whether what an automated tool found is excluded.
    #[must_use]
    pub fn covers_tool_output(&self) -> bool {
        self.tool_generated
    }
}

impl Conduct {
    /// Its id, unique within the profile.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Words for people.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }
}

impl Disclosure {
    /// Days of embargo after [`Disclosure::starts`].
    #[must_use]
    pub fn embargo_days(&self) -> Option<u16> {
        self.embargo_days
    }

    /// The event from which the days count, where the policy names one.
    #[must_use]
    pub fn starts(&self) -> Option<EmbargoStart> {
        self.starts
    }

    /// Words for people: who is credited.
    #[must_use]
    pub fn credit(&self) -> Option<&str> {
        self.credit.as_deref()
    }

    /// Words for people: what days and event cannot say.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        self.words.as_deref()
    }

    /// An embargo of so many days from an event that nobody named.
    pub(super) fn of_days(embargo_days: Option<u16>) -> Self {
        Self {
            embargo_days,
            ..Self::default()
        }
    }
}

impl Promises {
    /// How far the safe harbour goes, where the policy says.
    #[must_use]
    pub fn safe_harbor(&self) -> Option<SafeHarbor> {
        self.safe_harbor
    }

    /// Words for people: about legal action.
    #[must_use]
    pub fn legal(&self) -> Option<&str> {
        self.legal.as_deref()
    }

    /// Words for people: about the reporter's data.
    #[must_use]
    pub fn confidentiality(&self) -> Option<&str> {
        self.confidentiality.as_deref()
    }

    /// Whether findings are paid for, where the policy says.
    #[must_use]
    pub fn bounty(&self) -> Option<Bounty> {
        self.bounty
    }

    /// What a list of programs says, and no more.
    pub(super) fn of_list(safe_harbor: Option<SafeHarbor>, bounty: Option<Bounty>) -> Self {
        Self {
            safe_harbor,
            bounty,
            ..Self::default()
        }
    }
}
