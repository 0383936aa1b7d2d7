//! A file on disk that becomes an attachment: looked at now, read later, the same both times.
//!
//! Serves deliverable "the bundle" (a file that shrinks or grows meanwhile is an error, not a
//! broken archive). No descriptor is kept in between, so thousands of attachments are fine.

use std::fmt;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::metadata::{self, Survey};

/// A regular file, as it was when it was named.
#[derive(Debug, Clone)]
pub(super) struct Source {
    path: PathBuf,
    identity: Identity,
}

impl Source {
    /// Opens the file once, to learn whether it can be read, and remembers what it is.
    pub(super) fn look(path: &Path) -> Result<Self, SourceError> {
        let file = open(path)?;
        Ok(Self {
            path: path.to_owned(),
            identity: identity(&file, path)?,
        })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        self.identity.size
    }

    /// What the file tells beside its content.
    pub(super) fn survey(&self) -> Result<Survey, SourceError> {
        let mut reading = self.reopen()?;
        let name = self.path.to_string_lossy();
        let survey = metadata::survey(&name, &mut reading.file);
        let survey = survey.map_err(|source| read_error(&self.path, source))?;
        reading.unchanged()?;
        Ok(survey)
    }

    /// Opens the file again and checks that it is the same.
    pub(super) fn reopen(&self) -> Result<Reading<'_>, SourceError> {
        let file = open(&self.path)?;
        let reading = Reading {
            source: self,
            file,
            left: self.identity.size,
        };
        reading.unchanged()?;
        Ok(reading)
    }

    fn changed(&self, change: Change) -> SourceError {
        SourceError::Changed {
            path: self.path.clone(),
            change,
        }
    }
}

/// A source that is open.
pub(super) struct Reading<'a> {
    source: &'a Source,
    file: File,
    left: u64,
}

impl Reading<'_> {
    /// Reads some of the next bytes into `buffer`; there must be some left.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, SourceError> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.once(buffer.get_mut(..most).unwrap_or_default())?;
        if count == 0 {
            return Err(self.source.changed(Change::Shrunk));
        }
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }

    /// Goes on with this part of the file.
    pub(super) fn go(&mut self, part: &Range<u64>) -> Result<(), SourceError> {
        let place = SeekFrom::Start(part.start);
        let moved = self.file.seek(place);
        moved.map_err(|source| read_error(&self.source.path, source))?;
        self.left = part.end.saturating_sub(part.start);
        Ok(())
    }

    /// Bytes that are left of the file, or of its part.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// After the last byte there is no other, and nothing changed on the way.
    pub(super) fn end(&mut self) -> Result<(), SourceError> {
        if self.once(&mut [0])? > 0 {
            return Err(self.source.changed(Change::Grown));
        }
        self.unchanged()
    }

    /// Whether the file is still the same.
    pub(super) fn unchanged(&self) -> Result<(), SourceError> {
        let (before, now) = (
            &self.source.identity,
            identity(&self.file, &self.source.path)?,
        );
        let change = if before.place != now.place {
            Change::Replaced
        } else if now.size < before.size {
            Change::Shrunk
        } else if now.size > before.size {
            Change::Grown
        } else if now.modified != before.modified {
            Change::Modified
        } else {
            return Ok(());
        };
        Err(self.source.changed(change))
    }

    fn once(&mut self, buffer: &mut [u8]) -> Result<usize, SourceError> {
        loop {
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(read_error(&self.source.path, source)),
                Ok(count) => return Ok(count),
            }
        }
    }
}

/// Why a file cannot be attached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It is missing, or may not be read.
    #[error("cannot read {path:?}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no regular file.
    #[error("{path:?} is {kind}, and only regular files can be attached")]
    NotAFile {
        /// The path as it was given.
        path: PathBuf,
        /// What it is instead.
        kind: FileKind,
    },
    /// What was made of it cannot be read.
    #[error("cannot read what mat2 made of {path:?}")]
    Substitute {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what it was when it was attached.
    #[error("{path:?} {change} after it was attached")]
    Changed {
        /// The file.
        path: PathBuf,
        /// What happened to it.
        change: Change,
    },
}

/// What a path is, when it is no regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A directory.
    Folder,
    /// A named pipe.
    Fifo,
    /// A character or block device.
    Device,
    /// A socket.
    Socket,
    /// Something else.
    Other,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "a directory",
            Self::Fifo => "a named pipe",
            Self::Device => "a device",
            Self::Socket => "a socket",
            Self::Other => "not a file",
        })
    }
}

/// What happened to a file between naming and reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Another file has its name.
    Replaced,
    /// It is shorter.
    Shrunk,
    /// It is longer.
    Grown,
    /// It was written to.
    Modified,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replaced => "was replaced",
            Self::Shrunk => "shrank",
            Self::Grown => "grew",
            Self::Modified => "was modified",
        })
    }
}

/// What makes a file the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    /// Device and inode, where there are such.
    place: (u64, u64),
    size: u64,
    modified: Option<SystemTime>,
}

/// Opens a regular file; looks first, since opening a device can do things, and does not wait,
/// since a FIFO may have taken its place.
fn open(path: &Path) -> Result<File, SourceError> {
    let metadata = fs::metadata(path).map_err(|source| read_error(path, source))?;
    regular(path, &metadata)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    if let Ok(flags) =
        i32::try_from((rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits())
    {
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    options
        .open(path)
        .map_err(|source| read_error(path, source))
}

fn identity(file: &File, path: &Path) -> Result<Identity, SourceError> {
    let metadata = file.metadata().map_err(|source| read_error(path, source))?;
    regular(path, &metadata)?;
    Ok(Identity {
        place: place(&metadata),
        size: metadata.len(),
        modified: metadata.modified().ok(),
    })
}

fn regular(path: &Path, metadata: &Metadata) -> Result<(), SourceError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(SourceError::NotAFile {
        path: path.to_owned(),
        kind: kind(metadata.file_type()),
    })
}

#[cfg(unix)]
fn place(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(unix)]
fn kind(kind: FileType) -> FileKind {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_dir() {
        FileKind::Folder
    } else if kind.is_fifo() {
        FileKind::Fifo
    } else if kind.is_char_device() || kind.is_block_device() {
        FileKind::Device
    } else if kind.is_socket() {
        FileKind::Socket
    } else {
        FileKind::Other
    }
}

#[cfg(not(unix))]
fn kind(kind: FileType) -> FileKind {
    if kind.is_dir() {
        FileKind::Folder
    } else {
        FileKind::Other
    }
}

fn read_error(path: &Path, source: io::Error) -> SourceError {
    SourceError::Read {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
