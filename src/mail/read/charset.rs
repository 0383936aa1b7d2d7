//! Bytes in whatever character set becomes text.
//!
//! The names are those of the WHATWG Encoding Standard, which mail programs use.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The encoding of that name; none for a name that is unknown.
pub(super) fn named(name: &[u8]) -> Option<&'static Encoding> {
    // RFC 2231 section 5 allows a language behind a star.
    let name = name.split(|byte| *byte == b'*').next().unwrap_or_default();
    Encoding::for_label(name)
}

/// `bytes` as text. Where the name says nothing, UTF-8 is tried, and then what most old programs
/// meant.
pub(super) fn decode(name: &[u8], bytes: &[u8]) -> String {
    let encoding = named(name).filter(|encoding| *encoding != WINDOWS_1252 || !is_ascii_name(name));
    match (encoding, std::str::from_utf8(bytes)) {
        (Some(encoding), _) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned(),
    }
}

/// Whether a text part with this character set needs no conversion.
pub(super) fn is_utf8(name: &[u8]) -> bool {
    name.is_empty() || is_ascii_name(name) || named(name) == Some(UTF_8)
}

/// Programs write `us-ascii` and send UTF-8.
fn is_ascii_name(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"us-ascii") || name.eq_ignore_ascii_case(b"ascii")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_followed_and_bytes_are_guessed() {
        assert_eq!(decode(b"ISO-8859-1", b"\xe9"), "é");
        assert_eq!(decode(b"koi8-r", b"\xc1"), "а");
        assert_eq!(decode(b"", "é".as_bytes()), "é");
        assert_eq!(decode(b"us-ascii", "é".as_bytes()), "é");
        assert_eq!(decode(b"nonsense", b"\xe9"), "é");
        assert_eq!(decode(b"utf-8", b"\xff"), "\u{fffd}");
    }
}
