//! What goes wrong between this side and GitHub, and whether it may have happened all the same.
//!
//! GitHub's `basic-error` and `validation-error`; its rate limits
//! (`x-ratelimit-remaining`, `x-ratelimit-reset`, `retry-after`).

use std::fmt;

use serde::Deserialize;

use crate::network::{FetchError, Streamed};

/// Why GitHub did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An answer in another form than GitHub documents.
    #[error("the answer is not what GitHub documents")]
    Document(#[source] serde_json::Error),
}

/// An answer with an error's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// GitHub's words: a stranger's text, cut to a few lines; empty where it said nothing.
    pub message: String,
    /// What is wrong with which field, in GitHub's words.
    pub fields: Vec<String>,
    /// When to ask again, if GitHub was asked too often.
    pub limit: Option<Limit>,
}

/// How long GitHub wants to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// For so many seconds.
    Seconds(u64),
    /// Until then, in seconds of the Unix epoch.
    Until(i64),
    /// It does not say.
    Unknown,
}

#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

impl Refusal {
    pub(super) async fn read(answer: Streamed) -> Self {
        let status = answer.status();
        let number = |name: &str| {
            answer
                .header(name)
                .and_then(|text| text.parse::<i64>().ok())
        };
        let limit = match (number("retry-after"), number("x-ratelimit-remaining")) {
            (Some(seconds), _) => Some(Limit::Seconds(seconds.unsigned_abs())),
            (None, Some(0)) => {
                Some(number("x-ratelimit-reset").map_or(Limit::Unknown, Limit::Until))
            }
            _ => (status == 429).then_some(Limit::Unknown),
        };
        let body = answer.whole(LARGEST_ERROR).await.unwrap_or_default();
        let said: Said = serde_json::from_slice(&body).unwrap_or_default();
        Self {
            status,
            message: cut(&said.message),
            fields: said.errors.iter().take(MOST_FIELDS).map(field).collect(),
            limit: limit.filter(|_| matches!(status, 403 | 429)),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self.status {
            _ if self.limit.is_some() => "GitHub was asked too often",
            401 => "GitHub does not know the token",
            403 => "the token may not do this",
            404 => "GitHub says that there is no such thing, or not for this token",
            422 => "GitHub does not take what was sent",
            500..=599 => "GitHub has a fault of its own",
            _ => "GitHub says no",
        };
        write!(f, "{plain} (HTTP status {}", self.status)?;
        if !self.message.is_empty() {
            write!(f, ", \"{}\"", self.message)?;
        }
        f.write_str(")")?;
        for field in &self.fields {
            write!(f, "; {field}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

impl GitHubError {
    /// Whether what was asked for may have happened, although there was no proper answer. Everything
    /// leaves that open but a refusal, and what kept the question from leaving: an empty 500, or an
    /// answer that is cut, may stand for an advisory that was made.
    #[must_use]
    pub fn leaves_it_open(&self) -> bool {
        match self {
            Self::Fetch(fetch) => !matches!(
                fetch,
                FetchError::Refused(_) | FetchError::Name { .. } | FetchError::Tls { .. }
            ),
            Self::Refused(refusal) => matches!(refusal.status, 300..=399 | 408 | 500..=599),
            Self::Document(_) => true,
        }
    }

    /// Whether GitHub answered that something went wrong on its side.
    #[must_use]
    pub fn is_a_fault_of_its_own(&self) -> bool {
        matches!(self.status(), Some(500..=599))
    }

    /// The HTTP status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }
}

/// One of `errors`: a text, or an object with a field and a code.
fn field(error: &serde_json::Value) -> String {
    let text = |name: &str| {
        error
            .get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    };
    let words = match (error.as_str(), text("field"), text("message"), text("code")) {
        (Some(text), ..) => text.to_owned(),
        (None, "", "", code) => code.to_owned(),
        (None, field, "", code) => format!("{field}: {code}"),
        (None, "", message, _) => message.to_owned(),
        (None, field, message, _) => format!("{field}: {message}"),
    };
    cut(&words)
}

/// A stranger's words on one line, in a reasonable number.
fn cut(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST_WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

const LARGEST_ERROR: usize = 64 << 10;
const LONGEST_WORDS: usize = 300;
const MOST_FIELDS: usize = 10;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_in_every_form() {
        for (error, words) in [
            (json!("name is too long"), "name is too long"),
            (json!({ "code": "custom", "message": "is off" }), "is off"),
            (
                json!({ "code": "invalid", "field": "cwe_ids" }),
                "cwe_ids: invalid",
            ),
            (
                json!({ "code": "custom", "field": "severity", "message": "is\n bad" }),
                "severity: is bad",
            ),
            (json!(7), ""),
        ] {
            assert_eq!(field(&error), words);
        }
    }

    #[test]
    fn refusals_in_plain_words() {
        let refusal = Refusal {
            status: 422,
            message: "Validation Failed".to_owned(),
            fields: vec!["cwe_ids: invalid".to_owned()],
            limit: None,
        };
        assert_eq!(
            refusal.to_string(),
            "GitHub does not take what was sent (HTTP status 422, \"Validation Failed\"); cwe_ids: invalid"
        );
        let empty = Refusal {
            status: 500,
            message: String::new(),
            fields: vec![],
            limit: None,
        };
        assert_eq!(
            empty.to_string(),
            "GitHub has a fault of its own (HTTP status 500)"
        );
        assert!(GitHubError::Refused(empty).leaves_it_open());
        assert!(!GitHubError::Refused(refusal).leaves_it_open());
    }

    #[test]
    fn p20_only_what_surely_was_not_sent_leaves_nothing_open() {
        let name = || ("github.example".to_owned(), "why".to_owned());
        let open = |fetch: FetchError| GitHubError::Fetch(fetch).leaves_it_open();
        for fetch in [
            FetchError::TooSlow,
            FetchError::Stalled,
            FetchError::TimedOut,
            FetchError::TooLarge { limit: 1 },
        ] {
            assert!(open(fetch.clone()), "{fetch}");
        }
        let (host, why) = name();
        assert!(open(FetchError::Connection { host, why }));
        let (host, why) = name();
        assert!(!open(FetchError::Name { host, why }));
        let (host, why) = name();
        assert!(!open(FetchError::Tls { host, why }));
        assert!(!open(FetchError::Refused(crate::network::Refusal::Offline)));
    }
}
