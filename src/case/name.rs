//! The local name of a case: short enough to type, made from its secret alone.
//!
//! The same on every machine that knows the words, so that a case cannot be recovered twice; and
//! unlike the token, never sent: an intake cannot tell by it whose machine a folder lay on.

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;

use super::CaseSecret;

/// Eight lower-case letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseName(String);

/// A text that is not the name of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a case's name is 8 lower-case letters and digits")]
pub struct NotACaseName;

impl CaseName {
    /// The name of the case with this secret.
    #[must_use]
    pub fn of(secret: &CaseSecret) -> Self {
        Self(BASE32_NOPAD.encode(&secret.name_bytes()).to_lowercase())
    }

    /// The eight characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CaseName {
    type Err = NotACaseName;

    fn from_str(text: &str) -> Result<Self, NotACaseName> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
        if text.len() == LENGTH && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotACaseName)
        }
    }
}

impl fmt::Display for CaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LENGTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_is_that_of_one_secret() {
        let name = CaseName::of(&CaseSecret::from_entropy([7; 16]));
        // Fixed for ever: it is a folder's name on people's disks.
        assert_eq!(name.as_str(), NAME);
        assert_eq!(name.as_str().parse(), Ok(name));
        for bad in [
            "",
            "..",
            "abcdefg",
            "abcdefghi",
            "ABCDEFGH",
            "abcdefg1",
            "a/cdefgh",
        ] {
            assert_eq!(bad.parse::<CaseName>(), Err(NotACaseName), "{bad}");
        }
    }

    const NAME: &str = "zot5gcbp";
}
