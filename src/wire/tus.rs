//! The headers of tus as typed values: whatever a stranger writes there is read here, or refused.
//!
//! tus 1.0.0: core protocol ("Headers"), creation (`Upload-Length`, `Upload-Defer-Length`,
//! `Upload-Metadata`), checksum (`Upload-Checksum`).

use data_encoding::BASE64;

/// A header of tus that cannot be read; says which, and what it should look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TusHeaderError {
    /// `Upload-Length` or `Upload-Offset`.
    #[error("{0} is not a number of bytes")]
    Number(&'static str),
    /// `Upload-Defer-Length`.
    #[error("Upload-Defer-Length can only be 1")]
    DeferLength,
    /// Both `Upload-Length` and `Upload-Defer-Length`, or neither.
    #[error("either Upload-Length or Upload-Defer-Length is needed, and not both")]
    Length,
    /// `Upload-Metadata`.
    #[error("Upload-Metadata is not a list of keys with base64 values")]
    Metadata,
    /// `Upload-Checksum`.
    #[error("Upload-Checksum is not an algorithm and a base64 digest of its length")]
    Checksum,
    /// `Upload-Checksum` with a digest that is not known here.
    #[error("Upload-Checksum can be sha1, sha256 or sha512")]
    UnknownAlgorithm,
}

/// A number of bytes as `Upload-Length` and `Upload-Offset` carry it: digits alone.
///
/// # Errors
/// [`TusHeaderError::Number`] with the header's `name`.
pub fn number(name: &'static str, value: &str) -> Result<u64, TusHeaderError> {
    let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = plain.then(|| value.parse().ok()).flatten();
    // SQL has no unsigned numbers.
    let number = number.filter(|number| i64::try_from(*number).is_ok());
    number.ok_or(TusHeaderError::Number(name))
}

/// How long an upload will be: `None` while the client does not know.
///
/// # Errors
/// [`TusHeaderError`] unless exactly one of the two headers is there and can be read.
pub fn announced_length(
    length: Option<&str>,
    defer: Option<&str>,
) -> Result<Option<u64>, TusHeaderError> {
    match (length, defer) {
        (Some(length), None) => number("Upload-Length", length).map(Some),
        (None, Some("1")) => Ok(None),
        (None, Some(_)) => Err(TusHeaderError::DeferLength),
        (Some(_), Some(_)) | (None, None) => Err(TusHeaderError::Length),
    }
}

/// Whether `Upload-Metadata` has the form that tus asks for. What is in it is never looked at. An
/// empty value is fine: tuspy sends one.
///
/// # Errors
/// [`TusHeaderError::Metadata`].
pub fn check_metadata(value: &str) -> Result<(), TusHeaderError> {
    if value.trim().is_empty() {
        return Ok(());
    }
    let pair = |pair: &str| {
        let pair = pair.trim_matches(' ');
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let key_is_plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        key_is_plain && BASE64.decode(value.trim_matches(' ').as_bytes()).is_ok()
    };
    if value.split(',').all(pair) {
        Ok(())
    } else {
        Err(TusHeaderError::Metadata)
    }
}

/// A digest that `Upload-Checksum` may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumAlgorithm {
    /// The one that tus makes mandatory.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl ChecksumAlgorithm {
    /// As `Tus-Checksum-Algorithm` lists them.
    pub const LIST: &str = "sha1,sha256,sha512";

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// The digest of a chunk, as the client made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// Which digest.
    pub algorithm: ChecksumAlgorithm,
    /// Its bytes, as many as the algorithm makes.
    pub digest: Vec<u8>,
}

impl Checksum {
    /// Reads `Upload-Checksum: ALGORITHM BASE64`.
    ///
    /// # Errors
    /// [`TusHeaderError::UnknownAlgorithm`] or [`TusHeaderError::Checksum`].
    pub fn from_header(value: &str) -> Result<Self, TusHeaderError> {
        let (word, digest) = value.split_once(' ').ok_or(TusHeaderError::Checksum)?;
        let algorithm =
            ChecksumAlgorithm::from_word(word).ok_or(TusHeaderError::UnknownAlgorithm)?;
        let digest = BASE64.decode(digest.trim().as_bytes());
        let digest = digest.map_err(|_| TusHeaderError::Checksum)?;
        if digest.len() == algorithm.length() {
            Ok(Self { algorithm, digest })
        } else {
            Err(TusHeaderError::Checksum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_digits_and_exactly_one_is_announced() {
        assert_eq!(number("Upload-Length", "0"), Ok(0));
        for bad in [
            "",
            "-1",
            "+1",
            " 1",
            "1.0",
            "0x1",
            "9223372036854775808",
            "١",
        ] {
            assert!(number("Upload-Length", bad).is_err(), "{bad:?}");
        }
        assert_eq!(announced_length(Some("7"), None), Ok(Some(7)));
        assert_eq!(announced_length(None, Some("1")), Ok(None));
        assert_eq!(
            announced_length(None, Some("0")),
            Err(TusHeaderError::DeferLength)
        );
        assert_eq!(announced_length(None, None), Err(TusHeaderError::Length));
        assert_eq!(
            announced_length(Some("7"), Some("1")),
            Err(TusHeaderError::Length)
        );
    }

    #[test]
    fn metadata_is_checked_for_form() {
        for good in [
            "",
            " ",
            "filename d29ybGQ=",
            "a,b d29ybGQ=",
            "is_confidential",
        ] {
            assert_eq!(check_metadata(good), Ok(()), "{good:?}");
        }
        for bad in [",", "a ä", "key not-base64!", "a,,b", "ключ d29ybGQ="] {
            assert_eq!(
                check_metadata(bad),
                Err(TusHeaderError::Metadata),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn checksums_have_a_known_algorithm_and_its_length() {
        let checksum = Checksum::from_header("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").unwrap();
        assert_eq!(checksum.algorithm, ChecksumAlgorithm::Sha1);
        assert_eq!(checksum.digest.len(), 20);
        for (bad, error) in [
            ("", TusHeaderError::Checksum),
            ("sha1", TusHeaderError::Checksum),
            ("sha1 ", TusHeaderError::Checksum),
            (
                "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
                TusHeaderError::Checksum,
            ),
            (
                "md5 1B2M2Y8AsgTpgAmY7PhCfg==",
                TusHeaderError::UnknownAlgorithm,
            ),
            (
                "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
                TusHeaderError::UnknownAlgorithm,
            ),
        ] {
            assert_eq!(Checksum::from_header(bad), Err(error), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = number("Upload-Offset", &text);
            let _ = check_metadata(&text);
            let _ = Checksum::from_header(&text);
            let _ = announced_length(Some(&text), None);
        }
    }
}
