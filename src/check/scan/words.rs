//! The twelve words of a case, or of a wallet: BIP-39.
//!
//! Serves `check`. Prose never has twelve words of that list in a row: its small words (a, of, is) are not in it.

use std::ops::Range;

use super::view::run;
use crate::case::{CaseSecret, WordsError};

/// A search for such words. Each word is read once, however many of them could begin twelve.
#[derive(Default)]
pub(super) struct Words {
    /// Up to where in the file none begin.
    passed: u64,
}

impl Words {
    /// The first such words that begin in `range` of `window`, which lies `start` bytes into the file: their place in
    /// the window, and their length.
    pub(super) fn find(
        &mut self,
        window: &[u8],
        range: Range<usize>,
        start: u64,
    ) -> Option<(usize, usize)> {
        let mut at = range.start;
        loop {
            let passed = self.passed.saturating_sub(start);
            at = at.max(usize::try_from(passed).unwrap_or(usize::MAX));
            at = first_word(window, at..range.end)?;
            match twelve(window.get(at..).unwrap_or_default()) {
                Ok(length) => return Some((at, length)),
                Err(passed) => self.passed = start + (at + passed.max(1)) as u64,
            }
        }
    }
}

/// The first small letter in `range` with a blank, a quote or nothing before it.
fn first_word(window: &[u8], range: Range<usize>) -> Option<usize> {
    let part = window.get(range.clone())?;
    let before = range.start.checked_sub(1).and_then(|at| window.get(at));
    let mut opens = before.is_none_or(|byte| is_opening(*byte));
    let found = part.iter().position(|byte| {
        let found = opens && byte.is_ascii_lowercase();
        opens = is_opening(*byte);
        found
    });
    found.map(|found| range.start + found)
}

fn is_opening(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'"'
}

/// The length of the twelve words with which `text` begins, or up to where in it none begin.
fn twelve(text: &[u8]) -> Result<usize, usize> {
    let text = text.get(..text.len().min(LONGEST)).unwrap_or_default();
    let rest = |end: usize| text.get(end..).unwrap_or_default();
    let mut ends = [0; WORDS];
    let mut end = 0;
    for (index, ended) in ends.iter_mut().enumerate() {
        if index > 0 {
            let gap = run(rest(end), |byte| byte.is_ascii_whitespace()).len();
            if !(1..=4).contains(&gap) {
                return Err(end);
            }
            end += gap;
        }
        let length = run(rest(end), |byte| byte.is_ascii_lowercase()).len();
        end += length;
        if !(3..=8).contains(&length) {
            return Err(end);
        }
        *ended = end;
    }
    let [first, ..] = ends;
    let words = text.get(..end).map(str::from_utf8);
    let Some(Ok(words)) = words.filter(|words| !words.is_ok_and(is_sample)) else {
        return Err(first);
    };
    match CaseSecret::from_words(words) {
        Ok(_) | Err(WordsError::Checksum) => Ok(end),
        Err(WordsError::Unknown(number)) => Err(ends.get(number - 1).copied().unwrap_or(first)),
        Err(WordsError::Count(_)) => Err(first),
    }
}

/// `abandon abandon …`, which everybody uses as a sample.
fn is_sample(words: &str) -> bool {
    words.matches("abandon").count() > 3
}

const WORDS: usize = 12;

/// Twelve words of eight letters, with up to four blanks between two.
const LONGEST: usize = 12 * 12;
