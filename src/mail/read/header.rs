//! The header of a mail or of one of its parts.
//!
//! RFC 5322 section 2.2. Of each field the first is taken; what no program writes is passed over.

use super::{MailError, lines::Line};

/// The fields that mean something here, unfolded, in the order of the header.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    fields: Vec<(&'static str, Vec<u8>)>,
    size: usize,
    /// Whether the field that the last line belongs to is kept.
    keeping: bool,
}

/// What a line is to a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Part of the header.
    Header,
    /// The blank line behind it.
    End,
    /// The first line of a body that no blank line announced.
    Body,
}

impl Header {
    /// Takes the next line.
    pub(super) fn line(&mut self, line: &Line<'_>) -> Result<Reading, MailError> {
        let text = line.text();
        if line.begins && text.is_empty() {
            return Ok(Reading::End);
        }
        let is_first = self.size == 0;
        self.size += line.bytes.len();
        if self.size > LIMIT {
            return Err(MailError::HeaderTooLong(LIMIT));
        }
        if !line.begins || text.first().is_some_and(|byte| b" \t".contains(byte)) {
            if self.keeping
                && let Some((_, value)) = self.fields.last_mut()
            {
                value.extend_from_slice(text);
            }
            return Ok(Reading::Header);
        }
        let Some((name, value)) = split(text) else {
            // The line that mbox puts before a mail.
            let from = text.starts_with(b"From ") || text.starts_with(b">From ");
            return Ok(if is_first && from {
                Reading::Header
            } else {
                Reading::Body
            });
        };
        let known = KNOWN
            .iter()
            .find(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        self.keeping = known.is_some_and(|name| self.field(name).is_none());
        if let Some(name) = known.filter(|_| self.keeping) {
            self.fields.push((name, value.to_vec()));
        }
        Ok(Reading::Header)
    }

    /// The value of the field with this name, in lower case.
    pub(super) fn field(&self, name: &str) -> Option<&[u8]> {
        let found = self.fields.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.trim_ascii())
    }

    /// Bytes that are kept.
    pub(super) fn kept(&self) -> usize {
        self.fields.iter().map(|(_, value)| value.len()).sum()
    }
}

/// Name and value of a field.
pub(super) fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (line.get(..colon)?.trim_ascii_end(), line.get(colon + 1..)?);
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then_some((name, value))
}

/// In lower case.
const KNOWN: [&str; 7] = [
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-description",
    "subject",
    "from",
    "date",
];

/// The longest header, in bytes: some servers write 30,000.
const LIMIT: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::read::lines::Lines;

    fn read(text: &[u8]) -> (Header, Reading) {
        let mut lines = Lines::new(text);
        let mut header = Header::default();
        while let Some(line) = lines.next().unwrap() {
            let reading = header.line(&line).unwrap();
            if reading != Reading::Header {
                return (header, reading);
            }
        }
        (header, Reading::Header)
    }

    #[test]
    fn fields_are_unfolded_and_the_first_counts() {
        let (header, end) = read(
            b"From x Mon\r\nX-Other: a\r\n b\r\nSUBJECT : one\r\n\ttwo\r\nSubject: three\r\n four\r\n\r\n",
        );
        assert!(end == Reading::End);
        assert_eq!(header.field("subject"), Some(&b"one\ttwo"[..]));
        assert_eq!(header.field("from"), None);
    }

    #[test]
    fn a_body_may_begin_without_a_blank_line() {
        assert!(read(b"Subject: x\nno field here\n").1 == Reading::Body);
        assert!(read(b": x\n").1 == Reading::Body);
    }

    #[test]
    fn p31_headers_have_an_end() {
        let long = [b"Subject: ".to_vec(), vec![b'x'; LIMIT]].concat();
        let mut lines = Lines::new(&*long);
        let mut header = Header::default();
        let mut ended = Ok(Reading::Header);
        while let Some(line) = lines.next().unwrap() {
            ended = header.line(&line);
        }
        assert!(matches!(ended, Err(MailError::HeaderTooLong(_))));
    }
}
