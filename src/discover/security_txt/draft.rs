//! A security.txt to publish: from typed values to a text in which our own reader finds no error.
//!
//! Serves RFC 9116 §2.5 and §4. Signing it is another's duty.

use jiff::Timestamp;

use super::{
    language,
    value::{self, Encryption},
};
use crate::program::{Contact, HttpsUrl, MailAddress};

/// What a vendor wants to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where reports go, the preferred way first; at least one. A GitHub repository is written as the address of its
    /// form for private reports.
    pub contacts: Vec<Contact>,
    /// Until when the file holds, written to the second.
    pub expires: Timestamp,
    /// Where the key is.
    pub encryption: Vec<Encryption>,
    /// Pages that thank reporters.
    pub acknowledgments: Vec<HttpsUrl>,
    /// Language tags, none of which is preferred.
    pub languages: Vec<String>,
    /// The addresses at which the file will be found.
    pub canonical: Vec<HttpsUrl>,
    /// The policy.
    pub policy: Vec<HttpsUrl>,
    /// Vacancies.
    pub hiring: Vec<HttpsUrl>,
    /// CSAF provider metadata.
    pub csaf: Vec<HttpsUrl>,
}

/// Why a draft cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Nobody to write to.
    #[error("a security.txt needs at least one contact")]
    NoContact,
    /// [`Contact::GitHubUnnamed`].
    #[error("a security.txt cannot name a private vulnerability report without its repository")]
    UnnamedRepository,
    /// A date that is past, or the present.
    #[error("a security.txt that expires at {0} would have expired already")]
    Expired(Timestamp),
    /// A date that the form cannot hold.
    #[error("a security.txt cannot expire at {0}")]
    Expires(Timestamp),
    /// [`Encryption::Unusable`], or an owner name that is none.
    #[error("field Encryption cannot say {0:?}")]
    Encryption(Encryption),
    /// Not a language tag.
    #[error("field Preferred-Languages cannot hold {0:?}, which is not a language tag")]
    Language(String),
    /// Another name than `provider-metadata.json`.
    #[error("field CSAF cannot link to {0}, which is not named provider-metadata.json")]
    Csaf(HttpsUrl),
}

impl Draft {
    /// Writes the text, with a line feed at the end of each line.
    ///
    /// # Errors
    /// [`DraftError`], for the first value that cannot stand in the file.
    pub fn text(&self, now: Timestamp) -> Result<String, DraftError> {
        if self.contacts.is_empty() {
            return Err(DraftError::NoContact);
        }
        let mut text = String::new();
        let mut write = |name: &str, value: &str| {
            text.extend([name, ": ", value, "\n"]);
        };
        for contact in &self.contacts {
            write("Contact", &contact_uri(contact)?);
        }
        write("Expires", &self.expires_text(now)?);
        for way in &self.encryption {
            write("Encryption", &encryption_uri(way)?);
        }
        for link in &self.acknowledgments {
            write("Acknowledgments", &uri(link));
        }
        if let Some(tag) = self.languages.iter().find(|tag| !language::is_tag(tag)) {
            return Err(DraftError::Language(tag.clone()));
        }
        if !self.languages.is_empty() {
            write("Preferred-Languages", &self.languages.join(", "));
        }
        let rest = [
            ("Canonical", &self.canonical),
            ("Policy", &self.policy),
            ("Hiring", &self.hiring),
            ("CSAF", &self.csaf),
        ];
        for (name, links) in rest {
            for link in links {
                if name == "CSAF" && !link.as_str().ends_with("/provider-metadata.json") {
                    return Err(DraftError::Csaf(link.clone()));
                }
                write(name, &uri(link));
            }
        }
        Ok(text)
    }

    fn expires_text(&self, now: Timestamp) -> Result<String, DraftError> {
        let whole = Timestamp::from_second(self.expires.as_second());
        let whole = whole.map_err(|_| DraftError::Expires(self.expires))?;
        if whole <= now {
            return Err(DraftError::Expired(self.expires));
        }
        Ok(whole.to_string())
    }
}

fn contact_uri(contact: &Contact) -> Result<String, DraftError> {
    Ok(match contact {
        Contact::Mail(address) => mailto(address),
        Contact::Web(link) => uri(link),
        Contact::Telephone(number) => format!("tel:{number}"),
        Contact::GitHub(repository) => {
            format!("https://github.com/{repository}/security/advisories/new")
        }
        Contact::GitHubUnnamed => return Err(DraftError::UnnamedRepository),
    })
}

/// RFC 6068 §2: of what a local part may hold, these mean something else in a URI.
fn mailto(address: &MailAddress) -> String {
    let mut local = String::new();
    for c in value::encode(address.local()).chars() {
        match c {
            '#' => local.push_str("%23"),
            '/' => local.push_str("%2F"),
            '&' => local.push_str("%26"),
            c => local.push(c),
        }
    }
    format!("mailto:{local}@{}", address.domain())
}

fn encryption_uri(way: &Encryption) -> Result<String, DraftError> {
    let text = match way {
        Encryption::Https(url) => value::encode(url.as_str()),
        Encryption::Fingerprint(fingerprint) => format!("openpgp4fpr:{}", fingerprint.as_hex()),
        Encryption::Dns { owner } => format!("dns:{owner}?type=OPENPGPKEY"),
        Encryption::Unusable(_) => return Err(DraftError::Encryption(way.clone())),
    };
    // The variants are open to all: what does not read back was no link, or no owner name.
    let (read, fault) = value::encryption(&text);
    let kind = std::mem::discriminant(way);
    if fault.is_some() || std::mem::discriminant(&read) != kind {
        return Err(DraftError::Encryption(way.clone()));
    }
    Ok(text)
}

fn uri(link: &HttpsUrl) -> String {
    value::encode(link.as_str())
}
