//! A file as pieces of another one: what of it stays, and what little stands in the place of the rest.
//!
//! Serves the stripping of metadata: the size is known before anything is written, and no copy is made.

use std::ops::Range;

/// The pieces, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    parts: Vec<Part>,
}

/// A piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes of the original.
    Keep(Range<u64>),
    /// These bytes instead.
    Bytes(Vec<u8>),
    /// That many zeros.
    Zeros(u64),
}

impl Cut {
    /// The pieces.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Bytes of all pieces.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.parts.iter().map(Part::size).sum()
    }

    /// Whether a file of that size stays as it is.
    #[must_use]
    pub fn is_whole(&self, size: u64) -> bool {
        match self.parts.as_slice() {
            [] => size == 0,
            [Part::Keep(range)] => *range == (0..size),
            _ => false,
        }
    }

    /// Goes on with these bytes of the original.
    pub(super) fn keep(&mut self, range: Range<u64>) {
        if let Some(Part::Keep(last)) = self.parts.last_mut()
            && last.end == range.start
        {
            last.end = range.end;
        } else if !range.is_empty() {
            self.parts.push(Part::Keep(range));
        }
    }

    /// Goes on with these bytes.
    pub(super) fn bytes(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.parts.push(Part::Bytes(bytes));
        }
    }

    /// Goes on with zeros.
    pub(super) fn zeros(&mut self, count: u64) {
        if count > 0 {
            self.parts.push(Part::Zeros(count));
        }
    }

    /// The same behind these bytes.
    pub(super) fn behind(self, bytes: Vec<u8>) -> Self {
        let mut all = Self::default();
        all.bytes(bytes);
        all.parts.extend(self.parts);
        all
    }

    /// Whether it has more pieces than any file that is meant to be looked at.
    pub(super) fn is_crumbled(&self) -> bool {
        self.parts.len() > MOST
    }
}

impl Part {
    fn size(&self) -> u64 {
        match self {
            Self::Keep(range) => range.end - range.start,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Zeros(count) => *count,
        }
    }
}

/// The most pieces.
const MOST: usize = 20_000;
