//! The small typed values of a profile: ids, vulnerability classes, weaknesses, fingerprints, links.
//!
//! Serves DESIGN.md, "The program profile". `report` has its own richer types for classes and weaknesses; the two
//! floors meet in plain values (`&str`, `u32`), because neither may import the other.

use std::{fmt, str::FromStr};

use url::Url;

use super::text_form::text_form;

/// A program's, exclusion's or rule's short id: 1 to 64 of `a-z`, `0-9`, `.` and `-`, beginning and ending with a
/// letter or digit, so that it is safe as the name of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

/// A class of the Bugcrowd Vulnerability Rating Taxonomy, such as `cross_site_scripting_xss.stored.self`: one to three
/// names joined by dots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VrtId(String);

/// A weakness of the Common Weakness Enumeration, written `CWE-79`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CweId(u32);

/// A certificate's fingerprint: 40 hexadecimal digits (a version 4 key) or 64 (version 6), kept in upper case.
/// Spaces between the digits are allowed in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

/// An `https:` link that names a host and carries no user name or password.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpsUrl(String);

/// Why a text is none of the values above.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Not an [`Id`].
    #[error("an id is 1 to 64 of a-z, 0-9, `.` and `-`, with a letter or digit at both ends")]
    Id,
    /// Not a [`VrtId`].
    #[error("a VRT class is one to three names of a-z, 0-9 and `_`, joined by dots")]
    Vrt,
    /// Not a [`CweId`].
    #[error("a weakness is written like CWE-79")]
    Cwe,
    /// Not a [`Fingerprint`].
    #[error("a fingerprint has 40 or 64 hexadecimal digits")]
    Fingerprint,
    /// Not a URL at all.
    #[error("not a URL")]
    Url(#[source] url::ParseError),
    /// A URL, but not an [`HttpsUrl`].
    #[error("a link begins with https:// and holds no user name or password")]
    NotHttps,
}

impl Id {
    /// The id that looks most like `text`: what may not stand in one becomes `-`. `None` where nothing is left.
    pub(super) fn nearest(text: &str) -> Option<Self> {
        let plain = |c: char| match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '.' | '-') => c,
            _ => '-',
        };
        let id: String = text.chars().take(64).map(plain).collect();
        id.trim_matches(['.', '-']).parse().ok()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Id {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends = [text.bytes().next(), text.bytes().next_back()];
        let valid = text.len() <= 64
            && ends.into_iter().all(|end| end.is_some_and(plain))
            && text
                .bytes()
                .all(|byte| plain(byte) || matches!(byte, b'.' | b'-'));
        valid
            .then(|| Self(text.to_owned()))
            .ok_or(IdentifierError::Id)
    }
}

impl VrtId {
    /// The class as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `class` is this class or a narrower one: `a.b` covers `a.b` and `a.b.c`, not `a.bc`.
    #[must_use]
    pub fn covers(&self, class: &str) -> bool {
        class
            .strip_prefix(self.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl FromStr for VrtId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let valid = text.len() <= 256 && text.split('.').count() <= 3 && text.split('.').all(name);
        valid
            .then(|| Self(text.to_owned()))
            .ok_or(IdentifierError::Vrt)
    }
}

impl CweId {
    /// The number after `CWE-`.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl FromStr for CweId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let (prefix, digits) = text.split_once('-').ok_or(IdentifierError::Cwe)?;
        let plain = digits.len() <= 6
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !prefix.eq_ignore_ascii_case("cwe") || !plain {
            return Err(IdentifierError::Cwe);
        }
        digits.parse().map(Self).map_err(|_| IdentifierError::Cwe)
    }
}

impl Fingerprint {
    /// The digits, in upper case and without spaces.
    #[must_use]
    pub fn as_hex(&self) -> &str {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let valid =
            matches!(digits.len(), 40 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        valid
            .then(|| Self(digits.to_ascii_uppercase()))
            .ok_or(IdentifierError::Fingerprint)
    }
}

impl HttpsUrl {
    /// The link, normalised as browsers do.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HttpsUrl {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let url = Url::parse(text).map_err(IdentifierError::Url)?;
        let anonymous = url.username().is_empty() && url.password().is_none();
        let valid = url.scheme() == "https" && url.has_host() && anonymous;
        valid
            .then(|| Self(url.into()))
            .ok_or(IdentifierError::NotHttps)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for VrtId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CweId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CWE-{}", self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(Id, "description": "A short id, safe as the name of a folder.", "pattern": "^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$");
text_form!(VrtId, "description": "A class of the Bugcrowd Vulnerability Rating Taxonomy.", "pattern": r"^[a-z0-9_]+(\.[a-z0-9_]+){0,2}$");
text_form!(CweId, "description": "A weakness of the Common Weakness Enumeration, such as CWE-79.", "pattern": "^[Cc][Ww][Ee]-[1-9][0-9]{0,5}$");
text_form!(Fingerprint, "description": "A certificate's fingerprint: 40 or 64 hexadecimal digits, spaces allowed.", "pattern": "^ *([0-9A-Fa-f] *){40}(([0-9A-Fa-f] *){24})?$");
text_form!(HttpsUrl, "description": "A link that begins with https://.", "pattern": "^[Hh][Tt][Tt][Pp][Ss]://", "format": "uri");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_safe_as_a_folder() {
        assert!("val.town".parse::<Id>().is_ok());
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "-a",
            "a.",
            "Val",
            "a b",
            &"a".repeat(65),
        ] {
            assert_eq!(bad.parse::<Id>(), Err(IdentifierError::Id), "{bad}");
        }
    }

    #[test]
    fn a_class_covers_its_variants_only() {
        let class: VrtId = "cross_site_scripting_xss.stored".parse().unwrap();
        assert!(class.covers("cross_site_scripting_xss.stored"));
        assert!(class.covers("cross_site_scripting_xss.stored.self"));
        assert!(!class.covers("cross_site_scripting_xss.stored_elsewhere"));
        assert!(!class.covers("cross_site_scripting_xss"));
        for bad in ["", "a..b", "A.b", "a.b.c.d", ".a"] {
            assert_eq!(bad.parse::<VrtId>(), Err(IdentifierError::Vrt), "{bad}");
        }
    }

    #[test]
    fn a_weakness_is_a_number_with_its_prefix() {
        assert_eq!("cwe-307".parse::<CweId>().unwrap().to_string(), "CWE-307");
        for bad in [
            "79",
            "CWE-",
            "CWE-0",
            "CWE-079",
            "CWE-+7",
            "CWE-79 ",
            "CWE-9999999",
            "CVE-79",
        ] {
            assert_eq!(bad.parse::<CweId>(), Err(IdentifierError::Cwe), "{bad}");
        }
    }

    #[test]
    fn fingerprints_have_40_or_64_digits() {
        let spaced = "eb85 bb5f a33a 75e1 5e94  4e63 f231 550c 4f47 e38e";
        let read: Fingerprint = spaced.parse().unwrap();
        assert_eq!(read.as_hex(), "EB85BB5FA33A75E15E944E63F231550C4F47E38E");
        assert!("a".repeat(64).parse::<Fingerprint>().is_ok());
        for bad in [
            String::new(),
            "a".repeat(16),
            "a".repeat(41),
            "g".repeat(40),
            format!("0x{}", "a".repeat(40)),
        ] {
            assert_eq!(
                bad.parse::<Fingerprint>(),
                Err(IdentifierError::Fingerprint),
                "{bad}"
            );
        }
    }

    #[test]
    fn links_are_https_and_carry_no_password() {
        assert!("https://example.org/security".parse::<HttpsUrl>().is_ok());
        for bad in [
            "http://example.org",
            "https://user:secret@example.org",
            "javascript:alert(1)",
        ] {
            assert_eq!(
                bad.parse::<HttpsUrl>(),
                Err(IdentifierError::NotHttps),
                "{bad}"
            );
        }
        assert!(matches!(
            "example.org".parse::<HttpsUrl>(),
            Err(IdentifierError::Url(_))
        ));
    }
}
