//! A file that appears under its name whole, synced and owner-only, or not at all.
//!
//! Serves "owner-only files are created 0600; published whole or not at all" and the part of
//! promises 5 and 13 that is about files on the way.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::DiskError;
use super::registry::{Leftover, Ticket};

/// A file that is being written beside its destination under a hidden name. [`finish`] publishes
/// it; dropping it discards it, so does an interruption.
///
/// Not buffered: write large pieces, or wrap it. A device or a pipe as destination (`/dev/null`)
/// is written to directly.
///
/// [`finish`]: PendingFile::finish
#[derive(Debug)]
pub struct PendingFile {
    target: Target,
    /// As it was given, for errors.
    named: PathBuf,
}

/// What happens to a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It is an error.
    Refuse,
    /// It is replaced at the end, at once.
    Replace,
}

#[derive(Debug)]
enum Target {
    Staged(Staged),
    Direct(File),
}

// Dropped in this order: removed first, then forgotten.
#[derive(Debug)]
struct Staged {
    file: NamedTempFile,
    ticket: Ticket,
    destination: PathBuf,
    overwrite: Overwrite,
}

impl PendingFile {
    /// Starts a file that only its owner may read (0600).
    ///
    /// # Errors
    /// The destination is a folder, exists though it may not, or cannot be created.
    pub fn create(destination: &Path, overwrite: Overwrite) -> Result<Self, DiskError> {
        Self::with_mode(destination, overwrite, PRIVATE)
    }

    /// Starts a file for everyone, such as a certificate: its mode is left to the umask.
    ///
    /// # Errors
    /// As [`PendingFile::create`].
    pub fn create_public(destination: &Path, overwrite: Overwrite) -> Result<Self, DiskError> {
        Self::with_mode(destination, overwrite, PUBLIC)
    }

    fn with_mode(named: &Path, overwrite: Overwrite, mode: u32) -> Result<Self, DiskError> {
        let target = match place(named, overwrite)? {
            Some(destination) => Target::Staged(stage(named, destination, overwrite, mode)?),
            None => Target::Direct(
                OpenOptions::new()
                    .write(true)
                    .open(named)
                    .map_err(|error| DiskError::io("write", named, error))?,
            ),
        };
        Ok(Self {
            target,
            named: named.to_owned(),
        })
    }

    /// Publishes the file: its bytes, then its name, then its folder reach the disk.
    ///
    /// # Errors
    /// The disk is full or fails, or, with [`Overwrite::Refuse`], someone else took the name
    /// meanwhile. The file is then discarded.
    pub fn finish(self) -> Result<(), DiskError> {
        let Target::Staged(staged) = self.target else {
            return Ok(());
        };
        let named = self.named;
        let io = |error| DiskError::io("write", &named, error);
        staged.file.as_file().sync_all().map_err(io)?;
        let Staged {
            file,
            ticket,
            destination,
            overwrite,
        } = staged;
        ticket.publish(|| publish(file, &destination, overwrite, &named))?;
        sync_folder(parent(&destination)).map_err(|error| DiskError::io("sync", &named, error))
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.target {
            Target::Staged(staged) => staged.file.as_file_mut().write(bytes),
            Target::Direct(file) => file.write(bytes),
        };
        // The kind is kept, since `Interrupted` is no failure.
        written.map_err(|error| {
            io::Error::new(error.kind(), DiskError::io("write", &self.named, error))
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where to publish; `None` for what is not a file and is written to directly. A link is followed
/// to the file that it names, so that the link survives.
fn place(named: &Path, overwrite: Overwrite) -> Result<Option<PathBuf>, DiskError> {
    let path = named.to_owned();
    match fs::metadata(named) {
        Ok(found) if found.is_dir() => Err(DiskError::IsFolder { path }),
        Ok(found) if !found.is_file() => Ok(None),
        Ok(_) if overwrite == Overwrite::Refuse => Err(DiskError::Exists { path }),
        Ok(_) => fs::canonicalize(named)
            .map(Some)
            .map_err(|error| DiskError::io("find", named, error)),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(DiskError::io("write", named, error))
        }
        Err(_) if ends_with_separator(named) => Err(DiskError::IsFolder { path }),
        Err(_) if overwrite == Overwrite::Refuse && fs::symlink_metadata(named).is_ok() => {
            Err(DiskError::Exists { path })
        }
        Err(_) => Ok(Some(path)),
    }
}

fn ends_with_separator(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|byte| std::path::is_separator(char::from(*byte)))
}

fn stage(
    named: &Path,
    destination: PathBuf,
    overwrite: Overwrite,
    mode: u32,
) -> Result<Staged, DiskError> {
    let folder = parent(&destination);
    if destination.file_name().is_none() || !folder.is_dir() {
        let path = named.to_owned();
        return Err(DiskError::NoParent { path });
    }
    let create = || {
        let file = hidden_name(mode).tempfile_in(folder)?;
        let leftover = Leftover::File(std::path::absolute(file.path())?);
        Ok((file, leftover))
    };
    let (file, ticket) =
        Ticket::enter(create).map_err(|error| DiskError::io("create", named, error))?;
    Ok(Staged {
        file,
        ticket,
        destination,
        overwrite,
    })
}

/// Renames; without replacing, the kernel decides who was first.
fn publish(
    file: NamedTempFile,
    destination: &Path,
    overwrite: Overwrite,
    named: &Path,
) -> Result<(), DiskError> {
    let renamed = match overwrite {
        Overwrite::Replace => file.persist(destination),
        Overwrite::Refuse => file.persist_noclobber(destination),
    };
    match renamed {
        Ok(_) => Ok(()),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Err(DiskError::Exists {
            path: named.to_owned(),
        }),
        Err(failed) => Err(DiskError::io("write", named, failed.error)),
    }
}

/// How unpublished files and folders are named, and with which mode they are created.
pub(super) fn hidden_name(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(OsStr::new(".sealpost-")).rand_bytes(12);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// The folder that holds a path.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Makes the names in a folder durable, where the file system knows how.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        Err(error) if is_unsupported(&error) => Ok(()),
        synced => synced,
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidInput | ErrorKind::Unsupported
    )
}

const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o666;

#[cfg(all(test, unix))]
mod tests {
    use super::super::registry::tests::is_entered;
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_file_appears_whole_and_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.pgp");
        let mut file = PendingFile::create(&path, Overwrite::Refuse).unwrap();
        file.write_all(b"sealed").unwrap();
        assert!(!path.exists());
        let [hidden] = names(folder.path()).try_into().unwrap();
        assert!(hidden.starts_with(".sealpost-"));
        assert_eq!(mode(&folder.path().join(hidden)), 0o600);
        assert!(is_entered(folder.path()));
        file.finish().unwrap();
        assert_eq!(names(folder.path()), ["report.pgp"]);
        assert_eq!(fs::read(&path).unwrap(), b"sealed");
        assert_eq!(mode(&path), 0o600);
        assert!(!is_entered(folder.path()));
    }

    #[test]
    fn dropping_discards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut file = PendingFile::create(&path, Overwrite::Refuse).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(names(folder.path()), [""; 0]);
        assert!(!is_entered(folder.path()));
    }

    #[test]
    fn a_public_file_follows_the_umask() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("a"), folder.path().join("b"));
        let file = PendingFile::create_public(&ours, Overwrite::Refuse).unwrap();
        file.finish().unwrap();
        fs::write(&plain, "").unwrap();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn nothing_is_overwritten_unless_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let late = PendingFile::create(&path, Overwrite::Refuse).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(late.finish(), Err(DiskError::Exists { .. })));
        let early = PendingFile::create(&path, Overwrite::Refuse);
        assert!(matches!(early, Err(DiskError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        let mut file = PendingFile::create(&path, Overwrite::Replace).unwrap();
        file.write_all(b"ours").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ours");
        assert_eq!(names(folder.path()), ["x"]);
    }

    #[test]
    fn links_are_followed_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink("file", &link).unwrap();
        let dangling = PendingFile::create(&link, Overwrite::Refuse);
        assert!(matches!(dangling, Err(DiskError::Exists { .. })));
        fs::write(&file, "old").unwrap();
        let pending = PendingFile::create(&link, Overwrite::Replace).unwrap();
        pending.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"");
    }

    #[test]
    fn impossible_destinations_are_refused_before_any_work() {
        let folder = tempfile::tempdir().unwrap();
        let create = |path: &Path| PendingFile::create(path, Overwrite::Replace).unwrap_err();
        for is_folder in [folder.path(), &folder.path().join("new/"), Path::new("..")] {
            let error = create(is_folder);
            assert!(matches!(error, DiskError::IsFolder { .. }), "{error}");
        }
        for lost in [&folder.path().join("a/b"), Path::new("")] {
            let error = create(lost);
            assert!(matches!(error, DiskError::NoParent { .. }), "{error}");
        }
    }

    #[test]
    fn devices_are_written_directly_and_a_full_disk_says_so() {
        let null = Path::new("/dev/null");
        let mut file = PendingFile::create(null, Overwrite::Refuse).unwrap();
        file.write_all(b"x").unwrap();
        file.finish().unwrap();
        assert!(!fs::metadata(null).unwrap().is_file());
        if cfg!(target_os = "linux") {
            let full = Path::new("/dev/full");
            let mut file = PendingFile::create(full, Overwrite::Refuse).unwrap();
            let error = file.write_all(b"x").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            let wanted = "no space is left on the disk for /dev/full";
            assert_eq!(error.to_string(), wanted);
        }
    }
}
