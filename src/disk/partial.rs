//! A download that stays where it was cut, so that it goes on there, and gets its name when it is
//! whole.
//!
//! Serves promise 19 for `inbox fetch`. What lies there meanwhile is sealed, so that leaving it
//! behind tells nothing.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::{
    DiskError,
    pending::{parent, sync_folder},
};

/// A file on its way to a name.
#[derive(Debug)]
pub struct PartialFile {
    file: File,
    path: PathBuf,
    destination: PathBuf,
}

impl PartialFile {
    /// Opens `destination.part`, which may be there from an earlier attempt; owner-only.
    ///
    /// # Errors
    /// [`DiskError::Exists`] if the destination is there, or why the file cannot be opened.
    pub fn open(destination: &Path) -> Result<Self, DiskError> {
        if destination.symlink_metadata().is_ok() {
            return Err(DiskError::Exists {
                path: destination.to_owned(),
            });
        }
        let mut name = destination.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let path = destination.with_file_name(name);
        // Not through a link that somebody put there.
        if path
            .symlink_metadata()
            .is_ok_and(|there| !there.file_type().is_file())
        {
            return Err(DiskError::Exists { path });
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&path)
            .map_err(|error| DiskError::io("write", &path, error))?;
        Ok(Self {
            file,
            path,
            destination: destination.to_owned(),
        })
    }

    /// Shows what is there already, piece by piece, and stands behind it then.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn replay(&mut self, mut each: impl FnMut(&[u8])) -> Result<u64, DiskError> {
        let io = |error| DiskError::io("read", &self.path, error);
        self.file.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut buffer = vec![0; 128 << 10];
        let mut total = 0;
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(n) => {
                    each(buffer.get(..n).unwrap_or_default());
                    total += n as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(io(error)),
            }
        }
    }

    /// Begins again.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn restart(&mut self) -> Result<(), DiskError> {
        let emptied = self.file.set_len(0);
        emptied
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map(drop)
            .map_err(|error| DiskError::io("write", &self.path, error))
    }

    /// Writes what comes next.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        self.file
            .write_all(bytes)
            .map_err(|error| DiskError::io("write", &self.path, error))
    }

    /// Gives the file its name, once it is on the disk.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn finish(self) -> Result<(), DiskError> {
        let io = |error| DiskError::io("write", &self.destination, error);
        self.file.sync_all().map_err(io)?;
        fs::rename(&self.path, &self.destination).map_err(io)?;
        sync_folder(parent(&self.destination)).map_err(io)
    }

    /// Removes it: what is there is of no use.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn discard(self) -> Result<(), DiskError> {
        fs::remove_file(&self.path).map_err(|error| DiskError::io("remove", &self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_where_it_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("a.pgp");
        let mut first = PartialFile::open(&destination).unwrap();
        first.write(b"abc").unwrap();
        drop(first);
        let mut again = PartialFile::open(&destination).unwrap();
        let mut seen = Vec::new();
        let there = again.replay(|piece| seen.extend_from_slice(piece)).unwrap();
        assert_eq!((there, &seen[..]), (3, &b"abc"[..]));
        again.write(b"def").unwrap();
        assert!(!destination.exists());
        again.finish().unwrap();
        assert_eq!(fs::read(&destination).unwrap(), b"abcdef");
        assert!(matches!(
            PartialFile::open(&destination),
            Err(DiskError::Exists { .. })
        ));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn begins_again_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = PartialFile::open(&folder.path().join("a.pgp")).unwrap();
        file.write(b"abc").unwrap();
        file.restart().unwrap();
        assert_eq!(file.replay(|_| ()).unwrap(), 0);
        file.discard().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        std::os::unix::fs::symlink(&target, folder.path().join("a.pgp.part")).unwrap();
        assert!(PartialFile::open(&folder.path().join("a.pgp")).is_err());
        assert!(!target.exists());
    }
}
