//! What tells one advisory from all others: a comment in its description, which pages do not show.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 128 random or derived bits, which say nothing of the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mark(String);

/// The text is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mark has 26 lower-case letters and digits 2 to 7")]
pub struct NotAMark;

impl Mark {
    /// Of 128 bits.
    #[must_use]
    pub fn new(bits: [u8; 16]) -> Self {
        Self(
            data_encoding::BASE32_NOPAD
                .encode(&bits)
                .to_ascii_lowercase(),
        )
    }

    /// A description that ends with the mark.
    #[must_use]
    pub fn put_under(&self, description: &str) -> String {
        format!("{description}\n\n{self}")
    }

    /// Whether a description has it.
    #[must_use]
    pub fn is_in(&self, description: &str) -> bool {
        description.contains(&self.to_string())
    }
}

/// As it stands in a description.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<!-- sealpost:{} -->", self.0)
    }
}

/// Strictly: what is shorter, or a part of other words, would be found in any advisory.
impl TryFrom<String> for Mark {
    type Error = NotAMark;

    fn try_from(text: String) -> Result<Self, NotAMark> {
        let plain = text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        if plain && text.len() == LENGTH {
            Ok(Self(text))
        } else {
            Err(NotAMark)
        }
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        mark.0
    }
}

const LENGTH: usize = 26;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_as_a_whole() {
        let mark = Mark::new([7; 16]);
        assert!(mark.is_in(&mark.put_under("text")));
        assert!(!mark.is_in(&mark.0));
        assert_eq!(Mark::try_from(mark.0.clone()), Ok(mark));
        for text in ["", "e", &"A".repeat(26), &"1".repeat(26), &"a".repeat(27)] {
            assert_eq!(Mark::try_from(text.to_owned()), Err(NotAMark), "{text}");
        }
    }
}
