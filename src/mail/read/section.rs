//! A stretch of a file, as a reader of its own.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

/// What can be read from any place.
pub trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

/// Reads a stretch of what lies below, and nothing else.
#[derive(Debug)]
pub(super) struct Section<S> {
    source: S,
    left: u64,
}

impl<S: Source> Section<S> {
    /// Goes to the start of `range`.
    pub(super) fn new(mut source: S, range: &Range<u64>) -> io::Result<Self> {
        source.seek(SeekFrom::Start(range.start))?;
        Ok(Self {
            source,
            left: range.end.saturating_sub(range.start),
        })
    }
}

impl<S: Read> Read for Section<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self
            .source
            .read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}
