//! The tables, and how they came to be: ordered migrations, each done once in a transaction.
//!
//! Serves promises 41 and 44: no column could hold an address, a user agent, a token or the name of
//! a file.

use super::{
    StoreError,
    database::{Database, Tx, transaction, values},
};

/// Brings the tables up to what this program knows.
///
/// # Errors
/// [`StoreError::TooNew`] where a newer program made them.
pub(super) async fn migrate(database: &Database) -> Result<(), StoreError> {
    transaction!(database, tx, migrate_in(&mut tx))
}

async fn migrate_in(tx: &mut Tx) -> Result<(), StoreError> {
    if !tx.is_file() {
        // Copies that start at the same time wait for each other here.
        tx.rows("SELECT pg_advisory_xact_lock(7310584100417)", values![])
            .await?;
    }
    tx.define("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)".to_owned())
        .await?;
    let found = tx
        .row("SELECT version FROM schema_version", values![])
        .await?;
    let found: i64 = if let Some(row) = found {
        row.at(0)?
    } else {
        tx.change("INSERT INTO schema_version (version) VALUES (0)", values![])
            .await?;
        0
    };
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    if found == known {
        return Ok(());
    }
    let bytes = if tx.is_file() { "BLOB" } else { "BYTEA" };
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.define(migration.replace("{BYTES}", bytes)).await?;
    }
    tx.change("UPDATE schema_version SET version = $1", values![known])
        .await?;
    Ok(())
}

/// Never changed once released: add to the end. Times are nanoseconds since 1970; sizes are bytes.
const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE reports (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    -- The time of the last event.
    changed BIGINT NOT NULL,
    received BIGINT NOT NULL,
    size BIGINT NOT NULL,
    sha256 {BYTES} NOT NULL,
    -- Separated by spaces.
    recipients TEXT NOT NULL,
    case_hash {BYTES},
    receipt TEXT NOT NULL,
    from_reporter BIGINT NOT NULL DEFAULT 0,
    from_vendor BIGINT NOT NULL DEFAULT 0,
    -- When fsck found that bytes are lost.
    damaged BIGINT
);
CREATE UNIQUE INDEX reports_submission ON reports (sha256, (COALESCE(case_hash, sha256)));
CREATE INDEX reports_received ON reports (received, id);
CREATE INDEX reports_state ON reports (state, received, id);
CREATE INDEX reports_case ON reports (case_hash, received, id);

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    -- How many bytes are here, and how many there will be.
    at BIGINT NOT NULL,
    length BIGINT,
    case_hash {BYTES},
    key_hash {BYTES} UNIQUE,
    -- What the admission knows of the bytes so far; opaque.
    progress {BYTES} NOT NULL,
    expires BIGINT NOT NULL,
    -- The report that it has become.
    report TEXT REFERENCES reports (id) ON DELETE CASCADE
);
CREATE INDEX uploads_expires ON uploads (expires);
CREATE INDEX uploads_report ON uploads (report);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    report TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    author TEXT NOT NULL,
    at BIGINT NOT NULL,
    size BIGINT NOT NULL,
    sha256 {BYTES} NOT NULL
);
CREATE INDEX messages_report ON messages (report, at, id);

-- A piece of a report, an upload or a message: of exactly one.
CREATE TABLE segments (
    object TEXT PRIMARY KEY,
    upload TEXT REFERENCES uploads (id),
    report TEXT REFERENCES reports (id),
    message TEXT REFERENCES messages (id),
    -- Where it begins in the whole.
    start BIGINT NOT NULL,
    size BIGINT NOT NULL,
    CHECK ((upload IS NOT NULL AND report IS NULL AND message IS NULL)
        OR (upload IS NULL AND report IS NOT NULL AND message IS NULL)
        OR (upload IS NULL AND report IS NULL AND message IS NOT NULL))
);
CREATE UNIQUE INDEX segments_upload ON segments (upload, start);
CREATE UNIQUE INDEX segments_report ON segments (report, start);
CREATE UNIQUE INDEX segments_message ON segments (message, start);

CREATE TABLE events (
    report TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    until TEXT,
    PRIMARY KEY (report, number)
);

-- What was submitted with an idempotency key.
CREATE TABLE submissions (
    key_hash {BYTES} PRIMARY KEY,
    report TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    -- Absent: the report itself.
    message TEXT REFERENCES messages (id) ON DELETE CASCADE
);
CREATE INDEX submissions_report ON submissions (report);
CREATE INDEX submissions_message ON submissions (message);

CREATE TABLE tombstones (
    id TEXT PRIMARY KEY,
    deleted BIGINT NOT NULL
);

-- Objects whose rows are gone and that are yet to be removed.
CREATE TABLE doomed (
    object TEXT PRIMARY KEY
);

CREATE TABLE tokens (
    hash {BYTES} PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created BIGINT NOT NULL,
    revoked BIGINT
);
CREATE UNIQUE INDEX tokens_name ON tokens (name) WHERE revoked IS NULL;
",
    "
-- When an upload is removed if no byte has come.
ALTER TABLE uploads ADD COLUMN first_byte_by BIGINT;
",
    "
-- A small piece itself; absent: it is the object of this name.
ALTER TABLE segments ADD COLUMN bytes {BYTES};
",
];
