//! The timeline of a report.

use jiff::Timestamp;

use super::{
    Store, StoreError,
    database::{Row, Tx, transaction, values},
};
use crate::{
    case::{Event, EventKind, State},
    wire::{NewEvent, ReportId},
};

impl Store {
    /// Adds to a timeline, and moves the report to the state that the event leads to.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Gone`], or the database failed.
    pub async fn add_event(
        &self,
        report: &ReportId,
        event: &NewEvent,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let added = transaction!(self.database(), tx, add_in(&mut tx, report, event, at));
        match added {
            Err(StoreError::NotFound) => Err(self.absent(report).await),
            added => added,
        }
    }

    /// What happened to a report, oldest first. Empty where there is no such report.
    ///
    /// # Errors
    /// The database failed.
    pub async fn timeline(&self, report: &ReportId) -> Result<Vec<Event>, StoreError> {
        let sql = "SELECT kind, at, until FROM events WHERE report = $1 ORDER BY number";
        let rows = self.database().rows(sql, values![report.as_str()]).await?;
        rows.iter().map(read).collect()
    }
}

async fn add_in(
    tx: &mut Tx,
    report: &ReportId,
    event: &NewEvent,
    at: Timestamp,
) -> Result<(), StoreError> {
    let id = report.as_str();
    let state = event.kind.leads_to().map(State::as_str);
    // Whoever else adds to this timeline waits here.
    let sql = "UPDATE reports SET changed = $2, state = COALESCE($3, state) WHERE id = $1";
    if tx.change(sql, values![id, at, state]).await? == 0 {
        return Err(StoreError::NotFound);
    }
    let sql = "INSERT INTO events (report, number, kind, at, until)
        SELECT $1, COALESCE(MAX(number), -1) + 1, $2, $3, $4 FROM events WHERE report = $1";
    let until = event.until.map(|day| day.to_string());
    tx.change(sql, values![id, event.kind.as_str(), at, until.as_deref()])
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Event, StoreError> {
    let kind: String = row.at(0)?;
    let until: Option<String> = row.at(2)?;
    Ok(Event {
        kind: EventKind::from_word(&kind)
            .ok_or(StoreError::Inconsistent("an event that is none in a row"))?,
        at: row.time(1)?,
        until: until.and_then(|day| day.parse().ok()),
    })
}
