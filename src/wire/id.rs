//! Ids of reports, uploads and messages: 128 random bits each, as 26 letters and digits.
//!
//! Serves promise 16: an id is parsed before it comes near a path or a query, and nothing but
//! these characters, in this number, is an id.

use std::{fmt, str::FromStr};

use data_encoding::{Encoding, Specification};

/// A text that is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is 26 lower-case letters and digits")]
pub struct NotAnId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The id of 16 random bytes.
            #[must_use]
            pub fn from_entropy(entropy: [u8; 16]) -> Self {
                Self(encoding().encode(&entropy))
            }

            /// The 26 characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let decoded = encoding().decode(text.as_bytes()).map_err(|_| NotAnId)?;
                if decoded.len() == BYTES {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAnId)
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// A report that the intake holds.
    ReportId
}
id! {
    /// An upload that is not yet a report.
    UploadId
}
id! {
    /// A sealed message of a case.
    MessageId
}

/// Base 32 in lower case without padding, so that an id is also a file name on every system.
fn encoding() -> &'static Encoding {
    static ENCODING: std::sync::OnceLock<Encoding> = std::sync::OnceLock::new();
    ENCODING.get_or_init(|| {
        let mut specification = Specification::new();
        specification
            .symbols
            .push_str("abcdefghijklmnopqrstuvwxyz234567");
        // The alphabet is a constant; base32 in upper case stands in should it ever be wrong.
        specification
            .encoding()
            .unwrap_or(data_encoding::BASE32_NOPAD)
    })
}

const BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn p16_nothing_else_is_an_id() {
        for bad in [
            "",
            "..",
            "../../../../etc/passwd/aaa",
            "aaaaaaaaaaaaaaaaaaaaaaaaa",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "AAAAAAAAAAAAAAAAAAAAAAAAAA",
            "aaaaaaaaaaaaaaaaaaaaaaaaa/",
            "aaaaaaaaaaaaaaaaaaaaaaaaa\0",
            // The last character holds two bits that must be zero.
            "aaaaaaaaaaaaaaaaaaaaaaaaab",
        ] {
            assert_eq!(bad.parse::<ReportId>(), Err(NotAnId), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn ids_read_back(entropy: [u8; 16]) {
            let id = UploadId::from_entropy(entropy);
            prop_assert_eq!(id.as_str().len(), 26);
            prop_assert_eq!(id.as_str().parse::<UploadId>(), Ok(id.clone()));
        }
    }
}
