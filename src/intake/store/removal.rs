//! Deleting: first the rows, with a list of the objects that are doomed, then the objects.
//!
//! Serves promises 21 and 43: a crash between the two leaves objects that no row names but the list
//! of the doomed, which the next removal goes through again. An orphan goes the same way (promise 6),
//! so that an object which is just getting its row is either kept or not acknowledged.

use jiff::Timestamp;

use super::{
    Store, StoreError,
    database::{Turn, Tx, transaction, values},
    objects::ObjectKey,
};
use crate::wire::{ReportId, UploadId};

/// What came of deleting a report: its rows are gone in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// How many objects could not be removed yet: `sweep` tries again.
    pub left: usize,
}

impl Store {
    /// Deletes a report with its messages. A tombstone stays: its id and the time, nothing else.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Gone`], or the database failed.
    pub async fn delete(&self, id: &ReportId, at: Timestamp) -> Result<Deleted, StoreError> {
        match transaction!(self.database(), tx, delete_in(&mut tx, id, at)) {
            Err(StoreError::NotFound) => return Err(self.absent(id).await),
            done => done?,
        }
        let left = self.remove_doomed().await.unwrap_or(1);
        Ok(Deleted { left })
    }

    /// Removes the objects that are doomed. Says how many could not be.
    pub(super) async fn remove_doomed(&self) -> Result<usize, StoreError> {
        let rows = self
            .database()
            .rows("SELECT object FROM doomed", values![])
            .await?;
        let mut left = 0;
        for row in rows {
            left += usize::from(!self.remove_one(&row.parsed(0)?).await?);
        }
        Ok(left)
    }

    /// Dooms an object and removes it; one that a row names by now is left alone. Says whether it is
    /// gone; `None` where it was left alone.
    pub(super) async fn remove_orphan(&self, key: &ObjectKey) -> Result<Option<bool>, StoreError> {
        let doomed = transaction!(self.database(), tx, doom_orphan_in(&mut tx, key))?;
        if doomed {
            self.remove_one(key).await.map(Some)
        } else {
            Ok(None)
        }
    }

    async fn remove_one(&self, doomed: &ObjectKey) -> Result<bool, StoreError> {
        let removed = self.objects().remove(doomed).await.is_ok();
        if removed {
            transaction!(self.database(), tx, forget_in(&mut tx, doomed))?;
        }
        Ok(removed)
    }
}

/// An object that no row names becomes doomed: whoever is about to name it sees that, and does not.
async fn doom_orphan_in(tx: &mut Tx, key: &ObjectKey) -> Result<bool, StoreError> {
    tx.take(Turn::Doom).await?;
    let sql = "INSERT INTO doomed (object) SELECT CAST($1 AS TEXT)
        WHERE NOT EXISTS (SELECT 1 FROM segments WHERE object = $1) ON CONFLICT DO NOTHING";
    Ok(tx.change(sql, values![key.as_str()]).await? == 1)
}

/// The segments of an upload become doomed objects.
pub(super) async fn doom_upload(tx: &mut Tx, id: &UploadId) -> Result<(), StoreError> {
    let sql = "INSERT INTO doomed (object) SELECT object FROM segments WHERE upload = $1";
    tx.change(sql, values![id.as_str()]).await?;
    let sql = "DELETE FROM segments WHERE upload = $1";
    tx.change(sql, values![id.as_str()]).await?;
    Ok(())
}

pub(super) async fn delete_in(tx: &mut Tx, id: &ReportId, at: Timestamp) -> Result<(), StoreError> {
    let id = id.as_str();
    let lock = "UPDATE reports SET changed = changed WHERE id = $1";
    if tx.change(lock, values![id]).await? == 0 {
        return Err(StoreError::NotFound);
    }
    for sql in [
        "INSERT INTO doomed (object) SELECT object FROM segments WHERE bytes IS NULL
            AND (report = $1 OR message IN (SELECT id FROM messages WHERE report = $1))",
        "DELETE FROM segments WHERE report = $1
            OR message IN (SELECT id FROM messages WHERE report = $1)",
        "DELETE FROM reports WHERE id = $1",
    ] {
        tx.change(sql, values![id]).await?;
    }
    let sql = "INSERT INTO tombstones (id, deleted) VALUES ($1, $2)";
    tx.change(sql, values![id, at]).await?;
    Ok(())
}

async fn forget_in(tx: &mut Tx, key: &ObjectKey) -> Result<(), StoreError> {
    let sql = "DELETE FROM doomed WHERE object = $1";
    tx.change(sql, values![key.as_str()]).await?;
    Ok(())
}
