//! Text that people read, as UTF-8 with LF.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};

/// Converts a text as a stream: from its character set, and with LF for CRLF.
pub(super) struct Plain<R> {
    reader: R,
    /// None for what is UTF-8 already, or of an unknown character set: its bytes stay as they are.
    decoder: Option<Decoder>,
    raw: Box<[u8]>,
    ready: Vec<u8>,
    given: usize,
    /// A CR of which only the next byte says what it means.
    held: bool,
    ended: bool,
}

impl<R: Read> Plain<R> {
    pub(super) fn new(reader: R, charset: Option<&'static Encoding>) -> Self {
        Self {
            reader,
            decoder: charset.map(Encoding::new_decoder_without_bom_handling),
            raw: vec![0; CHUNK].into_boxed_slice(),
            ready: Vec::new(),
            given: 0,
            held: false,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let count = match self.reader.read(&mut self.raw) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            count => count?,
        };
        self.ended = count == 0;
        let raw = self.raw.get(..count).unwrap_or_default();
        let utf8 = match &mut self.decoder {
            None => raw.to_vec(),
            Some(decoder) => decode(decoder, raw, self.ended),
        };
        self.ready.clear();
        self.given = 0;
        for byte in utf8 {
            if std::mem::take(&mut self.held) && byte != b'\n' {
                self.ready.push(b'\r');
            }
            if byte == b'\r' {
                self.held = true;
            } else {
                self.ready.push(byte);
            }
        }
        if self.ended && self.held {
            self.ready.push(b'\r');
        }
        Ok(())
    }
}

fn decode(decoder: &mut Decoder, raw: &[u8], last: bool) -> Vec<u8> {
    let room = decoder
        .max_utf8_buffer_length(raw.len())
        .unwrap_or_default();
    let mut text = String::with_capacity(room);
    let (result, ..) = decoder.decode_to_string(raw, &mut text, last);
    debug_assert!(result == CoderResult::InputEmpty, "there is room for all");
    text.into_bytes()
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.ended {
            self.refill()?;
        }
        let mut waiting = self.ready.get(self.given..).unwrap_or_default();
        let count = waiting.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

const CHUNK: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &[u8], charset: &str) -> String {
        let mut out = String::new();
        let encoding = Encoding::for_label(charset.as_bytes());
        Plain::new(text, encoding).read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn line_ends_and_character_sets() {
        assert_eq!(plain(b"a\r\nb\rc\n\r", ""), "a\nb\rc\n\r");
        assert_eq!(plain(b"caf\xe9\r\n", "iso-8859-1"), "café\n");
        assert_eq!(plain(b"\x1b$B$\"\x1b(B", "iso-2022-jp"), "あ");
        let long = "é\r\n".repeat(CHUNK);
        assert_eq!(plain(long.as_bytes(), ""), "é\n".repeat(CHUNK));
    }
}
