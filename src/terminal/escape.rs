//! Shows text from strangers so that it can neither drive the terminal nor deceive the eye.
//!
//! Control characters, bidirectional controls, invisible characters, line separators,
//! noncharacters and bytes that are not UTF-8 are written out as escapes; nothing is deleted, and
//! printable Unicode stays as it is. On one line the result is unambiguous: two different texts
//! never look the same. Serves promises 22 (no escape sequence) and 23 (nothing invisible).

use std::ffi::OsStr;
use std::fmt::{self, Display, Write};

use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint,
    PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Text that is safe to show; it is escaped while it is being written.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a> {
    bytes: &'a [u8],
    shape: Shape,
}

/// Shows a text on one line: a newline becomes `\n`.
#[must_use]
pub fn escape(text: &str) -> Escaped<'_> {
    escape_bytes(text.as_bytes())
}

/// Shows bytes that should be UTF-8 on one line; those that are not become `\xNN`.
#[must_use]
pub fn escape_bytes(bytes: &[u8]) -> Escaped<'_> {
    Escaped {
        bytes,
        shape: Shape::OneLine,
    }
}

/// Shows a file name or a path on one line.
#[must_use]
pub fn escape_os<S: AsRef<OsStr> + ?Sized>(name: &S) -> Escaped<'_> {
    escape_bytes(name.as_ref().as_encoded_bytes())
}

/// Shows a text of several lines: newlines and tabs are kept, CR LF becomes a newline, and
/// backslashes stay single, since this is for reading, not for telling texts apart.
#[must_use]
pub fn escape_lines(text: &str) -> Escaped<'_> {
    Escaped {
        bytes: text.as_bytes(),
        shape: Shape::Lines,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    OneLine,
    Lines,
}

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.bytes.utf8_chunks() {
            let escape_follows = !chunk.invalid().is_empty();
            match self.shape {
                Shape::OneLine => write_line(out, chunk.valid(), escape_follows)?,
                Shape::Lines => write_lines(out, chunk.valid())?,
            }
            for byte in chunk.invalid() {
                write!(out, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// A backslash is doubled only where what follows would make it read as an escape.
fn write_line(out: &mut fmt::Formatter<'_>, text: &str, escape_follows: bool) -> fmt::Result {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            '\\' if rest.peek().map_or(escape_follows, |c| ambiguous_after(*c)) => {
                out.write_str("\\\\")?;
            }
            c => write_char(out, c)?,
        }
    }
    Ok(())
}

fn write_lines(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => out.write_char(c)?,
            '\r' if rest.peek() == Some(&'\n') => {}
            c => write_char(out, c)?,
        }
    }
    Ok(())
}

fn write_char(out: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '\r' => out.write_str("\\r"),
        c if is_hidden(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
        c => out.write_char(c),
    }
}

fn ambiguous_after(next: char) -> bool {
    matches!(next, '\\' | 'n' | 'r' | 't' | 'u' | 'x') || is_hidden(next)
}

/// Whether a character acts on the terminal or the reading order, or leaves no mark of its own.
pub(super) fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    CodePointSetData::new::<BidiControl>().contains(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
        || is_hidden_category(c)
}

fn is_hidden_category(c: char) -> bool {
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => true,
        // These few format characters are drawn around the digits that follow.
        GeneralCategory::Format => {
            !CodePointSetData::new::<PrependedConcatenationMark>().contains(c)
        }
        _ => false,
    }
}

/// A stranger's words cut to one short line, without runs of spaces: so that they cannot be laid out
/// to look like a line of our own. Not escaped yet.
#[must_use]
pub fn brief(text: &str) -> String {
    let words = closed_up(text);
    match words.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// A stranger's words without runs of blanks, so that no part of them can be pushed to where a column or
/// a line of our own would begin. Not escaped yet.
#[must_use]
pub fn closed_up(text: &str) -> String {
    // The last is a pattern of Braille without dots: no white space to Unicode, and nothing to see.
    let words = text.split(|c: char| c.is_whitespace() || c == '\u{2800}');
    let words = words.filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

const BRIEF: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads an escaped line back, to show that nothing was lost.
    fn unescape(line: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = line.chars();
        while let Some(c) = rest.next() {
            let ahead = rest.as_str().chars().next();
            if c != '\\' || !matches!(ahead, Some('\\' | 'n' | 'r' | 't' | 'u' | 'x')) {
                bytes.extend(c.to_string().as_bytes());
                continue;
            }
            match rest.next().unwrap() {
                'n' => bytes.push(b'\n'),
                'r' => bytes.push(b'\r'),
                't' => bytes.push(b'\t'),
                'x' => {
                    let hex: String = rest.by_ref().take(2).collect();
                    bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                }
                'u' => {
                    let hex: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    let code = u32::from_str_radix(&hex, 16).unwrap();
                    bytes.extend(char::from_u32(code).unwrap().to_string().as_bytes());
                }
                _ => bytes.push(b'\\'),
            }
        }
        bytes
    }

    #[test]
    fn p22_runs_of_blanks_close_up() {
        let blanks = format!("  a{}b \u{3000}\u{2800}\u{a0}c\t", " ".repeat(99));
        assert_eq!(closed_up(&blanks), "a b c");
    }

    fn has_control(shown: &str, kept: &[char]) -> bool {
        shown.chars().any(|c| is_hidden(c) && !kept.contains(&c))
    }

    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<u8>().prop_map(|byte| vec![byte]),
            any::<char>().prop_map(|c| c.to_string().into_bytes()),
            "[\\\\nrtux{}\n\r\t\u{1b}\u{9b}\u{202e}\u{200b}]{1,4}".prop_map(String::into_bytes),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn p22_no_control_is_left_and_no_byte_is_lost(bytes in hostile()) {
            let shown = escape_bytes(&bytes).to_string();
            prop_assert!(!has_control(&shown, &[]), "{shown:?}");
            prop_assert_eq!(unescape(&shown), bytes);
        }

        #[test]
        fn p22_lines_keep_only_newline_and_tab(bytes in hostile()) {
            let text = String::from_utf8_lossy(&bytes);
            let shown = escape_lines(&text).to_string();
            prop_assert!(!has_control(&shown, &['\n', '\t']), "{shown:?}");
        }
    }

    #[test]
    fn p22_terminal_sequences_are_spelled_out() {
        assert_eq!(escape("\u{1b}[2J\u{7}").to_string(), r"\u{1b}[2J\u{7}");
        assert_eq!(escape("\u{9b}31m\u{7f}").to_string(), r"\u{9b}31m\u{7f}");
        assert_eq!(escape_bytes(b"a\x9bb\xff").to_string(), r"a\x9bb\xff");
    }

    #[test]
    fn p23_trojan_source_is_visible() {
        let set = [
            "\u{202a}",
            "\u{202b}",
            "\u{202c}",
            "\u{202d}",
            "\u{202e}",
            "\u{2066}",
            "\u{2067}",
            "\u{2068}",
            "\u{2069}",
            "\u{200e}",
            "\u{200f}",
            "\u{61c}",
            "\u{200b}",
            "\u{200c}",
            "\u{200d}",
            "\u{2060}",
            "\u{feff}",
            "\u{ad}",
            "\u{34f}",
            "\u{3164}",
            "\u{180e}",
            "\u{fe0f}",
            "\u{e0041}",
            "\u{2028}",
            "\u{2029}",
            "\u{85}",
            "\u{fff9}",
            "\u{fdd0}",
            "\u{10ffff}",
            "\u{fffe}",
        ];
        for hidden in set {
            let code = u32::from(hidden.chars().next().unwrap());
            let text = format!("if access == \"user{hidden}\" {{");
            let wanted = format!("if access == \"user\\u{{{code:x}}}\" {{");
            assert_eq!(escape(&text).to_string(), wanted);
            assert_eq!(escape_lines(&text).to_string(), wanted);
        }
    }

    #[test]
    fn printable_text_stays() {
        let text = "Zoë 東京 שלום مرحبا ١٢ \u{601}12 e\u{301} — 🔑 C:\\dir \\ ok";
        assert_eq!(escape(text).to_string(), text);
        assert_eq!(escape_lines(text).to_string(), text);
    }

    #[test]
    fn a_backslash_never_passes_for_an_escape() {
        assert_eq!(escape("a\\nb").to_string(), r"a\\nb");
        assert_eq!(escape("a\nb").to_string(), r"a\nb");
        assert_eq!(escape("a\\\nb").to_string(), r"a\\\nb");
        assert_eq!(escape_bytes(b"\\\xff").to_string(), r"\\\xff");
    }

    #[test]
    fn lines_are_kept_for_reading() {
        let shown = escape_lines("one\r\ntwo\\n\tx\r").to_string();
        assert_eq!(shown, "one\ntwo\\n\tx\\r");
    }
}
