//! Private keys: in PEM and `OpenPGP`'s armour, of `PuTTY` and age, and as files that hold nothing else.
//!
//! Serves `check`. RFC 7468 (PEM), RFC 9580 sections 4.2 and 6.2. A header alone, as people quote it in prose, is no
//! key: the key's digits must follow.

use memchr::memmem;

use super::view::{View, is_random, run};

/// The kind of key that begins here, and how long it is at least.
pub(super) fn find(view: &View<'_>) -> Option<(&'static str, usize)> {
    if view.is_beginning() && is_key_file(view.ahead()) {
        return Some(("key-file", 1));
    }
    match view.ahead().first()? {
        b'-' => pem(view.ahead()).map(|length| ("private-key", length)),
        b'P' if view.starts_with(PUTTY) => {
            let found = memmem::find(view.ahead(), b"Private-Lines:")?;
            Some(("private-key", found))
        }
        b'A' if view.starts_with(AGE) && view.is_word_start() => {
            let digits = view.ahead().get(AGE.len()..)?;
            let digits = run(digits, |byte| {
                byte.is_ascii_uppercase() || byte.is_ascii_digit()
            });
            (digits.len() == 58 && is_random(digits)).then_some(("age-key", AGE.len() + 58))
        }
        _ => None,
    }
}

/// `-----BEGIN … PRIVATE KEY…-----` with digits behind it.
fn pem(text: &[u8]) -> Option<usize> {
    let label = text.strip_prefix(PEM)?;
    let label = run(label, |byte| {
        byte.is_ascii_uppercase() || byte == b' ' || byte.is_ascii_digit()
    });
    let start = PEM.len() + label.len();
    let secret = memmem::find(label, b"PRIVATE KEY").is_some() && label.len() <= 40;
    let rest = text
        .get(start..)?
        .strip_prefix(b"-----")
        .filter(|_| secret)?;
    // Lines may be written as `\n`, as in the JSON of a service account.
    let near = rest.get(..rest.len().min(ARMOUR)).unwrap_or_default();
    let near = near.get(..memmem::find(near, b"-----").unwrap_or(near.len()))?;
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let mut parts = near.split(|byte| !digit(*byte));
    parts
        .any(|part| part.len() >= DIGITS && is_random(part))
        .then_some(start)
}

/// Files that begin so hold keys.
fn is_key_file(bytes: &[u8]) -> bool {
    // The stores of Java and of `KeePass`.
    let store = bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed])
        || bytes.starts_with(&[0x03, 0xd9, 0xa2, 0x9a]);
    // PKCS #12: SEQUENCE { INTEGER 3, SEQUENCE …; PKCS #8: SEQUENCE { INTEGER 0, SEQUENCE { OBJECT …
    let pkcs = matches!(
        bytes,
        [0x30, 0x82, _, _, 0x02, 0x01, 0x03, 0x30, ..]
            | [0x30, 0x82, _, _, 0x02, 0x01, 0x00, 0x30, _, 0x06, ..]
    );
    // `OpenPGP` packets with tag 5: a length of one, two or five bytes, then the version.
    let openpgp = matches!(
        bytes,
        [0x94, _, 4 | 6, ..]
            | [0x95, _, _, 4 | 6, ..]
            | [0xc5, ..192, 4 | 6, ..]
            | [0xc5, 192..224, _, 4 | 6, ..]
            | [0xc5, 0xff, _, _, _, _, 4 | 6, ..]
    );
    store || pkcs || openpgp
}

/// How keys begin that are not files of their own.
pub(super) const STARTS: &[&[u8]] = &[PEM, PUTTY, AGE];

const PEM: &[u8] = b"-----BEGIN ";

const PUTTY: &[u8] = b"PuTTY-User-Key-File-";

const AGE: &[u8] = b"AGE-SECRET-KEY-1";

/// How far behind its header a key's digits begin, past the headers of armour.
const ARMOUR: usize = 1024;

/// Base64 digits in a row that no prose has.
const DIGITS: usize = 40;
