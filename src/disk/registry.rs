//! The unpublished files and folders of this process, so that an interruption can remove them.
//!
//! One lock orders everything: a file is created and entered, or renamed and struck out, or
//! dropped, or swept away, and never two of these at once. So nothing created is missed, and
//! nothing published is removed.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The right to have something removed; it ends when it is dropped or what it names is published.
#[derive(Debug)]
pub(super) struct Ticket(u64);

/// What is to be removed.
#[derive(Debug)]
pub(super) enum Leftover {
    File(PathBuf),
    Folder(PathBuf),
}

impl Ticket {
    /// Creates something and enters it in one step.
    pub(super) fn enter<T>(
        create: impl FnOnce() -> io::Result<(T, Leftover)>,
    ) -> io::Result<(T, Self)> {
        let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        let (created, leftover) = create()?;
        let number = pending.next;
        pending.next = number.wrapping_add(1);
        pending.entries.push((number, leftover));
        Ok((created, Self(number)))
    }

    /// Publishes it and, if that succeeds, strikes it out in one step.
    pub(super) fn publish<T, E>(&self, rename: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        let published = rename()?;
        pending.strike(self.0);
        Ok(published)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        pending.strike(self.0);
    }
}

/// Removes everything that is pending. While the result is held nothing can be created or
/// published any more: hold it until the process ends.
pub(super) fn sweep() -> impl Drop {
    let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    for (_, leftover) in pending.entries.drain(..) {
        leftover.remove();
    }
    pending
}

impl Leftover {
    /// Failures are ignored: the process is about to end, and there is nobody left to tell.
    fn remove(&self) {
        match self {
            Self::File(path) => {
                let _gone = fs::remove_file(path);
            }
            // Another thread may still be creating files in it; it fails as soon as the folder is
            // gone.
            Self::Folder(path) => {
                let _gone = (0..SWEEPS).find(|_| {
                    let removed = fs::remove_dir_all(path);
                    removed.is_ok() || fs::symlink_metadata(path).is_err()
                });
            }
        }
    }
}

struct Pending {
    next: u64,
    entries: Vec<(u64, Leftover)>,
}

impl Pending {
    fn strike(&mut self, number: u64) {
        self.entries.retain(|(entered, _)| *entered != number);
    }
}

static PENDING: Mutex<Pending> = Mutex::new(Pending {
    next: 0,
    entries: Vec::new(),
});

const SWEEPS: usize = 1000;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Whether something of this folder is still entered.
    pub(in crate::disk) fn is_entered(folder: &std::path::Path) -> bool {
        let pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        pending.entries.iter().any(|(_, leftover)| match leftover {
            Leftover::File(path) | Leftover::Folder(path) => path.starts_with(folder),
        })
    }

    #[test]
    fn a_panic_while_publishing_leaves_the_registry_usable() {
        let path = PathBuf::from("/nowhere/panic");
        let enter = || {
            Ticket::enter(|| Ok(((), Leftover::File(path.clone()))))
                .unwrap()
                .1
        };
        let ticket = enter();
        let panicked = std::thread::spawn(move || {
            ticket.publish(|| -> Result<(), ()> { panic!("on purpose") })
        });
        assert!(panicked.join().is_err());
        assert!(!is_entered(&path));
        let ticket = enter();
        assert!(is_entered(&path));
        ticket.publish(|| Ok::<(), ()>(())).unwrap();
        assert!(!is_entered(&path));
    }

    #[test]
    fn what_could_not_be_published_stays_entered_until_it_is_dropped() {
        let path = PathBuf::from("/nowhere/failed");
        let ticket = Ticket::enter(|| Ok(((), Leftover::Folder(path.clone()))))
            .unwrap()
            .1;
        assert!(ticket.publish(|| Err::<(), ()>(())).is_err());
        assert!(is_entered(&path));
        drop(ticket);
        assert!(!is_entered(&path));
    }
}
