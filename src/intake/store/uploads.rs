//! Uploads: a row with an offset that only compare-and-swap moves, and the segments so far.
//!
//! tus 1.0.0, as far as it is about what is stored. Serves promises 18 and 19: of those that write
//! at the same offset one wins, and the offset never runs ahead of what is durable. No lock is held
//! while bytes come in, so any copy of the server takes the next ones.

use jiff::Timestamp;

use super::{
    Accepted, KeyHash, NewReport, Origin, Report, Segment, Store, StoreError,
    batch::Entry,
    database::{Row, Tx, transaction, values},
    removal,
    reports::{self, Owner},
    segment::discard,
    sweep,
};
use crate::wire::{ReportId, TokenHash, UploadId};

/// An upload that is about to begin.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// Its id.
    pub id: UploadId,
    /// How many bytes there will be, where that is known.
    pub length: Option<u64>,
    /// Whose it is: the same key again is the same upload.
    pub origin: Origin,
    /// What the admission knows so far; opaque here.
    pub progress: Vec<u8>,
    /// The time of now.
    pub at: Timestamp,
    /// When it may be removed if nothing has come.
    pub first_byte_by: Timestamp,
    /// When it may be removed.
    pub expires: Timestamp,
}

/// What came of beginning one.
#[derive(Clone, Debug)]
pub enum Created {
    /// It has begun.
    Fresh(Upload),
    /// It had begun before, with the same key.
    Known(Upload),
    /// What came with the same key is a report by now, and its upload was swept away.
    Report(Box<Report>),
}

/// An upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// How many bytes are durable.
    pub offset: u64,
    /// How many there will be, where that is known.
    pub length: Option<u64>,
    /// Whose case it will be.
    pub case: Option<TokenHash>,
    /// What the admission knows of the bytes so far.
    pub progress: Vec<u8>,
    /// When it may be removed if nothing has come.
    pub first_byte_by: Timestamp,
    /// When it may be removed.
    pub expires: Timestamp,
    /// The report that it has become.
    pub report: Option<ReportId>,
}

/// Bytes that continue an upload.
#[derive(Debug)]
pub struct Piece {
    /// Where they begin.
    pub offset: u64,
    /// The bytes, in order.
    pub segments: Vec<Segment>,
}

impl Upload {
    /// When it may be removed, as it is now.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        if self.offset == 0 {
            self.first_byte_by
        } else {
            self.expires
        }
    }
}

impl Store {
    /// Begins an upload.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] where the key came with another length or case; or the database
    /// failed.
    pub async fn create_upload(&self, new: NewUpload) -> Result<Created, StoreError> {
        transaction!(self.database(), tx, create_in(&mut tx, &new))
    }

    /// Whether something was submitted, or an upload begun, with a key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn knows(&self, key: &KeyHash) -> Result<bool, StoreError> {
        let found = self.database().row(BY_KEY_AT_ALL, values![key]).await?;
        Ok(found.is_some())
    }

    /// An upload, finished or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn upload(&self, id: &UploadId) -> Result<Upload, StoreError> {
        let sql = "SELECT id, at, length, case_hash, progress, expires, report, key_hash,
            COALESCE(first_byte_by, expires)
            FROM uploads WHERE id = $1";
        let row = self.database().row(sql, values![id.as_str()]).await?;
        row.as_ref().map_or(Err(StoreError::NotFound), read)
    }

    /// Adds bytes to an upload that is at their offset, with what the admission knows after them.
    /// Returns the new offset.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::Finished`], [`StoreError::WrongLength`],
    /// [`StoreError::NotFound`], or the database failed: the segments are removed, unless the
    /// database left it open what stands.
    pub async fn append(
        &self,
        id: &UploadId,
        piece: Piece,
        progress: &[u8],
    ) -> Result<u64, StoreError> {
        let done = self.append_once(id, &piece, progress).await;
        if done.as_ref().is_err_and(|error| !error.may_stand()) {
            discard(self.objects(), &piece.segments).await;
        }
        done
    }

    async fn append_once(
        &self,
        id: &UploadId,
        piece: &Piece,
        progress: &[u8],
    ) -> Result<u64, StoreError> {
        let end = piece.offset + reports::total(&piece.segments)?;
        transaction!(
            self.database(),
            tx,
            append_in(&mut tx, id, piece, end, progress)
        )
    }

    /// Says how long an upload will be; saying the same again is fine.
    ///
    /// # Errors
    /// [`StoreError::WrongLength`] where another length was said, or more bytes are here.
    pub async fn declare_length(&self, id: &UploadId, length: u64) -> Result<(), StoreError> {
        transaction!(self.database(), tx, declare_in(&mut tx, id, length))
    }

    /// Makes a report of an upload, with the bytes that were still missing: they and `report` are
    /// kept together or not at all. `piece` may hold no bytes. An upload that is finished already
    /// gives the report that it has become.
    ///
    /// # Errors
    /// As [`Store::append`] and [`Store::accept`].
    pub async fn finish_upload(
        &self,
        id: &UploadId,
        piece: Piece,
        report: NewReport,
    ) -> Result<Accepted, StoreError> {
        let taken = self.finish_once(id, &piece, &report).await;
        self.settle(&taken, &piece.segments).await;
        if let Ok(Accepted::Known(_)) = taken {
            // The segments of the upload are doomed; what is left is swept later.
            let _swept_later = self.remove_doomed().await;
        }
        taken
    }

    async fn finish_once(
        &self,
        id: &UploadId,
        piece: &Piece,
        report: &NewReport,
    ) -> Result<Accepted, StoreError> {
        if piece.offset + reports::total(&piece.segments)? != report.size {
            return Err(StoreError::WrongLength);
        }
        transaction!(self.database(), tx, finish_in(&mut tx, id, piece, report))
    }

    /// Removes an upload that is not finished, and its bytes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Finished`] where it has become a report.
    pub async fn delete_upload(&self, id: &UploadId) -> Result<(), StoreError> {
        transaction!(self.database(), tx, delete_in(&mut tx, id))?;
        let _swept_later = self.remove_doomed().await;
        Ok(())
    }
}

async fn create_in(tx: &mut Tx, new: &NewUpload) -> Result<Created, StoreError> {
    if let Some(key) = &new.origin.key {
        if let Some(upload) = living(tx, key, new.at).await? {
            let same = new
                .length
                .is_none_or(|length| upload.length.is_none_or(|l| l == length));
            return if same && upload.case == new.origin.case {
                Ok(Created::Known(upload))
            } else {
                Err(StoreError::KeyReused)
            };
        }
        if let Some(report) = reports::by_key(tx, key).await? {
            let same = new
                .length
                .is_none_or(|length| length == report.summary.size);
            return if same && report.case == new.origin.case {
                Ok(Created::Report(Box::new(report)))
            } else {
                Err(StoreError::KeyReused)
            };
        }
    }
    let sql = "INSERT INTO uploads
        (id, at, length, case_hash, key_hash, progress, first_byte_by, expires)
        VALUES ($1, 0, $2, $3, $4, $5, $6, $7)";
    let case = new.origin.case.as_ref().map(TokenHash::as_bytes);
    let key = new.origin.key.as_ref();
    tx.change(
        sql,
        values![
            new.id.as_str(),
            new.length,
            case,
            key,
            &*new.progress,
            new.first_byte_by,
            new.expires
        ],
    )
    .await?;
    Ok(Created::Fresh(Upload {
        id: new.id.clone(),
        offset: 0,
        length: new.length,
        case: new.origin.case,
        progress: new.progress.clone(),
        first_byte_by: new.first_byte_by,
        expires: new.expires,
        report: None,
    }))
}

/// The upload with a key; one that has had its time makes room for another.
async fn living(tx: &mut Tx, key: &KeyHash, now: Timestamp) -> Result<Option<Upload>, StoreError> {
    let find = async |tx: &mut Tx| {
        let row = tx.row(BY_KEY, values![key]).await?;
        row.as_ref().map(read).transpose()
    };
    match find(tx).await? {
        Some(upload) if upload.report.is_none() && upload.ends() <= now => {
            sweep::expire_in(tx, &upload.id, now).await?;
            // Somebody else may have begun anew.
            find(tx).await
        }
        found => Ok(found),
    }
}

async fn append_in(
    tx: &mut Tx,
    id: &UploadId,
    piece: &Piece,
    end: u64,
    progress: &[u8],
) -> Result<u64, StoreError> {
    let sql = "UPDATE uploads SET at = $3, progress = $4
        WHERE id = $1 AND at = $2 AND report IS NULL AND (length IS NULL OR length >= $3)";
    let moved = tx
        .change(sql, values![id.as_str(), piece.offset, end, progress])
        .await?;
    if moved == 0 {
        let (upload, _) = locked(tx, id).await?;
        return Err(match upload.report {
            Some(report) => StoreError::Finished(report),
            None if upload.offset == piece.offset => StoreError::WrongLength,
            None => StoreError::Conflict {
                offset: upload.offset,
            },
        });
    }
    let owner = Owner::Upload(id.as_str());
    reports::attach(tx, owner, piece.offset, &piece.segments).await?;
    Ok(end)
}

async fn declare_in(tx: &mut Tx, id: &UploadId, length: u64) -> Result<(), StoreError> {
    let (upload, _) = locked(tx, id).await?;
    match upload.length {
        Some(known) if known == length => return Ok(()),
        None if upload.offset <= length => {}
        _ => return Err(StoreError::WrongLength),
    }
    let sql = "UPDATE uploads SET length = $2 WHERE id = $1";
    tx.change(sql, values![id.as_str(), length]).await?;
    Ok(())
}

async fn finish_in(
    tx: &mut Tx,
    id: &UploadId,
    piece: &Piece,
    report: &NewReport,
) -> Result<Accepted, StoreError> {
    let (upload, key) = locked(tx, id).await?;
    if let Some(finished) = upload.report {
        let row = tx.row(reports::BY_ID, values![finished.as_str()]).await?;
        let report = row.as_ref().map(reports::read_report).transpose()?;
        return report.map(Accepted::Known).ok_or(StoreError::Gone);
    }
    if upload.offset != piece.offset {
        let offset = upload.offset;
        return Err(StoreError::Conflict { offset });
    }
    if upload.length.is_some_and(|length| length != report.size) {
        return Err(StoreError::WrongLength);
    }
    let origin = Origin {
        case: upload.case,
        key,
    };
    let taken = if let Some(known) = reports::known(tx, &report.sha256, &origin).await? {
        removal::doom_upload(tx, id).await?;
        Accepted::Known(known)
    } else {
        reports::insert(tx, &[Entry::new(report, &origin)]).await?;
        let sql = "UPDATE segments SET report = $2, upload = NULL WHERE upload = $1";
        tx.change(sql, values![id.as_str(), report.id.as_str()])
            .await?;
        let owner = Owner::Report(&report.id);
        reports::attach(tx, owner, piece.offset, &piece.segments).await?;
        Accepted::Fresh(reports::fresh(report, &origin))
    };
    let (Accepted::Fresh(now) | Accepted::Known(now)) = &taken;
    let sql = "UPDATE uploads SET at = $2, length = $2, report = $3, progress = $4 WHERE id = $1";
    let nothing: &[u8] = &[];
    let report_id = now.summary.id.as_str();
    tx.change(sql, values![id.as_str(), report.size, report_id, nothing])
        .await?;
    Ok(taken)
}

async fn delete_in(tx: &mut Tx, id: &UploadId) -> Result<(), StoreError> {
    let (upload, _) = locked(tx, id).await?;
    if let Some(report) = upload.report {
        return Err(StoreError::Finished(report));
    }
    removal::doom_upload(tx, id).await?;
    let sql = "DELETE FROM uploads WHERE id = $1";
    tx.change(sql, values![id.as_str()]).await?;
    Ok(())
}

/// An upload and its key, which nobody else changes until the transaction ends.
async fn locked(tx: &mut Tx, id: &UploadId) -> Result<(Upload, Option<KeyHash>), StoreError> {
    let sql = "UPDATE uploads SET at = at WHERE id = $1
        RETURNING id, at, length, case_hash, progress, expires, report, key_hash,
        COALESCE(first_byte_by, expires)";
    let row = tx.row(sql, values![id.as_str()]).await?;
    let row = row.ok_or(StoreError::NotFound)?;
    Ok((read(&row)?, row.digest_or_none(7)?))
}

fn read(row: &Row) -> Result<Upload, StoreError> {
    let report: Option<String> = row.at(6)?;
    Ok(Upload {
        id: row.parsed(0)?,
        offset: row.count(1)?,
        length: row.count_or_none(2)?,
        case: row.digest_or_none(3)?.map(TokenHash::from_bytes),
        progress: row.at(4)?,
        first_byte_by: row.time(8)?,
        expires: row.time(5)?,
        report: report.and_then(|id| id.parse().ok()),
    })
}

const BY_KEY: &str = "SELECT id, at, length, case_hash, progress, expires, report, key_hash,
    COALESCE(first_byte_by, expires)
    FROM uploads WHERE key_hash = $1";

const BY_KEY_AT_ALL: &str = "SELECT id FROM uploads WHERE key_hash = $1
    UNION ALL SELECT report FROM submissions WHERE key_hash = $1";
