//! Where the ciphertext goes while it is made: a file, its digest, and word to the upload of how
//! much there is.

use std::{
    fs::File,
    io::{self, Write},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::{client::Growth, disk::Interruption};

/// A file of ciphertext that somebody else reads while it grows.
pub(super) struct Spool {
    file: File,
    digest: Sha256,
    written: u64,
    told: u64,
    growth: Arc<watch::Sender<Growth>>,
    interruption: Interruption,
}

impl Spool {
    pub(super) fn new(
        file: File,
        growth: Arc<watch::Sender<Growth>>,
        interruption: Interruption,
    ) -> Self {
        Self {
            file,
            digest: Sha256::new(),
            written: 0,
            told: 0,
            growth,
            interruption,
        }
    }

    /// Size and digest. The upload is not told: it is to end only once the entry is durable.
    pub(super) fn finish(self) -> (u64, [u8; 32]) {
        (self.written, self.digest.finalize().into())
    }
}

impl Write for Spool {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if let Some(interrupted) = self.interruption.came() {
            return Err(io::Error::other(interrupted));
        }
        let n = self.file.write(buffer)?;
        self.digest.update(buffer.get(..n).unwrap_or_default());
        self.written += n as u64;
        if self.written - self.told >= STEP {
            self.told = self.written;
            self.growth.send_replace(Growth::Growing(self.written));
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

const STEP: u64 = 1 << 20;
