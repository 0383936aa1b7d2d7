//! What can go wrong on the disk, each with the path that the person named.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file or folder could not be read or published. Paths are raw: escape them when showing.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// A folder where a file is needed.
    #[error("{path} is a folder, not a file")]
    IsFolder {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Something is there, and replacing it was not asked for.
    #[error("{path} exists already")]
    Exists {
        /// The path as it was given.
        path: PathBuf,
    },
    /// No space, or no quota, is left.
    #[error("no space is left on the disk for {path}")]
    Full {
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder is only published onto nothing or onto an empty one.
    #[error("the folder {path} is not empty")]
    NotEmpty {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Something else where a folder is needed.
    #[error("{path} is not a folder")]
    NotAFolder {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Replacing the current folder would leave the person's shell in a folder without a name.
    #[error("{path} is the current folder; name a new one")]
    CurrentFolder {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The folder that should hold the result is not there.
    #[error("the folder that should hold {path} does not exist")]
    NoParent {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A file is larger than anything that it could rightly be.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// The path as it was given.
        path: PathBuf,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// A file of ours that is not what it should be, and must not be taken for absent.
    #[error("{path} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Someone else could put keys or profiles into the home folder.
    #[error("the folder {path} may be written by others (its mode is {mode:04o})")]
    OpenToOthers {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Someone else owns the home folder.
    #[error("the folder {path} belongs to another user")]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// Neither `--home` nor the environment nor the system names a place.
    #[error("no home folder is known; name one with --home DIR")]
    NoHome,
    /// Anything else.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried: a verb.
        action: &'static str,
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DiskError {
    pub(super) fn damaged(path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Names the path, and tells a full disk and a folder from the rest.
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { path, source },
            ErrorKind::IsADirectory => Self::IsFolder { path },
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }
}
