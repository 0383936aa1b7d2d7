//! An advisory as the bytes of a file, with what its format could not take.

use serde::Serialize;

use super::{Advisory, AdvisoryError};

/// A form in which flaws are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// OASIS CSAF 2.0, profile "security advisory".
    Csaf,
    /// The Open Source Vulnerability format, 1.7.
    Osv,
    /// A CVE record, format 5.1, in the state "published".
    Cve,
    /// The body with which GitHub's REST API creates a repository security advisory.
    Ghsa,
}

/// A document that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// JSON, indented, with a line break at its end.
    pub json: String,
    /// What is known and has no place in this form, or in any, in words; one sentence each.
    pub left_out: Vec<String>,
}

impl Advisory {
    /// Makes the document.
    ///
    /// # Errors
    /// [`AdvisoryError`], which names the field that is missing or cannot be said in this form.
    pub fn draft(&self, form: Form) -> Result<Draft, AdvisoryError> {
        let mut left_out = self.left_out();
        let json = match form {
            Form::Csaf => text(&self.csaf()?),
            Form::Osv => text(&self.osv()?),
            Form::Cve => text(&self.cve()?),
            Form::Ghsa => text(&self.new_advisory(&mut left_out)?),
        };
        Ok(Draft { json, left_out })
    }
}

/// Names are strings and numbers are finite: this cannot fail.
fn text(document: &impl Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}
