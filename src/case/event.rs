//! What happens to a case after its report arrived: a state and a timeline that both sides see.
//!
//! An event is a kind, a time, and at most a date. There is no free text: whatever is said of the
//! finding travels as a sealed message.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The intake holds the report; nobody has looked yet.
    Received,
    /// Somebody at the vendor has it.
    Acknowledged,
    /// The vendor agrees that it is a vulnerability.
    Accepted,
    /// The vendor does not agree, or it is out of scope.
    Declined,
    /// Somebody else had reported it before.
    Duplicate,
    /// The fix is made.
    Fixed,
    /// The fix is in a release, and the release says that it is about security.
    Released,
    /// The details are public.
    Disclosed,
    /// Nothing more will come.
    Closed,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The intake took the report. Made by the intake alone.
    Received,
    /// The vendor says that it has it.
    Acknowledged,
    /// It is a vulnerability.
    Accepted,
    /// It is none, or out of scope.
    Declined,
    /// It was reported before.
    Duplicate,
    /// The fix is made.
    Fixed,
    /// The security release is out; embargoes of some programs start here.
    SecurityRelease,
    /// Both sides agreed on another end of the embargo: [`Event::until`].
    EmbargoUntil,
    /// The details are public.
    Disclosed,
    /// Nothing more will come.
    Closed,
}

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When the intake heard of it.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The new end of the embargo; with [`EventKind::EmbargoUntil`] alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
}

impl State {
    /// All of them, in the order of a case's life.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Acknowledged,
        Self::Accepted,
        Self::Declined,
        Self::Duplicate,
        Self::Fixed,
        Self::Released,
        Self::Disclosed,
        Self::Closed,
    ];

    /// The word on the wire, in the database and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Acknowledged => "acknowledged",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Duplicate => "duplicate",
            Self::Fixed => "fixed",
            Self::Released => "released",
            Self::Disclosed => "disclosed",
            Self::Closed => "closed",
        }
    }

    /// The state that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Received,
        Self::Acknowledged,
        Self::Accepted,
        Self::Declined,
        Self::Duplicate,
        Self::Fixed,
        Self::SecurityRelease,
        Self::EmbargoUntil,
        Self::Disclosed,
        Self::Closed,
    ];

    /// The word on the wire, in the database and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Acknowledged => "acknowledged",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Duplicate => "duplicate",
            Self::Fixed => "fixed",
            Self::SecurityRelease => "security-release",
            Self::EmbargoUntil => "embargo-until",
            Self::Disclosed => "disclosed",
            Self::Closed => "closed",
        }
    }

    /// The kind that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The state of a case after it; `None` where it changes nothing.
    #[must_use]
    pub fn leads_to(self) -> Option<State> {
        Some(match self {
            Self::Received => State::Received,
            Self::Acknowledged => State::Acknowledged,
            Self::Accepted => State::Accepted,
            Self::Declined => State::Declined,
            Self::Duplicate => State::Duplicate,
            Self::Fixed => State::Fixed,
            Self::SecurityRelease => State::Released,
            Self::Disclosed => State::Disclosed,
            Self::Closed => State::Closed,
            Self::EmbargoUntil => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_serde_agree() {
        for state in State::ALL {
            let json = serde_json::to_value(state).unwrap();
            assert_eq!(json, state.as_str());
            assert_eq!(State::from_word(state.as_str()), Some(state));
        }
        for kind in EventKind::ALL {
            let json = serde_json::to_value(kind).unwrap();
            assert_eq!(json, kind.as_str());
            assert_eq!(EventKind::from_word(kind.as_str()), Some(kind));
        }
    }
}
