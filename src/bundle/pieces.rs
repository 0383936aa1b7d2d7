//! The content of an attachment that is not what lies on disk: a picture without what it tells, or what stands in its place.
//!
//! Serves the stripping of metadata and promise 13: no copy is made, the pieces are read where they are.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use super::{
    CHUNK,
    source::{Source, SourceError},
    write::BundleError,
};
use crate::metadata::{Cut, Part};

/// Takes content, piece by piece.
pub(super) type Take<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;

/// The pieces of a source, which must be what it was.
pub(super) fn cut(source: &Source, cut: &Cut, take: Take<'_>) -> Result<(), BundleError> {
    let mut reading = source.reopen()?;
    let mut buffer = vec![0; CHUNK];
    for part in cut.parts() {
        match part {
            Part::Bytes(bytes) => take(bytes).map_err(BundleError::Write)?,
            Part::Zeros(count) => zeros(*count, take).map_err(BundleError::Write)?,
            Part::Keep(range) => {
                reading.go(range)?;
                while reading.left() > 0 {
                    let count = reading.read(&mut buffer)?;
                    take(buffer.get(..count).unwrap_or_default()).map_err(BundleError::Write)?;
                }
            }
        }
    }
    Ok(reading.unchanged()?)
}

/// A file that stands in the place of the source, and that nobody else can name.
#[derive(Debug)]
pub(super) struct Substitute {
    file: File,
    size: u64,
}

impl Substitute {
    /// The file from its beginning.
    pub(super) fn new(mut file: File) -> io::Result<Self> {
        let size = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, size })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// All of it.
    pub(super) fn content(&self, source: &Source, take: Take<'_>) -> Result<(), BundleError> {
        let failed = |error| {
            BundleError::Source(SourceError::Substitute {
                path: source.path().to_owned(),
                source: error,
            })
        };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut buffer = vec![0; CHUNK];
        let mut left = self.size;
        while left > 0 {
            let most = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
            let part = buffer.get_mut(..most).unwrap_or_default();
            file.read_exact(part).map_err(failed)?;
            take(part).map_err(BundleError::Write)?;
            left -= most as u64;
        }
        Ok(())
    }
}

fn zeros(count: u64, take: Take<'_>) -> io::Result<()> {
    let mut left = count;
    while left > 0 {
        let some = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
        take(ZEROS.get(..some).unwrap_or_default())?;
        left = left.saturating_sub(some as u64);
    }
    Ok(())
}

static ZEROS: [u8; 4096] = [0; 4096];
