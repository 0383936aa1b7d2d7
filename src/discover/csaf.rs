//! What a vendor's `provider-metadata.json` says of its keys.
//!
//! Serves CSAF 2.0 section 7.1.8 (requirement 8: `/.well-known/csaf/provider-metadata.json`) and its JSON schema:
//! `public_openpgp_keys[] {fingerprint, url}` and `publisher`. The caller caps the size; any JSON is survived.

use serde_json::Value;

use super::prose;
use crate::{
    openpgp::Fingerprint,
    program::{Contact, HttpsUrl, IdentifierError},
};

/// The members that lead to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMetadata {
    keys: Vec<PublishedKey>,
    faults: Vec<KeyFault>,
    publisher: Option<String>,
    contact_details: Option<String>,
}

/// One entry of `public_openpgp_keys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    fingerprint: Option<Fingerprint>,
    url: HttpsUrl,
}

/// An entry, or a part of one, that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// No member `url`, or not a text.
    #[error("public_openpgp_keys[{0}] has no url")]
    NoUrl(usize),
    /// A `url` that is not https.
    #[error("public_openpgp_keys[{index}].url cannot be used")]
    Url {
        /// Which entry, from 0.
        index: usize,
        /// Why not.
        source: IdentifierError,
    },
    /// A `fingerprint` that is none; the entry is used without it.
    #[error("public_openpgp_keys[{0}].fingerprint is not 40 or 64 hexadecimal digits")]
    Fingerprint(usize),
    /// More entries than are read.
    #[error("public_openpgp_keys has {0} entries; only the first {MAX_KEYS} are read")]
    TooMany(usize),
}

/// Why a file is no provider metadata.
#[derive(Debug, thiserror::Error)]
pub enum CsafError {
    /// Not JSON.
    #[error("provider-metadata.json is not JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("provider-metadata.json is not a JSON object")]
    NotAnObject,
    /// `public_openpgp_keys` is no array.
    #[error("provider-metadata.json: public_openpgp_keys is not a list")]
    NotAList,
}

impl ProviderMetadata {
    /// Reads the file.
    ///
    /// # Errors
    /// [`CsafError`] where it is not of the right shape. A file without keys is no error.
    pub fn parse(json: &[u8]) -> Result<Self, CsafError> {
        let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
        let value: Value = serde_json::from_slice(json).map_err(CsafError::Json)?;
        let members = value.as_object().ok_or(CsafError::NotAnObject)?;
        let entries = match members.get("public_openpgp_keys") {
            None | Some(Value::Null) => [].as_slice(),
            Some(Value::Array(entries)) => entries.as_slice(),
            Some(_) => return Err(CsafError::NotAList),
        };
        let (mut keys, mut faults) = (Vec::new(), Vec::new());
        for (index, entry) in entries.iter().take(MAX_KEYS).enumerate() {
            match read_key(index, entry, &mut faults) {
                Ok(key) if keys.contains(&key) => {}
                Ok(key) => keys.push(key),
                Err(fault) => faults.push(fault),
            }
        }
        if entries.len() > MAX_KEYS {
            faults.push(KeyFault::TooMany(entries.len()));
        }
        let publisher = |member: &str| {
            let text = members.get("publisher")?.get(member)?.as_str()?.trim();
            let text: String = text.chars().take(MAX_TEXT).collect();
            (!text.is_empty()).then_some(text)
        };
        Ok(Self {
            keys,
            faults,
            publisher: publisher("name"),
            contact_details: publisher("contact_details"),
        })
    }

    /// The keys, in the file's order, each once.
    #[must_use]
    pub fn keys(&self) -> &[PublishedKey] {
        &self.keys
    }

    /// What of the keys could not be used.
    #[must_use]
    pub fn faults(&self) -> &[KeyFault] {
        &self.faults
    }

    /// The publisher's name, from a stranger: escape it.
    #[must_use]
    pub fn publisher(&self) -> Option<&str> {
        self.publisher.as_deref()
    }

    /// The publisher's contact details in its own words, from a stranger: escape them.
    #[must_use]
    pub fn contact_details(&self) -> Option<&str> {
        self.contact_details.as_deref()
    }

    /// The addresses and links within [`contact_details`](Self::contact_details).
    #[must_use]
    pub fn contacts(&self) -> Vec<Contact> {
        self.contact_details()
            .map_or_else(Vec::new, prose::contacts)
    }
}

impl PublishedKey {
    /// The fingerprint that the vendor says the key has.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        self.fingerprint.as_ref()
    }

    /// Where the key is.
    #[must_use]
    pub fn url(&self) -> &HttpsUrl {
        &self.url
    }
}

fn read_key(
    index: usize,
    entry: &Value,
    faults: &mut Vec<KeyFault>,
) -> Result<PublishedKey, KeyFault> {
    let url = entry
        .get("url")
        .and_then(Value::as_str)
        .ok_or(KeyFault::NoUrl(index))?
        .parse()
        .map_err(|source| KeyFault::Url { index, source })?;
    let fingerprint = match entry.get("fingerprint") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let fingerprint = value.as_str().and_then(|text| text.parse().ok());
            if fingerprint.is_none() {
                faults.push(KeyFault::Fingerprint(index));
            }
            fingerprint
        }
    };
    Ok(PublishedKey { fingerprint, url })
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How many keys are read; each may cost a request.
const MAX_KEYS: usize = 16;

/// How many characters of a text are kept.
const MAX_TEXT: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "EB85BB5FA33A75E15E944E63F231550C4F47E38E";

    fn read(json: &str) -> ProviderMetadata {
        ProviderMetadata::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn keys_and_contacts_are_found() {
        let metadata = read(&format!(
            r#"{{
                "canonical_url": "https://example.org/.well-known/csaf/provider-metadata.json",
                "metadata_version": "2.0",
                "public_openpgp_keys": [
                    {{"fingerprint": "{}", "url": "https://example.org/csaf/key.asc"}},
                    {{"url": "https://example.org/csaf/old.asc"}},
                    {{"url": "https://example.org/csaf/old.asc"}}
                ],
                "publisher": {{
                    "category": "vendor", "name": "Example", "namespace": "https://example.org",
                    "contact_details": "Write to psirt@example.org, or see https://example.org/report."
                }},
                "role": "csaf_provider"
            }}"#,
            HEX.to_lowercase()
        ));
        let keys: Vec<_> = metadata
            .keys()
            .iter()
            .map(|key| {
                (
                    key.url().as_str(),
                    key.fingerprint().map(Fingerprint::as_hex),
                )
            })
            .collect();
        assert_eq!(
            keys,
            [
                ("https://example.org/csaf/key.asc", Some(HEX)),
                ("https://example.org/csaf/old.asc", None)
            ]
        );
        assert!(metadata.faults().is_empty());
        assert_eq!(metadata.publisher(), Some("Example"));
        let contacts: Vec<_> = metadata
            .contacts()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            contacts,
            ["mailto:psirt@example.org", "https://example.org/report"]
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_and_the_rest_is_used() {
        let metadata = read(
            r#"{"public_openpgp_keys": [
                {"fingerprint": "abc", "url": "https://example.org/key.asc"},
                {"fingerprint": 7, "url": "https://example.org/key.asc#2"},
                {"url": "http://example.org/key.asc"}, {"url": ["x"]}, null, 3
            ], "publisher": "Example"}"#,
        );
        assert_eq!(metadata.keys().len(), 2);
        assert_eq!(
            metadata.faults(),
            [
                KeyFault::Fingerprint(0),
                KeyFault::Fingerprint(1),
                KeyFault::Url {
                    index: 2,
                    source: IdentifierError::NotHttps
                },
                KeyFault::NoUrl(3),
                KeyFault::NoUrl(4),
                KeyFault::NoUrl(5),
            ]
        );
        assert_eq!(
            (metadata.publisher(), metadata.contact_details()),
            (None, None)
        );
    }

    #[test]
    fn other_shapes_are_refused_in_words() {
        for (json, words) in [
            ("", "not JSON"),
            ("<html>", "not JSON"),
            ("[]", "not a JSON object"),
            (r#"{"public_openpgp_keys": {}}"#, "not a list"),
        ] {
            let error = ProviderMetadata::parse(json.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(words), "{json}: {error}");
        }
        assert!(ProviderMetadata::parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(read("\u{feff}{}").keys().is_empty());
    }

    #[test]
    fn a_flood_of_keys_is_cut() {
        let entries: Vec<_> = (0..1000)
            .map(|n| format!(r#"{{"url": "https://example.org/{n}"}}"#))
            .collect();
        let metadata = read(&format!(
            r#"{{"public_openpgp_keys": [{}]}}"#,
            entries.join(",")
        ));
        assert_eq!(metadata.keys().len(), MAX_KEYS);
        assert_eq!(metadata.faults(), [KeyFault::TooMany(1000)]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            url in "\\PC{0,30}",
            fingerprint in "\\PC{0,50}",
        ) {
            let _ = ProviderMetadata::parse(&bytes);
            let json = serde_json::json!({
                "public_openpgp_keys": [{"url": url, "fingerprint": fingerprint}],
                "publisher": {"contact_details": fingerprint},
            });
            let metadata = ProviderMetadata::parse(json.to_string().as_bytes()).unwrap();
            let _ = metadata.contacts();
        }
    }
}
