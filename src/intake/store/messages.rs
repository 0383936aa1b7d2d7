//! Sealed messages of a case, in both directions.

use jiff::Timestamp;

use super::{
    KeyHash, Segment, Store, StoreError,
    database::{Row, Tx, transaction, values},
    reports::{self, Owner},
    segment::discard,
};
use crate::wire::{Author, MessageId, MessageView, ReportId};

/// A message that is about to be kept.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// Who sent it.
    pub from: Author,
    /// When all of it was here.
    pub at: Timestamp,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// The digest of the idempotency key, of the report, and of who sent it.
    pub key: Option<KeyHash>,
}

/// A message that was kept.
#[derive(Clone, Debug)]
pub enum AddedMessage {
    /// Now.
    Fresh(MessageView),
    /// Before, with the same key.
    Known(MessageView),
}

impl Store {
    /// Keeps a message whose segments, in order, are all of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Gone`], [`StoreError::KeyReused`], or the database
    /// failed: the segments are removed, unless the database left it open what stands.
    pub async fn add_message(
        &self,
        report: &ReportId,
        new: NewMessage,
        segments: Vec<Segment>,
    ) -> Result<AddedMessage, StoreError> {
        let added = self.add_once(report, &new, &segments).await;
        let unused = match &added {
            Ok(AddedMessage::Fresh(_)) => false,
            Ok(AddedMessage::Known(_)) => true,
            Err(error) => !error.may_stand(),
        };
        if unused {
            discard(self.objects(), &segments).await;
        }
        match added {
            Err(StoreError::NotFound) => Err(self.absent(report).await),
            added => added,
        }
    }

    async fn add_once(
        &self,
        report: &ReportId,
        new: &NewMessage,
        segments: &[Segment],
    ) -> Result<AddedMessage, StoreError> {
        let size = reports::total(segments)?;
        let view = MessageView {
            id: new.id.clone(),
            from: new.from,
            at: new.at,
            size,
            sha256: data_encoding::HEXLOWER.encode(&new.sha256),
        };
        transaction!(
            self.database(),
            tx,
            add_in(&mut tx, report, new, &view, segments)
        )
    }

    /// The messages of a report, oldest first. Empty where there is no such report.
    ///
    /// # Errors
    /// The database failed.
    pub async fn messages(&self, report: &ReportId) -> Result<Vec<MessageView>, StoreError> {
        let sql = "SELECT id, author, at, size, sha256 FROM messages
            WHERE report = $1 ORDER BY at, id";
        let rows = self.database().rows(sql, values![report.as_str()]).await?;
        rows.iter().map(read).collect()
    }

    /// One message of a report.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn message(
        &self,
        report: &ReportId,
        id: &MessageId,
    ) -> Result<MessageView, StoreError> {
        let sql = "SELECT id, author, at, size, sha256 FROM messages
            WHERE report = $1 AND id = $2";
        let values = values![report.as_str(), id.as_str()];
        let row = self.database().row(sql, values).await?;
        row.as_ref().map_or(Err(StoreError::NotFound), read)
    }
}

async fn add_in(
    tx: &mut Tx,
    report: &ReportId,
    new: &NewMessage,
    view: &MessageView,
    segments: &[Segment],
) -> Result<AddedMessage, StoreError> {
    if let Some(key) = &new.key
        && let Some(known) = known(tx, report, key).await?
    {
        return if known.sha256 == view.sha256 && known.from == view.from {
            Ok(AddedMessage::Known(known))
        } else {
            Err(StoreError::KeyReused)
        };
    }
    let (reporter, vendor) = match new.from {
        Author::Reporter => (1_i64, 0_i64),
        Author::Vendor => (0, 1),
    };
    let sql = "UPDATE reports SET from_reporter = from_reporter + $2,
        from_vendor = from_vendor + $3 WHERE id = $1";
    let counted = tx
        .change(sql, values![report.as_str(), reporter, vendor])
        .await?;
    if counted == 0 {
        return Err(StoreError::NotFound);
    }
    let sql = "INSERT INTO messages (id, report, author, at, size, sha256)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let (id, of) = (new.id.as_str(), report.as_str());
    let author = new.from.as_str();
    let values = values![id, of, author, new.at, view.size, &new.sha256];
    tx.change(sql, values).await?;
    reports::attach(tx, Owner::Message(id), 0, segments).await?;
    if let Some(key) = &new.key {
        reports::remember(tx, key, report, Some(id)).await?;
    }
    Ok(AddedMessage::Fresh(view.clone()))
}

/// The message that came with a key before.
async fn known(
    tx: &mut Tx,
    report: &ReportId,
    key: &KeyHash,
) -> Result<Option<MessageView>, StoreError> {
    let sql = "SELECT m.id, m.author, m.at, m.size, m.sha256, s.report
        FROM submissions s LEFT JOIN messages m ON m.id = s.message WHERE s.key_hash = $1";
    let Some(row) = tx.row(sql, values![key]).await? else {
        return Ok(None);
    };
    let message: Option<String> = row.at(0)?;
    let of: ReportId = row.parsed(5)?;
    match message {
        Some(_) if of == *report => read(&row).map(Some),
        _ => Err(StoreError::KeyReused),
    }
}

fn read(row: &Row) -> Result<MessageView, StoreError> {
    let author: String = row.at(1)?;
    Ok(MessageView {
        id: row.parsed(0)?,
        from: match &*author {
            "reporter" => Author::Reporter,
            _ => Author::Vendor,
        },
        at: row.time(2)?,
        size: row.count(3)?,
        sha256: data_encoding::HEXLOWER.encode(&row.digest(4)?),
    })
}
