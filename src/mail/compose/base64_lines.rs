//! Files as base64 in lines, as a stream.
//!
//! RFC 2045 section 6.8.

use std::io::{self, Write};

use data_encoding::BASE64;

/// Encodes what is written to it, in lines of 76 characters that end with CRLF.
pub(super) struct Base64Lines<W> {
    out: W,
    /// Less than a line.
    pending: Vec<u8>,
}

impl<W: Write> Base64Lines<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            pending: Vec::with_capacity(BYTES),
        }
    }

    /// Writes the last line, and gives the output back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let last = std::mem::take(&mut self.pending);
        if !last.is_empty() {
            self.lines(&last)?;
        }
        Ok(self.out)
    }

    /// Writes whole lines, and at most one at the end that is not.
    fn lines(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut text = Vec::with_capacity(bytes.len() / BYTES * (LINE + 2) + LINE + 2);
        let mut line = [0; LINE];
        for piece in bytes.chunks(BYTES) {
            let length = BASE64.encode_len(piece.len());
            let encoded = line.get_mut(..length).unwrap_or_default();
            BASE64.encode_mut(piece, encoded);
            text.extend_from_slice(encoded);
            text.extend_from_slice(b"\r\n");
        }
        self.out.write_all(&text)
    }
}

impl<W: Write> Write for Base64Lines<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut rest = buffer;
        if !self.pending.is_empty() {
            let wanted = (BYTES - self.pending.len()).min(rest.len());
            let (first, after) = rest.split_at(wanted);
            self.pending.extend_from_slice(first);
            rest = after;
            if self.pending.len() < BYTES {
                return Ok(buffer.len());
            }
            let line = std::mem::take(&mut self.pending);
            self.lines(&line)?;
        }
        let (whole, part) = rest.split_at(rest.len() / BYTES * BYTES);
        self.lines(whole)?;
        self.pending.extend_from_slice(part);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The size of `size` bytes as [`Base64Lines`] writes them.
pub(super) fn encoded_size(size: u64) -> u64 {
    let characters = size.div_ceil(3).saturating_mul(4);
    let lines = size.div_ceil(BYTES as u64);
    characters.saturating_add(lines.saturating_mul(2))
}

const LINE: usize = 76;

/// Bytes in a line.
const BYTES: usize = LINE / 4 * 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_every_cut() {
        let data: Vec<u8> = (0..=255).cycle().take(700).collect();
        for length in 0..data.len() {
            let data = &data[..length];
            let mut writer = Base64Lines::new(Vec::new());
            for piece in data.chunks(length % 13 * 11 + 1) {
                writer.write_all(piece).unwrap();
            }
            let text = String::from_utf8(writer.finish().unwrap()).unwrap();
            assert_eq!(text.len() as u64, encoded_size(length as u64));
            assert!(text.is_empty() || text.ends_with("\r\n"));
            assert!(text.lines().all(|line| line.len() <= LINE));
            let joined = text.replace("\r\n", "");
            assert_eq!(BASE64.decode(joined.as_bytes()).unwrap(), data);
        }
    }
}
