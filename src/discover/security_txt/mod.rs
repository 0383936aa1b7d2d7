//! security.txt: a lenient reader that names each fault with its line, and a writer.
//!
//! Serves RFC 9116. What can be used safely is read whatever else is wrong; [`SecurityTxt::is_strict`] tells whether
//! the file keeps to the letter, and [`SecurityTxt::authority`] whether it may be believed. Signatures are verified
//! elsewhere: the reader takes the text that a signature covers.

mod code;
mod draft;
mod expires;
mod field;
mod finding;
mod frame;
mod language;
mod lines;
mod reader;
mod served;
mod value;

use jiff::Timestamp;
use url::Url;

pub use code::{Code, Severity};
pub use draft::{Draft, DraftError};
pub use finding::Finding;
pub use frame::around_signature;
pub use served::{NoAuthority, served};
pub use value::{Encryption, Entry};

use crate::program::Contact;
use finding::Findings;

/// The bytes to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceText<'a> {
    /// The file, or the text of its cleartext signature: dash escapes undone, frame taken off.
    pub bytes: &'a [u8],
    /// The number, in the file as served, of the first line of `bytes`; 1 for a whole file.
    pub first_line: usize,
    /// Whether `bytes` came out of an intact cleartext signature.
    pub signed: bool,
}

/// A security.txt as it was read: whatever could be, and what was wrong.
#[derive(Debug, Clone)]
pub struct SecurityTxt {
    now: Timestamp,
    contacts: Vec<Entry<Option<Contact>>>,
    encryption: Vec<Entry<Encryption>>,
    expires: Option<Timestamp>,
    acknowledgments: Vec<Entry<Option<Url>>>,
    languages: Vec<String>,
    canonical: Vec<Entry<Option<Url>>>,
    policy: Vec<Entry<Option<Url>>>,
    hiring: Vec<Entry<Option<Url>>>,
    csaf: Vec<Entry<Option<Url>>>,
    findings: Findings,
}

impl SecurityTxt {
    /// Reads a file. It never fails: of bytes that are no security.txt the findings say so. Its time and its space grow
    /// with the number of bytes and no faster; the caller caps that.
    #[must_use]
    pub fn parse(text: &SourceText<'_>, now: Timestamp) -> Self {
        reader::read(text, now)
    }

    /// The contacts, the preferred way first; `None` stands for one that cannot be used. A bare mail address can.
    #[must_use]
    pub fn contacts(&self) -> &[Entry<Option<Contact>>] {
        &self.contacts
    }

    /// Where the key is, in the order of the file.
    #[must_use]
    pub fn encryption(&self) -> &[Entry<Encryption>] {
        &self.encryption
    }

    /// When the file expires: the earliest of its readable dates.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// The addresses at which the file says it belongs; `None` stands for one that is no https link, here and below.
    #[must_use]
    pub fn canonical(&self) -> &[Entry<Option<Url>>] {
        &self.canonical
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &[Entry<Option<Url>>] {
        &self.policy
    }

    /// Pages that thank reporters.
    #[must_use]
    pub fn acknowledgments(&self) -> &[Entry<Option<Url>>] {
        &self.acknowledgments
    }

    /// Vacancies.
    #[must_use]
    pub fn hiring(&self) -> &[Entry<Option<Url>>] {
        &self.hiring
    }

    /// CSAF provider metadata.
    #[must_use]
    pub fn csaf(&self) -> &[Entry<Option<Url>>] {
        &self.csaf
    }

    /// The language tags of Preferred-Languages, as written, without those that are none. None is preferred.
    #[must_use]
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// What is wrong: those about lines in the order of the lines, then those about the file.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        self.findings.as_slice()
    }

    /// Adds findings that others made, of [`around_signature`] for instance.
    pub fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.findings.add(finding);
        }
    }

    /// Whether the file keeps to RFC 9116: no finding is an error, those that were added included. Of a signed file the
    /// reader sees the text alone, so [`around_signature`] belongs to the verdict.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.findings.strict()
    }
}

#[cfg(test)]
mod tests;
