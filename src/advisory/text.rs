//! The small values of an advisory, each of which only its own door makes.
//!
//! CSAF 2.0 section 3.2, CVE record format 5.1 (`cveId`, `uuidType`), GitHub's GHSA identifiers,
//! RFC 3339.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// One line of text, not empty, without white space around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line(String);

/// Text that may have several lines, not empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prose(String);

/// `CVE-2026-12345`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CveId(String);

/// `GHSA-xxxx-xxxx-xxxx`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GhsaId(String);

/// The UUID (version 4) of an organisation in the CVE program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrgId(String);

/// A time, written as a day (its first second in UTC) or with the time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "WrittenMoment", into = "String")]
pub struct Moment(Timestamp);

/// Why a text is no such value: the end of a sentence that begins with the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or white space.
    #[error("is empty")]
    Empty,
    /// A control character, or a line break where one line is wanted.
    #[error("holds a control character or a line break")]
    Control,
    /// Longer than any format takes.
    #[error("is too long")]
    Long,
    /// No CVE id.
    #[error("is not a CVE id such as CVE-2026-12345")]
    Cve,
    /// No GHSA id.
    #[error("is not a GHSA id such as GHSA-2345-6789-cfgh")]
    Ghsa,
    /// No UUID of version 4.
    #[error("is not an organisation's UUID, version 4, as the CVE program gives it")]
    Org,
    /// No time.
    #[error("is not a day such as 2026-12-22 or a time such as 2026-12-22T14:00:00Z")]
    Moment,
}

impl FromStr for Line {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        match text.trim() {
            "" => Err(TextError::Empty),
            line if line.len() > MAX_LINE => Err(TextError::Long),
            line if line.chars().any(char::is_control) => Err(TextError::Control),
            line => Ok(Self(line.to_owned())),
        }
    }
}

impl FromStr for Prose {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim().replace("\r\n", "\n");
        let hidden = |c: char| c.is_control() && c != '\n' && c != '\t';
        match text.as_str() {
            "" => Err(TextError::Empty),
            _ if text.chars().any(hidden) => Err(TextError::Control),
            _ => Ok(Self(text)),
        }
    }
}

impl FromStr for CveId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim().to_ascii_uppercase();
        let digits = |part: &str, sizes: std::ops::RangeInclusive<usize>| {
            sizes.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let numbers = text
            .strip_prefix("CVE-")
            .and_then(|rest| rest.split_once('-'));
        match numbers {
            Some((year, number)) if digits(year, 4..=4) && digits(number, 4..=19) => Ok(Self(text)),
            _ => Err(TextError::Cve),
        }
    }
}

impl FromStr for GhsaId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim().to_ascii_lowercase();
        let part =
            |part: &str| part.len() == 4 && part.bytes().all(|byte| GHSA_ALPHABET.contains(&byte));
        let rest = text.strip_prefix("ghsa-").ok_or(TextError::Ghsa)?;
        let parts: Vec<&str> = rest.split('-').collect();
        if parts.len() == 3 && parts.iter().all(|one| part(one)) {
            Ok(Self(format!("GHSA-{rest}")))
        } else {
            Err(TextError::Ghsa)
        }
    }
}

impl FromStr for OrgId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim().to_ascii_lowercase();
        let parts: Vec<&str> = text.split('-').collect();
        let sizes = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]);
        let digits = parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let version = parts.get(2).is_some_and(|part| part.starts_with('4'));
        let variant = parts
            .get(3)
            .is_some_and(|part| part.starts_with(['8', '9', 'a', 'b']));
        (sizes && digits && version && variant)
            .then_some(Self(text))
            .ok_or(TextError::Org)
    }
}

impl Moment {
    /// The first second of a day, in UTC.
    #[must_use]
    pub fn of_day(day: Date) -> Option<Self> {
        day.to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| Self(zoned.timestamp()))
    }

    /// The time.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl FromStr for Moment {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.len() == "2026-12-22".len() {
            let day = text.parse().ok().and_then(Self::of_day);
            return day.ok_or(TextError::Moment);
        }
        let time: Timestamp = text.parse().map_err(|_| TextError::Moment)?;
        // Formats differ in the fractions that they take; nobody needs them.
        Timestamp::from_second(time.as_second())
            .map(Self)
            .map_err(|_| TextError::Moment)
    }
}

impl fmt::Display for Moment {
    /// RFC 3339 in UTC: `2026-12-22T14:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

/// A time in quotes, or as TOML knows it.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a day such as 2026-12-22 or a time is wanted")]
enum WrittenMoment {
    Text(String),
    Toml(toml::value::Datetime),
}

impl TryFrom<WrittenMoment> for Moment {
    type Error = TextError;

    fn try_from(written: WrittenMoment) -> Result<Self, TextError> {
        match written {
            WrittenMoment::Text(text) => text.parse(),
            WrittenMoment::Toml(time) => time.to_string().parse(),
        }
    }
}

/// Reading, writing and showing of the types that are text inside.
macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                text.parse()
            }
        }
    )*};
}

as_text!(Line, Prose, CveId, GhsaId, OrgId);

/// The longest line, in bytes.
const MAX_LINE: usize = 2048;

/// The letters of a GHSA id, which can be told apart by eye.
const GHSA_ALPHABET: &[u8] = b"23456789cfghjmpqrvwx";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_one_form() {
        assert_eq!(
            "cve-2026-0001".parse::<CveId>().unwrap().as_str(),
            "CVE-2026-0001"
        );
        assert_eq!(
            "ghsa-2345-6789-CFGH".parse::<GhsaId>().unwrap().as_str(),
            "GHSA-2345-6789-cfgh"
        );
        let org = "B3476CB9-2e3d-41a6-98d0-0f47421a65b6"
            .parse::<OrgId>()
            .unwrap();
        assert_eq!(org.as_str(), "b3476cb9-2e3d-41a6-98d0-0f47421a65b6");
        for text in [
            "CVE-2026-1",
            "CVE-26-0001",
            "2026-0001",
            "CVE-2026-0001x",
            "",
        ] {
            assert_eq!(text.parse::<CveId>(), Err(TextError::Cve), "{text}");
        }
        for text in [
            "GHSA-2345-6789",
            "GHSA-0000-0000-0000",
            "2345-6789-cfgh",
            "ghsa-é",
        ] {
            assert_eq!(text.parse::<GhsaId>(), Err(TextError::Ghsa), "{text}");
        }
        for text in ["b3476cb9-2e3d-11a6-98d0-0f47421a65b6", "b3476cb9", "", "é"] {
            assert_eq!(text.parse::<OrgId>(), Err(TextError::Org), "{text}");
        }
    }

    #[test]
    fn moments_are_days_or_times() {
        let shown = |text: &str| text.parse::<Moment>().map(|moment| moment.to_string());
        assert_eq!(shown("2026-12-22").unwrap(), "2026-12-22T00:00:00Z");
        assert_eq!(
            shown("2026-12-22T14:00:00.5+02:00").unwrap(),
            "2026-12-22T12:00:00Z"
        );
        for text in ["2026-02-30", "22.12.2026", "", "2026-12-22T14:00"] {
            assert_eq!(shown(text), Err(TextError::Moment), "{text}");
        }
    }

    #[test]
    fn lines_are_lines() {
        assert_eq!(" a b ".parse::<Line>().unwrap().as_str(), "a b");
        assert_eq!("a\nb".parse::<Line>(), Err(TextError::Control));
        assert_eq!("a\r\nb\t".parse::<Prose>().unwrap().as_str(), "a\nb");
        assert_eq!("a\u{1b}".parse::<Prose>(), Err(TextError::Control));
        assert_eq!(" \n".parse::<Prose>(), Err(TextError::Empty));
    }
}
