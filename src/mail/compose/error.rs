//! What keeps a mail from being written.

use std::io;

use crate::{
    bundle::{BundleError, SourceError},
    openpgp::SealError,
};

/// What keeps a mail from being written.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// An attachment is missing, unreadable or was changed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The output failed.
    #[error("cannot write the mail")]
    Write(#[source] io::Error),
    /// Sealing failed.
    #[error(transparent)]
    Seal(SealError),
    /// The bundle cannot be written at all.
    #[error(transparent)]
    Bundle(BundleError),
}

impl From<BundleError> for ComposeError {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::Source(error) => Self::Source(error),
            BundleError::Write(error) => Self::Write(error),
            other => Self::Bundle(other),
        }
    }
}

impl From<SealError> for ComposeError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Write(error) => Self::Write(error),
            other => Self::Seal(other),
        }
    }
}

impl From<io::Error> for ComposeError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}
