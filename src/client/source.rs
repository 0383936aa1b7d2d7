//! The bytes of a report that is uploaded: a file of ciphertext that may still be growing.
//!
//! Serves "uploads while sealing": the upload reads through a handle of its own what the sealing
//! thread has written, and learns through a channel how much that is.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use tokio::sync::watch;

use super::DeliveryError;

/// How much of the report is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// So many bytes until now.
    Growing(u64),
    /// All of it.
    Whole {
        /// Its size in bytes.
        size: u64,
        /// Its digest.
        sha256: [u8; 32],
    },
    /// There will be no end: whoever was writing it gave up.
    CalledOff,
}

/// A file that somebody else may still be writing. It is never shortened or changed.
#[derive(Debug)]
pub struct Source {
    file: File,
    growth: watch::Receiver<Growth>,
}

impl Source {
    /// A file, through a handle whose position nobody else uses, and its growth.
    #[must_use]
    pub fn new(file: File, growth: watch::Receiver<Growth>) -> Self {
        Self { file, growth }
    }

    /// A file that is whole.
    #[must_use]
    pub fn whole(file: File, size: u64, sha256: [u8; 32]) -> Self {
        let (_done, growth) = watch::channel(Growth::Whole { size, sha256 });
        Self { file, growth }
    }

    /// What is there now.
    #[must_use]
    pub fn growth(&self) -> Growth {
        *self.growth.borrow()
    }

    /// Waits until there is a good piece behind `offset`, or the end: gives how much may be sent
    /// at once, and the size of the whole where it is known.
    pub(super) async fn piece(&mut self, offset: u64) -> Result<(u64, Option<u64>), DeliveryError> {
        loop {
            match self.growth() {
                Growth::Whole { size, .. } => {
                    let left = size.saturating_sub(offset);
                    return Ok((left.min(LARGEST_PIECE), Some(size)));
                }
                Growth::Growing(size) if size >= offset.saturating_add(GOOD_PIECE) => {
                    return Ok(((size - offset).min(LARGEST_PIECE), None));
                }
                Growth::Growing(_) => {}
                Growth::CalledOff => return Err(DeliveryError::CalledOff),
            }
            let changed = self.growth.changed().await;
            changed.map_err(|_| DeliveryError::CalledOff)?;
        }
    }

    /// Waits for the end of a short report: its size, or `None` once it is longer than `most`.
    pub(super) async fn short(&mut self, most: u64) -> Result<Option<u64>, DeliveryError> {
        loop {
            match self.growth() {
                Growth::Whole { size, .. } => return Ok(Some(size).filter(|size| *size <= most)),
                Growth::Growing(size) if size > most => return Ok(None),
                Growth::Growing(_) => {}
                Growth::CalledOff => return Err(DeliveryError::CalledOff),
            }
            let changed = self.growth.changed().await;
            changed.map_err(|_| DeliveryError::CalledOff)?;
        }
    }

    /// A reader from `offset` on, that tells where it is.
    pub(super) fn read_from<'a>(
        &'a mut self,
        offset: u64,
        at: &'a mut (dyn FnMut(u64) + Send),
    ) -> io::Result<Reading<'a>> {
        self.file.seek(SeekFrom::Start(offset))?;
        Ok(Reading {
            file: &mut self.file,
            offset,
            at,
            fault: None,
        })
    }
}

/// A source being read.
pub(super) struct Reading<'a> {
    file: &'a mut File,
    offset: u64,
    at: &'a mut (dyn FnMut(u64) + Send),
    /// What went wrong with the disk, which the network reports as its own trouble.
    pub(super) fault: Option<io::Error>,
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.file.read(buffer) {
            Ok(0) if !buffer.is_empty() => {
                self.fault = Some(io::ErrorKind::UnexpectedEof.into());
                Ok(0)
            }
            Ok(n) => {
                self.offset += n as u64;
                (self.at)(self.offset);
                Ok(n)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.fault = Some(error);
                Err(kind.into())
            }
        }
    }
}

/// Large enough that the time for an answer does not count, while the report still grows.
const GOOD_PIECE: u64 = 8 << 20;

/// Below what proxies in front of an intake commonly take in one request.
const LARGEST_PIECE: u64 = 64 << 20;
