//! Header fields as they are written: typed values, so that nothing that was typed or found
//! somewhere can end its line and begin another (promise 45).
//!
//! RFC 5322 sections 2.2.3 (folding) and 3.6, RFC 2047 (text that is not ASCII), RFC 2231
//! (parameters that are not ASCII).

use std::fmt::Write as _;

use data_encoding::BASE64;

use crate::program::MailAddress;

/// A field: a name of ours, and a value that is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    name: &'static str,
    /// Printable ASCII, in pieces between which the line may be folded.
    pieces: Vec<String>,
}

impl Field {
    /// A value that stands in this program.
    pub(super) fn fixed(name: &'static str, value: &'static str) -> Self {
        let pieces = value.split(' ').map(str::to_owned).collect();
        Self { name, pieces }
    }

    /// An address, which is ASCII without spaces by its type.
    pub(super) fn address(name: &'static str, address: &MailAddress) -> Self {
        Self {
            name,
            pieces: vec![address.to_string()],
        }
    }

    /// Words of our own making: a date, a message ID, base64.
    pub(super) fn ours(name: &'static str, pieces: &[String]) -> Self {
        let pieces = pieces.iter().map(|piece| printable(piece)).collect();
        Self { name, pieces }
    }

    /// Anybody's text: as it is where it is plain ASCII, in encoded words otherwise.
    pub(super) fn text(name: &'static str, text: &str) -> Self {
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let words = text.split(' ');
        let plain = words
            .clone()
            .all(|word| !word.is_empty() && word.len() < LONGEST_WORD && is_printable(word))
            && !text.contains("=?");
        let pieces = if plain {
            words.map(str::to_owned).collect()
        } else {
            encoded_words(&text)
        };
        Self { name, pieces }
    }

    /// The same field with one more parameter, in whichever form its value needs.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Some(last) = self.pieces.last_mut() {
            last.push(';');
        }
        self.pieces.push(parameter(name, value));
        self
    }

    /// This field as it was sent, for the protected header (RFC 9788 section 2.2).
    pub(super) fn as_sent_outside(&self) -> Self {
        let named = std::iter::once(format!("{}:", self.name));
        Self {
            name: "HP-Outer",
            pieces: named.chain(self.pieces.iter().cloned()).collect(),
        }
    }

    /// The lines of the field, each ended by CRLF, folded where they would grow too long.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let mut line = format!("{}:", self.name);
        for piece in &self.pieces {
            if line.len() + 1 + piece.len() > LINE && line.len() > self.name.len() + 1 {
                out.extend_from_slice(line.as_bytes());
                out.extend_from_slice(b"\r\n");
                line.clear();
            }
            line.push(' ');
            line.push_str(piece);
        }
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// A parameter: a quoted string, or percent-encoded UTF-8 in the form of RFC 2231.
fn parameter(name: &str, value: &str) -> String {
    let plain = |c: char| c == ' ' || (c.is_ascii_graphic() && c != '"' && c != '\\');
    if value.chars().all(plain) {
        return format!("{name}=\"{value}\"");
    }
    let mut encoded = format!("{name}*=utf-8''");
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            encoded.push(byte.into());
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// RFC 2047 section 5 (1): each word whole characters, each line one word.
fn encoded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(ENCODED));
        words.push(format!("=?utf-8?B?{}?=", BASE64.encode(word.as_bytes())));
        rest = after;
    }
    words
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What is not printable has no place here; it cannot come, and if it did, it would not act.
fn printable(text: &str) -> String {
    let keep = |c: &char| c.is_ascii_graphic();
    text.chars().filter(keep).collect()
}

/// RFC 5322 section 2.1.1.
const LINE: usize = 76;

/// A word that still fits into a line by itself.
const LONGEST_WORD: usize = 70;

/// Bytes of text in one encoded word, which may have 75 characters.
const ENCODED: usize = 45;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(field: &Field) -> String {
        let mut out = Vec::new();
        field.write_to(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_text_stays_readable() {
        let field = Field::text("Subject", "Stored XSS in the editor");
        assert_eq!(written(&field), "Subject: Stored XSS in the editor\r\n");
    }

    #[test]
    fn long_text_is_folded_between_words() {
        let field = Field::text("Subject", "word ".repeat(40).trim_end());
        let lines = written(&field);
        assert!(lines.lines().all(|line| line.len() <= 78), "{lines}");
        assert_eq!(lines.replace("\r\n", "").matches("word").count(), 40);
    }

    #[test]
    fn other_text_is_encoded() {
        let field = Field::text("Subject", "Größe");
        assert_eq!(written(&field), "Subject: =?utf-8?B?R3LDtsOfZQ==?=\r\n");
        for odd in ["a  b", " a", "a ", "=?utf-8?Q?x?=", "a\tb"] {
            let encoded = written(&Field::text("Subject", odd));
            assert!(encoded.contains("?B?") || !odd.contains(' '), "{encoded}");
        }
    }

    #[test]
    fn parameters_take_the_form_that_they_need() {
        let field = Field::fixed("Content-Disposition", "attachment");
        let plain = field.clone().with("filename", "a b.png");
        assert!(written(&plain).ends_with("attachment; filename=\"a b.png\"\r\n"));
        let other = field.with("filename", "é\".png");
        assert!(written(&other).ends_with("filename*=utf-8''%C3%A9%22.png\r\n"));
    }

    #[test]
    fn what_was_sent_outside_is_repeated_inside() {
        let outer = Field::fixed("Subject", "[...]").as_sent_outside();
        assert_eq!(written(&outer), "HP-Outer: Subject: [...]\r\n");
    }

    proptest! {
        #[test]
        fn p45_nothing_ends_a_field(text in "\\PC*|[\r\n\0\u{85}\u{2028}a: ]{0,60}") {
            for field in [
                Field::text("Subject", &text),
                Field::fixed("Content-Disposition", "attachment").with("filename", &text),
                Field::ours("Date", std::slice::from_ref(&text)),
            ] {
                let lines = written(&field);
                prop_assert!(lines.is_ascii());
                let mut lines = lines.strip_suffix("\r\n").unwrap().split("\r\n");
                prop_assert!(lines.next().unwrap().starts_with(field.name));
                for line in lines {
                    prop_assert!(line.starts_with(' ') && line.trim() != "");
                    prop_assert!(line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
                }
            }
        }
    }
}
