//! Why no advisory could be made: the field, and what is wrong with it.
//!
//! Messages quote what the report says; whoever prints them escapes (promise 22).

use thiserror::Error;

/// Why no advisory could be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AdvisoryError {
    /// `advisory.toml` is not well formed.
    #[error("{file}:{line}: {problem}")]
    Syntax {
        /// The file's name as given by the caller.
        file: String,
        /// Where, counted from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A format needs what nobody said.
    #[error("{field} is missing: {format} needs {what}")]
    Missing {
        /// The field of `advisory.toml`, such as `publisher.name`.
        field: String,
        /// The format's name.
        format: &'static str,
        /// What it is, with its article.
        what: &'static str,
    },
    /// A format cannot say what is there.
    #[error("{field}: {problem}")]
    Value {
        /// The field, such as `affected[0].range`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl AdvisoryError {
    /// The field that is to blame; `None` where the file cannot be read.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Syntax { .. } => None,
            Self::Missing { field, .. } | Self::Value { field, .. } => Some(field),
        }
    }

    pub(super) fn value(field: impl Into<String>, problem: impl std::fmt::Display) -> Self {
        Self::Value {
            field: field.into(),
            problem: problem.to_string(),
        }
    }
}
