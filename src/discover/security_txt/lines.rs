//! From bytes to numbered lines, whatever the encoding and the line ends.
//!
//! Serves RFC 9116 §2.2 (UTF-8 in Net-Unicode form, CRLF or LF).

use std::{borrow::Cow, str::from_utf8};

use super::{code::Code, finding::Finding};

/// The text of a file, and what was wrong with its bytes.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) faults: Vec<Finding>,
}

/// One line, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) end: End,
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// LF or CRLF.
    Proper,
    /// A lone CR, or two before an LF.
    Improper,
    /// The file is over.
    Missing,
}

/// Decodes a file; `first_line` is the number of its first line.
pub(super) fn decode(bytes: &[u8], first_line: usize) -> Decoded<'_> {
    if let Some(text) = utf16(bytes) {
        return Decoded {
            text: Cow::Owned(text),
            faults: vec![Finding::whole(Code::Utf16).at(first_line)],
        };
    }
    let mut faults = Vec::new();
    let mut bytes = bytes;
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        bytes = rest;
        faults.push(Finding::whole(Code::ByteOrderMark).at(first_line));
    }
    let text = String::from_utf8_lossy(bytes);
    if let Err(error) = from_utf8(bytes) {
        let before = bytes.iter().take(error.valid_up_to());
        let breaks = before.filter(|byte| **byte == b'\n').count();
        let line = first_line.saturating_add(breaks);
        faults.push(Finding::whole(Code::NotUtf8).at(line));
    }
    Decoded { text, faults }
}

/// The lines of a text; an empty rest after the last line end is none.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((line, after)) = rest.split_once(['\r', '\n']) else {
            let text = std::mem::take(&mut rest);
            return Some(Line {
                text,
                end: End::Missing,
            });
        };
        // The separator itself has one byte.
        let separator = rest.as_bytes().get(line.len());
        let (end, after) = if separator == Some(&b'\n') {
            (End::Proper, after)
        } else {
            after_return(after)
        };
        rest = after;
        Some(Line { text: line, end })
    })
}

/// What follows a carriage return: CR CR LF is one line end, and a lone CR is one too.
fn after_return(after: &str) -> (End, &str) {
    if let Some(rest) = after.strip_prefix('\n') {
        return (End::Proper, rest);
    }
    (End::Improper, after.strip_prefix("\r\n").unwrap_or(after))
}

/// UTF-16 by its byte order mark, or by every other byte of the beginning being zero.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (big_endian, bytes) = match bytes {
        [0xff, 0xfe, rest @ ..] => (false, rest),
        [0xfe, 0xff, rest @ ..] => (true, rest),
        [1..=255, 0, 1..=255, 0, ..] => (false, bytes),
        [0, 1..=255, 0, 1..=255, ..] => (true, bytes),
        _ => return None,
    };
    let units = bytes.chunks(2).map(|pair| match *pair {
        [first, second] if big_endian => u16::from_be_bytes([first, second]),
        [first, second] => u16::from_le_bytes([first, second]),
        // Half a unit at the end.
        _ => 0xfffd,
    });
    let characters = char::decode_utf16(units);
    Some(
        characters
            .map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_is_seen() {
        let read: Vec<_> = lines("a\nb\r\nc\rd\r\r\n\ne")
            .map(|line| (line.text, line.end))
            .collect();
        assert_eq!(
            read,
            [
                ("a", End::Proper),
                ("b", End::Proper),
                ("c", End::Improper),
                ("d", End::Improper),
                ("", End::Proper),
                ("e", End::Missing),
            ]
        );
        assert_eq!(lines("").count(), 0);
    }

    /// A long run of carriage returns must not be looked through again for each of them.
    #[test]
    fn carriage_returns_cost_linear_time() {
        let text = "\r".repeat(1 << 20);
        assert_eq!(lines(&text).count(), 1 << 20);
    }

    #[test]
    fn encodings_are_told_apart() {
        let utf16: Vec<u8> = "Contact: ü\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let marked = [b"\xff\xfe".as_slice(), &utf16].concat();
        for (bytes, text, code) in [
            (utf16.as_slice(), "Contact: ü\n", Some(Code::Utf16)),
            (&marked, "Contact: ü\n", Some(Code::Utf16)),
            (b"\xef\xbb\xbfA\n", "A\n", Some(Code::ByteOrderMark)),
            (b"A\n\n\xe9\n", "A\n\n\u{fffd}\n", Some(Code::NotUtf8)),
            (b"A\n", "A\n", None),
        ] {
            let decoded = decode(bytes, 1);
            assert_eq!(decoded.text, text);
            let codes: Vec<_> = decoded.faults.iter().map(Finding::code).collect();
            assert_eq!(codes, Vec::from_iter(code));
        }
        assert_eq!(decode(b"A\n\n\xe9\n", 4).faults[0].line(), Some(6));
    }
}
