//! Threads that work on one stream side by side: each takes the pieces in order.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use sha1::{Digest, Sha1};

/// A thread that takes pieces in order and ends with a result.
pub(super) struct Lane<T> {
    pieces: Option<SyncSender<Option<Arc<Vec<u8>>>>>,
    thread: Option<JoinHandle<io::Result<T>>>,
}

/// What a lane takes; `None` is the true end, as opposed to a writer that was dropped.
pub(super) struct Pieces(Receiver<Option<Arc<Vec<u8>>>>);

impl<T: Send + 'static> Lane<T> {
    pub(super) fn start(
        work: impl FnOnce(Pieces) -> io::Result<T> + Send + 'static,
    ) -> io::Result<Self> {
        let (pieces, receiver) = sync_channel(AHEAD);
        let thread = thread::Builder::new().spawn(move || work(Pieces(receiver)))?;
        Ok(Self {
            pieces: Some(pieces),
            thread: Some(thread),
        })
    }

    pub(super) fn send(&mut self, piece: &Arc<Vec<u8>>) -> io::Result<()> {
        let sent = self
            .pieces
            .as_ref()
            .is_some_and(|pieces| pieces.send(Some(piece.clone())).is_ok());
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

impl<T> Drop for Lane<T> {
    /// The thread owns the sink, which tidies up when it is dropped: that must have happened when
    /// this returns.
    fn drop(&mut self) {
        self.pieces = None;
        if let Some(thread) = self.thread.take() {
            let _discarded = thread.join();
        }
    }
}

impl Pieces {
    /// Hands every piece to `take`, up to the end; an error if the writer was dropped before it.
    pub(super) fn each(&self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        loop {
            match self.0.recv() {
                Ok(Some(piece)) => take(&piece)?,
                Ok(None) => return Ok(()),
                Err(_dropped) => return Err(stopped()),
            }
        }
    }
}

pub(super) fn stopped() -> io::Error {
    io::Error::other("sealing was stopped")
}

/// The SHA-1 of a version 1 container (RFC 9580 section 5.13.1).
pub(super) fn digest_lane(pieces: &Pieces) -> io::Result<[u8; 20]> {
    let mut sha1 = Sha1::new();
    pieces.each(|piece| {
        sha1.update(piece);
        Ok(())
    })?;
    Ok(sha1.finalize().into())
}

/// Bytes that go from thread to thread at once, and how many pieces may wait for each thread.
pub(super) const PIECE: usize = 64 << 10;
pub(super) const AHEAD: usize = 8;
