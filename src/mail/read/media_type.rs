//! Structured field values: a word, and parameters behind it.
//!
//! RFC 2045 section 5.1, RFC 2183 (disposition), RFC 2231 (continuations, character sets).

use super::{charset, words};

/// The value of `Content-Type` or `Content-Disposition`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Value {
    /// In lower case: `text/plain`, `attachment`.
    pub(super) word: String,
    /// Names in lower case; numbers and stars of RFC 2231 still in them.
    parameters: Vec<(String, Vec<u8>)>,
}

impl Value {
    /// Reads a value; what makes no sense in it is passed over.
    pub(super) fn parse(text: &[u8]) -> Self {
        let mut cursor = Cursor(text);
        let word = cursor.token(b";").to_ascii_lowercase();
        let mut value = Self {
            word: String::from_utf8_lossy(&word).into_owned(),
            parameters: Vec::new(),
        };
        while cursor.skip_to_semicolon() && value.parameters.len() < MOST {
            let name = cursor.token(b"=;").to_ascii_lowercase();
            if cursor.take(b'=') {
                let content = cursor.word();
                let name = String::from_utf8_lossy(&name).into_owned();
                value.parameters.push((name, content));
            }
        }
        value
    }

    /// A parameter as it stands there, such as a boundary.
    pub(super) fn raw(&self, name: &str) -> Option<&[u8]> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice())
    }

    /// Whether a parameter has this value, in whatever case.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.raw(name)
            .is_some_and(|own| own.eq_ignore_ascii_case(value.as_bytes()))
    }

    /// A parameter as text for people: continued, in another character set, or in encoded words, as
    /// some programs write it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        if let Some(plain) = self.raw(name) {
            return Some(words::decode(plain));
        }
        if let Some(extended) = self.raw(&format!("{name}*")) {
            let (charset, bytes) = extended_value(extended);
            return Some(charset::decode(&charset, &bytes));
        }
        self.continued(name)
    }

    fn continued(&self, name: &str) -> Option<String> {
        let (mut charset, mut bytes) = (Vec::new(), Vec::new());
        for number in 0..MOST {
            if let Some(plain) = self.raw(&format!("{name}*{number}")) {
                bytes.extend_from_slice(plain);
            } else if let Some(encoded) = self.raw(&format!("{name}*{number}*")) {
                if number == 0 {
                    (charset, bytes) = extended_value(encoded);
                } else {
                    bytes.extend(percent_decoded(encoded));
                }
            } else if number == 0 {
                return None;
            } else {
                break;
            }
        }
        Some(charset::decode(&charset, &bytes))
    }
}

/// `charset'language'percent-encoded`.
fn extended_value(value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_), Some(text)) => (charset.to_vec(), percent_decoded(text)),
        _ => (Vec::new(), percent_decoded(value)),
    }
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(text).collect()
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Up to one of `ends`, without blanks and comments around it.
    fn token(&mut self, ends: &[u8]) -> &'a [u8] {
        self.skip_blanks();
        let is_end = |byte: &u8| ends.contains(byte) || b"\" \t(".contains(byte);
        let length = self.0.iter().position(is_end).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(length);
        self.0 = rest;
        self.skip_blanks();
        token
    }

    /// A token or a quoted string.
    fn word(&mut self) -> Vec<u8> {
        self.skip_blanks();
        if !self.take(b'"') {
            return self.token(b";").to_vec();
        }
        let mut content = Vec::new();
        while let Some((byte, rest)) = self.0.split_first() {
            self.0 = rest;
            match byte {
                b'"' => break,
                b'\\' => {
                    if let Some((escaped, rest)) = rest.split_first() {
                        content.push(*escaped);
                        self.0 = rest;
                    }
                }
                _ => content.push(*byte),
            }
        }
        content
    }

    /// Behind the next semicolon; false where there is none.
    fn skip_to_semicolon(&mut self) -> bool {
        let Some(place) = self.0.iter().position(|byte| *byte == b';') else {
            return false;
        };
        self.0 = self.0.get(place + 1..).unwrap_or_default();
        true
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// White space and comments, which may be nested.
    fn skip_blanks(&mut self) {
        let mut depth = 0_usize;
        while let Some((byte, rest)) = self.0.split_first() {
            match byte {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                _ if depth > 0 || byte.is_ascii_whitespace() => {}
                _ => return,
            }
            self.0 = rest;
        }
    }
}

/// The most parameters that are read.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_parameters() {
        let value = Value::parse(b"Multipart/Mixed (a; comment) ; boundary=\"a;\\\"b\" ; X = y");
        assert_eq!(value.word, "multipart/mixed");
        assert_eq!(value.raw("boundary"), Some(&b"a;\"b"[..]));
        assert!(value.is("x", "Y"));
        assert_eq!(Value::parse(b"").word, "");
        assert_eq!(
            Value::parse(b"text/plain;;charset=utf-8")
                .raw("charset")
                .unwrap(),
            b"utf-8"
        );
    }

    #[test]
    fn names_in_every_form() {
        for (text, name) in [
            ("attachment; filename=a.txt", "a.txt"),
            ("attachment; filename*=UTF-8''%e2%82%ac.txt", "€.txt"),
            ("attachment; filename*=iso-8859-1'en'%A3.txt", "£.txt"),
            (
                "attachment; filename*0*=utf-8''%C3%A9; filename*1=\"x%\"; filename*2*=%21.txt",
                "éx%!.txt",
            ),
            (
                "attachment; filename*0=\"one\"; filename*1=\"two\"",
                "onetwo",
            ),
            ("attachment; filename=\"=?utf-8?Q?=C3=A9.txt?=\"", "é.txt"),
        ] {
            let value = Value::parse(text.as_bytes());
            assert_eq!(value.text("filename").as_deref(), Some(name), "{text}");
        }
        assert_eq!(Value::parse(b"attachment").text("filename"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, near in "[a;=\"\\\\()*0'% ]{0,60}") {
            for text in [&text[..], near.as_bytes()] {
                let value = Value::parse(text);
                let _name = (value.text("a"), value.text(""));
            }
        }
    }
}
