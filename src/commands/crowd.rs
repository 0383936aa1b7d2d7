//! Many reports at once, on all cores, told of in their order.
//!
//! As many threads as there are cores take one after the other. Whoever is [`AHEAD`] of what was told waits, so
//! that memory stays bounded however many there are.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// What was done and not told yet.
struct Board<R> {
    done: BTreeMap<usize, R>,
    /// How many were told.
    told: usize,
    /// Nobody wants to hear of the rest.
    is_over: bool,
}

struct Crowd<R> {
    board: Mutex<Board<R>>,
    changed: Condvar,
}

/// How many threads work for `jobs` pieces of work.
pub(super) fn workers(jobs: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    cores.min(jobs).max(1)
}

/// Does `work` for each of `jobs`, on so many threads, and tells `each` of what came of it, in order, on the thread
/// of the caller.
///
/// # Errors
/// The first of `each`: then no further work is begun.
pub(super) fn in_order<J: Sync, R: Send, E>(
    jobs: &[J],
    workers: usize,
    work: impl Fn(&J) -> R + Sync,
    mut each: impl FnMut(&J, R) -> Result<(), E>,
) -> Result<(), E> {
    if workers <= 1 {
        return jobs.iter().try_for_each(|job| each(job, work(job)));
    }
    let crowd = Crowd {
        board: Mutex::new(Board {
            done: BTreeMap::new(),
            told: 0,
            is_over: false,
        }),
        changed: Condvar::new(),
    };
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let over = Over(&crowd);
        for _ in 0..workers {
            scope.spawn(|| {
                // One that panics ends the others, and with them the command.
                let over = Over(&crowd);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number).filter(|_| crowd.may_begin(number)) else {
                        break;
                    };
                    crowd.did(number, work(job));
                }
                std::mem::forget(over);
            });
        }
        let told = jobs.iter().enumerate().try_for_each(|(number, job)| {
            let done = crowd.wait_for(number);
            done.map_or(Ok(()), |result| each(job, result))
        });
        drop(over);
        told
    })
}

impl<R> Crowd<R> {
    fn board(&self) -> MutexGuard<'_, Board<R>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a piece of work is not too far ahead; false where nobody wants it any more.
    fn may_begin(&self, job: usize) -> bool {
        let waits = |board: &mut Board<R>| !board.is_over && job >= board.told + AHEAD;
        let waited = self.changed.wait_while(self.board(), waits);
        !waited.unwrap_or_else(PoisonError::into_inner).is_over
    }

    fn did(&self, job: usize, result: R) {
        self.board().done.insert(job, result);
        self.changed.notify_all();
    }

    /// What came of a piece of work; nothing if whoever did it is gone.
    fn wait_for(&self, job: usize) -> Option<R> {
        let waits = |board: &mut Board<R>| !board.is_over && !board.done.contains_key(&job);
        let waited = self.changed.wait_while(self.board(), waits);
        let mut board = waited.unwrap_or_else(PoisonError::into_inner);
        board.told = job + 1;
        let result = board.done.remove(&job);
        drop(board);
        self.changed.notify_all();
        result
    }
}

/// Says, when it is dropped, that nothing more is wanted.
struct Over<'a, R>(&'a Crowd<R>);

impl<R> Drop for Over<'_, R> {
    fn drop(&mut self) {
        self.0.board().is_over = true;
        self.0.changed.notify_all();
    }
}

/// How far the work may be ahead of what was told.
const AHEAD: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn numbers(jobs: usize) -> Vec<usize> {
        (0..jobs).collect()
    }

    #[test]
    fn what_ends_in_any_order_is_told_in_order() {
        let mut told = Vec::new();
        let work = |job: &usize| {
            let wait = if *job == 0 { 30 } else { (job % 3) as u64 };
            thread::sleep(Duration::from_millis(wait));
            job * 2
        };
        let done = in_order(&numbers(40), 4, work, |job, twice| {
            assert_eq!(twice, job * 2);
            told.push(*job);
            Ok::<_, ()>(())
        });
        assert_eq!(done, Ok(()));
        assert_eq!(told, numbers(40));
    }

    #[test]
    fn nobody_runs_far_ahead() {
        let furthest = AtomicUsize::new(0);
        let work = |job: &usize| furthest.fetch_max(*job, Ordering::SeqCst);
        let done = in_order(&numbers(AHEAD * 3), 3, work, |job, _| {
            if *job == 0 {
                thread::sleep(Duration::from_millis(50));
                assert!(furthest.load(Ordering::SeqCst) <= AHEAD);
            }
            Ok::<_, ()>(())
        });
        assert_eq!(done, Ok(()));
    }

    #[test]
    fn after_an_error_no_more_work_begins() {
        let begun = AtomicUsize::new(0);
        let work = |_: &usize| begun.fetch_add(1, Ordering::SeqCst);
        let done = in_order(&numbers(100_000), 2, work, |job, _| {
            if *job == 5 { Err("enough") } else { Ok(()) }
        });
        assert_eq!(done, Err("enough"));
        assert!(begun.load(Ordering::SeqCst) <= AHEAD + 10);
    }
}
