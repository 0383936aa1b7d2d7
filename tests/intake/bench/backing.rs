//! Where an intake keeps what it holds: SQLite and a folder, or PostgreSQL and an S3 bucket.
//!
//! `.ci/with-stores` starts those two and names them in `SEALPOST_POSTGRES` (a URL of a database in
//! which others may be made) and `SEALPOST_S3` (where the server listens). Each place gets a database
//! and a bucket of its own there.

use std::{
    env,
    net::SocketAddr,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use super::http::Request;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backing {
    /// SQLite and a folder.
    Local,
    /// PostgreSQL and a bucket.
    Scaled,
}

/// A database and a bucket that nobody else uses.
#[derive(Clone, Debug)]
pub(crate) struct Stores {
    pub(crate) database: String,
    pub(crate) bucket: String,
    /// Where the S3 server listens.
    pub(crate) s3: SocketAddr,
}

impl Backing {
    /// Whether its servers run; if not, says so, and fails where they must.
    pub(crate) fn is_there(self) -> bool {
        self == Self::Local || (named("SEALPOST_POSTGRES") && named("SEALPOST_S3"))
    }
}

/// Whether a variable names a peer that a test needs. If not, the test is skipped with a printed
/// line; in CI it fails.
pub(crate) fn named(variable: &str) -> bool {
    let there = env::var_os(variable).is_some_and(|value| !value.is_empty());
    if !there {
        let in_ci = env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "{variable} is not set");
        println!("skipped: {variable} is not set");
    }
    there
}

impl Stores {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}x{number}", std::process::id());
        let postgres = env::var("SEALPOST_POSTGRES").unwrap();
        let s3 = env::var("SEALPOST_S3").unwrap();
        let s3 = s3.trim_start_matches("http://").parse().unwrap();
        psql(&postgres, &format!("create database {name}"));
        Request::new("PUT", &format!("/{name}"))
            .with("Host", s3)
            .body("")
            .try_send(s3)
            .unwrap()
            .expect(200);
        let (server, _) = postgres.rsplit_once('/').unwrap();
        Self {
            database: format!("{server}/{name}"),
            bucket: name,
            s3,
        }
    }

    /// For `--objects`.
    pub(crate) fn objects(&self) -> String {
        format!("s3://{}?endpoint=http://{}", self.bucket, self.s3)
    }
}

fn psql(database: &str, statement: &str) {
    let mut command = Command::new("psql");
    command
        .args([database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
        .args(["-c", statement])
        .stdin(Stdio::null());
    let output = command.output().expect("psql is not installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
