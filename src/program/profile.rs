//! A profile as it is written: the tables of `program.toml`, and what must hold between them.
//!
//! Serves DESIGN.md, "The program profile". The JSON Schema is generated from these types.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::contact::Contact;
use super::error::{MAX_EMBARGO_DAYS, Rule};
use super::identifiers::{HttpsUrl, Id};
use super::scope::Scope;
use super::terms::{Conduct, Disclosure, Encryption, Exclusion, Promises, Wanted};

/// A vendor's vulnerability-disclosure program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "sealpost program profile")]
pub(super) struct Profile {
    pub(super) program: About,
    /// Where reports go, the preferred way first.
    #[schemars(length(min = 1))]
    pub(super) contact: Vec<ContactEntry>,
    #[serde(default)]
    pub(super) encryption: Encryption,
    #[serde(default)]
    pub(super) scope: Scope,
    /// What the vendor does not want reported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) exclusion: Vec<Exclusion>,
    /// Rules for testing and reporting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) conduct: Vec<Conduct>,
    #[serde(default)]
    pub(super) disclosure: Disclosure,
    #[serde(default)]
    pub(super) promises: Promises,
}

/// Who the program is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    /// The name for people.
    #[schemars(length(min = 1))]
    pub(super) name: String,
    pub(super) id: Id,
    /// Other names under which it is found, such as domains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) homepage: Option<HttpsUrl>,
    /// The vendor's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<HttpsUrl>,
    /// The day of the policy's last change: in TOML a date or a text, in JSON a text.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "day"
    )]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub(super) updated: Option<Date>,
}

/// One way to reach the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactEntry {
    pub(super) uri: Contact,
}

/// A rule that is broken, in which table, and in which entry of it.
#[derive(Debug)]
pub(super) struct Breach {
    pub(super) table: &'static str,
    pub(super) entry: usize,
    pub(super) rule: Rule,
}

impl Profile {
    pub(super) fn check(&self) -> Result<(), Breach> {
        let breach = |table, rule| {
            Err(Breach {
                table,
                entry: 0,
                rule,
            })
        };
        if self.program.name.trim().is_empty() {
            return breach("program", Rule::NoName);
        }
        if self.contact.is_empty() {
            return breach("contact", Rule::NoContact);
        }
        let encryption = &self.encryption;
        let keyless = matches!(encryption.wanted, Wanted::Refused | Wanted::NonePublished);
        if keyless && !encryption.fingerprints.is_empty() {
            return breach("encryption", Rule::KeysContradict);
        }
        let explained = encryption
            .why
            .as_ref()
            .is_some_and(|why| !why.trim().is_empty());
        if encryption.wanted == Wanted::Refused && !explained {
            return breach("encryption", Rule::RefusedWithoutWhy);
        }
        if self
            .disclosure
            .embargo_days
            .is_some_and(|days| days > MAX_EMBARGO_DAYS)
        {
            return breach("disclosure", Rule::EmbargoTooLong);
        }
        unique(
            "exclusion",
            self.exclusion.iter().map(|exclusion| &exclusion.id),
        )?;
        unique("conduct", self.conduct.iter().map(|conduct| &conduct.id))
    }
}

fn unique<'a>(table: &'static str, ids: impl Iterator<Item = &'a Id>) -> Result<(), Breach> {
    let mut seen = std::collections::BTreeSet::new();
    for (entry, id) in ids.enumerate() {
        if !seen.insert(id) {
            return Err(Breach {
                table,
                entry,
                rule: Rule::DuplicateId(id.clone()),
            });
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a day is written like 2026-11-22")]
enum Day {
    Text(String),
    Native(toml::value::Datetime),
}

fn day<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Date>, D::Error> {
    let text = match Day::deserialize(input)? {
        Day::Text(text) => text,
        Day::Native(moment) => moment.to_string(),
    };
    // Ten characters: a day alone, where jiff would also take a day with a time.
    let day = if text.len() == 10 {
        text.parse().ok()
    } else {
        None
    };
    day.map(Some)
        .ok_or_else(|| D::Error::custom("a day is written like 2026-11-22"))
}
