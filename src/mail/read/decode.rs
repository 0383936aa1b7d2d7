//! The content of a part, decoded as a stream.
//!
//! RFC 2045 section 6. Faults are passed over as mail programs do: what was meant is mostly clear,
//! and nothing here is believed before it is authenticated.

use std::io::{self, Read};

use data_encoding::BASE64_NOPAD;

use super::header::Header;

/// How a part is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
}

impl Encoding {
    pub(super) fn of(header: &Header) -> Self {
        let value = header
            .field("content-transfer-encoding")
            .unwrap_or_default();
        let end = value.iter().position(|byte| b" \t;(".contains(byte));
        let word = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
        match word.to_ascii_lowercase().as_slice() {
            b"base64" => Self::Base64,
            b"quoted-printable" => Self::QuotedPrintable,
            _ => Self::Identity,
        }
    }

    /// The decoded content of `reader`.
    pub(super) fn decode<R: Read>(self, reader: R) -> Decoded<R> {
        Decoded {
            reader,
            encoding: self,
            raw: Vec::new(),
            ready: Vec::new(),
            given: 0,
            ended: false,
        }
    }
}

/// A reader of decoded content.
pub(super) struct Decoded<R> {
    reader: R,
    encoding: Encoding,
    /// What was read and waits for more.
    raw: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.encoding == Encoding::Identity {
            return self.reader.read(buffer);
        }
        while self.given == self.ready.len() && !self.ended {
            self.refill()?;
        }
        let waiting = self.ready.get(self.given..).unwrap_or_default();
        let count = waiting.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), waiting.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

impl<R: Read> Decoded<R> {
    fn refill(&mut self) -> io::Result<()> {
        let before = self.raw.len();
        self.raw.resize(before + CHUNK, 0);
        let free = self.raw.get_mut(before..).unwrap_or_default();
        let read = self.reader.read(free);
        let count = *read.as_ref().unwrap_or(&0);
        self.raw.truncate(before + count);
        match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
            Ok(count) => self.ended = count == 0,
        }
        self.ready.clear();
        self.given = 0;
        match self.encoding {
            Encoding::Base64 => self.base64(),
            _ => self.quoted(),
        }
        Ok(())
    }

    /// Decodes whole groups of four characters; others than those of the alphabet are no content,
    /// and padding ends a group.
    fn base64(&mut self) {
        let mut group = Vec::with_capacity(4);
        let raw = std::mem::take(&mut self.raw);
        for byte in raw {
            match byte {
                b'=' => self.group(&std::mem::take(&mut group)),
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => group.push(byte),
                _ => {}
            }
            if group.len() == 4 {
                self.group(&group);
                group.clear();
            }
        }
        if self.ended {
            self.group(&group);
        } else {
            self.raw = group;
        }
    }

    fn group(&mut self, characters: &[u8]) {
        let mut bytes = [0; 3];
        let whole = match characters.len() {
            2..=4 => characters.len(),
            _ => return,
        };
        let Ok(length) = BASE64_NOPAD.decode_len(whole) else {
            return;
        };
        if let Some(room) = bytes.get_mut(..length) {
            // Bits behind the last whole byte are no content.
            let count = match BASE64_NOPAD.decode_mut(characters, room) {
                Ok(count) => count,
                Err(partial) => partial.read / 4 * 3 + lenient(characters, room),
            };
            self.ready
                .extend_from_slice(room.get(..count).unwrap_or_default());
        }
    }

    fn quoted(&mut self) {
        let raw = std::mem::take(&mut self.raw);
        let mut rest = raw.as_slice();
        while let Some((byte, after)) = rest.split_first() {
            if *byte != b'=' {
                self.ready.push(*byte);
                rest = after;
                continue;
            }
            // White space may have been put behind a soft line break.
            let blanks = after
                .iter()
                .take_while(|byte| b" \t".contains(byte))
                .count();
            let behind = after.get(blanks..).unwrap_or_default();
            match (behind, after) {
                ([b'\r', b'\n', next @ ..] | [b'\n', next @ ..], _) => rest = next,
                ([] | [b'\r'], _) if self.ended => rest = &[],
                ([] | [b'\r'], _) if blanks < LONGEST_BLANK => break,
                (_, [_]) if !self.ended => break,
                (_, [high, low, next @ ..]) if let Some(byte) = hex(*high, *low) => {
                    self.ready.push(byte);
                    rest = next;
                }
                _ => {
                    self.ready.push(b'=');
                    rest = after;
                }
            }
        }
        self.raw = rest.to_vec();
    }
}

/// The bytes of a last group whose spare bits are not zero.
fn lenient(characters: &[u8], room: &mut [u8]) -> usize {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let bits = characters
        .iter()
        .fold(0_u32, |bits, byte| bits << 6 | u32::from(value(*byte)));
    let spare = characters.len() * 6 % 8;
    let whole = (bits >> spare).to_be_bytes();
    let from = whole.len() - room.len().min(whole.len());
    room.copy_from_slice(whole.get(from..).unwrap_or_default());
    room.len()
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some(digit(high)? << 4 | digit(low)?)
}

const CHUNK: usize = 16 * 1024;

/// Blanks between an equals sign and the end of its line.
const LONGEST_BLANK: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives some bytes at a time.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(self.1);
            self.0.read(&mut into[..most])
        }
    }

    fn decoded(encoding: Encoding, text: &[u8], step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut reader = encoding.decode(Pieces(text, step));
        reader.read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn base64_with_its_faults() {
        for (text, content) in [
            ("TWFu", "Man"),
            ("TW\r\nFu\r\nTQ==\r\n", "ManM"),
            ("TQ==TWFu", "MMan"),
            ("T W!F*u", "Man"),
            ("TWE", "Ma"),
            ("TR==", "M"),
            ("", ""),
            ("T", ""),
        ] {
            for step in [1, 2, 3, 100] {
                let out = decoded(Encoding::Base64, text.as_bytes(), step);
                assert_eq!(out, content.as_bytes(), "{text} {step}");
            }
        }
    }

    #[test]
    fn quoted_printable_with_its_faults() {
        for (text, content) in [
            ("a=3Db=\r\nc\r\nd", "a=bc\r\nd"),
            ("a= \t\nb", "ab"),
            ("=c3=a9", "é"),
            ("=zz=", "=zz"),
            ("=4", "=4"),
            ("a=\r", "a"),
        ] {
            for step in [1, 2, 3, 100] {
                let out = decoded(Encoding::QuotedPrintable, text.as_bytes(), step);
                assert_eq!(String::from_utf8_lossy(&out), content, "{text} {step}");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(text in "[=A-Fa-f0-9 \t\r\n+]{0,80}", step in 1_usize..9) {
            for encoding in [Encoding::Base64, Encoding::QuotedPrintable, Encoding::Identity] {
                let whole = decoded(encoding, text.as_bytes(), 1000);
                prop_assert_eq!(decoded(encoding, text.as_bytes(), step), whole);
            }
        }
    }
}
