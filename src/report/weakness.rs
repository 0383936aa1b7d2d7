//! What kind of flaw it is: a CWE number or a class of Bugcrowd's vulnerability rating taxonomy.
//!
//! Serves DESIGN.md, "The report", `weakness` and `class`.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::error::excerpt;

/// A weakness of the Common Weakness Enumeration, such as `CWE-79`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cwe(u32);

impl Cwe {
    /// The number behind `CWE-`.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl FromStr for Cwe {
    type Err = WeaknessError;

    /// Reads `CWE-79`, in any case, or the number alone.
    fn from_str(text: &str) -> Result<Self, WeaknessError> {
        let digits = match text.get(..4) {
            Some(head) if head.eq_ignore_ascii_case("cwe-") => text.get(4..).unwrap_or_default(),
            _ => text,
        };
        let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(number) if plain && number > 0 => Ok(Self(number)),
            _ => Err(WeaknessError::Cwe(excerpt(text))),
        }
    }
}

impl fmt::Display for Cwe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CWE-{}", self.0)
    }
}

impl Serialize for Cwe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An id of the vulnerability rating taxonomy, such as
/// `cross_site_scripting_xss.stored.url_based`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VrtId(String);

impl VrtId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VrtId {
    type Err = WeaknessError;

    /// Reads one to four names of lower-case letters, digits and `_`, joined by dots.
    fn from_str(text: &str) -> Result<Self, WeaknessError> {
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let named = |part: &str| !part.is_empty() && part.bytes().all(letter);
        let levels = text.split('.').count();
        (levels <= 4 && text.len() <= 200 && text.split('.').all(named))
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| WeaknessError::Vrt(excerpt(text)))
    }
}

impl fmt::Display for VrtId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for VrtId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The text is no such id.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WeaknessError {
    /// Not a CWE id.
    #[error("is not a weakness such as `CWE-79`: `{0}`")]
    Cwe(String),
    /// Not a VRT id.
    #[error("is not a class such as `cross_site_scripting_xss.stored`: `{0}`")]
    Vrt(String),
}

#[cfg(test)]
mod tests {
    use super::{Cwe, VrtId};

    #[test]
    fn cwe_ids_have_one_form() {
        for text in ["CWE-79", "cwe-79", "79", "CWE-079"] {
            assert_eq!(text.parse::<Cwe>().unwrap().to_string(), "CWE-79");
        }
        for text in [
            "",
            "CWE-",
            "CWE-0",
            "CWE 79",
            "CWE-+7",
            "-1",
            "CWE-79x",
            "CWE-1234567",
            "ÅÅÅ",
        ] {
            assert!(text.parse::<Cwe>().is_err(), "{text}");
        }
    }

    #[test]
    fn classes_are_dotted_names() {
        for text in [
            "cross_site_scripting_xss.stored.url_based",
            "server_security_misconfiguration",
        ] {
            assert_eq!(text.parse::<VrtId>().unwrap().as_str(), text);
        }
        for text in [
            "",
            ".",
            "a..b",
            "a.",
            "Cross Site",
            "a.b.c.d.e",
            "xss-stored",
        ] {
            assert!(text.parse::<VrtId>().is_err(), "{text}");
        }
    }
}
