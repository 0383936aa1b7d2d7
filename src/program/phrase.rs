//! Words by which a text shows that it is about a class of findings.
//!
//! Serves DESIGN.md, "The program profile" (`[[exclusion]]`) and `check`. A little language that people who write
//! profiles can read: words in a row, `|` between words of which one will do, `*` at a word's end for any ending, and
//! `...` for up to four words in between.

use std::{fmt, str::FromStr};

use super::text_form::text_form;

/// Such words: `self xss`, `missing|no ... spf|dkim`, `phish*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phrase(Vec<Step>);

/// Why a text is not a [`Phrase`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a phrase is up to 12 words of letters and digits in lower case, with a|b, word* and up to three ... between words"
)]
pub struct PhraseError;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Gap,
    Word(Vec<Word>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Word {
    text: String,
    any_ending: bool,
}

impl Phrase {
    /// Whether these words begin with the phrase, and then with how many of them. They are in lower case, without
    /// punctuation, and of one sentence.
    pub fn opens<S: AsRef<str>>(&self, words: &[S]) -> Option<usize> {
        opens(&self.0, words, 0)
    }
}

/// At most three gaps of five choices each: 125 ways.
fn opens<S: AsRef<str>>(steps: &[Step], words: &[S], taken: usize) -> Option<usize> {
    match steps.split_first() {
        None => Some(taken),
        Some((Step::Gap, rest)) => {
            (0..=GAP).find_map(|skipped| opens(rest, words.get(skipped..)?, taken + skipped))
        }
        Some((Step::Word(known), rest)) => {
            let (first, words) = words.split_first()?;
            let first = first.as_ref();
            known
                .iter()
                .any(|word| word.is(first))
                .then(|| opens(rest, words, taken + 1))
                .flatten()
        }
    }
}

impl Word {
    fn is(&self, word: &str) -> bool {
        if self.any_ending {
            word.starts_with(&self.text)
        } else {
            word == self.text
        }
    }
}

impl FromStr for Word {
    type Err = PhraseError;

    fn from_str(text: &str) -> Result<Self, PhraseError> {
        let any_ending = text.ends_with('*');
        let text = text.strip_suffix('*').unwrap_or(text);
        let plain = |c: char| c.is_alphanumeric() && !c.is_uppercase();
        if text.is_empty() || !text.chars().all(plain) {
            return Err(PhraseError);
        }
        let text = text.to_owned();
        Ok(Self { text, any_ending })
    }
}

impl FromStr for Phrase {
    type Err = PhraseError;

    fn from_str(text: &str) -> Result<Self, PhraseError> {
        let step = |step: &str| match step {
            "..." => Ok(Step::Gap),
            words => Ok(Step::Word(
                words.split('|').map(str::parse).collect::<Result<_, _>>()?,
            )),
        };
        let steps: Vec<Step> = text
            .split_whitespace()
            .map(step)
            .collect::<Result<_, _>>()?;
        let gap = |step: &Step| *step == Step::Gap;
        let ends = [steps.first(), steps.last()];
        let held = ends.into_iter().all(|end| end.is_some_and(|end| !gap(end)));
        let gaps = steps.iter().filter(|step| gap(step)).count();
        (held && gaps <= 3 && steps.len() <= MOST && text.len() <= 400)
            .then_some(Self(steps))
            .ok_or(PhraseError)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " " })?;
            let Step::Word(words) = step else {
                f.write_str("...")?;
                continue;
            };
            for (index, word) in words.iter().enumerate() {
                let before = if index == 0 { "" } else { "|" };
                let ending = if word.any_ending { "*" } else { "" };
                write!(f, "{before}{}{ending}", word.text)?;
            }
        }
        Ok(())
    }
}

text_form!(Phrase, "description": "Words in a row, compared without case and punctuation: `a|b` is one of them, `word*` has any ending, `...` stands for up to four words.", "maxLength": 400);

/// How many words a gap stands for at the most.
const GAP: usize = 4;

/// Words and gaps of the longest phrase.
const MOST: usize = 12;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn opens(phrase: &str, text: &str) -> Option<usize> {
        let words: Vec<&str> = text.split(' ').collect();
        phrase.parse::<Phrase>().unwrap().opens(&words)
    }

    #[test]
    fn words_alternatives_endings_and_gaps() {
        assert_eq!(opens("self xss", "self xss in the console"), Some(2));
        assert_eq!(opens("self xss", "a self xss"), None);
        assert_eq!(opens("phish*", "phishing works"), Some(1));
        assert_eq!(opens("no|missing ... spf|dkim", "missing spf"), Some(2));
        assert_eq!(opens("no|missing ... spf|dkim", "no a b c d dkim"), Some(6));
        assert_eq!(opens("no|missing ... spf|dkim", "no a b c d e dkim"), None);
        assert_eq!(opens("a ... b ... c", "a b b x c"), Some(5));
    }

    #[test]
    fn what_is_no_phrase() {
        for text in [
            "",
            "...",
            "a ...",
            "... a",
            "A",
            "a-b",
            "a||b",
            "*",
            "a ... b ... c ... d ... e",
            "a b c d e f g h i j k l m",
        ] {
            assert_eq!(text.parse::<Phrase>(), Err(PhraseError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_phrase_reads_back(text in "([a-c]{1,2}[*|]?|\\.\\.\\.| ){1,12}", words in "[a-c ]{0,30}") {
            if let Ok(phrase) = text.parse::<Phrase>() {
                prop_assert_eq!(phrase.to_string().parse(), Ok(phrase.clone()));
                let words: Vec<&str> = words.split(' ').collect();
                prop_assert!(phrase.opens(&words).is_none_or(|taken| taken <= words.len()));
            }
        }
    }
}
