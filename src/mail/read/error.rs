//! Why nothing could be found in a mail, or why it is not read.

use std::io;

/// Why nothing could be found in a mail, or why it is not read.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Reading failed.
    #[error("cannot read the mail")]
    Read(#[source] io::Error),
    /// There is no OpenPGP message in it.
    #[error("the mail is not encrypted: whoever carried it could read and change it")]
    NotEncrypted,
    /// It is encrypted, but not with OpenPGP.
    #[error("the mail is encrypted with S/MIME, which is not opened here")]
    SMime,
    /// Several messages, of which each could be the one that is meant.
    #[error("there are {0} encrypted messages in the mail")]
    Several(usize),
    /// Parts within parts, without end.
    #[error("the parts of the mail are nested deeper than {0} levels")]
    TooDeep(usize),
    /// More parts than anybody can look at.
    #[error("the mail has more than {0} parts")]
    TooManyParts(usize),
    /// A header that no program writes.
    #[error("a header in the mail is longer than {0} bytes")]
    HeaderTooLong(usize),
}

impl From<io::Error> for MailError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl MailError {
    /// Whether the mail is at fault, rather than the disk that it lies on.
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        !matches!(self, Self::Read(_) | Self::Several(_) | Self::SMime)
    }
}
