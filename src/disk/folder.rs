//! A folder that appears under its name whole, synced and owner-only, or not at all.
//!
//! Serves `open -o DIR` and promise 9: files are written into a fresh folder that nobody else can
//! reach before everything in it is authenticated.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::DiskError;
use super::Workplaces;
use super::pending::{hidden_name, parent, sync_folder};
use super::registry::{Leftover, Ticket};

/// A folder, private (0700) unless it is made for everyone, beside its destination, under a hidden name. [`finish`] publishes it;
/// dropping it removes it with all that is in it, so does an interruption.
///
/// [`finish`]: PendingFolder::finish
#[derive(Debug)]
pub struct PendingFolder {
    // Dropped in this order: removed first, then forgotten.
    staging: TempDir,
    ticket: Ticket,
    destination: PathBuf,
    /// As it was given, for errors.
    named: PathBuf,
    /// From the beginning: its file system tells what failed since.
    #[cfg(target_os = "linux")]
    root: File,
}

impl PendingFolder {
    /// Starts a folder whose destination is absent or an empty folder.
    ///
    /// # Errors
    /// The destination is something else, is the current folder, or cannot be created.
    pub fn create(destination: &Path) -> Result<Self, DiskError> {
        Self::with_mode(destination, PRIVATE, None)
    }

    /// The same, written in one of these workplaces if there is one beside the destination.
    ///
    /// # Errors
    /// As [`PendingFolder::create`].
    pub fn create_in(workplaces: &Workplaces, destination: &Path) -> Result<Self, DiskError> {
        Self::with_mode(destination, PRIVATE, Some(workplaces))
    }

    /// Starts a folder for everyone, such as a web site: its mode is left to the umask.
    ///
    /// # Errors
    /// As [`PendingFolder::create`].
    pub fn create_public(destination: &Path) -> Result<Self, DiskError> {
        Self::with_mode(destination, PUBLIC, None)
    }

    fn with_mode(
        destination: &Path,
        mode: u32,
        workplaces: Option<&Workplaces>,
    ) -> Result<Self, DiskError> {
        let named = destination.to_owned();
        let io = |error| DiskError::io("create", &named, error);
        let (destination, folder) = find_place(&named)?;
        let workplace = workplaces.and_then(|all| all.beside(&folder));
        let (staging, ticket) = hidden_folder(workplace.unwrap_or(&folder), mode).map_err(io)?;
        #[cfg(target_os = "linux")]
        let root = File::open(staging.path()).map_err(io)?;
        Ok(Self {
            staging,
            ticket,
            destination,
            named,
            #[cfg(target_os = "linux")]
            root,
        })
    }

    /// Where to write until then.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.staging.path()
    }

    /// Publishes the folder: all that is in it, then its name, then its parent reach the disk.
    ///
    /// # Errors
    /// The disk is full or fails, or something appeared at the destination meanwhile. The folder
    /// is then removed.
    pub fn finish(mut self) -> Result<(), DiskError> {
        let io = |error| DiskError::io("write", &self.named, error);
        self.sync().map_err(io)?;
        self.ticket
            .publish(|| fs::rename(self.staging.path(), &self.destination))
            .map_err(|error| renaming(&self.named, error))?;
        self.staging.disable_cleanup(true);
        sync_folder(parent(&self.destination))
            .map_err(|error| DiskError::io("sync", &self.named, error))
    }
}

impl PendingFolder {
    /// Makes all that is in it durable. Many files together: one by one they would each wait for the disk,
    /// and how many there are is up to whoever sent them.
    fn sync(&self) -> io::Result<()> {
        let tree = Tree::of(self.staging.path())?;
        #[cfg(target_os = "linux")]
        if tree.files.len() > MANY {
            return Ok(rustix::fs::syncfs(&self.root)?);
        }
        tree.sync()
    }
}

/// Where to publish, and the folder that it will lie in.
pub(super) fn find_place(named: &Path) -> Result<(PathBuf, PathBuf), DiskError> {
    let destination = place(named)?;
    let folder = parent(&destination).to_owned();
    if destination.file_name().is_none() || !folder.is_dir() {
        let path = named.to_owned();
        return Err(DiskError::NoParent { path });
    }
    Ok((destination, folder))
}

/// A folder under a hidden name, which goes when it is dropped or the process is interrupted.
pub(super) fn hidden_folder(folder: &Path, mode: u32) -> io::Result<(TempDir, Ticket)> {
    Ticket::enter(|| {
        let hidden = hidden_name(mode).tempdir_in(folder)?;
        let leftover = Leftover::Folder(std::path::absolute(hidden.path())?);
        Ok((hidden, leftover))
    })
}

/// A link to an empty folder is followed, so that the link survives.
fn place(named: &Path) -> Result<PathBuf, DiskError> {
    let io = |error| DiskError::io("open", named, error);
    let path = named.to_owned();
    match fs::symlink_metadata(named) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path),
        Err(error) => return Err(io(error)),
        Ok(_) => {}
    }
    if !named.is_dir() {
        return Err(DiskError::NotAFolder { path });
    }
    if fs::read_dir(named).map_err(io)?.next().is_some() {
        return Err(DiskError::NotEmpty { path });
    }
    let real = fs::canonicalize(named).map_err(io)?;
    if std::env::current_dir().is_ok_and(|current| current == real) {
        return Err(DiskError::CurrentFolder { path });
    }
    Ok(real)
}

fn renaming(named: &Path, error: io::Error) -> DiskError {
    let path = named.to_owned();
    match error.kind() {
        ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists => DiskError::NotEmpty { path },
        ErrorKind::NotADirectory => DiskError::NotAFolder { path },
        _ => DiskError::io("write", named, error),
    }
}

/// The regular files and folders below (and with) a folder; links are not followed.
struct Tree {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Tree {
    fn of(folder: &Path) -> io::Result<Self> {
        let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
        let mut next = 0;
        while let Some(folder) = folders.get(next) {
            next += 1;
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    files.push(entry.path());
                }
            }
        }
        Ok(Self { folders, files })
    }

    fn sync(&self) -> io::Result<()> {
        for file in &self.files {
            File::open(file)?.sync_all()?;
        }
        self.folders
            .iter()
            .try_for_each(|folder| sync_folder(folder))
    }
}

/// With more files, the whole file system is synced at once.
#[cfg(target_os = "linux")]
const MANY: usize = 100;

pub(super) const PRIVATE: u32 = 0o700;
const PUBLIC: u32 = 0o777;

#[cfg(all(test, unix))]
mod tests {
    use super::super::registry::tests::is_entered;
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn filled(destination: &Path) -> PendingFolder {
        let folder = PendingFolder::create(destination).unwrap();
        fs::create_dir(folder.path().join("attachments")).unwrap();
        fs::write(folder.path().join("attachments/a"), "a").unwrap();
        folder
    }

    #[test]
    fn a_folder_appears_whole_and_owner_only() {
        let base = tempfile::tempdir().unwrap();
        let absent = base.path().join("absent");
        let empty = base.path().join("empty");
        fs::create_dir(&empty).unwrap();
        for destination in [absent, empty] {
            let folder = filled(&destination);
            let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o700);
            assert!(!destination.join("attachments").exists());
            folder.finish().unwrap();
            let read = fs::read(destination.join("attachments/a")).unwrap();
            assert_eq!(read, b"a");
        }
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 2);
        assert!(!is_entered(base.path()));
    }

    #[test]
    fn a_public_folder_follows_the_umask() {
        let base = tempfile::tempdir().unwrap();
        let (plain, public) = (base.path().join("plain"), base.path().join("public"));
        fs::create_dir(&plain).unwrap();
        PendingFolder::create_public(&public)
            .unwrap()
            .finish()
            .unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(public), mode(plain));
    }

    #[test]
    fn dropping_removes_everything() {
        let base = tempfile::tempdir().unwrap();
        drop(filled(&base.path().join("x")));
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
        assert!(!is_entered(base.path()));
    }

    #[test]
    fn p09_what_is_there_is_never_touched() {
        let base = tempfile::tempdir().unwrap();
        let full = base.path().join("full");
        let late = filled(&full);
        fs::create_dir(&full).unwrap();
        fs::write(full.join("theirs"), "theirs").unwrap();
        assert!(matches!(late.finish(), Err(DiskError::NotEmpty { .. })));
        let early = PendingFolder::create(&full);
        assert!(matches!(early, Err(DiskError::NotEmpty { .. })));
        let file = PendingFolder::create(&full.join("theirs"));
        assert!(matches!(file, Err(DiskError::NotAFolder { .. })));
        let lost = PendingFolder::create(&base.path().join("a/b"));
        assert!(matches!(lost, Err(DiskError::NoParent { .. })));
        assert_eq!(fs::read(full.join("theirs")).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 1);
    }

    #[test]
    fn p09_a_link_is_not_replaced() {
        let base = tempfile::tempdir().unwrap();
        let (real, link) = (base.path().join("real"), base.path().join("link"));
        symlink("real", &link).unwrap();
        let dangling = PendingFolder::create(&link);
        assert!(matches!(dangling, Err(DiskError::NotAFolder { .. })));
        fs::create_dir(&real).unwrap();
        filled(&link).finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(real.join("attachments/a").is_file());
    }

    #[test]
    fn the_current_folder_and_the_root_are_refused() {
        for taken in [".", "/", ".."] {
            let error = PendingFolder::create(Path::new(taken)).unwrap_err();
            assert!(matches!(
                error,
                DiskError::NotEmpty { .. } | DiskError::CurrentFolder { .. }
            ));
        }
    }
}
