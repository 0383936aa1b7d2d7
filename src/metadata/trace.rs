//! One thing that a file tells beside its content, in words.
//!
//! Serves `check`, and the list of what was removed that `seal` and `send` show.

use std::fmt;

/// The thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its kind, in a word that stays.
    pub kind: &'static str,
    /// What it is.
    pub words: String,
    /// The bytes that it takes; `None` where that says nothing.
    pub size: Option<u64>,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        self.size
            .map_or(Ok(()), |size| write!(f, " ({} bytes)", grouped(size)))
    }
}

/// `3,412`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The kind of what stays although nobody knows what it is.
pub(super) const UNNAMED: &str = "unnamed";

/// What was seen on a walk.
#[derive(Default)]
pub(super) struct Traces {
    removed: Vec<Trace>,
    kept: Vec<Trace>,
    more: u64,
}

impl Traces {
    /// Something that goes, with its bytes; the same again adds to them.
    pub(super) fn remove(&mut self, kind: &'static str, words: impl Into<String>, size: u64) {
        self.add(kind, words.into(), Some(size));
    }

    /// Something that goes, and whose size says nothing.
    pub(super) fn remove_words(&mut self, kind: &'static str, words: impl Into<String>) {
        self.add(kind, words.into(), None);
    }

    /// What stands behind the end of a picture, if anything does.
    pub(super) fn remove_trailing(&mut self, size: u64) {
        if size > 0 {
            self.remove("trailing", "data behind the picture's end", size);
        }
    }

    fn add(&mut self, kind: &'static str, words: String, size: Option<u64>) {
        let known = self.removed.iter_mut().find(|one| one.words == words);
        if let Some(known) = known {
            known.size = known
                .size
                .zip(size)
                .map(|(old, new)| old.saturating_add(new));
        } else if self.removed.len() < MOST {
            self.removed.push(Trace { kind, words, size });
        } else {
            self.more += 1;
        }
    }

    /// Something that stays.
    pub(super) fn keep(&mut self, kind: &'static str, words: impl Into<String>) {
        let words = words.into();
        if !self.kept.iter().any(|one| one.words == words) && self.kept.len() < MOST {
            self.kept.push(Trace {
                kind,
                words,
                size: None,
            });
        }
    }

    pub(super) fn removed(&self) -> Vec<Trace> {
        let mut removed = self.removed.clone();
        if self.more > 0 {
            removed.push(Trace {
                kind: "more",
                words: format!("{} more", self.more),
                size: None,
            });
        }
        removed
    }

    pub(super) fn kept(&self) -> Vec<Trace> {
        self.kept.clone()
    }
}

/// The most things that are told one by one.
const MOST: usize = 30;
