//! Makes the files and folders of an archive inside one fresh folder.
//!
//! Serves promises 9 and 32: only regular files (0600) and folders (0700) that did not exist
//! before, and no two names that some file system takes for one.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::extract::ExtractedFile;
use super::name::{MemberPath, collision_key};
use super::refusal::{ExtractError, Limit, Limits, Refusal};

/// The folder that is filled, and all names in it so far.
pub(super) struct Tree<'a> {
    root: &'a Path,
    limits: Limits,
    names: u64,
    taken: HashMap<String, Taken>,
}

/// What a name was taken for.
struct Taken {
    path: String,
    kind: TakenKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TakenKind {
    File,
    Folder,
    /// A folder that only its content named so far.
    ImpliedFolder,
}

impl<'a> Tree<'a> {
    /// Fills `root`, which must exist and be empty.
    pub(super) fn new(root: &'a Path, limits: Limits) -> Result<Self, ExtractError> {
        let mut entries = fs::read_dir(root).map_err(|source| write_error(root, source))?;
        if entries.next().is_some() {
            return Err(ExtractError::NotEmpty {
                path: root.to_owned(),
            });
        }
        Ok(Self {
            root,
            limits,
            names: 0,
            taken: HashMap::new(),
        })
    }

    /// Makes a folder, and those above it.
    pub(super) fn folder(&mut self, path: &MemberPath) -> Result<(), ExtractError> {
        self.parents(path)?;
        self.take_folder(path.as_str(), TakenKind::Folder)
    }

    /// Makes a file, and the folders above it.
    pub(super) fn file(&mut self, path: &MemberPath) -> Result<NewFile, ExtractError> {
        self.parents(path)?;
        let name = path.as_str();
        match self.taken.get(&collision_key(name)) {
            Some(taken) => return Err(refuse(name, TakenKind::File, taken)),
            None => self.take(name, TakenKind::File)?,
        }
        NewFile::create(self.root, name)
    }

    fn parents(&mut self, path: &MemberPath) -> Result<(), ExtractError> {
        path.parents()
            .try_for_each(|parent| self.take_folder(parent, TakenKind::ImpliedFolder))
    }

    fn take_folder(&mut self, name: &str, kind: TakenKind) -> Result<(), ExtractError> {
        let Some(taken) = self.taken.get_mut(&collision_key(name)) else {
            self.take(name, kind)?;
            let path = self.root.join(name);
            return new_folder(&path).map_err(|source| write_error(&path, source));
        };
        let same = taken.path == name;
        match (taken.kind, kind) {
            (TakenKind::File, _) | (TakenKind::Folder, TakenKind::Folder) => {
                Err(refuse(name, kind, taken))
            }
            _ if !same => Err(refuse(name, kind, taken)),
            (_, TakenKind::Folder) => {
                taken.kind = TakenKind::Folder;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, name: &str, kind: TakenKind) -> Result<(), ExtractError> {
        self.names = self.names.saturating_add(name.len() as u64);
        if self.names > self.limits.names {
            return Err(ExtractError::Limit(Limit::Names(self.limits.names)));
        }
        let taken = Taken {
            path: name.to_owned(),
            kind,
        };
        self.taken.insert(collision_key(name), taken);
        if self.taken.len() as u64 > self.limits.entries {
            return Err(ExtractError::Limit(Limit::Entries(self.limits.entries)));
        }
        Ok(())
    }
}

/// A file that is being written.
pub(super) struct NewFile {
    file: File,
    place: PathBuf,
    path: PathBuf,
    size: u64,
    hash: Option<Sha256>,
    copy: Option<Vec<u8>>,
}

impl NewFile {
    /// Creates `name` inside `root`; never opens what exists, nor follows a link.
    pub(super) fn create(root: &Path, name: &str) -> Result<Self, ExtractError> {
        let place = root.join(name);
        Ok(Self {
            file: new_file(&place).map_err(|source| write_error(&place, source))?,
            place,
            path: PathBuf::from(name),
            size: 0,
            hash: None,
            copy: None,
        })
    }

    /// Computes the SHA-256 on the way.
    pub(super) fn hashed(mut self, wanted: bool) -> Self {
        self.hash = wanted.then(Sha256::new);
        self
    }

    /// Keeps a copy of the content in memory.
    pub(super) fn copied(mut self, wanted: bool) -> Self {
        self.copy = wanted.then(Vec::new);
        self
    }

    /// Appends.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ExtractError> {
        self.file
            .write_all(bytes)
            .map_err(|source| write_error(&self.place, source))?;
        self.size = self.size.saturating_add(bytes.len() as u64);
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
        if let Some(copy) = &mut self.copy {
            copy.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// What was written, and the copy if one was wanted.
    pub(super) fn finish(self) -> (ExtractedFile, Option<Vec<u8>>) {
        let file = ExtractedFile {
            path: self.path,
            size: self.size,
            sha256: self.hash.map(|hash| hash.finalize().into()),
        };
        (file, self.copy)
    }
}

fn refuse(name: &str, kind: TakenKind, taken: &Taken) -> ExtractError {
    let reason = if taken.path == name && taken.kind == kind {
        Refusal::Duplicate
    } else {
        Refusal::Collision(taken.path.clone())
    };
    ExtractError::Refused {
        entry: name.to_owned(),
        reason,
    }
}

fn write_error(path: &Path, source: io::Error) -> ExtractError {
    ExtractError::Write {
        path: path.to_owned(),
        source,
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn new_folder(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "the mode is a matter of Unix"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
