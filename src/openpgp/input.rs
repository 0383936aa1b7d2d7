//! The input of `open`, watched: whether the medium itself failed, and how much was made of it.

use std::{
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use super::{OpenError, lane::is_no_thread};

/// The input, with the first fault of the medium itself, which must not be taken for damage of the
/// message.
pub(super) struct Watched<R> {
    reader: R,
    head: Vec<u8>,
    replayed: usize,
    counters: Counters,
}

/// How many bytes were taken of what was decrypted, and that fault. What threads read ahead is not
/// taken yet: a limit on what it expands to must not grow with it.
#[derive(Clone, Default)]
pub(super) struct Counters(Arc<Mutex<(u64, Option<io::Error>)>>);

impl Counters {
    fn update(&self, change: impl FnOnce(&mut (u64, Option<io::Error>))) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn take(&self, bytes: usize) {
        self.update(|counters| counters.0 += bytes as u64);
    }

    pub(super) fn taken(&self) -> u64 {
        self.0.lock().map_or(0, |counters| counters.0)
    }

    pub(super) fn take_fault(&self) -> Option<io::Error> {
        self.0.lock().ok()?.1.take()
    }

    /// What an error means: what is `known` of it, else a fault of the medium or of this machine, else
    /// damage.
    pub(super) fn explain(&self, error: anyhow::Error, known: Option<OpenError>) -> OpenError {
        let fault = known.or_else(|| self.take_fault().map(OpenError::Read));
        fault.unwrap_or_else(|| match error.downcast() {
            Ok(why) if is_no_thread(&why) => OpenError::Read(why),
            Ok(why) => OpenError::Damaged(why.into()),
            Err(error) => OpenError::Damaged(error),
        })
    }
}

impl<R: Read> Watched<R> {
    /// Reads the head, which tells what a file that is no message is instead.
    pub(super) fn new(mut reader: R) -> Result<Self, OpenError> {
        let mut head = Vec::new();
        reader
            .by_ref()
            .take(HEAD)
            .read_to_end(&mut head)
            .map_err(OpenError::Read)?;
        Ok(Self {
            reader,
            head,
            replayed: 0,
            counters: Counters::default(),
        })
    }

    /// The first bytes, which tell what a file that is no message is instead.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    pub(super) fn counters(&self) -> Counters {
        self.counters.clone()
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.replayed < self.head.len() {
            let n = (&self.head[self.replayed..]).read(buffer)?;
            self.replayed += n;
            return Ok(n);
        }
        self.reader.read(buffer).inspect_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                let copy = error
                    .raw_os_error()
                    .map_or_else(|| kind.into(), io::Error::from_raw_os_error);
                self.counters.update(|counters| counters.1 = Some(copy));
            }
        })
    }
}

const HEAD: u64 = 4096;
