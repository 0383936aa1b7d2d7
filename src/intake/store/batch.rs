//! Reports that wait at the same time get their rows together.
//!
//! Serves promise 6 at speed: a turn for each (see [`database`](super::database)) is several messages to the thread
//! of SQLite, and as many switches between threads. Here whoever comes first waits for a turn, and takes along all
//! that came meanwhile: their rows are one message, or a few. Nobody is told before the turn is committed.
//!
//! All of them have to be new. Where one was submitted before, or its rows cannot be written, nothing of the turn
//! stays, and each takes one of its own, where it gets its own answer (promises 7 and 20).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{NewReport, Origin, Segment, Store, StoreError, database::Tx, reports};

/// A report that is on its way into the store.
pub(super) struct Submission {
    pub(super) report: NewReport,
    pub(super) origin: Origin,
    pub(super) segments: Vec<Segment>,
}

/// What makes a new report.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) report: &'a NewReport,
    pub(super) origin: &'a Origin,
    /// Those that are part of nothing yet.
    pub(super) segments: &'a [Segment],
}

/// What became of a submission.
pub(super) enum Batched {
    /// Its report is new, and durable.
    Durable,
    /// It failed, and would fail again.
    Failed(StoreError),
    /// Nothing was done: it needs a turn of its own.
    Not,
}

/// Those that wait. Whoever finds nobody else there leads them.
#[derive(Default)]
pub(super) struct Batch(Mutex<Vec<Waiting>>);

struct Waiting {
    submission: Arc<Submission>,
    tell: oneshot::Sender<Batched>,
}

impl Submission {
    pub(super) fn entry(&self) -> Entry<'_> {
        Entry {
            segments: &self.segments,
            ..Entry::new(&self.report, &self.origin)
        }
    }
}

impl<'a> Entry<'a> {
    /// Of a report that needs no rows for its segments.
    pub(super) fn new(report: &'a NewReport, origin: &'a Origin) -> Self {
        Self {
            report,
            origin,
            segments: &[],
        }
    }
}

impl Store {
    /// Takes a report with those that wait, too, where all of it goes into the rows of a file.
    pub(super) async fn accept_batched(&self, submission: &Arc<Submission>) -> Batched {
        let in_rows = |segment: &Segment| segment.held.is_some();
        if !submission.segments.iter().all(in_rows) {
            return Batched::Not;
        }
        let (tell, told) = oneshot::channel();
        let is_first = self.0.batch.join(Waiting {
            submission: Arc::clone(submission),
            tell,
        });
        if is_first {
            // Whoever hangs up lets nobody down.
            tokio::spawn(lead(self.clone()));
        }
        let lost = |why| Batched::Failed(StoreError::Unsure(Box::new(why)));
        told.await.unwrap_or_else(lost)
    }
}

impl Batch {
    /// Whether nobody waited yet.
    fn join(&self, one: Waiting) -> bool {
        let mut waiting = self.locked();
        waiting.push(one);
        waiting.len() == 1
    }

    /// At most so many of them, and whether there are more.
    fn leave(&self, most: usize) -> (Vec<Waiting>, bool) {
        let mut waiting = self.locked();
        let most = most.min(waiting.len());
        let rest = waiting.split_off(most);
        let leaving = std::mem::replace(&mut *waiting, rest);
        (leaving, !waiting.is_empty())
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes turns for those that wait, until nobody does.
async fn lead(store: Store) {
    loop {
        let database = store.database().clone();
        // A panic in there must not leave them waiting.
        let begun = tokio::spawn(async move { database.begin().await }).await;
        let begun = begun.unwrap_or_else(|panic| Err(StoreError::Away(Box::new(panic))));
        let (batch, has_more) = store.0.batch.leave(store.database().most_at_once());
        match begun {
            Ok(tx) => take(tx, batch).await,
            Err(error) => tell(batch, Err(error)),
        }
        if !has_more {
            return;
        }
    }
}

/// A turn for all of them.
async fn take(mut tx: Tx, batch: Vec<Waiting>) {
    let entries: Vec<_> = batch.iter().map(|one| one.submission.entry()).collect();
    let inserted = insert(&mut tx, &entries).await;
    drop(entries);
    if inserted.is_err() {
        let _undone = tx.roll_back().await;
        for one in batch {
            let _left = one.tell.send(Batched::Not);
        }
        return;
    }
    let committed = tx.commit().await;
    tell(batch, committed);
}

/// The rows of all, in pieces whose lengths are powers of two: each length is a statement to prepare.
async fn insert(tx: &mut Tx, mut entries: &[Entry<'_>]) -> Result<(), StoreError> {
    while !entries.is_empty() {
        let (some, rest) = entries.split_at((1 << entries.len().ilog2()).min(AT_ONCE));
        reports::insert(tx, some).await?;
        entries = rest;
    }
    Ok(())
}

fn tell(batch: Vec<Waiting>, ended: Result<(), StoreError>) {
    let ended = ended.map_err(Arc::new);
    for one in batch {
        let told = match &ended {
            Ok(()) => Batched::Durable,
            Err(error) => Batched::Failed(StoreError::common(error)),
        };
        let _left = one.tell.send(told);
    }
}

/// Rows in one statement.
const AT_ONCE: usize = 32;
