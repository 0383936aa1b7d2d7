//! Comparing rows and objects, both ways, and mending what can be mended.
//!
//! Serves promises 12 and 21. The row of a report that was acknowledged is never removed here: a
//! report whose bytes are lost is marked as damaged, and that is said each time.

use std::collections::{BTreeSet, HashMap};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    Checked, DriftKind, PartOf, Sealed, Store, StoreError,
    database::{Row, Tx, transaction, values},
    objects::ObjectKey,
    removal,
};
use crate::wire::{MessageId, ReportId, UploadId};

/// How to check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Mend what can be mended.
    pub repair: bool,
    /// Read every byte and compare its SHA-256.
    pub deep: bool,
    /// Objects without a row that are older than this are orphans.
    pub grace_ended: Timestamp,
    /// The time of now, for marks.
    pub now: Timestamp,
}

/// A segment's row.
struct Named {
    size: u64,
    /// How many bytes the row holds itself, where it names no object.
    held: Option<u64>,
    part_of: PartOf,
}

impl Store {
    /// Compares rows and objects, both ways. It may run beside a server.
    ///
    /// # Errors
    /// The database or the objects cannot be read at all.
    pub async fn check(&self, how: &Check) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        for complaint in self.database().complaints(how.deep).await? {
            checked.note(DriftKind::Database, None, complaint);
        }
        self.count(&mut checked).await?;
        self.compare_objects(how, &mut checked).await?;
        self.compare_sums(&mut checked).await?;
        if how.deep {
            self.compare_digests(&mut checked).await?;
        }
        self.compare_marks(&mut checked).await?;
        if how.repair {
            self.mend(how.now, &mut checked).await?;
        }
        Ok(checked)
    }

    async fn count(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let statistics = self.statistics().await?;
        checked.reports = statistics.reports.iter().map(|(_, count)| count).sum();
        checked.messages = statistics.messages;
        checked.uploads = statistics.open_uploads;
        Ok(())
    }

    async fn compare_objects(&self, how: &Check, checked: &mut Checked) -> Result<(), StoreError> {
        let mut named = self.named().await?;
        for (key, row) in named.extract_if(|_, row| row.held.is_some()) {
            let held = row.held.unwrap_or(0);
            if held != row.size {
                let what = format!("{}: {held} bytes, not {}", key.as_str(), row.size);
                checked.note(DriftKind::WrongSize, Some(row.part_of), what);
            }
        }
        let mut listed = self.objects().list();
        while let Some(found) = listed.try_next().await? {
            checked.objects += 1;
            checked.bytes += found.size;
            let object = found.key.as_str();
            match named.remove(&found.key) {
                Some(row) if row.size == found.size => {}
                Some(row) => {
                    let what = format!("{object}: {} bytes, not {}", found.size, row.size);
                    checked.note(DriftKind::WrongSize, Some(row.part_of), what);
                }
                None if found.written > how.grace_ended => {}
                None if self.is_named(object).await? || self.is_doomed(object).await? => {}
                None => checked.note(DriftKind::Orphan, None, object),
            }
        }
        for key in self.doomed().await? {
            if self.objects().size(&key).await?.is_some() {
                checked.note(DriftKind::Doomed, None, key.as_str());
            }
        }
        for (key, row) in named {
            // Looked at again: it may have been deleted since, or the list may lag behind.
            if self.is_named(key.as_str()).await? && self.objects().size(&key).await?.is_none() {
                checked.note(DriftKind::Missing, Some(row.part_of), key.as_str());
            }
        }
        Ok(())
    }

    /// The segments' rows.
    async fn named(&self) -> Result<HashMap<ObjectKey, Named>, StoreError> {
        let sql = "SELECT s.object, s.size, s.upload, COALESCE(s.report, m.report), s.message,
            LENGTH(s.bytes)
            FROM segments s LEFT JOIN messages m ON m.id = s.message";
        let rows = self.database().rows(sql, values![]).await?;
        let named = |row: &Row| {
            let upload: Option<String> = row.at(2)?;
            let message: Option<String> = row.at(4)?;
            let part_of = match (upload, message) {
                (Some(_), _) => PartOf::Upload(row.parsed(2)?),
                (None, Some(_)) => PartOf::Message(row.parsed(3)?, row.parsed(4)?),
                (None, None) => PartOf::Report(row.parsed(3)?),
            };
            let named = Named {
                size: row.count(1)?,
                held: row.count_or_none(5)?,
                part_of,
            };
            Ok((row.parsed(0)?, named))
        };
        rows.iter().map(named).collect()
    }

    async fn doomed(&self) -> Result<Vec<ObjectKey>, StoreError> {
        let sql = "SELECT object FROM doomed";
        let rows = self.database().rows(sql, values![]).await?;
        rows.iter().map(|row| row.parsed(0)).collect()
    }

    async fn is_doomed(&self, object: &str) -> Result<bool, StoreError> {
        let sql = "SELECT object FROM doomed WHERE object = $1";
        Ok(self.database().row(sql, values![object]).await?.is_some())
    }

    /// Whether the segments of everything make up the whole, in one statement each, so that what
    /// comes in meanwhile does not look like drift.
    async fn compare_sums(&self, checked: &mut Checked) -> Result<(), StoreError> {
        for row in self.database().rows(SHORT_REPORTS, values![]).await? {
            let part_of = PartOf::Report(row.parsed(0)?);
            checked.note(DriftKind::Incomplete, Some(part_of), "");
        }
        for row in self.database().rows(SHORT_MESSAGES, values![]).await? {
            let part_of = PartOf::Message(row.parsed(0)?, row.parsed(1)?);
            checked.note(DriftKind::Incomplete, Some(part_of), "");
        }
        for row in self.database().rows(SHORT_UPLOADS, values![]).await? {
            let part_of = PartOf::Upload(row.parsed(0)?);
            checked.note(DriftKind::Incomplete, Some(part_of), "");
        }
        Ok(())
    }

    async fn compare_digests(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let lost: BTreeSet<PartOf> = checked
            .drift
            .iter()
            .filter_map(|drift| drift.part_of.clone())
            .collect();
        let sql = "SELECT id, sha256 FROM reports";
        for row in self.database().rows(sql, values![]).await? {
            let id: ReportId = row.parsed(0)?;
            let part_of = PartOf::Report(id.clone());
            if !lost.contains(&part_of) {
                let digest = digest(self.sealed(&id).await).await?;
                if digest.differs(row.digest(1)?) && self.report(&id).await.is_ok() {
                    checked.note(DriftKind::Altered, Some(part_of), digest.in_words());
                }
            }
        }
        let sql = "SELECT report, id, sha256 FROM messages";
        for row in self.database().rows(sql, values![]).await? {
            let (report, id): (ReportId, MessageId) = (row.parsed(0)?, row.parsed(1)?);
            let part_of = PartOf::Message(report.clone(), id.clone());
            if !lost.contains(&part_of) {
                let digest = digest(self.sealed_message(&report, &id).await).await?;
                if digest.differs(row.digest(2)?) && self.message(&report, &id).await.is_ok() {
                    checked.note(DriftKind::Altered, Some(part_of), digest.in_words());
                }
            }
        }
        Ok(())
    }

    /// Reports that are marked and no longer lack anything: somebody brought the bytes back.
    async fn compare_marks(&self, checked: &mut Checked) -> Result<(), StoreError> {
        let lost = checked.damaged();
        let sql = "SELECT id FROM reports WHERE damaged IS NOT NULL";
        for row in self.database().rows(sql, values![]).await? {
            let id: ReportId = row.parsed(0)?;
            if !lost.contains(&id) {
                checked.note(DriftKind::Healed, Some(PartOf::Report(id)), "");
            }
        }
        Ok(())
    }

    async fn mend(&self, now: Timestamp, checked: &mut Checked) -> Result<(), StoreError> {
        for id in checked.damaged() {
            transaction!(self.database(), tx, mark_in(&mut tx, &id, Some(now)))?;
        }
        self.remove_doomed().await?;
        for drift in &mut checked.drift {
            drift.mended = match (&drift.kind, &drift.part_of) {
                (DriftKind::Orphan, _) => self.remove_named(&drift.what, false).await?,
                (DriftKind::Doomed, _) => self.remove_named(&drift.what, true).await?,
                (DriftKind::Healed, Some(PartOf::Report(id))) => {
                    transaction!(self.database(), tx, mark_in(&mut tx, id, None))?;
                    true
                }
                (_, Some(PartOf::Upload(id))) => {
                    transaction!(self.database(), tx, drop_in(&mut tx, id))?;
                    true
                }
                _ => false,
            };
        }
        self.remove_doomed().await?;
        Ok(())
    }

    /// Removes an object that no row names, and says whether it is gone.
    async fn remove_named(&self, object: &str, doomed: bool) -> Result<bool, StoreError> {
        let Some(key) = ObjectKey::parse(object) else {
            return Ok(false);
        };
        if doomed {
            return Ok(self.objects().size(&key).await?.is_none());
        }
        Ok(self.remove_orphan(&key).await? == Some(true))
    }
}

/// What reading all bytes of something came to.
enum Digest256 {
    /// Their SHA-256.
    Is([u8; 32]),
    /// They could not be read.
    Unread(String),
}

impl Digest256 {
    fn differs(&self, wanted: [u8; 32]) -> bool {
        !matches!(self, Self::Is(found) if *found == wanted)
    }

    fn in_words(&self) -> String {
        match self {
            Self::Is(found) => data_encoding::HEXLOWER.encode(found),
            Self::Unread(why) => why.clone(),
        }
    }
}

/// Reads all bytes. What cannot be read is for the caller to judge: it may be deleted by now.
async fn digest(sealed: Result<Sealed, StoreError>) -> Result<Digest256, StoreError> {
    let sealed = match sealed {
        Err(why @ StoreError::Database(_)) => return Err(why),
        Err(why) => return Ok(Digest256::Unread(why.to_string())),
        Ok(sealed) => sealed,
    };
    let size = sealed.size();
    let mut pieces = sealed.stream(0..size);
    let mut hash = Sha256::new();
    loop {
        match pieces.try_next().await {
            Ok(Some(piece)) => hash.update(&piece),
            Ok(None) => return Ok(Digest256::Is(hash.finalize().into())),
            Err(why) => return Ok(Digest256::Unread(why.to_string())),
        }
    }
}

/// Marks a report as damaged, unless it is, or removes the mark.
async fn mark_in(tx: &mut Tx, id: &ReportId, damaged: Option<Timestamp>) -> Result<(), StoreError> {
    if let Some(now) = damaged {
        let sql = "UPDATE reports SET damaged = COALESCE(damaged, $2) WHERE id = $1";
        tx.change(sql, values![id.as_str(), now]).await?;
    } else {
        let sql = "UPDATE reports SET damaged = NULL WHERE id = $1";
        tx.change(sql, values![id.as_str()]).await?;
    }
    Ok(())
}

/// Removes an upload that lacks bytes: its client begins again. One that is finished stays.
async fn drop_in(tx: &mut Tx, id: &UploadId) -> Result<(), StoreError> {
    let lock = "UPDATE uploads SET at = at WHERE id = $1 AND report IS NULL";
    if tx.change(lock, values![id.as_str()]).await? == 1 {
        removal::doom_upload(tx, id).await?;
        let sql = "DELETE FROM uploads WHERE id = $1";
        tx.change(sql, values![id.as_str()]).await?;
    }
    Ok(())
}

const SHORT_REPORTS: &str = "SELECT r.id FROM reports r WHERE r.size <>
    (SELECT COALESCE(SUM(s.size), 0) FROM segments s WHERE s.report = r.id)
    OR r.size <> (SELECT COALESCE(MAX(s.start + s.size), 0) FROM segments s WHERE s.report = r.id)";

const SHORT_MESSAGES: &str = "SELECT m.report, m.id FROM messages m WHERE m.size <>
    (SELECT COALESCE(SUM(s.size), 0) FROM segments s WHERE s.message = m.id)
    OR m.size <> (SELECT COALESCE(MAX(s.start + s.size), 0) FROM segments s WHERE s.message = m.id)";

const SHORT_UPLOADS: &str = "SELECT u.id FROM uploads u WHERE u.report IS NULL AND (u.at <>
    (SELECT COALESCE(SUM(s.size), 0) FROM segments s WHERE s.upload = u.id)
    OR u.at <> (SELECT COALESCE(MAX(s.start + s.size), 0) FROM segments s WHERE s.upload = u.id))";
