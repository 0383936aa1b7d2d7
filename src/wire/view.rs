//! The JSON documents of the contract. Nothing in them says what a report is about, who reported
//! it, or where it came from.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{MessageId, ReportId};
use crate::case::{Event, EventKind, State};

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportSummary {
    /// The report.
    #[schema(value_type = String, pattern = "^[a-z2-7]{26}$")]
    pub id: ReportId,
    /// Where it stands.
    pub state: State,
    /// When the intake had all of it.
    #[schema(value_type = String, format = DateTime)]
    pub received: Timestamp,
    /// Size of the sealed report in bytes.
    pub size: u64,
    /// Its SHA-256, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Which of the intake's encryption keys it names: fingerprints or key IDs; empty where the
    /// recipient is hidden.
    pub recipients: Vec<String>,
    /// How many sealed messages came from the reporter since.
    pub messages_from_reporter: u64,
    /// How many sealed messages the vendor sent.
    pub messages_from_vendor: u64,
}

/// `GET /reports`: newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportList {
    /// At most as many as one page holds.
    pub reports: Vec<ReportSummary>,
    /// What to give as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `GET /reports/ID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportView {
    /// As in the list.
    #[serde(flatten)]
    pub summary: ReportSummary,
    /// What happened, oldest first.
    pub timeline: Vec<Event>,
}

/// `POST /reports/ID/events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEvent {
    /// What happened; never `received`.
    pub kind: EventKind,
    /// The new end of the embargo; with `embargo-until` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// Whoever holds the case token.
    Reporter,
    /// Whoever holds a vendor token that may write.
    Vendor,
}

impl Author {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reporter => "reporter",
            Self::Vendor => "vendor",
        }
    }
}

/// One sealed message of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MessageView {
    /// The message; `GET /reports/ID/messages/MESSAGE` gives its bytes.
    #[schema(value_type = String, pattern = "^[a-z2-7]{26}$")]
    pub id: MessageId,
    /// Who sent it.
    pub from: Author,
    /// When the intake had it.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256, 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// `GET /reports/ID/messages`: oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MessageList {
    /// All of them.
    pub messages: Vec<MessageView>,
}
