//! The content of an attachment: all of what lies on disk, a picture without what it tells, or what stands in its place.
//!
//! Serves the stripping of metadata and promise 13: no copy is made, the pieces are read where they are.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use super::{
    sink::{Sink, fill, zeros},
    source::{Source, SourceError},
    write::BundleError,
};
use crate::metadata::{Cut, Part};

/// All of a source, which must be what it was.
pub(super) fn whole(source: &Source, sink: &mut dyn Sink) -> Result<(), BundleError> {
    let mut reading = source.reopen()?;
    fill(sink, source.size(), |room| Ok(reading.read(room)?))?;
    Ok(reading.end()?)
}

/// The pieces of a source, which must be what it was.
pub(super) fn cut(source: &Source, cut: &Cut, sink: &mut dyn Sink) -> Result<(), BundleError> {
    let mut reading = source.reopen()?;
    for part in cut.parts() {
        match part {
            Part::Bytes(bytes) => sink.write_all(bytes).map_err(BundleError::Write)?,
            Part::Zeros(count) => zeros(sink, *count).map_err(BundleError::Write)?,
            Part::Keep(range) => {
                reading.go(range)?;
                fill(sink, reading.left(), |room| Ok(reading.read(room)?))?;
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
    pub(super) fn content(&self, source: &Source, sink: &mut dyn Sink) -> Result<(), BundleError> {
        let failed = |error| {
            BundleError::Source(SourceError::Substitute {
                path: source.path().to_owned(),
                source: error,
            })
        };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        fill(sink, self.size, |room| {
            file.read_exact(room).map_err(failed)?;
            Ok(room.len())
        })
    }
}
