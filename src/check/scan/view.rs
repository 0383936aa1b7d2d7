//! A place in a file, with what stands before and behind it.
//!
//! Serves `check`. Every question is answered from a bounded stretch, so that hostile content stays cheap.

use super::LOOK;

/// The place.
pub(super) struct View<'a> {
    window: &'a [u8],
    at: usize,
    is_first: bool,
}

impl<'a> View<'a> {
    /// The byte `at` of `window`, which begins the file if `is_first`.
    pub(super) fn new(window: &'a [u8], at: usize, is_first: bool) -> Self {
        Self {
            window,
            at,
            is_first,
        }
    }

    /// From the place on, as far as is looked: no further, so that the pieces in which a file comes make no difference.
    pub(super) fn ahead(&self) -> &'a [u8] {
        let end = self.window.len().min(self.at + LOOK);
        self.window.get(self.at..end).unwrap_or_default()
    }

    /// Up to the place.
    pub(super) fn behind(&self) -> &'a [u8] {
        self.window.get(..self.at).unwrap_or_default()
    }

    /// Whether the place is the file's beginning.
    pub(super) fn is_beginning(&self) -> bool {
        self.is_first && self.at == 0
    }

    /// Whether no letter, digit, `_` or `-` stands right before the place.
    pub(super) fn is_word_start(&self) -> bool {
        let before = self.behind().last();
        !before.is_some_and(|byte| is_word(*byte) || *byte == b'-')
    }

    /// Whether the place begins with this.
    pub(super) fn starts_with(&self, prefix: &[u8]) -> bool {
        self.ahead().starts_with(prefix)
    }

    /// What follows this at the place, in whatever case it is written; `prefix` is in lower case.
    pub(super) fn after_name(&self, prefix: &[u8]) -> Option<&'a [u8]> {
        let (head, rest) = self.ahead().split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(rest)
    }
}

/// Whether it is a letter, a digit or `_`.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The longest beginning of such bytes.
pub(super) fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> &[u8] {
    let count = bytes.iter().take_while(|byte| is(**byte)).count();
    bytes.get(..count).unwrap_or_default()
}

/// Whether it has letters and digits, both.
pub(super) fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic)
}

/// Whether a value looks made by chance rather than typed as an example.
pub(super) fn is_random(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in value {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    distinct >= 6.max(value.len().min(30) / 3) && !is_placeholder(value)
}

/// Whether it is what people write in the place of a secret.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let lower = value
        .get(..value.len().min(512))
        .unwrap_or_default()
        .to_ascii_lowercase();
    let holds = |word: &[u8]| lower.windows(word.len()).any(|part| part == word);
    PLACEHOLDERS.iter().any(|word| holds(word))
}

const PLACEHOLDERS: [&[u8]; 18] = [
    b"example",
    b"xxxx",
    b"****",
    b"....",
    b"____",
    b"your_",
    b"your-",
    b"redacted",
    b"placeholder",
    b"changeme",
    b"dummy",
    b"sample",
    b"insert",
    b"0000000",
    b"1234567",
    b"abcdefg",
    b"deadbeef",
    b"aaaaaaa",
];
