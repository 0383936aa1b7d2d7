//! How much there is: for metrics, quotas and the floor of free space.

use super::{ObjectsAt, Store, StoreError, database::values};
use crate::{case::State, wire::UploadId};

/// What the store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Reports in each state; states without any are left out.
    pub reports: Vec<(State, u64)>,
    /// Bytes of all reports.
    pub report_bytes: u64,
    /// Messages of all reports.
    pub messages: u64,
    /// Bytes of all messages.
    pub message_bytes: u64,
    /// Uploads that are not finished.
    pub open_uploads: u64,
    /// Bytes that they have so far.
    pub upload_bytes: u64,
}

/// Room on the disk of the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What this user may still write, in bytes.
    pub free: u64,
    /// What the disk holds in all, in bytes.
    pub total: u64,
}

impl Store {
    /// What the store holds now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn statistics(&self) -> Result<Statistics, StoreError> {
        let mut statistics = Statistics::default();
        let sql = "SELECT state, COUNT(*), CAST(SUM(size) AS BIGINT) FROM reports GROUP BY state";
        for row in self.database().rows(sql, values![]).await? {
            let state: String = row.at(0)?;
            if let Some(state) = State::from_word(&state) {
                statistics.reports.push((state, row.count(1)?));
            }
            statistics.report_bytes += row.count(2)?;
        }
        let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM messages";
        (statistics.messages, statistics.message_bytes) = self.pair(sql).await?;
        (statistics.open_uploads, statistics.upload_bytes) = self.pair(OPEN).await?;
        Ok(statistics)
    }

    /// How many uploads are not finished.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_uploads(&self) -> Result<u64, StoreError> {
        Ok(self.pair(OPEN).await?.0)
    }

    /// The uploads that are not finished.
    ///
    /// # Errors
    /// The database failed.
    pub async fn unfinished_uploads(&self) -> Result<Vec<UploadId>, StoreError> {
        let sql = "SELECT id FROM uploads WHERE report IS NULL";
        let rows = self.database().rows(sql, values![]).await?;
        rows.iter().map(|row| row.parsed(0)).collect()
    }

    async fn pair(&self, sql: &'static str) -> Result<(u64, u64), StoreError> {
        let row = self.database().row(sql, values![]).await?;
        row.map_or(Ok((0, 0)), |row| Ok((row.count(0)?, row.count(1)?)))
    }

    /// Room on the disk of the data folder; `None` where nothing is kept in it, or where the system
    /// does not tell.
    ///
    /// # Errors
    /// The folder cannot be asked.
    pub fn space(&self) -> Result<Option<Space>, StoreError> {
        let settings = &self.0.settings;
        if !self.database().is_file() && !matches!(settings.objects, ObjectsAt::Folder) {
            return Ok(None);
        }
        #[cfg(unix)]
        {
            let found = rustix::fs::statvfs(&settings.folder);
            let found = found.map_err(|why| StoreError::object_io(why.into()))?;
            Ok(Some(Space {
                free: found.f_bavail.saturating_mul(found.f_frsize),
                total: found.f_blocks.saturating_mul(found.f_frsize),
            }))
        }
        #[cfg(not(unix))]
        Ok(None)
    }
}

const OPEN: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(at), 0) AS BIGINT)
    FROM uploads WHERE report IS NULL";
