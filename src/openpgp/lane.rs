//! Threads that work on one stream side by side: each takes the pieces in order.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// A thread that takes pieces in order and ends with a result.
pub(super) struct Lane<P, T> {
    pieces: Option<SyncSender<Option<P>>>,
    thread: Option<JoinHandle<io::Result<T>>>,
}

/// What a lane takes; `None` is the true end, as opposed to a writer that was dropped.
pub(super) struct Pieces<P>(Receiver<Option<P>>);

impl<P: Send + 'static, T: Send + 'static> Lane<P, T> {
    pub(super) fn start(
        work: impl FnOnce(Pieces<P>) -> io::Result<T> + Send + 'static,
    ) -> io::Result<Self> {
        Self::with_room(AHEAD, work)
    }

    /// With so many pieces that may wait.
    pub(super) fn with_room(
        room: usize,
        work: impl FnOnce(Pieces<P>) -> io::Result<T> + Send + 'static,
    ) -> io::Result<Self> {
        let (pieces, receiver) = sync_channel(room);
        let thread = thread::Builder::new().spawn(move || work(Pieces(receiver)))?;
        Ok(Self {
            pieces: Some(pieces),
            thread: Some(thread),
        })
    }

    /// Waits while the lane is behind. An error is the lane's own.
    pub(super) fn send(&mut self, piece: P) -> io::Result<()> {
        let sent = self
            .pieces
            .as_ref()
            .is_some_and(|pieces| pieces.send(Some(piece)).is_ok());
        if sent {
            Ok(())
        } else {
            Err(self.end().err().unwrap_or_else(stopped))
        }
    }

    pub(super) fn finish(mut self) -> io::Result<T> {
        if let Some(pieces) = &self.pieces {
            // A lane that has failed takes no end; joining it gives its error.
            let _failed = pieces.send(None);
        }
        self.end()
    }

    /// Waits for the thread.
    fn end(&mut self) -> io::Result<T> {
        self.pieces = None;
        let thread = self.thread.take().ok_or_else(stopped)?;
        thread.join().unwrap_or_else(|_panic| Err(stopped()))
    }
}

impl<P, T> Drop for Lane<P, T> {
    /// The thread owns the sink, which tidies up when it is dropped: that must have happened when
    /// this returns.
    fn drop(&mut self) {
        self.pieces = None;
        if let Some(thread) = self.thread.take() {
            let _discarded = thread.join();
        }
    }
}

impl<P> Pieces<P> {
    /// Hands every piece to `take`, up to the end; an error if the writer was dropped before it.
    pub(super) fn each(&self, mut take: impl FnMut(P) -> io::Result<()>) -> io::Result<()> {
        loop {
            match self.0.recv() {
                Ok(Some(piece)) => take(piece)?,
                Ok(None) => return Ok(()),
                Err(_dropped) => return Err(stopped()),
            }
        }
    }
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
