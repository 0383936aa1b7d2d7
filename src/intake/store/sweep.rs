//! Sweeping: what has had its time is removed, and what was deleted leaves the disk.
//!
//! Serves promises 40 and 43. It may run beside a server at any time: an object that has no row yet
//! is left alone for a while, and one that is given up can get none (see [`removal`]).

use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};

use super::{
    Store, StoreError,
    database::{Tx, transaction, values},
    objects::Found,
    removal,
};
use crate::wire::{ReportId, UploadId};

/// What has had its time.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    /// The time of now.
    pub now: Timestamp,
    /// Objects without a row are removed after this. What is arriving for longer has to begin again.
    pub grace: SignedDuration,
    /// Objects without a row that were written after this are left alone, and counted. Where the database
    /// is older than the objects, as after a backup was brought back, their rows are what is missing.
    /// See [`Store::newest`]; without, none is left alone.
    pub known_until: Option<Timestamp>,
    /// Tombstones of deleted reports, and revoked tokens, are removed after this.
    pub tombstones: SignedDuration,
    /// Reports are deleted when they have been closed for so long; without, never.
    pub closed: Option<SignedDuration>,
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploads that had expired.
    pub uploads: u64,
    /// Reports that had been closed for long enough.
    pub reports: u64,
    /// Tombstones of reports.
    pub tombstones: u64,
    /// Tokens that had been revoked.
    pub tokens: u64,
    /// Objects without a row.
    pub orphans: u64,
    /// Objects without a row that are younger than what the database knows: left alone.
    pub younger: u64,
    /// Objects that could not be removed; the next sweep tries again.
    pub left: u64,
    /// Whether everything that was deleted has left the files of the database.
    pub compacted: bool,
}

impl Ages {
    /// How long an object may wait for its row.
    pub const GRACE: SignedDuration = SignedDuration::from_hours(24);
    /// How long a tombstone stays.
    pub const TOMBSTONES: SignedDuration = SignedDuration::from_hours(24 * 30);

    /// The usual ages.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            grace: Self::GRACE,
            known_until: None,
            tombstones: Self::TOMBSTONES,
            closed: None,
        }
    }

    /// The same, where the database knows of nothing after `newest`.
    #[must_use]
    pub fn knowing(self, newest: Timestamp) -> Self {
        let known_until = Some(newest);
        Self {
            known_until,
            ..self
        }
    }

    /// The time before which something of this age began.
    pub(super) fn before(&self, age: SignedDuration) -> Timestamp {
        self.now.checked_sub(age).unwrap_or(Timestamp::MIN)
    }
}

impl Store {
    /// Removes what has had its time.
    ///
    /// # Errors
    /// The database failed, or the objects cannot be listed; what was removed until then stays
    /// removed.
    pub async fn sweep(&self, ages: &Ages) -> Result<Swept, StoreError> {
        let mut swept = Swept {
            uploads: self.sweep_uploads(ages.now).await?,
            reports: self.sweep_closed(ages).await?,
            ..Swept::default()
        };
        let limit = ages.before(ages.tombstones);
        (swept.tombstones, swept.tokens) =
            transaction!(self.database(), tx, sweep_rows_in(&mut tx, limit))?;
        swept.left = self.remove_doomed().await? as u64;
        for orphan in self.orphans(ages.before(ages.grace)).await? {
            if ages.known_until.is_some_and(|known| orphan.written > known) {
                swept.younger += 1;
                continue;
            }
            match self.remove_orphan(&orphan.key).await? {
                Some(true) => swept.orphans += 1,
                Some(false) => swept.left += 1,
                None => {}
            }
        }
        swept.compacted = self.database().compact().await?;
        Ok(swept)
    }

    /// When the last thing happened that the database knows of; long ago, where it knows of none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn newest(&self) -> Result<Timestamp, StoreError> {
        let sql = "SELECT MAX(at) FROM (SELECT MAX(changed) AS at FROM reports
            UNION ALL SELECT MAX(at) FROM messages
            UNION ALL SELECT MAX(deleted) FROM tombstones) newest";
        let row = self.database().row(sql, values![]).await?;
        let newest = row.map(|row| row.time_or_none(0)).transpose()?.flatten();
        Ok(newest.unwrap_or(Timestamp::MIN))
    }

    /// Removes uploads that have expired, with their bytes, and says how many: what a server does by
    /// itself, so that they count against nobody.
    ///
    /// # Errors
    /// The database failed.
    pub async fn expire_uploads(&self, now: Timestamp) -> Result<u64, StoreError> {
        let removed = self.sweep_uploads(now).await?;
        if removed > 0 {
            self.remove_doomed().await?;
        }
        Ok(removed)
    }

    async fn sweep_uploads(&self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT id FROM uploads
            WHERE expires <= $1 OR (at = 0 AND first_byte_by <= $1)";
        let rows = self.database().rows(sql, values![now]).await?;
        let mut removed = 0;
        for row in rows {
            let id: UploadId = row.parsed(0)?;
            removed += transaction!(self.database(), tx, expire_in(&mut tx, &id, now))?;
        }
        Ok(removed)
    }

    async fn sweep_closed(&self, ages: &Ages) -> Result<u64, StoreError> {
        let Some(age) = ages.closed else { return Ok(0) };
        let limit = ages.before(age);
        let sql = "SELECT id FROM reports WHERE state = 'closed' AND changed <= $1";
        let rows = self.database().rows(sql, values![limit]).await?;
        let mut removed = 0;
        for row in rows {
            let id: ReportId = row.parsed(0)?;
            removed += transaction!(
                self.database(),
                tx,
                delete_closed_in(&mut tx, &id, limit, ages.now)
            )?;
        }
        Ok(removed)
    }

    /// Objects older than `limit` that no row names.
    pub(super) async fn orphans(&self, limit: Timestamp) -> Result<Vec<Found>, StoreError> {
        let mut orphans = Vec::new();
        let mut listed = self.objects().list();
        while let Some(found) = listed.try_next().await? {
            // Asked after the object was seen: a row that came in between is noticed.
            if found.written <= limit && !self.is_named(found.key.as_str()).await? {
                orphans.push(found);
            }
        }
        Ok(orphans)
    }

    /// Whether a row names an object.
    pub(super) async fn is_named(&self, object: &str) -> Result<bool, StoreError> {
        let sql = "SELECT size FROM segments WHERE object = $1";
        Ok(self.database().row(sql, values![object]).await?.is_some())
    }
}

/// Removes an upload, if it still has had its time.
pub(super) async fn expire_in(
    tx: &mut Tx,
    id: &UploadId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let lock = "UPDATE uploads SET at = at
        WHERE id = $1 AND (expires <= $2 OR (at = 0 AND first_byte_by <= $2))";
    if tx.change(lock, values![id.as_str(), now]).await? == 0 {
        return Ok(0);
    }
    removal::doom_upload(tx, id).await?;
    let sql = "DELETE FROM uploads WHERE id = $1";
    tx.change(sql, values![id.as_str()]).await
}

/// Deletes a report, if it is still closed since then.
async fn delete_closed_in(
    tx: &mut Tx,
    id: &ReportId,
    limit: Timestamp,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let lock = "UPDATE reports SET changed = changed
        WHERE id = $1 AND state = 'closed' AND changed <= $2";
    if tx.change(lock, values![id.as_str(), limit]).await? == 0 {
        return Ok(0);
    }
    removal::delete_in(tx, id, now).await.map(|()| 1)
}

async fn sweep_rows_in(tx: &mut Tx, limit: Timestamp) -> Result<(u64, u64), StoreError> {
    let tombstones = "DELETE FROM tombstones WHERE deleted <= $1";
    let tokens = "DELETE FROM tokens WHERE revoked <= $1";
    Ok((
        tx.change(tombstones, values![limit]).await?,
        tx.change(tokens, values![limit]).await?,
    ))
}
