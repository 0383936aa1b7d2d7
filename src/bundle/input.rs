//! The input of the reading side: any reader, by chunks, with a look at its head.
//!
//! Serves "The sealed report" of DESIGN.md: constant memory, read to the very end.

use std::io::{ErrorKind, Read};

use super::refusal::{ExtractError, Refusal};
use super::{BLOCK, CHUNK};

/// A reader with one buffer of [`CHUNK`] bytes.
pub(super) struct Input<'a> {
    reader: &'a mut dyn Read,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
}

impl<'a> Input<'a> {
    /// Wraps a reader; nothing is read yet.
    pub(super) fn new(reader: &'a mut dyn Read) -> Self {
        Self {
            reader,
            buffer: vec![0; CHUNK].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
        }
    }

    /// The next bytes, not consumed: `wanted` of them, or all that there are.
    pub(super) fn peek(&mut self, wanted: usize) -> Result<&[u8], ExtractError> {
        while self.end - self.start < wanted.min(CHUNK) && !self.ended {
            self.fill()?;
        }
        let until = self.end.min(self.start + wanted);
        Ok(self.buffer.get(self.start..until).unwrap_or_default())
    }

    /// Up to `most` bytes, consumed; none only at the end of the input.
    pub(super) fn take(&mut self, most: u64) -> Result<&[u8], ExtractError> {
        if self.start == self.end && !self.ended {
            self.fill()?;
        }
        let here = self.end - self.start;
        let taken = usize::try_from(most).map_or(here, |most| most.min(here));
        let from = self.start;
        self.start += taken;
        Ok(self.buffer.get(from..self.start).unwrap_or_default())
    }

    /// The next block of an archive, or nothing at the end of the input.
    pub(super) fn block(&mut self) -> Result<Option<[u8; BLOCK]>, ExtractError> {
        let bytes = self.peek(BLOCK)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let Ok(block) = <[u8; BLOCK]>::try_from(bytes) else {
            return Err(ExtractError::Damaged(Refusal::Truncated));
        };
        self.start += BLOCK;
        Ok(Some(block))
    }

    /// One successful read into the free part of the buffer, which is never empty when this is
    /// called.
    fn fill(&mut self) -> Result<(), ExtractError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(free) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end = (self.end + count).min(CHUNK),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(ExtractError::Read(error)),
            }
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Input;
    use std::io::Read;

    /// Gives one byte at a time, and an interruption before each.
    struct Trickle<'a>(&'a [u8], bool);

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(std::io::ErrorKind::Interrupted.into());
            }
            let most = into.len().min(1);
            self.0.read(&mut into[..most])
        }
    }

    #[test]
    fn a_slow_reader_gives_whole_blocks() {
        let data = [7_u8; 1034];
        let mut reader = Trickle(&data, false);
        let mut input = Input::new(&mut reader);
        assert_eq!(input.peek(600).unwrap().len(), 600);
        assert_eq!(input.block().unwrap(), Some([7; 512]));
        assert_eq!(input.block().unwrap(), Some([7; 512]));
        assert_eq!(input.peek(600).unwrap().len(), 10);
        assert!(input.block().is_err());
        assert_eq!(input.take(4).unwrap().len(), 4);
        assert_eq!(input.take(u64::MAX).unwrap().len(), 6);
        assert!(input.take(1).unwrap().is_empty());
        assert!(input.block().unwrap().is_none());
    }
}
