//! What goes wrong between this side and an intake, and what may be tried again.
//!
//! RFC 9457 problem documents, and the answers of whatever stands in front of an intake.

use std::{fmt, time::Duration};

use crate::{
    network::{FetchError, Refusal, Streamed},
    wire::{Problem, ProblemType, header},
};

/// Why an intake did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It said no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// An answer that the contract does not know.
    #[error("the intake's answer makes no sense: {0}")]
    Senseless(&'static str),
    /// A document that does not have the contract's form.
    #[error("the intake's answer cannot be read")]
    Document(#[source] serde_json::Error),
    /// What came is not what was asked for.
    #[error("the intake gave out other bytes than it had taken (their SHA-256 is another one)")]
    Altered,
}

/// An answer with an error's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The kind of problem, if it is one of the contract's.
    pub kind: Option<ProblemType>,
    /// The particulars, in the intake's words: hostile text, cut to a few lines.
    pub detail: Option<String>,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "the intake refuses: {}", kind.title())?,
            None => write!(f, "the intake answers with HTTP status {}", self.status)?,
        }
        match &self.detail {
            Some(detail) => write!(f, " (\"{detail}\")"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// Reads an answer that is not the one hoped for.
    pub(super) async fn read(answer: Streamed) -> Self {
        let status = answer.status();
        let seconds = answer.header("retry-after").and_then(|s| s.parse().ok());
        let is_problem = answer
            .header("content-type")
            .is_some_and(|media| media.to_ascii_lowercase().starts_with(header::PROBLEM_JSON));
        let body = answer.whole(LARGEST_PROBLEM).await.unwrap_or_default();
        let problem: Option<Problem> = is_problem
            .then(|| serde_json::from_slice(&body).ok())
            .flatten();
        Self {
            status,
            kind: problem
                .as_ref()
                .and_then(|problem| ProblemType::from_uri(&problem.kind)),
            detail: problem
                .and_then(|problem| problem.detail)
                .as_deref()
                .map(cut),
            retry_after: seconds.map(Duration::from_secs),
        }
    }
}

impl IntakeError {
    /// Whether the intake would say the same to the same again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let refused = self.refused().map(|refused| refused.status);
        !self.is_passing() && matches!(refused, Some(400..=407 | 410..=499))
    }

    /// Whether the same may work later: the network, a restart, a full disk.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Fetch(fetch) => matches!(
                fetch,
                FetchError::Connection { .. }
                    | FetchError::TimedOut
                    | FetchError::Stalled
                    | FetchError::TooSlow
                    | FetchError::Name { .. }
            ),
            Self::Refused(refused) => {
                // At another offset: somebody has to ask for it first.
                matches!(refused.status, 408 | 423 | 425 | 429 | 500..=599)
                    || refused.kind == Some(ProblemType::WrongOffset)
            }
            Self::Senseless(_) | Self::Document(_) | Self::Altered => false,
        }
    }

    /// Whether what was asked for is not there, or not for this token.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Refused(refused) if matches!(refused.status, 404 | 410))
    }

    /// Whether an upload cannot be given up any more, since it is a report.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.status == 409)
    }

    /// Whether nothing was asked, because of `--offline`.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::Refused(Refusal::Offline)))
    }

    /// The intake's refusal, if it is one.
    #[must_use]
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }
}

/// A stranger's words on one line, in a reasonable number.
fn cut(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST_DETAIL) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

const LARGEST_PROBLEM: usize = 64 << 10;
const LONGEST_DETAIL: usize = 300;
