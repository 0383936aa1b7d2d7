//! Writers of the file share one flush to the disk.
//!
//! Serves promise 6 at speed: SQLite has one writer at a time and flushes its log at each COMMIT. Here
//! transactions take turns inside one that is really begun, each behind a savepoint of its own, and
//! it is committed once everybody had a turn who waited when it began. Nobody is told before. Small reports that wait
//! together take one turn for all (see [`batch`](super::super::batch)).
//!
//! What is small lies in its row (see [`segment`](super::super::segment)), so that for most reports this one flush
//! of the log is all there is: their bytes, their rows and their receipts are durable together or not at all. Why
//! sharing it breaks no promise:
//! - 6: an answer goes out after the COMMIT that holds the report returned, and SQLite (`synchronous=FULL`) flushes
//!   its log before it does. A crash before leaves a transaction without its last frame, which nobody reads.
//! - 7: an error of that flush is that of the COMMIT, and is told to everybody in it; a turn that cannot be undone
//!   takes all along. None of them is acknowledged, and each may send the same again.
//! - 21: what is larger lies in objects, each flushed with its folder before its turn begins.

use std::{sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, Executor as _, Pool, Sqlite, SqliteConnection, Transaction};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::timeout,
};

use crate::intake::store::{Flushes, StoreError};

/// The one connection that writes, and who takes turns on it.
#[derive(Clone, Debug)]
pub(in crate::intake::store) struct Group {
    shared: Arc<Mutex<Shared>>,
    flushes: Flushes,
}

/// A transaction of one writer. Dropped without [`Writing::commit`], it changes nothing.
pub(in crate::intake::store) struct Writing {
    shared: OwnedMutexGuard<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: Pool<Sqlite>,
    open: Option<Open>,
    /// Turns in one transaction.
    most: u32,
}

/// A transaction that was begun, for several.
#[derive(Debug)]
struct Open {
    tx: Transaction<'static, Sqlite>,
    /// Whether the savepoint around all turns is there.
    is_marked: bool,
    /// How many turns there were.
    turns: u32,
    /// Whether what the last turn did must go: it was dropped, or has failed.
    unfinished: bool,
    /// Whether that could not be undone, so that nothing of it may stay.
    is_broken: bool,
    /// Who is to be told.
    waiting: Vec<oneshot::Sender<Result<(), StoreError>>>,
}

impl Group {
    /// Over a pool of one connection.
    pub(super) fn new(pool: Pool<Sqlite>, flushes: Flushes) -> Self {
        let shared = Shared {
            pool,
            open: None,
            most: match flushes {
                Flushes::Shared => MOST,
                Flushes::Apart => 1,
            },
        };
        Self {
            shared: Arc::new(Mutex::new(shared)),
            flushes,
        }
    }

    /// How many changes may share a turn.
    pub(super) fn most_at_once(&self) -> usize {
        match self.flushes {
            Flushes::Shared => usize::MAX,
            Flushes::Apart => 1,
        }
    }

    /// Waits for a turn.
    pub(super) async fn begin(&self) -> Result<Writing, StoreError> {
        let mut shared = self.shared().await?;
        if shared
            .open
            .as_ref()
            .is_some_and(|open| open.turns >= shared.most)
        {
            shared.end().await;
        }
        if shared.open.is_none() {
            let tx = shared.pool.begin_with("BEGIN IMMEDIATE").await?;
            shared.open = Some(Open::new(tx));
            // The lock is fair: whoever waits for it now has a turn before the end.
            let group = self.clone();
            tokio::spawn(async move { group.shared.lock().await.end().await });
        }
        if let Some(open) = &mut shared.open {
            open.next_turn().await?;
        }
        Ok(Writing { shared })
    }

    /// Does something with the connection outside of any transaction.
    pub(super) async fn alone<T, F>(
        &self,
        work: impl FnOnce(Pool<Sqlite>) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut shared = self.shared().await?;
        shared.end().await;
        work(shared.pool.clone()).await
    }

    async fn shared(&self) -> Result<OwnedMutexGuard<Shared>, StoreError> {
        let waited = timeout(PATIENCE, Arc::clone(&self.shared).lock_owned()).await;
        waited.map_err(|late| StoreError::Away(Box::new(late)))
    }
}

impl Writing {
    /// The connection, within the transaction.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let open = self.shared.open.as_mut();
        open.map(|open| &mut *open.tx)
            .ok_or(StoreError::Inconsistent("a turn in no transaction"))
    }

    /// Waits until the changes of all are on the disk.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let (tell, told) = oneshot::channel();
        if let Some(open) = &mut self.shared.open {
            open.unfinished = false;
            open.waiting.push(tell);
        }
        drop(self);
        told.await
            .unwrap_or_else(|gone| Err(StoreError::Unsure(Box::new(gone))))
    }

    /// Undoes the changes of this turn. What it saw may be what earlier turns did: then it ends when they are on
    /// the disk.
    ///
    /// # Errors
    /// They are not.
    pub(super) async fn roll_back(mut self) -> Result<(), StoreError> {
        let Some(open) = &mut self.shared.open else {
            return Ok(());
        };
        open.undo_unfinished().await;
        if open.waiting.is_empty() {
            return Ok(());
        }
        let ended = self.commit().await;
        ended.map_err(|error| StoreError::Database(Box::new(error)))
    }
}

impl Shared {
    /// Commits what is open, and tells everybody, even if nobody waits here any more.
    async fn end(&mut self) {
        if let Some(mut open) = self.open.take() {
            let ended = tokio::spawn(async move {
                open.undo_unfinished().await;
                open.end().await;
            });
            let _panicked = ended.await;
        }
    }
}

impl Open {
    fn new(tx: Transaction<'static, Sqlite>) -> Self {
        Self {
            tx,
            is_marked: false,
            turns: 0,
            unfinished: false,
            is_broken: false,
            waiting: Vec::new(),
        }
    }

    async fn run(&mut self, sql: String) -> Result<(), StoreError> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        self.tx.execute(sql).await?;
        Ok(())
    }

    /// Begins a turn, after one that may have been cut short at any point.
    async fn next_turn(&mut self) -> Result<(), StoreError> {
        self.undo_unfinished().await;
        self.turns += 1;
        let turn = format!("SAVEPOINT turn{}", self.turns);
        let both = (!self.is_marked).then(|| format!("SAVEPOINT {ALL}; {turn}"));
        self.run(both.unwrap_or(turn)).await?;
        self.is_marked = true;
        self.unfinished = true;
        Ok(())
    }

    /// Rolling back to a savepoint does not remove it, so that this may be cut short and done again.
    async fn undo_unfinished(&mut self) {
        if self.unfinished {
            let undone = self.run(format!("ROLLBACK TO turn{}", self.turns)).await;
            self.is_broken |= undone.is_err();
            self.unfinished = false;
        }
    }

    async fn end(mut self) {
        // If an I/O error made SQLite roll back by itself, this savepoint is gone, and with it what turns did
        // that had ended well.
        let whole = if self.is_broken {
            Err(StoreError::Inconsistent("a turn cannot be undone"))
        } else {
            self.run(format!("RELEASE {ALL}")).await
        };
        let ended = match whole {
            Ok(()) => self.tx.commit().await.map_err(in_commit),
            Err(error) => {
                let _closed = self.tx.rollback().await;
                Err(error)
            }
        };
        let ended = ended.map_err(Arc::new);
        for one in self.waiting {
            let _left = one.send(ended.as_ref().map_err(StoreError::common).copied());
        }
    }
}

/// What SQLite says of a failed commit leaves it open whether its log will be read, unless there was no space for it.
fn in_commit(error: sqlx::Error) -> StoreError {
    match error.into() {
        StoreError::NoSpace(cause) => StoreError::NoSpace(cause),
        error => StoreError::Unsure(Box::new(error)),
    }
}

/// The savepoint around all turns.
const ALL: &str = "everybody";
/// Turns in one transaction; SQLite looks through the savepoints at each change.
const MOST: u32 = 256;
/// How long somebody waits for a turn.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
