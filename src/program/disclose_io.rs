//! The disclose.io program list: one entry of it read as a program, and written from one.
//!
//! Serves DESIGN.md, "The program profile". The list says less than a profile (no scope, no exclusions) and a little
//! that profiles do not hold (swag, hiring, a hall of fame, the address of a key): an entry that is read and written
//! again keeps name, policy, contacts, safe harbour, bounty and days.

use serde::{Deserialize, Serialize};

use super::contact::{Contact, MailAddress};
use super::error::Rule;
use super::identifiers::{HttpsUrl, Id, IdentifierError};
use super::profile::{About, ContactEntry, Profile};
use super::scope::Scope;
use super::terms::{Bounty, Disclosure, Encryption, Promises, SafeHarbor};
use super::{Program, host_of};

/// One entry of the list, as far as profiles go. Other members are skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program_name: Option<String>,
    policy_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact_email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offers_bounty: Option<Bounty>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    safe_harbor: Option<SafeHarbor>,
    public_disclosure: PublicDisclosure,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disclosure_timeline_days: Option<u16>,
}

/// Why an entry and a program are not each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The entry's `policy_url` is no https link.
    #[error("policy_url: {0}")]
    Policy(IdentifierError),
    /// The entry's `contact_url` or `contact_email` cannot be used.
    #[error("contact: {0}")]
    Contact(super::ContactError),
    /// No id can be made of the entry's policy link.
    #[error("policy_url: its host makes no id")]
    Id,
    /// What the entry says breaks a rule of profiles.
    #[error("{0}")]
    Rule(Rule),
    /// The program names no policy, which the list requires.
    #[error("a program without a policy link has no place in the list")]
    NoPolicy,
    /// The program has neither a mail nor a web contact, which the list requires.
    #[error("a program without a mail or web contact has no place in the list")]
    NoContact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum PublicDisclosure {
    #[serde(rename = "nda")]
    Nda,
    #[serde(rename = "discretionary")]
    Discretionary,
    #[serde(rename = "co-ordinated")]
    Coordinated,
    #[serde(rename = "")]
    Unstated,
}

impl TryFrom<&ListEntry> for Program {
    type Error = ListError;

    /// The program's id is the host of its policy.
    fn try_from(entry: &ListEntry) -> Result<Self, ListError> {
        let policy: HttpsUrl = entry.policy_url.parse().map_err(ListError::Policy)?;
        let host = host_of(policy.as_str())
            .map_err(|_| ListError::Id)?
            .to_string();
        let id: Id = host.parse().map_err(|_| ListError::Id)?;
        let mail = entry
            .contact_email
            .as_deref()
            .map(|text| text.parse::<MailAddress>().map(Contact::Mail));
        let web = entry.contact_url.as_deref().map(str::parse::<Contact>);
        let contacts: Result<Vec<Contact>, _> = mail.into_iter().chain(web).collect();
        let profile = Profile {
            program: About {
                name: entry.program_name.clone().unwrap_or_else(|| host.clone()),
                id,
                aliases: Vec::new(),
                homepage: None,
                policy: Some(policy),
                updated: None,
            },
            contact: contacts
                .map_err(ListError::Contact)?
                .into_iter()
                .map(|uri| ContactEntry { uri })
                .collect(),
            encryption: Encryption::default(),
            scope: Scope::default(),
            exclusion: Vec::new(),
            conduct: Vec::new(),
            disclosure: Disclosure::of_days(entry.disclosure_timeline_days),
            promises: Promises::of_list(entry.safe_harbor, entry.offers_bounty),
        };
        profile
            .check()
            .map_err(|breach| ListError::Rule(breach.rule))?;
        Ok(Self { profile })
    }
}

impl TryFrom<&Program> for ListEntry {
    type Error = ListError;

    fn try_from(program: &Program) -> Result<Self, ListError> {
        let contact = |wanted: fn(&Contact) -> Option<String>| program.contacts().find_map(wanted);
        let mail = contact(|contact| match contact {
            Contact::Mail(address) => Some(address.to_string()),
            _ => None,
        });
        let web = contact(|contact| match contact {
            Contact::Web(link) => Some(link.to_string()),
            _ => None,
        });
        if mail.is_none() && web.is_none() {
            return Err(ListError::NoContact);
        }
        let days = program.disclosure().embargo_days();
        Ok(Self {
            program_name: Some(program.name().to_owned()),
            policy_url: program.policy().ok_or(ListError::NoPolicy)?.to_string(),
            contact_url: web,
            contact_email: mail,
            offers_bounty: program.promises().bounty(),
            safe_harbor: program.promises().safe_harbor(),
            public_disclosure: if days.is_some() {
                PublicDisclosure::Coordinated
            } else {
                PublicDisclosure::Unstated
            },
            disclosure_timeline_days: days,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use serde_json::{Value, json};

    use super::super::shipped;
    use super::*;

    fn entries() -> Vec<ListEntry> {
        let list = json!([
            {"program_name": "Example", "policy_url": "https://example.org/security", "contact_email": "security@example.org",
             "offers_bounty": "partial", "safe_harbor": "full", "public_disclosure": "co-ordinated", "disclosure_timeline_days": 90},
            {"program_name": "Other", "policy_url": "https://example.net/vdp", "contact_url": "https://example.net/report",
             "public_disclosure": ""},
        ]);
        serde_json::from_value(list).unwrap()
    }

    #[test]
    fn an_entry_comes_back_as_it_was() {
        for entry in entries() {
            let program = Program::try_from(&entry).unwrap();
            assert_eq!(ListEntry::try_from(&program), Ok(entry));
        }
    }

    #[test]
    fn unusable_entries_and_programs_are_refused() {
        let mut entry = entries().remove(0);
        entry.policy_url = "http://example.org".to_owned();
        assert_eq!(
            Program::try_from(&entry),
            Err(ListError::Policy(IdentifierError::NotHttps))
        );
        let mut entry = entries().remove(1);
        entry.contact_url = None;
        assert_eq!(
            Program::try_from(&entry),
            Err(ListError::Rule(Rule::NoContact))
        );
        let (_, exposurex) = shipped::find_shipped("exposurex").unwrap();
        assert_eq!(ListEntry::try_from(&exposurex), Err(ListError::NoContact));
    }

    #[test]
    fn exported_lists_are_valid() {
        let Some(corpus) = std::env::var_os("SEALPOST_CORPUS").map(PathBuf::from) else {
            println!("SEALPOST_CORPUS is not set: skipped");
            return;
        };
        let schema =
            fs::read_to_string(corpus.join("scope/diodb/program-list-schema.json")).unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let programs = shipped::shipped()
            .iter()
            .map(|shipped| shipped.program().unwrap());
        let mut list: Vec<_> = programs
            .filter_map(|program| ListEntry::try_from(&program).ok())
            .collect();
        list.extend(entries());
        assert!(list.len() >= 5);
        let list = serde_json::to_value(list).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&list)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
