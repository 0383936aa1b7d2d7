//! One fault of one file, and the list of them, which hostile files cannot make long.
//!
//! Serves RFC 9116 §2: each fault with its line, in plain words.

use serde::Serialize;

use super::code::{Code, Severity};

/// One fault of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    code: Code,
    severity: Severity,
    line: Option<usize>,
    message: String,
}

/// Findings in the order in which they were made: at most [`MOST`] about single lines, and the few about the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    kept: Vec<Finding>,
    about_lines: usize,
    dropped: usize,
    errors: usize,
}

impl Finding {
    /// A finding about the whole file, or how it was served.
    pub(super) fn whole(code: Code) -> Self {
        Self::new(code, None, code.meaning().to_owned())
    }

    /// The same, with a particular of the case: a value, a host.
    pub(super) fn quoting(code: Code, detail: &str) -> Self {
        Self::new(code, None, quote(code, detail))
    }

    /// Moves the finding to a line.
    pub(super) fn at(self, line: usize) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }

    fn new(code: Code, line: Option<usize>, message: String) -> Self {
        Self {
            code,
            severity: code.severity(),
            line,
            message,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Its weight.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The number of its line in the file as served, from 1; `None` if it is about the whole.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong and what to do. It may quote the file: escape it before it reaches a terminal.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Findings {
    /// A fault of one line.
    pub(super) fn line(&mut self, code: Code, line: usize, detail: &str) {
        if self.about_lines == MOST {
            self.dropped += 1;
            self.count(code);
            return;
        }
        self.about_lines += 1;
        let message = if detail.is_empty() {
            code.meaning().to_owned()
        } else {
            quote(code, detail)
        };
        self.add(Finding::new(code, Some(line), message));
    }

    /// A fault that a file has once at most, so that it is kept whatever else there is.
    pub(super) fn add(&mut self, finding: Finding) {
        self.count(finding.code);
        self.kept.push(finding);
    }

    /// Puts the lines in order, and says how many findings were dropped.
    pub(super) fn close(&mut self) {
        self.kept
            .sort_by_key(|finding| finding.line.unwrap_or(usize::MAX));
        if self.dropped > 0 {
            self.add(Finding::quoting(
                Code::MoreFindings,
                &self.dropped.to_string(),
            ));
        }
    }

    pub(super) fn as_slice(&self) -> &[Finding] {
        &self.kept
    }

    /// Whether no fault was an error, those that were dropped included.
    pub(super) fn strict(&self) -> bool {
        self.errors == 0
    }

    fn count(&mut self, code: Code) {
        self.errors += usize::from(code.severity() == Severity::Error);
    }
}

/// The meaning, then the detail, cut so that a line of a megabyte does not become a message of one.
fn quote(code: Code, detail: &str) -> String {
    let mut short: String = detail.chars().take(LONGEST_QUOTE).collect();
    if short.len() < detail.len() {
        short.push('…');
    }
    format!("{} ({short})", code.meaning())
}

/// How many findings about single lines are kept.
const MOST: usize = 200;

/// How many characters of the file a message quotes.
const LONGEST_QUOTE: usize = 80;
