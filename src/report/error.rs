//! Why a report could not be read: the file, the line in it, the field and what is wrong.
//!
//! Serves DESIGN.md, "The report". Messages quote what the report says, cut short but not
//! escaped: whoever prints them escapes (promise 22).

use thiserror::Error;

use super::{asset::AssetError, severity::SeverityError, weakness::WeaknessError};

/// Why a report could not be read. Lines count from 1, in the whole file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportError {
    /// The whole file is larger than [`super::Report::LIMIT`].
    #[error("{file}: larger than 16 MiB: put long output into an attachment")]
    ReportTooLarge {
        /// The file's name as given by the caller.
        file: String,
    },
    /// The front matter is larger than [`super::Report::FRONT_MATTER_LIMIT`].
    #[error("{file}:1: the front matter is larger than 256 KiB: long text belongs below it")]
    FrontMatterTooLarge {
        /// The file's name as given by the caller.
        file: String,
    },
    /// The first line is neither `---` nor `+++`.
    #[error(
        "{file}:1: no front matter: the first line must be `---` and the fields `title` and \
         `assets` must follow (`sealpost new` writes a report to fill in)"
    )]
    NoFrontMatter {
        /// The file's name as given by the caller.
        file: String,
    },
    /// No second fence.
    #[error("{file}:1: the front matter has no end: close it with a line `{fence}`")]
    Unclosed {
        /// The file's name as given by the caller.
        file: String,
        /// The fence that opened it.
        fence: &'static str,
    },
    /// The front matter is not YAML or TOML, or asks for more than its budget.
    #[error("{file}:{line}: {detail}")]
    Syntax {
        /// The file's name as given by the caller.
        file: String,
        /// Where, counted from 1 in the whole file.
        line: usize,
        /// The parser's words.
        detail: String,
    },
    /// One field is wrong.
    #[error("{file}:{line}: {field} {fault}")]
    Field {
        /// The file's name as given by the caller.
        file: String,
        /// Where, counted from 1 in the whole file.
        line: usize,
        /// Path of the field, such as `title` or `affected[0].package`.
        field: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl ReportError {
    /// The line that is to blame, counted from 1; `None` where it is the whole file.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { line, .. } | Self::Field { line, .. } => Some(*line),
            Self::ReportTooLarge { .. } => None,
            Self::FrontMatterTooLarge { .. }
            | Self::NoFrontMatter { .. }
            | Self::Unclosed { .. } => Some(1),
        }
    }

    /// Path of the field that is to blame, such as `disclosure.date`.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field { field, .. } => Some(field),
            _ => None,
        }
    }
}

/// What is wrong with one field: the end of a sentence that begins with the field's name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A required field is not there.
    #[error("is missing")]
    Missing,
    /// Nothing, or only white space.
    #[error("is empty")]
    Empty,
    /// No such field.
    #[error("is not a known field; the nearest is `{nearest}`")]
    Unknown {
        /// The known field with the most similar name.
        nearest: &'static str,
    },
    /// Another type of value is wanted.
    #[error("must be {wanted}, not {found}")]
    Type {
        /// What is wanted, with its article.
        wanted: &'static str,
        /// What is there, with its article.
        found: &'static str,
    },
    /// A control character, or a line break where one line is wanted.
    #[error("holds a control character or a line break")]
    Control,
    /// Not a day of the calendar.
    #[error("is not a date: `{written}` (write it as 2026-11-22)")]
    Date {
        /// What is written there.
        written: String,
    },
    /// Not the URL of a page.
    #[error("is not a URL: `{written}`")]
    Url {
        /// What is written there.
        written: String,
    },
    /// Not a language tag (BCP 47).
    #[error("is not a language tag such as `en` or `pt-BR`: `{written}`")]
    Language {
        /// What is written there.
        written: String,
    },
    /// Two CVSS vectors of the same major version.
    #[error("has more than one vector of CVSS {major}")]
    SameVersion {
        /// 3 or 4.
        major: u8,
    },
    /// Not an asset.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// Not a CWE or VRT id.
    #[error(transparent)]
    Weakness(#[from] WeaknessError),
    /// Not a CVSS vector.
    #[error(transparent)]
    Severity(#[from] SeverityError),
}

/// The value as it may stand in a message: at most 60 characters.
pub(super) fn excerpt(written: &str) -> String {
    match written.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", written.get(..end).unwrap_or_default()),
        None => written.to_owned(),
    }
}

const EXCERPT: usize = 60;

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn excerpts_are_cut_between_characters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(excerpt(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
