//! A profile as its vendor publishes it, with its key.
//!
//! Serves DESIGN.md, "The program profile" and "Commands" (`publish`).

use super::{Contact, Fingerprint, HttpsUrl, Program, Wanted, profile::ContactEntry};

impl Program {
    /// The program with these contacts and this key, which is the first of its keys; encryption is
    /// welcome, unless the profile requires it. `None` without a contact, and where the profile
    /// refuses encryption.
    #[must_use]
    pub fn published(&self, contacts: &[Contact], key: &Fingerprint) -> Option<Self> {
        let mut profile = self.profile.clone();
        profile.contact = contacts
            .iter()
            .map(|contact| ContactEntry {
                uri: contact.clone(),
            })
            .collect();
        let encryption = &mut profile.encryption;
        match encryption.wanted {
            Wanted::Refused => return None,
            Wanted::NonePublished => encryption.wanted = Wanted::Preferred,
            Wanted::Required | Wanted::Preferred => {}
        }
        encryption.fingerprints.retain(|known| known != key);
        encryption.fingerprints.insert(0, key.clone());
        profile.check().is_ok().then_some(Self { profile })
    }

    /// The program with this home page if it has none yet, and with this policy instead of its own.
    #[must_use]
    pub fn with_links(mut self, homepage: Option<HttpsUrl>, policy: Option<HttpsUrl>) -> Self {
        let about = &mut self.profile.program;
        about.homepage = about.homepage.take().or(homepage);
        about.policy = policy.or(about.policy.take());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
    const OLD: &str = "76543210FEDCBA9876543210FEDCBA9876543210";

    fn profile(encryption: &str) -> Program {
        let text = format!(
            "[program]\nname = \"Example\"\nid = \"example\"\n[[contact]]\nuri = \"tel:123\"\n\
             [encryption]\n{encryption}\n"
        );
        Program::parse("test", &text).unwrap()
    }

    #[test]
    fn the_key_comes_first_and_encryption_is_welcome() {
        let contacts = ["mailto:security@example.org".parse().unwrap()];
        let published =
            |encryption: &str| profile(encryption).published(&contacts, &KEY.parse().unwrap());
        let keys = format!("wanted = \"required\"\nfingerprints = [\"{OLD}\", \"{KEY}\"]");
        for (encryption, wanted, keys) in [
            ("", Wanted::Preferred, vec![KEY]),
            (keys.as_str(), Wanted::Required, vec![KEY, OLD]),
        ] {
            let program = published(encryption).unwrap();
            assert_eq!(program.encryption().wanted(), wanted);
            let named = program.encryption().fingerprints();
            assert_eq!(
                named.iter().map(Fingerprint::as_hex).collect::<Vec<_>>(),
                keys
            );
            assert_eq!(
                program.contacts().collect::<Vec<_>>(),
                contacts.iter().collect::<Vec<_>>()
            );
        }
        assert_eq!(published("wanted = \"refused\"\nwhy = \"we cannot\""), None);
        let nobody = profile("").published(&[], &KEY.parse().unwrap());
        assert_eq!(nobody, None);
    }
}
