//! A vendor's disclosure program, as its profile says: contacts, encryption, scope, exclusions, conduct, terms.
//!
//! Serves DESIGN.md, "The program profile (`program.toml`)".

mod contact;
mod disclose_io;
mod domain;
mod error;
mod glob;
mod host;
mod identifiers;
mod layout;
mod phrase;
mod profile;
mod published;
mod scope;
mod shipped;
mod terms;
mod text_form;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

pub use contact::{Contact, ContactError, MailAddress, Repository, TelephoneNumber};
pub use disclose_io::{ListEntry, ListError};
pub use domain::{is_public_suffix, registrable, same_site};
pub use error::{MAX_BYTES, ProfileError, Rule};
pub use host::{HostError, HostPattern, PatternError, host_of};
pub use identifiers::{CweId, Fingerprint, HttpsUrl, Id, IdentifierError, VrtId};
pub use phrase::{Phrase, PhraseError};
pub use scope::{Scope, Verdict};
pub use shipped::{Shipped, find_shipped, shipped};
pub use terms::{
    Bounty, Conduct, Disclosure, EmbargoStart, Encryption, Exclusion, PassphraseProfile, Promises,
    SafeHarbor, Wanted,
};

use layout::{Layout, line_of};
use profile::{About, Breach, ContactEntry, Profile};

/// A program whose profile was read and holds together. It serialises to the JSON of `/program.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    profile: Profile,
}

/// The JSON Schema of profiles, published as `keys/program.schema.json`.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Profile).to_value()
}

impl Program {
    /// Reads the text of a `program.toml`. `file` is the name that errors give it.
    ///
    /// # Errors
    /// [`ProfileError`], for the first fault in this order: size, TOML, unknown fields, values, rules.
    pub fn parse(file: &str, text: &str) -> Result<Self, ProfileError> {
        let file = file.to_owned();
        if text.len() > MAX_BYTES {
            return Err(ProfileError::TooLarge {
                file,
                size: text.len(),
            });
        }
        let place = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let layout = match Layout::parse(text) {
            Ok(layout) => layout,
            Err(error) => {
                let (line, problem) = (line_of(text, place(&error)), error.message().to_owned());
                return Err(ProfileError::Syntax {
                    file,
                    line,
                    problem,
                });
            }
        };
        if let Some(layout::UnknownField {
            line,
            field,
            nearest,
        }) = layout.unknown_field()
        {
            return Err(ProfileError::UnknownField {
                file,
                line,
                field,
                nearest: nearest.to_owned(),
            });
        }
        let profile: Profile = match toml::from_str(text) {
            Ok(profile) => profile,
            Err(error) => {
                let (line, field) = (line_of(text, place(&error)), layout.field_at(place(&error)));
                return Err(ProfileError::Value {
                    file,
                    line,
                    field,
                    problem: error.message().to_owned(),
                });
            }
        };
        match profile.check() {
            Ok(()) => Ok(Self { profile }),
            Err(Breach { table, entry, rule }) => Err(ProfileError::Rule {
                file,
                line: layout.line_of_table(table, entry),
                rule,
            }),
        }
    }

    /// Reads the JSON of a `/program.json`, as a vendor publishes it. `file` is the name that errors give it.
    ///
    /// # Errors
    /// [`ProfileError`], for the first fault.
    pub fn parse_json(file: &str, json: &[u8]) -> Result<Self, ProfileError> {
        let file = file.to_owned();
        if json.len() > MAX_BYTES {
            let size = json.len();
            return Err(ProfileError::TooLarge { file, size });
        }
        let profile: Profile =
            serde_json::from_slice(json).map_err(|error| ProfileError::Json {
                file: file.clone(),
                problem: error.to_string(),
            })?;
        match profile.check() {
            Ok(()) => Ok(Self { profile }),
            Err(Breach { table, rule, .. }) => Err(ProfileError::Json {
                file,
                problem: format!("{table}: {rule}"),
            }),
        }
    }

    /// A vendor of whom nothing is known but what it is called and where it takes reports. `None` without a contact.
    #[must_use]
    pub fn announced(name: &str, contacts: &[Contact], policy: Option<&HttpsUrl>) -> Option<Self> {
        let entry = |contact: &Contact| ContactEntry {
            uri: contact.clone(),
        };
        let profile = Profile {
            program: About {
                name: name.to_owned(),
                id: Id::nearest(name)?,
                aliases: Vec::new(),
                homepage: None,
                policy: policy.cloned(),
                updated: None,
            },
            contact: contacts.iter().map(entry).collect(),
            encryption: Encryption {
                wanted: Wanted::Preferred,
                ..Encryption::default()
            },
            scope: Scope::default(),
            exclusion: Vec::new(),
            conduct: Vec::new(),
            disclosure: Disclosure::default(),
            promises: Promises::default(),
        };
        profile.check().is_ok().then_some(Self { profile })
    }

    /// The id, which is the name of the profile's folder.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.profile.program.id
    }

    /// The name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.profile.program.name
    }

    /// Other names under which it is found.
    #[must_use]
    pub fn aliases(&self) -> &[String] {
        &self.profile.program.aliases
    }

    /// The vendor's home page.
    #[must_use]
    pub fn homepage(&self) -> Option<&HttpsUrl> {
        self.profile.program.homepage.as_ref()
    }

    /// The vendor's own text of its policy.
    #[must_use]
    pub fn policy(&self) -> Option<&HttpsUrl> {
        self.profile.program.policy.as_ref()
    }

    /// The day of the policy's last change.
    #[must_use]
    pub fn updated(&self) -> Option<Date> {
        self.profile.program.updated
    }

    /// Where reports go, the preferred way first; never empty.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.profile.contact.iter().map(|entry| &entry.uri)
    }

    /// What the vendor does with encrypted reports.
    #[must_use]
    pub fn encryption(&self) -> &Encryption {
        &self.profile.encryption
    }

    /// Which hosts to test.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.profile.scope
    }

    /// What the vendor does not want reported.
    #[must_use]
    pub fn exclusions(&self) -> &[Exclusion] {
        &self.profile.exclusion
    }

    /// Rules for testing and reporting.
    #[must_use]
    pub fn conduct(&self) -> &[Conduct] {
        &self.profile.conduct
    }

    /// When a finding may be published.
    #[must_use]
    pub fn disclosure(&self) -> &Disclosure {
        &self.profile.disclosure
    }

    /// What the vendor promises.
    #[must_use]
    pub fn promises(&self) -> &Promises {
        &self.profile.promises
    }

    /// Whether this is its id, name, an alias, or the `github:OWNER/REPO` of one of its contacts. Case makes no
    /// difference.
    #[must_use]
    pub fn goes_by(&self, name: &str) -> bool {
        let name = name.trim().to_lowercase();
        let mut names = [self.id().as_str(), self.name()]
            .into_iter()
            .chain(self.aliases().iter().map(String::as_str));
        if names.any(|known| known.to_lowercase() == name) {
            return true;
        }
        let wanted = name
            .strip_prefix("github:")
            .and_then(|repository| repository.parse::<Repository>().ok());
        wanted.is_some_and(|wanted| {
            self.contacts()
                .any(|contact| matches!(contact, Contact::GitHub(known) if known.is_same(&wanted)))
        })
    }
}

impl Serialize for Program {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.profile.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
