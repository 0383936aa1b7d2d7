//! A letter: one message of a case, a plain text in either direction.
//!
//! Serves DESIGN.md ("sealed messages in both directions") and promise 37. White space at the end
//! pads it to a Padmé length, so that its size says little, and whoever opens it with `gpg -d`
//! simply reads it.

use std::io::{self, Read};

use super::padme;

/// A text of at most 1 MiB, without white space at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter(String);

/// What is no letter.
#[derive(Debug, thiserror::Error)]
pub enum NotALetter {
    /// There is nothing but white space in it.
    #[error("there is no text in it")]
    Empty,
    /// It is too long.
    #[error(
        "a message has at most {} bytes; send more as an attachment of a report",
        Letter::LIMIT
    )]
    TooLong,
    /// It is something else than text.
    #[error("it is not a text in UTF-8")]
    NotText,
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[from] io::Error),
}

impl Letter {
    /// The longest text, bytes.
    pub const LIMIT: usize = 1 << 20;

    /// The letter that `bytes` are: somebody's text, or one that was padded.
    ///
    /// # Errors
    /// [`NotALetter`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotALetter> {
        let text = std::str::from_utf8(bytes).map_err(|_| NotALetter::NotText)?;
        let text = text.trim_start_matches('\u{feff}').trim_end();
        match text.len() {
            _ if text.contains('\0') => Err(NotALetter::NotText),
            0 => Err(NotALetter::Empty),
            length if length > Self::LIMIT => Err(NotALetter::TooLong),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// Reads a letter to its end; never takes more of `reader` than a letter can have.
    ///
    /// # Errors
    /// [`NotALetter`].
    pub fn read(reader: &mut impl Read) -> Result<Self, NotALetter> {
        let mut bytes = Vec::new();
        let most = padme(Self::LIMIT as u64 + 2) + 1;
        let length = reader.by_ref().take(most).read_to_end(&mut bytes)?;
        if length as u64 == most {
            return Err(NotALetter::TooLong);
        }
        Self::from_bytes(&bytes)
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is sealed: the text with a line end, and lines of blanks behind it.
    #[must_use]
    pub fn padded(&self) -> Vec<u8> {
        let mut bytes = self.0.clone().into_bytes();
        bytes.push(b'\n');
        let length = padme(bytes.len().max(SHORTEST) as u64);
        let length = usize::try_from(length).unwrap_or(bytes.len());
        // Blanks take a fraction of the lines that line ends would take on a screen.
        let blanks = (1..).map(|place| if place % LINE == 0 { b'\n' } else { b' ' });
        let missing = length.saturating_sub(bytes.len());
        bytes.extend(blanks.take(missing));
        if missing > 0 {
            bytes.pop();
            bytes.push(b'\n');
        }
        bytes
    }
}

/// Padmé hides nothing of a yes or a no, so both are this long, in bytes.
const SHORTEST: usize = 1024;

/// Blanks in one line of padding, with its line end.
const LINE: usize = 72;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_text_is_refused() {
        let of = |bytes: &[u8]| Letter::from_bytes(bytes);
        assert!(matches!(of(b""), Err(NotALetter::Empty)));
        assert!(matches!(of(b" \n\t\n"), Err(NotALetter::Empty)));
        assert!(matches!(of(b"a\0b"), Err(NotALetter::NotText)));
        assert!(matches!(of(b"\xff"), Err(NotALetter::NotText)));
        let long = vec![b'a'; Letter::LIMIT + 1];
        assert!(matches!(of(&long), Err(NotALetter::TooLong)));
        assert!(matches!(
            Letter::read(&mut io::repeat(b'a')),
            Err(NotALetter::TooLong)
        ));
    }

    #[test]
    fn the_longest_reads_back() {
        let longest = Letter::from_bytes(&vec![b'a'; Letter::LIMIT]).unwrap();
        assert_eq!(
            Letter::read(&mut longest.padded().as_slice()).unwrap(),
            longest
        );
    }

    /// What was stripped once is not stripped again, so all of them go at once.
    #[test]
    fn byte_order_marks_are_no_text() {
        let letter = Letter::from_bytes("\u{feff}\u{feff}x".as_bytes()).unwrap();
        assert_eq!(letter.text(), "x");
        let marks = Letter::from_bytes("\u{feff}\u{feff}".as_bytes());
        assert!(matches!(marks, Err(NotALetter::Empty)));
    }

    #[test]
    fn p37_short_answers_look_the_same() {
        let length = |text: &str| Letter::from_bytes(text.as_bytes()).unwrap().padded().len();
        assert_eq!(length("yes"), 1024);
        assert_eq!(length(&"no ".repeat(300)), 1024);
    }

    proptest! {
        #[test]
        fn p37_a_padded_letter_reads_back(text in "[^\0]{1,80}", times in 1..80_usize) {
            let text = text.repeat(times);
            if let Ok(letter) = Letter::from_bytes(text.as_bytes()) {
                let padded = letter.padded();
                prop_assert_eq!(padme(padded.len() as u64), padded.len() as u64);
                prop_assert!(padded.ends_with(b"\n"));
                prop_assert_eq!(Letter::read(&mut padded.as_slice()).unwrap(), letter);
            }
        }
    }
}
