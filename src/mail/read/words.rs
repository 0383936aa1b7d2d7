//! Text of a header field, with its encoded words decoded. Still a stranger's text.
//!
//! RFC 2047.

use data_encoding::BASE64;

use super::charset;

/// The text of a field's value, or the beginning of an endless one.
pub(super) fn decode(value: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = value.get(..LONGEST_TEXT).unwrap_or(value);
    let mut after_word = false;
    while let Some(start) = find(rest, b"=?") {
        let (before, from) = rest.split_at(start);
        let Some((word, after)) = encoded_word(from) else {
            let (mark, after) = from.split_at(2);
            text.push_str(&charset::decode(b"", before));
            text.push_str(&charset::decode(b"", mark));
            (rest, after_word) = (after, false);
            continue;
        };
        // White space between two encoded words is not part of the text.
        if !(after_word && before.trim_ascii().is_empty()) {
            text.push_str(&charset::decode(b"", before));
        }
        text.push_str(&word);
        (rest, after_word) = (after, true);
    }
    text.push_str(&charset::decode(b"", rest));
    text
}

/// `=?charset?encoding?text?=` at the start, and what follows it.
fn encoded_word(from: &[u8]) -> Option<(String, &[u8])> {
    let within = before_the_next(from.get(..LONGEST).unwrap_or(from));
    let inside = within.get(2..)?;
    let mut parts = inside.splitn(3, |byte| *byte == b'?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let end = find(rest, b"?=")?;
    let text = rest.get(..end)?;
    let after = from.get(within.len() - rest.len() + end + 2..)?;
    if text.contains(&b'?') {
        return None;
    }
    let bytes = match encoding {
        b"B" | b"b" => base64(text),
        b"Q" | b"q" => quoted(text),
        _ => return None,
    };
    Some((charset::decode(charset, &bytes), after))
}

/// What stands before another word may begin, so that no byte is looked at for many of them. The text of a word may end
/// with `=`, and then `=?=` ends the word; none begins so.
fn before_the_next(from: &[u8]) -> &[u8] {
    let begins = |three: &[u8]| three.starts_with(b"=?") && !three.ends_with(b"=");
    let next = match from.get(2) {
        Some(b'=') => Some(0),
        _ => from.windows(3).skip(1).position(begins),
    };
    next.and_then(|next| from.get(..=next)).unwrap_or(from)
}

/// What can be decoded.
fn base64(text: &[u8]) -> Vec<u8> {
    let end = text.iter().position(|byte| *byte == b'=');
    let mut text = text
        .get(..end.unwrap_or(text.len()))
        .unwrap_or_default()
        .to_vec();
    while text.len() % 4 != 0 {
        text.push(b'=');
    }
    BASE64.decode(&text).unwrap_or_default()
}

/// RFC 2047 section 4.2: quoted-printable with underscores for spaces.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let pair = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let decoded = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (byte, decoded) {
            (b'=', Some(decoded)) => {
                out.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'_', _) => out.push(b' '),
            _ => out.push(*byte),
        }
    }
    out
}

pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

/// Some programs write longer ones than the 75 characters that are allowed.
const LONGEST: usize = 1024;

const LONGEST_TEXT: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_decoded_and_joined() {
        for (value, text) in [
            ("plain", "plain"),
            ("=?utf-8?B?R3LDtsOfZQ==?=", "Größe"),
            ("=?utf-8?B?R3LDtsOfZQ?=", "Größe"),
            ("a =?iso-8859-1?Q?=E9_x?= b", "a é x b"),
            ("=?utf-8?q?a?=   =?utf-8?q?b?= c", "ab c"),
            ("=?utf-8*de?q?a?=", "a"),
            ("=?nothing", "=?nothing"),
            ("=?x?Z?y?=", "=?x?Z?y?="),
            ("=?utf-8?q?=?=", "="),
        ] {
            assert_eq!(decode(value.as_bytes()), text, "{value}");
        }
        assert_eq!(decode(b"caf\xe9"), "café");
    }

    #[test]
    fn no_byte_is_looked_at_for_many_words() {
        for (value, length) in [
            ("=?a=?a=?a", 3),
            ("=?==?==?=", 1),
            ("=?utf-8?q?=?= x", 15),
            ("=?utf-8?q?a?==?utf-8?q?b?=", 13),
        ] {
            assert_eq!(before_the_next(value.as_bytes()).len(), length, "{value}");
        }
        assert_eq!(decode(b"=?a=?utf-8?q?b?==?utf-8?q?c?="), "=?abc");
    }

    proptest! {
        #[test]
        fn never_panics(value: Vec<u8>, near in "(=\\?|\\?=|utf-8|q|B|=|\\?|[a-f0-9 ]){0,40}") {
            decode(&value);
            decode(near.as_bytes());
        }
    }
}
