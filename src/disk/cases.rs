//! The cases of a home folder: a folder each, with its record and the sealed messages that came.
//!
//! Serves `case`. Everything is 0600 in folders of 0700, published whole, and changed by one process
//! at a time.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    AskPassphrase, CaseRecord, DiskError, Home, Overwrite, PendingFile, Seeds, Vault, VaultError,
    pending::sync_folder,
    vault::{FOLDER, is_locked},
};
use crate::{case::CaseName, openpgp::Passphrase, wire::MessageId};

/// The cases of a home folder.
pub struct Cases {
    home: Home,
    vault: Vault,
    now: SystemTime,
}

/// The right to change one case; others wait until it is dropped.
#[derive(Debug)]
pub struct CaseHold {
    _lock: File,
}

/// Which case is meant cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum WhichCase {
    /// None begins like that.
    #[error("there is no case {0} here")]
    None(String),
    /// More than one does.
    #[error("several cases begin with {typed}: {}", .names.join(", "))]
    Several {
        /// What was typed.
        typed: String,
        /// The names.
        names: Vec<String>,
    },
    /// The folder cannot be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Cases {
    /// The most bytes of one message.
    pub const LARGEST_MESSAGE: usize = MAX_FILE;

    pub(super) fn new(home: Home, now: SystemTime) -> Result<Self, DiskError> {
        let vault = Vault::of(&home)?;
        Ok(Self { home, vault, now })
    }

    /// How they are kept.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Takes the passphrase, if there is one that was not given yet.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn unlock(&self, ask: &mut AskPassphrase<'_>) -> Result<(), VaultError> {
        self.vault.unlock(ask)
    }

    /// The names of all cases, in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn names(&self) -> Result<Vec<CaseName>, DiskError> {
        let folder = self.home.existing(FOLDER)?;
        let mut names = Vec::new();
        for path in self.home.entries(FOLDER)? {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.and_then(|name| name.parse().ok());
            // A folder without a record is what a crash left of a case that was being forgotten.
            names.extend(name.filter(|name| is_there(&record_path(&folder, name))));
        }
        names.sort();
        Ok(names)
    }

    /// The one case that `typed` is the name of, or the beginning of its name.
    ///
    /// # Errors
    /// [`WhichCase`].
    pub fn find(&self, typed: &str) -> Result<CaseName, WhichCase> {
        let mut names = self.names()?;
        names.retain(|name| !typed.is_empty() && name.as_str().starts_with(typed));
        match names.len() {
            0 => Err(WhichCase::None(typed.to_owned())),
            1 => Ok(names.swap_remove(0)),
            _ => Err(WhichCase::Several {
                typed: typed.to_owned(),
                names: names.iter().map(ToString::to_string).collect(),
            }),
        }
    }

    /// Whether there is a case of this name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn has(&self, name: &CaseName) -> Result<bool, DiskError> {
        let folder = self.home.existing(FOLDER)?;
        Ok(record_path(&folder, name).exists())
    }

    /// The record of a case.
    ///
    /// # Errors
    /// [`VaultError`], also when it is damaged or not there.
    pub fn read(&self, name: &CaseName) -> Result<CaseRecord, VaultError> {
        let folder = self.home.existing(FOLDER)?;
        let path = record_path(&folder, name);
        let mut kept = read_whole(&path, MAX_FILE)?;
        loop {
            let why = match self.understand(name, &path, &kept) {
                Ok(record) => return Ok(record),
                Err(why) => why,
            };
            // One that is replaced while it is read is overwritten.
            let again = read_whole(&path, MAX_FILE)?;
            if again == kept {
                return Err(why);
            }
            kept = again;
        }
    }

    fn understand(
        &self,
        name: &CaseName,
        path: &Path,
        kept: &[u8],
    ) -> Result<CaseRecord, VaultError> {
        if is_locked(kept) && self.vault.knows_none() {
            return Err(self.vault.gone(name));
        }
        let json = self.vault.read(path, kept)?;
        let record = CaseRecord::from_json(&json).map_err(|why| DiskError::damaged(path, why))?;
        if record.name() != *name {
            return Err(DiskError::damaged(path, "it is another case".to_owned()).into());
        }
        Ok(record)
    }

    /// Keeps the record of a case, in the place of the one before, whose bytes are overwritten.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn write(&self, record: &CaseRecord) -> Result<(), VaultError> {
        self.refuse_without_lock()?;
        let folder = self.folder(&record.name())?;
        let path = folder.join(RECORD);
        let json = record.to_json().map_err(VaultError::Key)?;
        let kept = self.vault.keep(&json, self.now)?;
        let before = existing(&path)?;
        publish(&path, &kept)?;
        if let Some(before) = before {
            overwrite(before).map_err(|error| DiskError::io("overwrite", &path, error))?;
        }
        let above = self.home.folder(FOLDER)?;
        sync_folder(&above).map_err(|error| DiskError::io("sync", &above, error))?;
        Ok(())
    }

    /// Whether records can be kept as the person wants them: where the lock is gone that others are
    /// locked with, one more would lie there unlocked.
    ///
    /// # Errors
    /// [`VaultError::LockGone`].
    pub fn refuse_without_lock(&self) -> Result<(), VaultError> {
        if !self.vault.knows_none() {
            return Ok(());
        }
        let folder = self.home.existing(FOLDER)?;
        for name in self.names()? {
            let mut first = [b'{'];
            // What cannot be read is a fault of its own, which reading it names.
            let read = File::open(record_path(&folder, &name)).and_then(|mut file| {
                let _length = file.read(&mut first)?;
                Ok(())
            });
            if read.is_ok() && is_locked(&first) {
                return Err(self.vault.gone(&name));
            }
        }
        Ok(())
    }

    /// Waits until nobody else changes the case.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn hold(&self, name: &CaseName) -> Result<CaseHold, DiskError> {
        let path = self.folder(name)?.join(LOCK);
        let locking = |error| DiskError::io("lock", &path, error);
        let file = owner_only().open(&path).map_err(locking)?;
        file.lock().map_err(locking)?;
        Ok(CaseHold { _lock: file })
    }

    /// Keeps a message as it came, sealed.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep_message(
        &self,
        name: &CaseName,
        message: &MessageId,
        sealed: &[u8],
    ) -> Result<(), DiskError> {
        publish(&self.folder(name)?.join(message_file(message)), sealed)
    }

    /// A message that was kept, sealed; `None` if it is not there.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn message(
        &self,
        name: &CaseName,
        message: &MessageId,
    ) -> Result<Option<Vec<u8>>, DiskError> {
        let folder = self.home.existing(FOLDER)?.join(name.as_str());
        match read_whole(&folder.join(message_file(message)), MAX_FILE) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(DiskError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Wipes a case: its bytes are overwritten as far as the disk allows, then its names go.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub fn forget(&self, name: &CaseName) -> Result<(), DiskError> {
        let above = self.home.existing(FOLDER)?;
        let folder = above.join(name.as_str());
        // First what cannot be done without.
        wipe(&folder.join(RECORD))?;
        remove_folder(&folder)?;
        sync_folder(&above).map_err(|error| DiskError::io("sync", &above, error))
    }

    /// Sets or changes the passphrase, and locks every record with it. Cut in the middle, all of
    /// them are readable still; the same again finishes it.
    ///
    /// # Errors
    /// [`VaultError`]; a lock that is there has to be opened before.
    pub fn lock(&mut self, passphrase: &Passphrase, seeds: Seeds) -> Result<(), VaultError> {
        self.home.folder(FOLDER)?;
        self.refuse_without_lock()?;
        self.vault.set(passphrase, seeds, self.now)?;
        self.keep_all_again()?;
        self.vault.settle(passphrase, self.now)
    }

    /// Takes the passphrase away, and keeps every record as it is.
    ///
    /// # Errors
    /// [`VaultError`]; the lock has to be opened before.
    pub fn leave_open(&mut self) -> Result<(), VaultError> {
        if self.vault.is_locked() {
            return Err(VaultError::Locked);
        }
        self.vault.open_up();
        self.keep_all_again()?;
        self.vault.remove()
    }

    fn keep_all_again(&self) -> Result<(), VaultError> {
        for name in self.names()? {
            let _held = self.hold(&name)?;
            self.write(&self.read(&name)?)?;
        }
        Ok(())
    }

    fn folder(&self, name: &CaseName) -> Result<PathBuf, DiskError> {
        self.home.folder(FOLDER)?;
        self.home.folder(&format!("{FOLDER}/{name}"))
    }
}

/// Also if nobody may look.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

fn record_path(folder: &Path, name: &CaseName) -> PathBuf {
    folder.join(name.as_str()).join(RECORD)
}

pub(super) fn publish(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let mut file = PendingFile::create(path, Overwrite::Replace)?;
    file.write_all(bytes)
        .map_err(|error| DiskError::io("write", path, error))?;
    file.finish()
}

/// A file of ours, if it has no more than `limit` bytes.
pub(super) fn read_whole(path: &Path, limit: usize) -> Result<Vec<u8>, DiskError> {
    let reading = |error| DiskError::io("read", path, error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(reading)?;
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(reading)?;
    if bytes.len() > limit {
        return Err(DiskError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

/// Opens for writing, and creates what is not there for its owner alone.
pub(super) fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Overwrites a file and removes it; one that is not there is no fault.
pub(super) fn wipe(path: &Path) -> Result<(), DiskError> {
    let Some(file) = existing(path)? else {
        return Ok(());
    };
    let io = |error| DiskError::io("remove", path, error);
    overwrite(file).map_err(io)?;
    fs::remove_file(path).map_err(io)
}

/// A file to be overwritten, if it is there.
fn existing(path: &Path) -> Result<Option<File>, DiskError> {
    match OpenOptions::new().write(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DiskError::io("overwrite", path, error)),
    }
}

fn overwrite(mut file: File) -> io::Result<()> {
    let size = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(size), &mut file)?;
    file.sync_all()
}

/// Removes a folder with all that is in it.
pub(super) fn remove_folder(folder: &Path) -> Result<(), DiskError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(DiskError::io("remove", folder, error))
        }
        _ => Ok(()),
    }
}

fn message_file(message: &MessageId) -> String {
    format!("{message}.pgp")
}

const RECORD: &str = "record";
const LOCK: &str = ".lock";

/// A message of the largest size, or a record with very many of them.
pub(super) const MAX_FILE: usize = 32 << 20;

#[cfg(all(test, unix))]
mod tests;
