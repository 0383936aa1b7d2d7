//! The outbox: what is sealed and not yet delivered. Ciphertext alone, a folder for each.
//!
//! Serves `send`, exit code 6 and promises 13, 19 and 20. An entry is there once its document is;
//! until then its folder is debris that an interruption removes at once, and the next use after a
//! crash. Whoever works at one holds its lock, so that two processes never send the same.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    DiskError, Home,
    cases::{MAX_FILE, owner_only, publish, read_whole, remove_folder},
    pending::sync_folder,
    record::hex,
    registry::{Leftover, Ticket},
};
use crate::{
    case::CaseName,
    wire::{ReportId, UploadId},
};

/// The outbox of a home folder.
#[derive(Clone, Debug)]
pub struct Outbox {
    home: Home,
}

/// What is to be delivered, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The case that it belongs to.
    pub case: CaseName,
    /// A report, or a message about one.
    pub kind: EntryKind,
    /// The intake's `/reports`; for a mail, the server that is to take it, without a password.
    pub intake: Url,
    /// The same for every attempt.
    pub idempotency_key: String,
    /// SHA-256 of the ciphertext.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size: u64,
    /// When it was sealed.
    pub sealed: Timestamp,
    /// The upload that began, if one did.
    pub upload: Option<UploadId>,
    /// Whether the words of the case were shown to the person.
    pub words_shown: bool,
    /// Whether it was to go through a proxy: which one is not kept.
    pub proxied: bool,
}

/// What is in the outbox.
#[derive(Debug, Default)]
pub struct Entries {
    /// What can be delivered, each with its name.
    pub whole: Vec<(String, Entry)>,
    /// What cannot be read: its name, and why.
    pub unreadable: Vec<(String, DiskError)>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// The report of its case.
    Report,
    /// A message about this report.
    Message(ReportId),
    /// The report of its case, as a mail.
    Mail {
        /// The sender's address.
        from: String,
        /// The vendor's address.
        to: String,
    },
}

/// An entry that is being sealed. Dropped, it is gone.
#[derive(Debug)]
pub struct PendingEntry {
    // Dropped in this order: the folder goes, then its lock, then it is forgotten.
    folder: Option<Debris>,
    lock: Option<File>,
    ticket: Ticket,
}

/// An entry that this process alone works at.
#[derive(Debug)]
pub struct HeldEntry {
    folder: PathBuf,
    entry: Entry,
    _lock: File,
}

#[derive(Debug)]
struct Debris(PathBuf);

impl Outbox {
    pub(super) fn new(home: Home) -> Self {
        Self { home }
    }

    /// Begins an entry of this name: that of its case, or one of a message.
    ///
    /// # Errors
    /// The folder is there already, or cannot be created.
    pub fn begin(&self, name: &str) -> Result<PendingEntry, DiskError> {
        let above = self.home.folder(FOLDER)?;
        tidy(&above)?;
        let folder = above.join(name);
        let creating = |error| DiskError::io("create", &folder, error);
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Locked before anybody can take it for debris.
        let create = || {
            let gate = gate(&above)?;
            builder.create(&folder)?;
            let lock = owner_only().open(folder.join(LOCK))?;
            lock.lock()?;
            drop(gate);
            Ok((lock, Leftover::Folder(std::path::absolute(&folder)?)))
        };
        let (lock, ticket) = Ticket::enter(create).map_err(creating)?;
        Ok(PendingEntry {
            folder: Some(Debris(folder)),
            lock: Some(lock),
            ticket,
        })
    }

    /// The names of the entries that are whole, in the order in which they were sealed, and of those that
    /// cannot be read.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> Result<Entries, DiskError> {
        let above = self.home.existing(FOLDER)?;
        if above.exists() {
            tidy(&above)?;
        }
        let mut entries = Entries::default();
        for folder in folders(&above)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            match read(&folder) {
                Ok(Some(entry)) => entries.whole.push((name.into_owned(), entry)),
                Ok(None) => {}
                Err(why) => entries.unreadable.push((name.into_owned(), why)),
            }
        }
        entries.whole.sort_by_key(|(_, entry)| entry.sealed);
        Ok(entries)
    }

    /// Removes an entry that cannot be read; `false` if another process works at it.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn discard(&self, name: &str) -> Result<bool, DiskError> {
        let folder = self.home.existing(FOLDER)?.join(name);
        match try_lock(&folder)? {
            Some(_lock) => remove(&folder).map(|()| true),
            None => Ok(false),
        }
    }

    /// Takes an entry, unless another process works at it: then `None`, as when it is gone.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn take(&self, name: &str) -> Result<Option<HeldEntry>, DiskError> {
        let folder = self.home.existing(FOLDER)?.join(name);
        let Some(lock) = try_lock(&folder)? else {
            return Ok(None);
        };
        Ok(read(&folder)?.map(|entry| HeldEntry {
            folder,
            entry,
            _lock: lock,
        }))
    }
}

impl PendingEntry {
    /// A handle to write the ciphertext through.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn writer(&self) -> Result<File, DiskError> {
        let path = self.path();
        owner_only()
            .open(&path)
            .map_err(|error| DiskError::io("create", &path, error))
    }

    /// A handle of its own to read what was written.
    ///
    /// # Errors
    /// The file is not there yet.
    pub fn reader(&self) -> Result<File, DiskError> {
        let path = self.path();
        File::open(&path).map_err(|error| DiskError::io("read", &path, error))
    }

    /// Makes the entry: the ciphertext, its document and their names reach the disk.
    ///
    /// # Errors
    /// The disk is full or fails; nothing is left then.
    pub fn publish(mut self, entry: Entry) -> Result<HeldEntry, DiskError> {
        let path = self.path();
        let syncing = |error| DiskError::io("write", &path, error);
        File::open(&path)
            .and_then(|file| file.sync_all())
            .map_err(syncing)?;
        let folder = self.debris().to_owned();
        write(&folder, &entry)?;
        let above = super::pending::parent(&folder);
        sync_folder(above).map_err(|error| DiskError::io("sync", above, error))?;
        // From here on it stays, whatever happens.
        self.ticket.publish(|| Ok::<(), DiskError>(()))?;
        if let Some(debris) = self.folder.take() {
            std::mem::forget(debris);
        }
        let lock = self
            .lock
            .take()
            .ok_or_else(|| DiskError::io("lock", &folder, ErrorKind::NotFound.into()))?;
        Ok(HeldEntry {
            folder,
            entry,
            _lock: lock,
        })
    }

    fn debris(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), |it| &it.0)
    }

    fn path(&self) -> PathBuf {
        self.debris().join(SEALED)
    }
}

impl HeldEntry {
    /// What it is.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The ciphertext.
    ///
    /// # Errors
    /// It cannot be read, or has another size than it should.
    pub fn sealed(&self) -> Result<File, DiskError> {
        let path = self.folder.join(SEALED);
        let reading = |error| DiskError::io("read", &path, error);
        let file = File::open(&path).map_err(reading)?;
        if file.metadata().map_err(reading)?.len() == self.entry.size {
            Ok(file)
        } else {
            Err(DiskError::damaged(&path, "it has another size".to_owned()))
        }
    }

    /// Remembers where the upload is, or that there is none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_upload(&mut self, upload: Option<UploadId>) -> Result<(), DiskError> {
        if self.entry.upload != upload {
            self.entry.upload = upload;
            write(&self.folder, &self.entry)?;
        }
        Ok(())
    }

    /// Remembers that the words of its case were shown.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_words_shown(&mut self) -> Result<(), DiskError> {
        self.entry.words_shown = true;
        write(&self.folder, &self.entry)
    }

    /// Removes it: it is delivered, or given up.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(self) -> Result<(), DiskError> {
        remove(&self.folder)
    }
}

fn remove(folder: &Path) -> Result<(), DiskError> {
    // Without its document it is no entry any more, wherever this is cut.
    let document = folder.join(DOCUMENT);
    fs::remove_file(&document).map_err(|error| DiskError::io("remove", &document, error))?;
    remove_folder(folder)?;
    let above = super::pending::parent(folder);
    sync_folder(above).map_err(|error| DiskError::io("sync", above, error))
}

impl Drop for Debris {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// Removes what a crash left: folders without a document that nobody works at.
fn tidy(above: &Path) -> Result<(), DiskError> {
    let _gate = gate(above).map_err(|error| DiskError::io("lock", above, error))?;
    for folder in folders(above)? {
        if folder.join(DOCUMENT).exists() {
            continue;
        }
        let is_empty = !folder.join(LOCK).exists();
        if is_empty || try_lock(&folder)?.is_some() {
            drop(Debris(folder));
        }
    }
    Ok(())
}

/// Held for a moment by whoever makes or tidies up folders.
fn gate(above: &Path) -> std::io::Result<File> {
    let file = owner_only().open(above.join(LOCK))?;
    file.lock()?;
    Ok(file)
}

/// The lock of an entry; `None` while another process has it, or if there is none.
fn try_lock(folder: &Path) -> Result<Option<File>, DiskError> {
    let path = folder.join(LOCK);
    let locking = |error| DiskError::io("lock", &path, error);
    let file = match File::options().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(locking(error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(locking(error)),
    }
}

fn folders(above: &Path) -> Result<Vec<PathBuf>, DiskError> {
    let reading = |error| DiskError::io("read", above, error);
    let entries = match fs::read_dir(above) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(reading(error)),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(reading)?;
        if entry.file_type().map_err(reading)?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    case: String,
    kind: EntryKind,
    intake: Url,
    idempotency_key: String,
    sha256: String,
    size: u64,
    sealed: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upload: Option<UploadId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    words_shown: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    proxied: bool,
}

fn write(folder: &Path, entry: &Entry) -> Result<(), DiskError> {
    let path = folder.join(DOCUMENT);
    let written = Written {
        version: VERSION,
        case: entry.case.to_string(),
        kind: entry.kind.clone(),
        intake: entry.intake.clone(),
        idempotency_key: entry.idempotency_key.clone(),
        sha256: data_encoding::HEXLOWER.encode(&entry.sha256),
        size: entry.size,
        sealed: entry.sealed,
        upload: entry.upload.clone(),
        words_shown: entry.words_shown,
        proxied: entry.proxied,
    };
    let json = serde_json::to_vec_pretty(&written)
        .map_err(|error| DiskError::io("write", &path, error.into()))?;
    publish(&path, &json)
}

/// `None` where there is no document.
fn read(folder: &Path) -> Result<Option<Entry>, DiskError> {
    let path = folder.join(DOCUMENT);
    let bytes = match read_whole(&path, MAX_FILE) {
        Ok(bytes) => bytes,
        Err(DiskError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let damaged = |why: &str| DiskError::damaged(&path, why.to_owned());
    let written: Written =
        serde_json::from_slice(&bytes).map_err(|why| DiskError::damaged(&path, why))?;
    if written.version != VERSION {
        return Err(damaged("it was made by another version"));
    }
    Ok(Some(Entry {
        case: written
            .case
            .parse()
            .map_err(|_| damaged("it names no case"))?,
        kind: written.kind,
        intake: written.intake,
        idempotency_key: written.idempotency_key,
        sha256: hex(&written.sha256).ok_or_else(|| damaged("its SHA-256 is none"))?,
        size: written.size,
        sealed: written.sealed,
        upload: written.upload,
        words_shown: written.words_shown,
        proxied: written.proxied,
    }))
}

const FOLDER: &str = "outbox";
const SEALED: &str = "sealed.pgp";
const DOCUMENT: &str = "entry.json";
const LOCK: &str = ".lock";
const VERSION: u32 = 1;

#[cfg(all(test, unix))]
mod tests;
