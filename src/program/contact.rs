//! Where a program takes reports: one typed value for each way that sealpost knows.
//!
//! Serves DESIGN.md, "The program profile" (`[[contact]]`, in order of preference). RFC 9116 §2.5.3 has the same URIs;
//! `github:` is our own, because a repository's private vulnerability report has none.

use std::{fmt, str::FromStr};

use url::Host;

use super::identifiers::{HttpsUrl, IdentifierError};
use super::text_form::text_form;

/// One contact, as its URI says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Contact {
    /// `mailto:ADDRESS`, without a query.
    Mail(MailAddress),
    /// `https:…`: a form, or an intake.
    Web(HttpsUrl),
    /// `tel:NUMBER`.
    Telephone(TelephoneNumber),
    /// `github:OWNER/REPO`: that repository's private vulnerability report.
    GitHub(Repository),
    /// `github:private-vulnerability-report`: the same, where the profile does not know the repository. The reporter
    /// names it.
    GitHubUnnamed,
}

/// A mail address, in ASCII, that is safe as an argument and in a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailAddress {
    local: String,
    domain: String,
}

/// A telephone number as in a `tel:` URI (RFC 3966): digits, visual separators, perhaps a leading `+`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TelephoneNumber(String);

/// A repository on GitHub.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
pub struct Repository {
    owner: String,
    name: String,
}

/// Why a text is not a contact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// No scheme, or one that leads nowhere.
    #[error("a contact begins with mailto:, https:, tel: or github:")]
    Scheme,
    /// After `mailto:`.
    #[error(
        "a mailto: contact is one plain address without a query, such as mailto:security@example.org"
    )]
    Mail,
    /// After `tel:`.
    #[error("a tel: contact holds digits, such as tel:+49-30-123456")]
    Telephone,
    /// After `github:`.
    #[error("a github: contact is github:OWNER/REPO or github:private-vulnerability-report")]
    GitHub,
    /// An https link that is none.
    #[error("not a usable link: {0}")]
    Link(IdentifierError),
}

impl FromStr for Contact {
    type Err = ContactError;

    fn from_str(text: &str) -> Result<Self, ContactError> {
        let (scheme, rest) = text.split_once(':').ok_or(ContactError::Scheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "mailto" => rest.parse().map(Self::Mail),
            "https" => text.parse().map(Self::Web).map_err(ContactError::Link),
            "tel" => rest.parse().map(Self::Telephone),
            "github" if rest == UNNAMED => Ok(Self::GitHubUnnamed),
            "github" => rest.parse().map(Self::GitHub),
            _ => Err(ContactError::Scheme),
        }
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(address) => write!(f, "mailto:{address}"),
            Self::Web(link) => write!(f, "{link}"),
            Self::Telephone(number) => write!(f, "tel:{number}"),
            Self::GitHub(repository) => write!(f, "github:{repository}"),
            Self::GitHubUnnamed => write!(f, "github:{UNNAMED}"),
        }
    }
}

text_form!(Contact, "description": "mailto:ADDRESS, https://…, tel:NUMBER, github:OWNER/REPO or github:private-vulnerability-report.", "pattern": "^([Mm][Aa][Ii][Ll][Tt][Oo]|[Hh][Tt][Tt][Pp][Ss]|[Tt][Ee][Ll]|[Gg][Ii][Tt][Hh][Uu][Bb]):");

impl MailAddress {
    /// What stands before the `@`, as written.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain, lower case and in its ASCII form.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl FromStr for MailAddress {
    type Err = ContactError;

    fn from_str(text: &str) -> Result<Self, ContactError> {
        let (local, domain) = text.rsplit_once('@').ok_or(ContactError::Mail)?;
        // RFC 5322 atext without `%` and `?`, which mean something else in a mailto: URI. No leading `-`: an address
        // may become an argument of a mail program.
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&'*+-/=^_`{|}~.".contains(&byte);
        let dots = local.split('.').all(|atom| !atom.is_empty());
        if local.len() > 64 || local.starts_with('-') || !dots || !local.bytes().all(plain) {
            return Err(ContactError::Mail);
        }
        match Host::parse(domain) {
            Ok(Host::Domain(name))
                if name.split('.').all(|label| !label.is_empty()) && name.len() <= 253 =>
            {
                Ok(Self {
                    local: local.to_owned(),
                    domain: name,
                })
            }
            _ => Err(ContactError::Mail),
        }
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl FromStr for TelephoneNumber {
    type Err = ContactError;

    fn from_str(text: &str) -> Result<Self, ContactError> {
        let number = text.strip_prefix('+').unwrap_or(text);
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let plain = number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-.()".contains(&byte));
        let valid = plain && (3..=20).contains(&digits) && number.len() <= 40;
        valid
            .then(|| Self(text.to_owned()))
            .ok_or(ContactError::Telephone)
    }
}

impl fmt::Display for TelephoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Repository {
    /// The account that owns it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its name beneath the owner.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether both are the same repository; GitHub ignores case.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.owner.eq_ignore_ascii_case(&other.owner) && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl FromStr for Repository {
    type Err = ContactError;

    /// Reads `OWNER/REPO`.
    fn from_str(text: &str) -> Result<Self, ContactError> {
        let (owner, name) = text.split_once('/').ok_or(ContactError::GitHub)?;
        let owner_plain = owner
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let name_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let sizes = (1..=39).contains(&owner.len()) && (1..=100).contains(&name.len());
        if !sizes
            || !owner_plain
            || !name_plain
            || owner.starts_with('-')
            || matches!(name, "." | "..")
        {
            return Err(ContactError::GitHub);
        }
        Ok(Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

const UNNAMED: &str = "private-vulnerability-report";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_contact_is_read_and_written_back() {
        for text in [
            "mailto:security@example.org",
            "https://example.org/report",
            "tel:+49-30-123456",
            "github:example/repo.rs",
            "github:private-vulnerability-report",
        ] {
            assert_eq!(text.parse::<Contact>().unwrap().to_string(), text);
        }
        let idna: Contact = "MAILTO:Security@BÜCHER.example".parse().unwrap();
        assert_eq!(idna.to_string(), "mailto:Security@xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_contact_says_why() {
        let cases = [
            ("security@example.org", ContactError::Scheme),
            ("http://example.org", ContactError::Scheme),
            (
                "mailto:security@example.org?bcc=other@example.net",
                ContactError::Mail,
            ),
            ("mailto:a@example.org,b@example.org", ContactError::Mail),
            ("mailto:a\r\nBcc: b@example.org", ContactError::Mail),
            ("mailto:-oQ/tmp@example.org", ContactError::Mail),
            ("mailto:a..b@example.org", ContactError::Mail),
            ("mailto:a@192.0.2.1", ContactError::Mail),
            ("tel:call-me", ContactError::Telephone),
            ("github:owner", ContactError::GitHub),
            ("github:owner/..", ContactError::GitHub),
            ("github:owner/repo/issues", ContactError::GitHub),
            (
                "https://user:secret@example.org",
                ContactError::Link(IdentifierError::NotHttps),
            ),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Contact>(), Err(error), "{text}");
        }
    }

    #[test]
    fn repositories_compare_without_case() {
        let [one, other]: [Repository; 2] =
            ["Example/Repo", "example/repo"].map(|text| text.parse().unwrap());
        assert!(one.is_same(&other));
    }
}
