//! One suite over every back end: SQLite and a folder always; PostgreSQL and S3 where
//! `SEALPOST_POSTGRES` (a URL whose user may create databases) and `SEALPOST_S3` (an `s3://` URL)
//! name servers.

mod arriving;
mod drift;
mod faults;
mod reports;
mod rest;
mod rows;
mod scene;
mod uploads;

use scene::{Scene, at, bytes};
