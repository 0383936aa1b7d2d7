//! The secret of a case: 128 bits, written as twelve words, from which every key of it is derived.
//!
//! BIP-39 (English list) for the words, HKDF-SHA-256 (RFC 5869) for the keys. One label a purpose,
//! so that no key can stand in for another.

use std::fmt;

use bip39::{Language, Mnemonic};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The secret of one case. Wiped when dropped, never printed but as [`CaseSecret::words`].
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CaseSecret([u8; 16]);

/// Words that are not those of a case.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WordsError {
    /// There are more or fewer than twelve.
    #[error("a case has 12 words, these are {0}")]
    Count(usize),
    /// One of them is not in the list. It is named by its place: it may be part of a secret.
    #[error("word {0} is not in the BIP-39 list: is it misspelt?")]
    Unknown(usize),
    /// All are in the list, and they do not belong together.
    #[error("these words do not belong together: one is wrong, or two have changed places")]
    Checksum,
}

impl CaseSecret {
    /// The secret of a new case, from 16 random bytes.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 16]) -> Self {
        Self(entropy)
    }

    /// The secret that `words` stand for; case and spacing do not matter.
    ///
    /// # Errors
    /// [`WordsError`], which never repeats a word.
    pub fn from_words(words: &str) -> Result<Self, WordsError> {
        let normal = Zeroizing::new(
            words
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase(),
        );
        let count = normal.split(' ').filter(|word| !word.is_empty()).count();
        if count != WORDS {
            return Err(WordsError::Count(count));
        }
        let mnemonic =
            Mnemonic::parse_in_normalized(Language::English, &normal).map_err(|why| match why {
                bip39::Error::UnknownWord(index) => WordsError::Unknown(index + 1),
                _ => WordsError::Checksum,
            })?;
        let (mut entropy, _) = mnemonic.to_entropy_array();
        let mut secret = [0; 16];
        secret.copy_from_slice(&entropy[..16]);
        entropy.zeroize();
        Ok(Self(secret))
    }

    /// The twelve words, in lower case, with a space between two.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        let words = Mnemonic::from_entropy_in(Language::English, &self.0)
            .map(|mnemonic| mnemonic.to_string());
        Zeroizing::new(words.unwrap_or_default())
    }

    /// The seed of the Ed25519 key that signs the report.
    #[must_use]
    pub fn signing_seed(&self) -> Zeroizing<[u8; 32]> {
        self.derive(b"sealpost case 1: signing key")
    }

    /// The seed of the X25519 key that answers are encrypted to.
    #[must_use]
    pub fn reply_seed(&self) -> Zeroizing<[u8; 32]> {
        self.derive(b"sealpost case 1: reply key")
    }

    /// The bytes of the bearer token with which the reporter asks the intake about the case.
    #[must_use]
    pub fn token_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.derive(b"sealpost case 1: intake token")
    }

    /// What marks the report of the case where it is filed with others, so that it is not filed
    /// twice: 128 bits, which lead to no other key of the case.
    #[must_use]
    pub fn filing_mark(&self) -> [u8; 16] {
        let derived = self.derive(b"sealpost case 1: mark of a filing");
        *derived.first_chunk().unwrap_or(&[0; 16])
    }

    /// The name of an answer on this machine, from the digest of what is in it: whoever knows the
    /// answer, and not the secret, cannot tell that it is here.
    #[must_use]
    pub fn answer_mark(&self, content: &[u8; 32]) -> [u8; 16] {
        let label = [&b"sealpost case 1: answer "[..], content].concat();
        *self.derive(&label).first_chunk().unwrap_or(&[0; 16])
    }

    /// What the report of the case is known by on this machine where it is not sealed, from the digest of
    /// what is in it: whoever can guess the report, and has not the secret, cannot tell that it was sent.
    #[must_use]
    pub fn report_mark(&self, content: &[u8; 32]) -> [u8; 32] {
        *self.derive(&[&b"sealpost case 1: report "[..], content].concat())
    }

    /// Five bytes that name the case on this machine, and are known nowhere else.
    pub(super) fn name_bytes(&self) -> [u8; 5] {
        let derived = self.derive(b"sealpost case 1: local name");
        let mut name = [0; 5];
        name.iter_mut()
            .zip(derived.iter())
            .for_each(|(to, from)| *to = *from);
        name
    }

    /// The 16 bytes themselves, for the record of the case on the reporter's own disk.
    #[must_use]
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    fn derive(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(label, key.as_mut());
        debug_assert!(expanded.is_ok(), "32 bytes are within HKDF's 8160");
        key
    }
}

impl fmt::Debug for CaseSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseSecret(…)")
    }
}

const WORDS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_words_of_the_specification() {
        let secret = CaseSecret::from_entropy([0; 16]);
        assert_eq!(
            *secret.words(),
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
        );
    }

    #[test]
    fn keys_differ_by_purpose_and_stay_the_same() {
        let secret = CaseSecret::from_entropy([7; 16]);
        assert_ne!(secret.signing_seed(), secret.reply_seed());
        // Fixed for ever: these keys recover cases that are open today.
        assert_eq!(hex(&*secret.signing_seed()), SIGNING);
        assert_eq!(hex(&*secret.reply_seed()), REPLY);
        let marks = [7, 8].map(|entropy| CaseSecret::from_entropy([entropy; 16]).filing_mark());
        assert_ne!(marks[0], marks[1]);
    }

    #[test]
    fn wrong_words_are_told_apart_and_not_repeated() {
        assert_eq!(CaseSecret::from_words("abandon"), Err(WordsError::Count(1)));
        assert_eq!(CaseSecret::from_words(""), Err(WordsError::Count(0)));
        let words = "abandon ".repeat(11);
        assert_eq!(
            CaseSecret::from_words(&format!("{words}zebrax")),
            Err(WordsError::Unknown(12))
        );
        assert_eq!(
            CaseSecret::from_words(&format!("{words}abandon")),
            Err(WordsError::Checksum)
        );
        assert!(!format!("{:?}", CaseSecret::from_entropy([1; 16])).contains('1'));
    }

    proptest! {
        #[test]
        fn words_bring_the_secret_back(entropy: [u8; 16]) {
            let secret = CaseSecret::from_entropy(entropy);
            let shouted = format!("  {}\n", secret.words().to_uppercase().replace(' ', "  "));
            prop_assert_eq!(CaseSecret::from_words(&shouted), Ok(secret));
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    const SIGNING: &str = "1097df70b00cddb4653aebaad1977d015776eed119054dd3fce914b65e8d757b";
    const REPLY: &str = "040ee9bbd728374caec471676013580e88bea3d33a32394295aa2290af529e35";
}
