//! One server at a time over a data folder whose rows are a file: two would count clients, uploads
//! and free space apart from each other, and wait for each other's locks.
//!
//! `token`, `fsck` and `sweep` do not ask: they may work beside a server. Over PostgreSQL any number
//! of servers may run.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use super::{Store, StoreError};

/// Keeps other servers away from the store, until it is dropped or the process ends.
#[derive(Debug)]
#[must_use = "others are kept away only as long as it is held"]
pub struct Alone {
    _lock: Option<File>,
}

impl Store {
    /// Takes the data folder for this server, where rows are in it.
    ///
    /// # Errors
    /// [`StoreError::Served`] while another server has it.
    pub fn serve_alone(&self) -> Result<Alone, StoreError> {
        if !self.database().is_file() {
            return Ok(Alone { _lock: None });
        }
        let folder = self.folder();
        let failed = |source| StoreError::Folder {
            path: folder.to_owned(),
            source,
        };
        let file = open(&folder.join(LOCK)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Alone { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Served(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// A file of its own: SQLite's locks on the database are lost when another handle to it is closed.
const LOCK: &str = "serve.lock";
