//! A message that is being written: the library's layers of signature and literal on top, our
//! container below them, and the armour, if any, below that.

use std::{
    io::{self, BufWriter, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::anyhow;
use sequoia_openpgp::{Result as LibraryResult, armor, serialize::stream};

use super::{SealError, container::ContainerWriter, seal::explain};

/// A message that is being written. Dropped before [`Sealing::finish`], it is worthless.
pub struct Sealing<W: Write + Send + 'static> {
    content: stream::Message<'static>,
    container: Shared<W>,
}

impl<W: Write + Send + 'static> Sealing<W> {
    pub(super) fn new(content: stream::Message<'static>, container: Shared<W>) -> Self {
        Self { content, container }
    }

    /// Writes the signature and the end of the container, and gives the output back.
    ///
    /// # Errors
    /// [`SealError`] when writing or signing fails.
    pub fn finish(self) -> Result<W, SealError> {
        self.content.finalize().map_err(explain)?;
        let container = self
            .container
            .lock()
            .take()
            .ok_or_else(|| explain(anyhow!("sealed twice")))?;
        container
            .finish()
            .and_then(Sink::finish)
            .map_err(SealError::Write)
    }
}

impl<W: Write + Send + 'static> Write for Sealing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.content.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content.flush()
    }
}

/// The container, reached from below the library's stack of writers, which ends without giving it
/// back. Only one of the two ever writes, so the lock is never waited for.
pub(super) struct Shared<W: Write + Send + 'static>(Arc<Mutex<Option<ContainerWriter<Sink<W>>>>>);

impl<W: Write + Send + 'static> Shared<W> {
    pub(super) fn new(container: ContainerWriter<Sink<W>>) -> Self {
        Self(Arc::new(Mutex::new(Some(container))))
    }

    fn lock(&self) -> MutexGuard<'_, Option<ContainerWriter<Sink<W>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write + Send + 'static> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write + Send + 'static> Write for Shared<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut container = self.lock();
        container
            .as_mut()
            .ok_or(io::ErrorKind::BrokenPipe)?
            .write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The output, armoured or not.
pub(super) enum Sink<W: Write> {
    Binary(W),
    Armored(armor::Writer<BufWriter<W>>),
}

impl<W: Write> Sink<W> {
    pub(super) fn new(out: W, armored: bool) -> LibraryResult<Self> {
        if !armored {
            return Ok(Self::Binary(out));
        }
        // The armour comes in single lines.
        let buffered = BufWriter::with_capacity(ARMOR_BUFFER, out);
        Ok(Self::Armored(armor::Writer::new(
            buffered,
            armor::Kind::Message,
        )?))
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Binary(out) => Ok(out),
            Self::Armored(writer) => writer
                .finalize()?
                .into_inner()
                .map_err(io::IntoInnerError::into_error),
        }
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Binary(out) => out.write(buffer),
            Self::Armored(writer) => writer.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Binary(out) => out.flush(),
            Self::Armored(writer) => writer.flush(),
        }
    }
}

const ARMOR_BUFFER: usize = 1 << 20;
