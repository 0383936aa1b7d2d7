//! Threads that work on one stream side by side: each takes the pieces in order.

use std::{
    io, mem,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// Work that takes pieces in order and ends with a result: a thread does it, unless a short piece
/// is all that there is, since threads take longer to start.
pub(super) struct Lane<T>(State<T>);

enum State<T> {
    Waiting {
        work: Work<T>,
        room: usize,
        first: Option<Vec<u8>>,
    },
    Working {
        pieces: SyncSender<Option<Vec<u8>>>,
        thread: JoinHandle<io::Result<T>>,
    },
    Ended,
}

type Work<T> = Box<dyn FnOnce(Pieces) -> io::Result<T> + Send>;

/// What a lane takes.
pub(super) struct Pieces {
    first: Option<Vec<u8>>,
    /// What comes after it; a `None` in it is the true end, as opposed to a writer that was dropped.
    more: Option<Receiver<Option<Vec<u8>>>>,
}

impl<T: Send + 'static> Lane<T> {
    pub(super) fn new(work: impl FnOnce(Pieces) -> io::Result<T> + Send + 'static) -> Self {
        Self::with_room(AHEAD, work)
    }

    /// With so many pieces that may wait.
    pub(super) fn with_room(
        room: usize,
        work: impl FnOnce(Pieces) -> io::Result<T> + Send + 'static,
    ) -> Self {
        Self(State::Waiting {
            work: Box::new(work),
            room,
            first: None,
        })
    }

    /// Waits while the lane is behind. An error is the lane's own, or that there is no thread for it.
    pub(super) fn send(&mut self, piece: Vec<u8>) -> io::Result<()> {
        if let State::Waiting { first, .. } = &mut self.0
            && first.is_none()
            && piece.len() < SHORT
        {
            *first = Some(piece);
            return Ok(());
        }
        self.start()?;
        match &self.0 {
            State::Working { pieces, .. } if pieces.send(Some(piece)).is_ok() => Ok(()),
            _ => Err(self.take().end().err().unwrap_or_else(stopped)),
        }
    }

    fn start(&mut self) -> io::Result<()> {
        self.0 = match self.take() {
            State::Waiting { work, room, first } => {
                let (pieces, more) = sync_channel(room);
                let given = Pieces {
                    first,
                    more: Some(more),
                };
                let thread = spawn(move || work(given))?;
                State::Working { pieces, thread }
            }
            started => started,
        };
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<T> {
        if let State::Working { pieces, .. } = &self.0 {
            // A lane that has failed takes no end; it gives its error when it ends.
            let _failed = pieces.send(None);
        }
        self.take().end()
    }
}

impl<T> Lane<T> {
    fn take(&mut self) -> State<T> {
        mem::replace(&mut self.0, State::Ended)
    }
}

impl<T> State<T> {
    /// Does what is left, or waits for the thread.
    fn end(self) -> io::Result<T> {
        match self {
            Self::Waiting { work, first, .. } => work(Pieces { first, more: None }),
            Self::Working { pieces, thread } => {
                drop(pieces);
                thread.join().unwrap_or_else(|_panic| Err(stopped()))
            }
            Self::Ended => Err(stopped()),
        }
    }
}

impl<T> Drop for Lane<T> {
    /// The work owns the sink, which tidies up when it is dropped: that must have happened when this
    /// returns.
    fn drop(&mut self) {
        let state = self.take();
        if let State::Working { .. } = state {
            let _discarded = state.end();
        }
    }
}

impl Pieces {
    /// Hands every piece to `take`, up to the end; an error if the writer was dropped before it.
    pub(super) fn each(self, mut take: impl FnMut(Vec<u8>) -> io::Result<()>) -> io::Result<()> {
        self.first.map_or(Ok(()), &mut take)?;
        let Some(more) = self.more else {
            return Ok(());
        };
        loop {
            match more.recv() {
                Ok(Some(piece)) => take(piece)?,
                Ok(None) => return Ok(()),
                Err(_dropped) => return Err(stopped()),
            }
        }
    }
}

/// Starts a thread, or says that there is none, which must not be taken for damage of a message.
pub(super) fn spawn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let thread = thread::Builder::new().spawn(work);
    thread.map_err(|why| io::Error::new(why.kind(), NoThread(why)))
}

/// The system lets this process, or this user, have no more threads.
#[derive(Debug, thiserror::Error)]
#[error("the system lets no further thread start")]
struct NoThread(#[source] io::Error);

/// Whether an error is that no thread could be started.
pub(super) fn is_no_thread(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<NoThread>())
}

/// Buffers that go round: new memory costs a page fault for each 4 KiB of it.
#[derive(Clone, Default)]
pub(super) struct Spares(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spares {
    /// A buffer with whatever is still in it, or an empty one without any room.
    pub(super) fn take(&self) -> Vec<u8> {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spares.pop().unwrap_or_default()
    }

    /// An empty buffer with room for `size` bytes.
    pub(super) fn empty(&self, size: usize) -> Vec<u8> {
        let mut spare = self.take();
        spare.clear();
        spare.reserve_exact(size);
        spare
    }

    pub(super) fn give(&self, spare: Vec<u8>) {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spares.push(spare);
    }
}

pub(super) fn stopped() -> io::Error {
    io::Error::other("sealing was stopped")
}

/// Bytes that go from thread to thread at once, and how many pieces may wait for each thread. Large
/// ones, since waking a thread takes as long as encrypting some ten KiB.
pub(super) const PIECE: usize = 1 << 20;
pub(super) const AHEAD: usize = 6;

/// Fewer bytes than these are no work for a thread.
pub(super) const SHORT: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// No system has room for such a stack, so there is no thread.
    #[test]
    fn that_there_is_no_thread_is_told_from_other_errors() {
        let stack = thread::Builder::new().stack_size(usize::MAX / 2);
        let why = stack.spawn(|| ()).unwrap_err();
        let kind = why.kind();
        assert!(!is_no_thread(&kind.into()));
        let told = io::Error::new(kind, NoThread(why));
        assert!(is_no_thread(&told), "{told}");
    }
}
