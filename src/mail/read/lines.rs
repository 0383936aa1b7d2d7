//! A stream by lines, with the place of each, in constant memory.
//!
//! RFC 5322 section 2.1: lines end with CRLF; the bare LF of files is taken as well.

use std::io::{self, ErrorKind, Read};

/// Reads lines.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    offset: u64,
    at_line_start: bool,
    ended: bool,
}

/// A line, or a piece of one that is too long.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// Where it begins in the stream.
    pub(super) offset: u64,
    /// With its line end.
    pub(super) bytes: &'a [u8],
    /// Whether a line begins here.
    pub(super) begins: bool,
}

impl Line<'_> {
    /// Where the next one begins.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    /// Without its line end.
    pub(super) fn text(&self) -> &[u8] {
        match self.bytes.strip_suffix(b"\n") {
            Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
            None => self.bytes,
        }
    }

    /// Without its line end and what is blank before that.
    pub(super) fn trimmed(&self) -> &[u8] {
        self.text().trim_ascii_end()
    }
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            offset: 0,
            at_line_start: true,
            ended: false,
        }
    }

    /// The next line; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        let length = loop {
            let here = self.buffer.get(self.start..self.end).unwrap_or_default();
            let found = here.iter().skip(searched).position(|byte| *byte == b'\n');
            if let Some(place) = found {
                break searched + place + 1;
            }
            if self.ended || here.len() == BUFFER {
                break here.len();
            }
            searched = here.len();
            self.fill()?;
        };
        if length == 0 {
            return Ok(None);
        }
        let from = self.start;
        self.start += length;
        let bytes = self.buffer.get(from..self.start).unwrap_or_default();
        let line = Line {
            offset: self.offset,
            bytes,
            begins: self.at_line_start,
        };
        self.offset = line.end();
        self.at_line_start = bytes.ends_with(b"\n");
        Ok(Some(line))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(free) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end = (self.end + count).min(BUFFER),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

const BUFFER: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(data: &[u8]) -> Vec<(u64, usize, bool)> {
        let mut lines = Lines::new(data);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.offset, line.bytes.len(), line.begins));
        }
        all
    }

    #[test]
    fn lines_have_places() {
        assert_eq!(lines(b""), []);
        assert_eq!(
            lines(b"a\r\n\nb"),
            [(0, 3, true), (3, 1, true), (4, 1, true)]
        );
    }

    #[test]
    fn p31_a_line_that_does_not_end_comes_in_pieces() {
        let mut data = vec![b'x'; BUFFER + 5];
        data.extend_from_slice(b"\ny");
        let begun = BUFFER as u64;
        assert_eq!(
            lines(&data),
            [(0, BUFFER, true), (begun, 6, false), (begun + 6, 1, true)]
        );
    }
}
