//! One suite over every back end: SQLite and a folder always; PostgreSQL and S3 where
//! `SEALPOST_POSTGRES` (a URL whose user may create databases) and `SEALPOST_S3` (an `s3://` URL)
//! name servers.

mod arriving;
mod batch;
mod drift;
mod faults;
mod reports;
mod rest;
mod rows;
mod scene;
mod uploads;

use scene::{Scene, at, bytes};

use super::{
    Store,
    database::{transaction, values},
};
use crate::wire::ReportId;

impl Store {
    /// Makes a report's row one that cannot be read.
    pub(in crate::intake) async fn spoil(&self, id: &ReportId) {
        let sql = "UPDATE reports SET state = 'nonsense' WHERE id = $1";
        let spoilt: Result<u64, super::StoreError> =
            async { transaction!(self.database(), tx, tx.change(sql, values![id.as_str()])) }.await;
        assert_eq!(spoilt.unwrap(), 1);
    }
}
