//! Rows in SQLite or PostgreSQL: one text of SQL for both, with `$1`, `$2`, … for its values.
//!
//! DESIGN.md, "Embedded default". SQLite: write-ahead log, `synchronous=FULL`, writers that take turns
//! with `BEGIN IMMEDIATE`, and readers that never wait for it. PostgreSQL: ordinary transactions at
//! READ COMMITTED, where compare-and-swap updates, unique indexes and row locks do the rest.

mod group;
mod row;

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions, Connection as _, Executor, Pool, Postgres, SqlSafeStr, Sqlite, Transaction,
    pool::PoolOptions,
    postgres::PgConnectOptions,
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    Cause, StoreError,
    settings::{Flushes, PostgresUrl},
};

use group::{Group, Writing};
pub(in crate::intake::store) use row::{Change, Row, Value};

/// A database.
#[derive(Clone, Debug)]
pub(in crate::intake::store) enum Database {
    /// A file.
    Sqlite {
        /// Several connections that only read.
        readers: Pool<Sqlite>,
        /// The one that writes, for one after the other.
        writer: Group,
    },
    /// A server.
    Postgres(Pool<Postgres>),
}

/// A transaction that writes. Dropped without [`Tx::commit`], it changes nothing.
pub(in crate::intake::store) enum Tx {
    /// In a file.
    Sqlite(Writing),
    /// On a server.
    Postgres(Transaction<'static, Postgres>),
}

/// What transactions on a server may not do at the same time. In a file one writes at a time anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::intake::store) enum Turn {
    /// Make objects part of something; many may at once.
    Attach,
    /// Doom objects that are part of nothing.
    Doom,
}

/// The values of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::intake::store::database::Value::from($value)),*]
    };
}
pub(in crate::intake::store) use values;

/// Does a transaction, and does it again where two met: `transaction!(database, tx, future)`.
///
/// The future is made anew each time and ends in `Result<T, StoreError>`; an error rolls back.
macro_rules! transaction {
    ($database:expr, $tx:ident, $work:expr) => {{
        let mut attempts = 0;
        loop {
            let mut $tx = $database.begin().await?;
            let done = $work.await;
            let ended = match done {
                Ok(value) => $tx.commit().await.map(|()| value),
                Err(error) => $tx.roll_back().await.and(Err(error)),
            };
            attempts += 1;
            match ended {
                Err(error) if attempts < 8 && $crate::intake::store::database::met(&error) => {}
                ended => break ended,
            }
        }
    }};
}
pub(in crate::intake::store) use transaction;

/// Whether a transaction failed because it met another, so that it may be done again.
pub(in crate::intake::store) fn met(error: &StoreError) -> bool {
    let StoreError::Database(cause) = error else {
        return false;
    };
    let error = cause.downcast_ref::<sqlx::Error>();
    let code = error.and_then(|error| error.as_database_error()?.code());
    // PostgreSQL: serialization_failure, deadlock_detected, unique_violation.
    matches!(code.as_deref(), Some("40001" | "40P01" | "23505"))
}

impl Database {
    /// Opens the file, which is made if it is not there.
    pub(in crate::intake::store) async fn sqlite(
        path: &Path,
        flushes: Flushes,
    ) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30))
            .pragma("secure_delete", "ON")
            // Not in the folder for temporary files, where nobody would look for rows that were deleted.
            .pragma("temp_store", "MEMORY")
            .pragma("fullfsync", "ON")
            .pragma("checkpoint_fullfsync", "ON")
            .disable_statement_logging();
        let writer = Group::new(pool(1).connect_with(options.clone()).await?, flushes);
        let readers = pool(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self::Sqlite { readers, writer })
    }

    /// Connects to a server.
    pub(in crate::intake::store) async fn postgres(url: &PostgresUrl) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_url(url.as_url())?
            .application_name("sealpost")
            .disable_statement_logging();
        let pool = pool::<Postgres>(CONNECTIONS).after_connect(|connection, _| {
            Box::pin(async move { connection.execute(DURABLE).await.map(drop) })
        });
        Ok(Self::Postgres(pool.connect_with(options).await?))
    }

    /// Whether this is the file.
    pub(in crate::intake::store) fn is_file(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    /// How many may share a transaction that writes.
    pub(in crate::intake::store) fn most_at_once(&self) -> usize {
        match self {
            Self::Sqlite { writer, .. } => writer.most_at_once(),
            Self::Postgres(_) => 1,
        }
    }

    /// Begins a transaction that writes.
    pub(in crate::intake::store) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// All rows of an answer.
    pub(in crate::intake::store) async fn rows(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => sqlite_rows(readers, sql, values).await?,
            Self::Postgres(pool) => postgres_rows(pool, sql, values).await?,
        })
    }

    /// The first row of an answer.
    pub(in crate::intake::store) async fn row(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Drops from the files of the database what was deleted from its tables. False where somebody
    /// reads so long that the log cannot be emptied now.
    pub(in crate::intake::store) async fn compact(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let emptied = writer.alone(async |pool| {
                    sqlite_rows(&pool, "VACUUM", &[]).await?;
                    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                    let rows = sqlite_rows(&pool, sql, &[]).await?;
                    let busy: i64 = rows.first().map_or(Ok(1), |row| row.at(0))?;
                    Ok(busy == 0)
                });
                emptied.await
            }
            Self::Postgres(pool) => {
                postgres_rows(pool, VACUUM, &[]).await?;
                Ok(true)
            }
        }
    }

    /// What the database has to say against itself. A server looks after its own files.
    pub(in crate::intake::store) async fn complaints(
        &self,
        deep: bool,
    ) -> Result<Vec<String>, StoreError> {
        let Self::Sqlite { readers, .. } = self else {
            return Ok(Vec::new());
        };
        let mut complaints = Vec::new();
        let sql = if deep {
            "PRAGMA integrity_check"
        } else {
            "PRAGMA quick_check"
        };
        for row in sqlite_rows(readers, sql, &[]).await? {
            let said: String = row.at(0)?;
            if said != "ok" {
                complaints.push(said);
            }
        }
        for row in sqlite_rows(readers, "PRAGMA foreign_key_check", &[]).await? {
            let table: String = row.at(0)?;
            complaints.push(format!("a row of {table} names one that is not there"));
        }
        Ok(complaints)
    }

    /// Ends every connection.
    pub(in crate::intake::store) async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                let _busy = writer
                    .alone(async |pool| {
                        pool.close().await;
                        Ok(())
                    })
                    .await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// All rows of an answer.
    pub(in crate::intake::store) async fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(turn) => sqlite_rows(turn.connection()?, sql, values).await?,
            Self::Postgres(tx) => postgres_rows(&mut **tx, sql, values).await?,
        })
    }

    /// The first row of an answer.
    pub(in crate::intake::store) async fn row(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Changes rows, and says how many.
    pub(in crate::intake::store) async fn change(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(turn) => {
                let query = bind_sqlite(sql, values);
                query.execute(turn.connection()?).await?.rows_affected()
            }
            Self::Postgres(tx) => {
                let query = bind_postgres(sql, values);
                query.execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// Changes rows with several statements, in order. In a file all of them are one message to the thread that
    /// works on it: each would cost two switches between threads, and the others wait for their turns.
    pub(in crate::intake::store) async fn change_all(
        &mut self,
        changes: &[Change<'_>],
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(turn) => {
                let (sql, values) = row::together(changes);
                let query = bind_sqlite(sqlx::AssertSqlSafe(sql), &values);
                query.execute(turn.connection()?).await?;
            }
            Self::Postgres(_) => {
                for change in changes {
                    for row in &change.rows {
                        self.change(change.sql, row).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A statement of the schema.
    pub(in crate::intake::store) async fn define(&mut self, sql: String) -> Result<(), StoreError> {
        let sql = sqlx::AssertSqlSafe(sql);
        match self {
            Self::Sqlite(turn) => {
                let connection = turn.connection()?;
                connection.execute(sqlx::raw_sql(sql)).await.map(drop)?;
            }
            Self::Postgres(tx) => tx.execute(sqlx::raw_sql(sql)).await.map(drop)?,
        }
        Ok(())
    }

    /// Whether this is the file.
    pub(in crate::intake::store) fn is_file(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Waits for those that may not do theirs at the same time, and keeps them waiting to the end.
    pub(in crate::intake::store) async fn take(&mut self, turn: Turn) -> Result<(), StoreError> {
        if let Self::Postgres(tx) = self {
            let sql = match turn {
                Turn::Attach => "SELECT pg_advisory_xact_lock_shared(7310584100418)",
                Turn::Doom => "SELECT pg_advisory_xact_lock(7310584100418)",
            };
            postgres_rows(&mut **tx, sql, &[]).await?;
        }
        Ok(())
    }

    /// Makes the changes last.
    pub(in crate::intake::store) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(turn) => turn.commit().await,
            Self::Postgres(tx) => tx.commit().await.map_err(|error| match error.into() {
                // The server itself said no: then it is no. Else nobody knows.
                StoreError::Database(cause) if !answered(&cause) => StoreError::Unsure(cause),
                StoreError::Away(cause) => StoreError::Unsure(cause),
                error => error,
            }),
        }
    }

    /// Undoes the changes; a connection on which that fails is not used again, which undoes them too.
    ///
    /// # Errors
    /// What the transaction saw of others does not stand.
    pub(in crate::intake::store) async fn roll_back(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(writing) => writing.roll_back().await,
            Self::Postgres(tx) => {
                let _closed = tx.rollback().await;
                Ok(())
            }
        }
    }
}

/// Whether a PostgreSQL server spoke.
fn answered(cause: &Cause) -> bool {
    let error = cause.downcast_ref::<sqlx::Error>();
    let error = error.and_then(sqlx::Error::as_database_error);
    error.is_some_and(|error| {
        error
            .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
            .is_some()
    })
}

macro_rules! dialect {
    ($database:ty, $bind:ident, $rows:ident, $row:path) => {
        fn $bind<'q>(
            sql: impl SqlSafeStr,
            values: &[Value<'_>],
        ) -> sqlx::query::Query<'q, $database, <$database as sqlx::Database>::Arguments> {
            values
                .iter()
                .fold(sqlx::query(sql), |query, value| match value {
                    Value::Int(number) => query.bind(*number),
                    Value::Text(text) => query.bind(text.map(str::to_owned)),
                    Value::Bytes(bytes) => query.bind(bytes.map(<[u8]>::to_vec)),
                })
        }

        async fn $rows<'c>(
            on: impl Executor<'c, Database = $database>,
            sql: &'static str,
            values: &[Value<'_>],
        ) -> sqlx::Result<Vec<Row>> {
            let rows = $bind(sql, values).fetch_all(on).await?;
            Ok(rows.into_iter().map($row).collect())
        }
    };
}

dialect!(Sqlite, bind_sqlite, sqlite_rows, Row::Sqlite);
dialect!(Postgres, bind_postgres, postgres_rows, Row::Postgres);

fn pool<D: sqlx::Database>(connections: u32) -> PoolOptions<D> {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        // After an I/O error SQLite has rolled back by itself, and the pool's own ROLLBACK fails: such
        // a connection would refuse every later transaction.
        .before_acquire(|connection: &mut D::Connection, _| {
            let sound = !connection.is_in_transaction();
            Box::pin(async move { Ok(sound) })
        })
}

/// A server that answers before it wrote is asked not to; stricter ways stay as they are.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'";
/// Connections that read a file at once.
const READERS: u32 = 4;
/// Connections to a server from one process; a default server takes 100.
const CONNECTIONS: u32 = 16;
/// Only our own tables: the others may belong to somebody else.
const VACUUM: &str = "VACUUM reports, uploads, messages, segments, events, submissions,
    tombstones, doomed, tokens";
