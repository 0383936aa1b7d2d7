//! Reports come in: rows, segments, the first event and the idempotency key in one transaction.
//!
//! Serves promise 20: what was submitted with the same key, or is the same bytes for the same case,
//! is one report with one receipt, however often and however parallel it comes.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Segment, Store, StoreError,
    batch::{Batched, Entry, Submission},
    database::{Change, Row, Tx, transaction, values},
    segment::{self, discard},
};
use crate::{
    case::{EventKind, State},
    wire::{ReportId, ReportSummary, TokenHash},
};

/// A digest of an idempotency key and of whose it is. The key itself is not kept.
pub type KeyHash = [u8; 32];

/// A report that is about to be taken.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// Its id.
    pub id: ReportId,
    /// When all of it was here.
    pub received: Timestamp,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Which keys it names; no spaces in any.
    pub recipients: Vec<String>,
    /// What the submitter gets in return.
    pub receipt: String,
}

/// Whose a submission is. An upload brings its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin {
    /// The digest of the case token.
    pub case: Option<TokenHash>,
    /// The digest of the idempotency key.
    pub key: Option<KeyHash>,
}

/// A report that was taken.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// Now.
    Fresh(Report),
    /// Before: the same submission came again. It has its first id and receipt.
    Known(Report),
}

/// A report that the store holds.
#[derive(Clone, Debug)]
pub struct Report {
    /// What everybody with a fitting token may see.
    pub summary: ReportSummary,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Whose case it is.
    pub case: Option<TokenHash>,
    /// The receipt, as it was given out.
    pub receipt: String,
    /// When `fsck` found that bytes of it are lost.
    pub damaged: Option<Timestamp>,
}

impl Store {
    /// Takes a report whose segments, in order, are all of it.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`], [`StoreError::Swept`], or the database failed: the segments are
    /// removed, unless the database left it open what stands.
    pub async fn accept(
        &self,
        report: NewReport,
        origin: Origin,
        segments: Vec<Segment>,
    ) -> Result<Accepted, StoreError> {
        let submission = Arc::new(Submission {
            report,
            origin,
            segments,
        });
        let taken = self.accept_once(&submission).await;
        self.settle(&taken, &submission.segments).await;
        taken
    }

    async fn accept_once(&self, submission: &Arc<Submission>) -> Result<Accepted, StoreError> {
        if total(&submission.segments)? != submission.report.size {
            return Err(StoreError::Inconsistent("the segments are not the report"));
        }
        match self.accept_batched(submission).await {
            Batched::Durable => {
                let fresh = fresh(&submission.report, &submission.origin);
                Ok(Accepted::Fresh(fresh))
            }
            Batched::Failed(error) => Err(error),
            Batched::Not => transaction!(self.database(), tx, accept_in(&mut tx, submission)),
        }
    }

    /// A report.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Gone`] where it was deleted.
    pub async fn report(&self, id: &ReportId) -> Result<Report, StoreError> {
        // One question and one row whatever is there, so that a miss takes as long as a hit.
        let row = self
            .database()
            .row(OR_TOMBSTONE, values![id.as_str()])
            .await?;
        let row = row.ok_or(StoreError::NotFound)?;
        let (found, deleted): (Option<String>, Option<i64>) = (row.at(0)?, row.at(COLUMNS)?);
        match (found, deleted) {
            (Some(_), _) => read_report(&row),
            (None, Some(_)) => Err(StoreError::Gone),
            (None, None) => Err(StoreError::NotFound),
        }
    }

    /// The digest of the token that opens a report, and nothing else of it; `or` where it has none, or is
    /// not there. One question, and one answer of the same size: a foreign report takes as long as one
    /// that is not there.
    ///
    /// # Errors
    /// The database failed.
    pub async fn case_of(&self, id: &ReportId, or: TokenHash) -> Result<TokenHash, StoreError> {
        let row = self
            .database()
            .row(CASE_OF, values![id.as_str(), &or.as_bytes()[..]])
            .await?;
        let found = match &row {
            Some(row) => row.digest_or_none(0)?,
            None => None,
        };
        Ok(found.map_or(or, TokenHash::from_bytes))
    }

    /// Why a report is not there.
    pub(super) async fn absent(&self, id: &ReportId) -> StoreError {
        let sql = "SELECT id FROM tombstones WHERE id = $1";
        match self.database().row(sql, values![id.as_str()]).await {
            Ok(Some(_)) => StoreError::Gone,
            Ok(None) => StoreError::NotFound,
            Err(error) => error,
        }
    }

    /// Removes the segments that did not become part of a report after all.
    pub(super) async fn settle(&self, taken: &Result<Accepted, StoreError>, segments: &[Segment]) {
        let unused = match taken {
            Ok(Accepted::Fresh(_)) => false,
            Ok(Accepted::Known(_)) => true,
            Err(error) => !error.may_stand(),
        };
        if unused {
            discard(self.objects(), segments).await;
        }
    }
}

async fn accept_in(tx: &mut Tx, submission: &Submission) -> Result<Accepted, StoreError> {
    let (report, origin) = (&submission.report, &submission.origin);
    if let Some(known) = known(tx, &report.sha256, origin).await? {
        return Ok(Accepted::Known(known));
    }
    insert(tx, &[submission.entry()]).await?;
    segment::hold(tx, &submission.segments).await?;
    Ok(Accepted::Fresh(fresh(report, origin)))
}

/// The report that the same submission has become before; with a key that is not remembered yet,
/// it is from now on.
pub(super) async fn known(
    tx: &mut Tx,
    sha256: &[u8; 32],
    origin: &Origin,
) -> Result<Option<Report>, StoreError> {
    let case = origin.case.as_ref().map(TokenHash::as_bytes);
    if let Some(key) = &origin.key
        && let Some(report) = by_key(tx, key).await?
    {
        let same = report.sha256 == *sha256 && report.case == origin.case;
        return if same {
            Ok(Some(report))
        } else {
            Err(StoreError::KeyReused)
        };
    }
    let Some(row) = tx.row(BY_SUBMISSION, values![sha256, case]).await? else {
        return Ok(None);
    };
    let report = read_report(&row)?;
    if let Some(key) = &origin.key {
        remember(tx, key, &report.summary.id, None).await?;
    }
    Ok(Some(report))
}

/// The report that was submitted with a key.
///
/// # Errors
/// [`StoreError::KeyReused`] where it was a message.
pub(super) async fn by_key(tx: &mut Tx, key: &KeyHash) -> Result<Option<Report>, StoreError> {
    let Some(row) = tx.row(BY_KEY, values![key]).await? else {
        return Ok(None);
    };
    let message: Option<String> = row.at(COLUMNS)?;
    match message {
        None => read_report(&row).map(Some),
        Some(_) => Err(StoreError::KeyReused),
    }
}

/// The rows of new reports, with those of their segments and keys.
pub(super) async fn insert(tx: &mut Tx, entries: &[Entry<'_>]) -> Result<(), StoreError> {
    let recipients = entries
        .iter()
        .map(|entry| entry.report.recipients.join(" "));
    let recipients: Vec<String> = recipients.collect();
    let mut reports = Change::insert(REPORT_ROW);
    let mut events = Change::insert(EVENT_ROW);
    let mut segments = Change::insert(SEGMENT_OF_REPORT);
    let mut keys = Change::insert(KEY_ROW);
    for (entry, recipients) in entries.iter().zip(&recipients) {
        let (report, id) = (entry.report, entry.report.id.as_str());
        reports.row(values![
            id,
            State::Received.as_str(),
            report.received,
            report.size,
            &report.sha256,
            &**recipients,
            entry.origin.case.as_ref().map(TokenHash::as_bytes),
            &*report.receipt,
        ]);
        events.row(values![id, EventKind::Received.as_str(), report.received]);
        pieces(&mut segments, id, 0, entry.segments);
        if let Some(key) = &entry.origin.key {
            keys.row(values![key, id, None::<&str>]);
        }
    }
    tx.change_all(&[reports, events, segments, keys]).await
}

/// Remembers what was submitted with a key.
pub(super) async fn remember(
    tx: &mut Tx,
    key: &KeyHash,
    report: &ReportId,
    message: Option<&str>,
) -> Result<(), StoreError> {
    tx.change(KEY_ROW, values![key, report.as_str(), message])
        .await?;
    Ok(())
}

/// What segments belong to.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    Upload(&'a str),
    Report(&'a ReportId),
    Message(&'a str),
}

/// Makes segments part of something, from offset `start` on, if they are still there.
pub(super) async fn attach(
    tx: &mut Tx,
    owner: Owner<'_>,
    start: u64,
    segments: &[Segment],
) -> Result<(), StoreError> {
    let (sql, id) = match owner {
        Owner::Upload(id) => (SEGMENT_OF_UPLOAD, id),
        Owner::Report(id) => (SEGMENT_OF_REPORT, id.as_str()),
        Owner::Message(id) => (SEGMENT_OF_MESSAGE, id),
    };
    let mut rows = Change::insert(sql);
    pieces(&mut rows, id, start, segments);
    tx.change_all(&[rows]).await?;
    segment::hold(tx, segments).await
}

/// The rows of segments that are part of `owner`, from offset `start` on.
fn pieces<'a>(rows: &mut Change<'a>, owner: &'a str, mut start: u64, segments: &'a [Segment]) {
    for segment in segments {
        let (key, held) = (segment.key.as_str(), segment.held.as_deref());
        rows.row(values![key, owner, start, segment.size, held]);
        start += segment.size;
    }
}

/// The bytes of segments together.
pub(super) fn total(segments: &[Segment]) -> Result<u64, StoreError> {
    if segments.iter().any(|segment| segment.size == 0) {
        return Err(StoreError::Inconsistent("a segment is empty"));
    }
    Ok(segments.iter().map(|segment| segment.size).sum())
}

/// The report that was just inserted.
pub(super) fn fresh(report: &NewReport, origin: &Origin) -> Report {
    Report {
        summary: ReportSummary {
            id: report.id.clone(),
            state: State::Received,
            received: report.received,
            size: report.size,
            sha256: data_encoding::HEXLOWER.encode(&report.sha256),
            recipients: report.recipients.clone(),
            messages_from_reporter: 0,
            messages_from_vendor: 0,
        },
        sha256: report.sha256,
        case: origin.case,
        receipt: report.receipt.clone(),
        damaged: None,
    }
}

/// Reads the first [`COLUMNS`] columns.
pub(super) fn read_report(row: &Row) -> Result<Report, StoreError> {
    Ok(Report {
        summary: read_summary(row)?,
        sha256: row.digest(4)?,
        case: row.digest_or_none(8)?.map(TokenHash::from_bytes),
        receipt: row.at(9)?,
        damaged: row.time_or_none(10)?,
    })
}

/// Reads the first eight columns.
pub(super) fn read_summary(row: &Row) -> Result<ReportSummary, StoreError> {
    let state: String = row.at(1)?;
    let recipients: String = row.at(5)?;
    Ok(ReportSummary {
        id: row.parsed(0)?,
        state: State::from_word(&state)
            .ok_or(StoreError::Inconsistent("a state that is none in a row"))?,
        received: row.time(2)?,
        size: row.count(3)?,
        sha256: data_encoding::HEXLOWER.encode(&row.digest(4)?),
        recipients: recipients.split_whitespace().map(str::to_owned).collect(),
        messages_from_reporter: row.count(6)?,
        messages_from_vendor: row.count(7)?,
    })
}

const REPORT_ROW: &str = "INSERT INTO reports
    (id, state, changed, received, size, sha256, recipients, case_hash, receipt)
    VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8)";

const EVENT_ROW: &str = "INSERT INTO events (report, number, kind, at) VALUES ($1, 0, $2, $3)";

const KEY_ROW: &str = "INSERT INTO submissions (key_hash, report, message) VALUES ($1, $2, $3)";

const SEGMENT_OF_UPLOAD: &str =
    "INSERT INTO segments (object, upload, start, size, bytes) VALUES ($1, $2, $3, $4, $5)";

const SEGMENT_OF_REPORT: &str =
    "INSERT INTO segments (object, report, start, size, bytes) VALUES ($1, $2, $3, $4, $5)";

const SEGMENT_OF_MESSAGE: &str =
    "INSERT INTO segments (object, message, start, size, bytes) VALUES ($1, $2, $3, $4, $5)";

/// How many columns a report has in an answer.
const COLUMNS: usize = 11;

pub(super) const BY_ID: &str = "SELECT id, state, received, size, sha256, recipients,
    from_reporter, from_vendor, case_hash, receipt, damaged FROM reports WHERE id = $1";

const OR_TOMBSTONE: &str = "SELECT r.id, r.state, r.received, r.size, r.sha256, r.recipients,
    r.from_reporter, r.from_vendor, r.case_hash, r.receipt, r.damaged, t.deleted
    FROM (SELECT CAST($1 AS TEXT) AS id) asked
    LEFT JOIN reports r ON r.id = asked.id LEFT JOIN tombstones t ON t.id = asked.id";

const CASE_OF: &str = "SELECT COALESCE(r.case_hash, $2)
    FROM (SELECT CAST($1 AS TEXT) AS id) asked LEFT JOIN reports r ON r.id = asked.id";

const BY_SUBMISSION: &str = "SELECT id, state, received, size, sha256, recipients,
    from_reporter, from_vendor, case_hash, receipt, damaged
    FROM reports WHERE sha256 = $1 AND COALESCE(case_hash, sha256) = COALESCE($2, sha256)";

const BY_KEY: &str = "SELECT r.id, r.state, r.received, r.size, r.sha256, r.recipients,
    r.from_reporter, r.from_vendor, r.case_hash, r.receipt, r.damaged, s.message
    FROM submissions s JOIN reports r ON r.id = s.report WHERE s.key_hash = $1";
