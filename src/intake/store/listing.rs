//! Lists of reports, newest first, page by page.
//!
//! A page begins where the last ended (`WHERE (received, id) < …`), so that a long inbox costs no more
//! than a short one, and a report that comes in meanwhile repeats and skips none.

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;

use super::{Store, StoreError, database::Value, reports::read_summary};
use crate::{
    case::State,
    wire::{ReportId, ReportSummary, TokenHash},
};

/// Which reports are asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Those in this state; without, all.
    pub state: Option<State>,
    /// Those of this case; without, all.
    pub case: Option<TokenHash>,
    /// Those after the page that ended so.
    pub cursor: Option<Cursor>,
}

/// A page of reports.
#[derive(Clone, Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub reports: Vec<ReportSummary>,
    /// Where the next page begins; absent on the last.
    pub next: Option<Cursor>,
}

/// Where a page ended. As text it is opaque: letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    received: Timestamp,
    id: ReportId,
}

/// A text that is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor that a list ended with")]
pub struct NotACursor;

impl Store {
    /// A page of at most `limit` reports, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list(&self, selection: &Selection, limit: u32) -> Result<Page, StoreError> {
        let limit = limit.max(1) as usize;
        let (received, id) = match &selection.cursor {
            Some(cursor) => (cursor.received.into(), cursor.id.as_str()),
            // Before every report.
            None => (Value::Int(Some(i64::MAX)), ""),
        };
        let mut values = vec![received, id.into(), Value::from(limit as u64 + 1)];
        let case = selection.case.as_ref().map(TokenHash::as_bytes);
        values.extend(case.map(Value::from));
        values.extend(selection.state.map(|state| Value::from(state.as_str())));
        let sql = match (case, selection.state) {
            (None, None) => ALL,
            (None, Some(_)) => OF_STATE,
            (Some(_), None) => OF_CASE,
            (Some(_), Some(_)) => OF_BOTH,
        };
        let rows = self.database().rows(sql, &values).await?;
        let reports: Result<Vec<_>, _> = rows.iter().take(limit).map(read_summary).collect();
        let reports = reports?;
        let more = rows.len() > limit;
        Ok(Page {
            next: reports.last().filter(|_| more).map(Cursor::behind),
            reports,
        })
    }
}

impl Cursor {
    fn behind(report: &ReportSummary) -> Self {
        Self {
            received: report.received,
            id: report.id.clone(),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{} {}", self.received.as_nanosecond(), self.id);
        f.write_str(&BASE64URL_NOPAD.encode(text.as_bytes()))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes());
        let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or(NotACursor)?;
        let (received, id) = text.split_once(' ').ok_or(NotACursor)?;
        let received: i64 = received.parse().map_err(|_| NotACursor)?;
        Ok(Self {
            received: Timestamp::from_nanosecond(received.into()).map_err(|_| NotACursor)?,
            id: id.parse().map_err(|_| NotACursor)?,
        })
    }
}

macro_rules! list {
    ($of:literal) => {
        concat!(
            "SELECT id, state, received, size, sha256, recipients, from_reporter, from_vendor
            FROM reports WHERE (received, id) < ($1, $2)",
            $of,
            " ORDER BY received DESC, id DESC LIMIT $3"
        )
    };
}

const ALL: &str = list!("");
const OF_STATE: &str = list!(" AND state = $4");
const OF_CASE: &str = list!(" AND case_hash = $4");
const OF_BOTH: &str = list!(" AND case_hash = $4 AND state = $5");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor {
            received: "2026-11-26T10:00:00.123456789Z".parse().unwrap(),
            id: ReportId::from_entropy([7; 16]),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "abc", "MTIz", "MSAx", "\u{e9}"] {
            assert_eq!(bad.parse::<Cursor>(), Err(NotACursor), "{bad}");
        }
    }
}
