//! What can go wrong on this floor, in words that name the file, key or passphrase.

use std::io;

use super::{Fingerprint, Reason, Recipients};

/// A file in which no certificate could be read.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file holds no OpenPGP certificate.
    #[error("{file}: no OpenPGP certificate in it{looks_like}")]
    None {
        /// The file as it was named.
        file: String,
        /// What the file looks like instead, as `" (it looks like …)"`, or empty.
        looks_like: &'static str,
    },
    /// The file holds a secret key, where a certificate was wanted.
    #[error("{file}: holds a secret key, which must never be published")]
    Secret {
        /// The file as it was named.
        file: String,
    },
    /// The file is larger than any certificate needs to be.
    #[error("{file}: {size} bytes, more than the {limit} that a file of certificates may have")]
    TooLarge {
        /// The file as it was named.
        file: String,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// More packets claim to belong to the certificate than its owner can have made.
    #[error("{file}: certificate {fingerprint} is flooded with signatures")]
    Flooded {
        /// The file as it was named.
        file: String,
        /// The fingerprint of the certificate.
        fingerprint: String,
    },
    /// There is something that looks like a certificate and cannot be parsed.
    #[error("{file}: the OpenPGP certificate in it is damaged")]
    Damaged {
        /// The file as it was named.
        file: String,
        /// What the parser said.
        #[source]
        source: anyhow::Error,
    },
}

/// Two certificates that cannot become one.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// They are versions of different certificates.
    #[error("{one} and {other} are different certificates")]
    Different {
        /// The fingerprint of the one.
        one: Fingerprint,
        /// The fingerprint of the other.
        other: Fingerprint,
    },
    /// Something failed in the cryptographic library.
    #[error("the versions of {fingerprint} cannot be merged")]
    Library {
        /// The fingerprint of both.
        fingerprint: Fingerprint,
        /// What it said.
        #[source]
        source: anyhow::Error,
    },
}

/// A text with signatures over it that must not be read. Lines are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum CleartextError {
    /// There is no signed text in it.
    #[error("no signed text in it")]
    None,
    /// It is larger than any signed text that is read here.
    #[error("{size} bytes, more than the {limit} that a signed text may have")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The text, or the signature under it, has no end.
    #[error("line {line}: the signed text that begins here has no end")]
    Unfinished {
        /// Where it begins.
        line: usize,
    },
    /// Something other than the name of a hash before the text, which only some readers take for
    /// text.
    #[error("line {line}: neither a `Hash` header nor the blank line before a signed text")]
    Header {
        /// Where.
        line: usize,
    },
    /// A line of the text begins with a dash that was not escaped.
    #[error("line {line}: begins with a dash in a signed text, and is not escaped")]
    Unescaped {
        /// Where.
        line: usize,
    },
    /// A character that ends lines or texts for some readers.
    #[error("line {line}: a NUL or a carriage return within a line of a signed text")]
    Forbidden {
        /// Where.
        line: usize,
    },
    /// The text is not UTF-8.
    #[error("line {line}: not UTF-8")]
    NotUtf8 {
        /// Where.
        line: usize,
    },
    /// Several signed texts in one file, of which readers take different ones.
    #[error("line {line}: a second signed text begins")]
    Several {
        /// Where.
        line: usize,
    },
    /// Another block begins within the signature.
    #[error("line {line}: another block begins within the signature")]
    Nested {
        /// Where.
        line: usize,
    },
}

impl CleartextError {
    /// The line that is wrong, where it is one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::None | Self::TooLarge { .. } => None,
            Self::Unfinished { line }
            | Self::Header { line }
            | Self::Unescaped { line }
            | Self::Forbidden { line }
            | Self::NotUtf8 { line }
            | Self::Several { line }
            | Self::Nested { line } => Some(*line),
        }
    }
}

/// A secret key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file holds no secret key.
    #[error("{file}: no OpenPGP secret key in it")]
    None {
        /// The file as it was named.
        file: String,
    },
    /// The file cannot be parsed.
    #[error("{file}: the OpenPGP secret key in it is damaged")]
    Damaged {
        /// The file as it was named.
        file: String,
        /// What the parser said.
        #[source]
        source: anyhow::Error,
    },
    /// No signing-capable secret key is in it.
    #[error("{file}: no secret key that may sign and is neither expired nor revoked")]
    NoSigningKey {
        /// The file as it was named.
        file: String,
    },
    /// The passphrase was wrong, as often as it could be asked.
    #[error("wrong passphrase for {what}")]
    WrongPassphrase {
        /// What the passphrase was asked for.
        what: String,
    },
    /// The passphrase could not be asked.
    #[error("cannot ask for the passphrase of {what}")]
    NoPassphrase {
        /// What the passphrase was asked for.
        what: String,
        /// Why it could not be asked.
        #[source]
        source: anyhow::Error,
    },
    /// The algorithm of this secret key is refused, because no safe implementation of it is here.
    #[error("secret {algorithm} keys are not used: there is no constant-time implementation here")]
    UnsafeAlgorithm {
        /// The algorithm's name.
        algorithm: String,
    },
    /// GnuPG or its agent refused or could not be reached.
    #[error("gpg-agent: {0}")]
    Agent(String),
    /// Something failed in the cryptographic library.
    #[error("the key cannot be used")]
    Library(#[source] anyhow::Error),
}

/// A report that could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A certificate must not be encrypted to.
    #[error("{fingerprint} cannot be encrypted to: {reason}")]
    Refused {
        /// The fingerprint of the certificate.
        fingerprint: String,
        /// Why not.
        reason: Reason,
    },
    /// The container asked for cannot be read by a recipient.
    #[error("{fingerprint} does not say that it reads the container of RFC 9580 (SEIPDv2)")]
    NotAdvertised {
        /// The fingerprint of the certificate.
        fingerprint: String,
    },
    /// Writing failed.
    #[error("cannot write the sealed report")]
    Write(#[source] io::Error),
    /// Something failed in the cryptographic library.
    #[error("sealing failed")]
    Library(#[source] anyhow::Error),
}

/// A message that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The input is not an OpenPGP message.
    #[error("not an OpenPGP message{looks_like}")]
    NotOpenPgp {
        /// What it looks like instead, as `" (it looks like …)"`, or empty.
        looks_like: &'static str,
    },
    /// It is OpenPGP, but not encrypted.
    #[error("not encrypted: whoever carried it could read and change it")]
    NotEncrypted,
    /// It is encrypted in a way that cannot notice manipulation, or that only GnuPG writes.
    #[error("encrypted with {what}")]
    Unsupported {
        /// The container's name and why it is not opened.
        what: &'static str,
    },
    /// None of the keys at hand opens it.
    #[error("encrypted to {recipients}, and none of the secret keys at hand is among them")]
    NotForUs {
        /// Whom it is for.
        recipients: Recipients,
    },
    /// A key could not be used, or its passphrase was wrong.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The passphrase of the message itself was wrong.
    #[error("wrong passphrase for the message")]
    WrongPassphrase,
    /// The message was changed or cut short after it was made.
    #[error("damaged: the message was changed or cut short on its way")]
    Damaged(#[source] anyhow::Error),
    /// It expands to far more than its size: a decompression bomb, or a limit set too low.
    #[error("expands to more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Its compressed data expand to what no reader would ever see.
    #[error(
        "its compressed data have a packet beside the content that is longer than {limit} bytes, or of unknown length: a decompression bomb"
    )]
    Bomb {
        /// The limit in bytes.
        limit: u32,
    },
    /// Reading the input failed.
    #[error("cannot read the message")]
    Read(#[source] io::Error),
}

impl OpenError {
    /// Whether the message failed authentication, rather than something around it.
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        matches!(
            self,
            Self::NotOpenPgp { .. }
                | Self::NotEncrypted
                | Self::Unsupported { .. }
                | Self::Bomb { .. }
                | Self::WrongPassphrase
                | Self::Damaged(_)
                | Self::Key(KeyError::WrongPassphrase { .. })
        )
    }
}
