//! JSON that is harmless on a terminal, too. Serves `--json` and promises 22 and 23.

use std::io::{self, Write};

use serde::Serialize;

use super::escape::is_hidden;

/// One compact document and a newline. Characters that could act on a terminal are written as
/// `\uXXXX`, which says the same in JSON.
pub(super) fn inert_json(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut document = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut document,
        Inert,
    ))?;
    document.push(b'\n');
    Ok(document)
}

/// The same JSON document (text, indented or not) without characters that could act on a terminal.
/// Outside of strings JSON has none but line breaks, so each may be written as `\uXXXX`.
#[must_use]
pub fn inert(document: &str) -> String {
    let mut inert = String::with_capacity(document.len());
    for c in document.chars() {
        if c == '\n' || !is_hidden(c) {
            inert.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                inert.extend(["\\u", &format!("{unit:04x}")]);
            }
        }
    }
    inert
}

/// Compact JSON that holds no character which acts on a terminal.
struct Inert;

impl serde_json::ser::Formatter for Inert {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut rest = fragment;
        while let Some((start, hidden)) = rest.char_indices().find(|(_, c)| is_hidden(*c)) {
            let (plain, tail) = rest.split_at(start);
            writer.write_all(plain.as_bytes())?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = tail.split_at(hidden.len_utf8()).1;
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn p22_json_says_the_same_without_control_characters(text in any::<String>()) {
            let document = String::from_utf8(inert_json(&text).unwrap()).unwrap();
            prop_assert!(!document.trim_end_matches('\n').chars().any(is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&document).unwrap(), text.clone());
            let indented = serde_json::to_string_pretty(&[&text]).unwrap();
            let document = inert(&indented);
            prop_assert!(!document.chars().any(|c| c != '\n' && is_hidden(c)));
            prop_assert_eq!(serde_json::from_str::<[String; 1]>(&document).unwrap(), [text]);
        }
    }
}
