//! A finding: a code that stays, where it was found, and what to do.
//!
//! Serves DESIGN.md, "Commands" (`check`): a *problem* keeps a report from being sent, a *hint* does not.

use serde::{Serialize, Serializer};

use crate::report::Override;

/// What `check` says of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which kind of finding it is.
    pub code: Code,
    /// What it is about: an asset, a section, the id of an exclusion, the kind of a secret.
    pub about: Option<String>,
    /// What is wrong and what to do, in one line. Never a secret.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The reason for which the reporter sends it all the same.
    pub overridden: Option<String>,
}

/// A file, and where in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1; `None` for a whole file, and in a file that is no text.
    pub line: Option<u64>,
    /// The byte, counted from 0, in a file that is no text.
    pub offset: Option<u64>,
}

/// Whether a finding stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does, unless it is overridden.
    Problem,
    /// It does not.
    Hint,
}

macro_rules! codes {
    ($($(#[doc = $words:literal])+ $name:ident = $code:literal, $severity:ident;)+) => {
        /// The kinds of findings. The words are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $words])+ $name,)+
        }

        impl Code {
            /// All of them, problems first.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// Whether such a finding stands in the way.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)+
                }
            }
        }
    };
}

codes! {
    /// The file does not begin with fields, or they are neither YAML nor TOML.
    FrontMatterInvalid = "front-matter-invalid", Problem;
    /// A required field is not there or empty.
    FieldMissing = "field-missing", Problem;
    /// A field is unknown, or its value is not of its kind.
    FieldInvalid = "field-invalid", Problem;
    /// One of the four sections is not there or empty.
    SectionMissing = "section-missing", Problem;
    /// The report names another program than the one it is meant for.
    ProgramDiffers = "program-differs", Problem;
    /// An asset is not among those that the program wants tested.
    OutOfScope = "out-of-scope", Problem;
    /// The report's VRT class is one that the program excludes.
    ExcludedClass = "excluded-class", Problem;
    /// The report's weakness is one that the program excludes.
    ExcludedWeakness = "excluded-weakness", Problem;
    /// A tool made the finding, and the program does not want such.
    ExcludedToolOutput = "excluded-tool-output", Problem;
    /// The title or the summary speaks of what the program excludes.
    ExcludedText = "excluded-text", Problem;
    /// A key, token, password or cookie.
    Secret = "secret", Problem;
    /// The text speaks, in passing, of what the program excludes.
    ExcludedMentioned = "excluded-mentioned", Hint;
    /// What an asset serves is its users', not the vendor's.
    UserContent = "user-content", Hint;
    /// The program does not say which hosts it wants tested, or no asset names one.
    ScopeUnjudged = "scope-unjudged", Hint;
    /// Neither class nor weakness says what kind of flaw it is.
    ClassUnstated = "class-unstated", Hint;
    /// The report does not say whether a tool made the finding.
    ToolUnstated = "tool-unstated", Hint;
    /// The report has no CVSS vector.
    SeverityUnstated = "severity-unstated", Hint;
    /// The report does not say which packages and versions have the flaw.
    AffectedUnstated = "affected-unstated", Hint;
    /// The report does not say how to credit its author.
    CreditUnstated = "credit-unstated", Hint;
    /// The reporter means to publish before the program's embargo ends.
    EmbargoShorter = "embargo-shorter", Hint;
    /// The report says that the flaw is publicly known.
    AlreadyPublic = "already-public", Hint;
    /// An attachment tells more than its content.
    Metadata = "attachment-metadata", Hint;
    /// A key that opens nothing but a place for tests.
    TestSecret = "test-secret", Hint;
    /// An override that answers no finding.
    OverrideUnused = "override-unused", Hint;
}

impl Code {
    /// Whether the reporter may send the report all the same, with a reason: not where it cannot be read.
    #[must_use]
    pub fn may_be_overridden(self) -> bool {
        let unreadable = matches!(
            self,
            Self::FrontMatterInvalid | Self::FieldMissing | Self::FieldInvalid
        );
        self.severity() == Severity::Problem && !unreadable
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Severity {
    /// `problem` or `hint`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Hint => "hint",
        }
    }
}

impl Finding {
    /// A finding that nobody answered yet.
    #[must_use]
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            about: None,
            message: message.into(),
            place,
            overridden: None,
        }
    }

    /// The same, about this.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// Whether it keeps the report from being sent.
    #[must_use]
    pub fn stands_in_the_way(&self) -> bool {
        self.code.severity() == Severity::Problem && self.overridden.is_none()
    }

    fn is_answered_by(&self, answer: &Override) -> bool {
        let about = answer.about();
        self.code.may_be_overridden()
            && self.code.as_str() == answer.code()
            && about.is_none_or(|about| self.about.as_deref() == Some(about))
    }
}

impl Place {
    /// A whole file.
    #[must_use]
    pub fn file(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            ..Self::default()
        }
    }

    /// A line of it, if it is known.
    #[must_use]
    pub fn line(file: &str, line: Option<usize>) -> Self {
        Self {
            line: line.map(|line| line as u64),
            ..Self::file(file)
        }
    }
}

/// Puts the reporter's reasons to the findings that they answer, and says which reasons answer none.
pub fn answer(findings: &mut Vec<Finding>, overrides: &[Override], place: impl Fn(usize) -> Place) {
    let mut unused = Vec::new();
    for (index, answer) in overrides.iter().enumerate() {
        let mut used = false;
        for finding in findings.iter_mut().filter(|one| one.is_answered_by(answer)) {
            used = true;
            finding
                .overridden
                .get_or_insert_with(|| answer.why().to_owned());
        }
        if !used {
            let message = format!(
                "nothing is found that the override of `{}` answers",
                answer.code()
            );
            unused.push(
                Finding::new(Code::OverrideUnused, place(index), message).about(answer.code()),
            );
        }
    }
    findings.append(&mut unused);
    findings.sort_by_key(|finding| finding.code.severity());
}
