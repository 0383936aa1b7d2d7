//! A folder that lies in memory, for a program that only works with files.
//!
//! Serves promise 13: what is sealed never gets onto a disk. Memory may be swapped; against that helps encrypted swap.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::registry::{Leftover, Ticket};

/// The folder, owner-only. It goes with everything in it when this is dropped, or when the process is interrupted.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    _ticket: Ticket,
}

impl Scratch {
    /// A new one; `None` where no file system is known to lie in memory.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn in_memory() -> io::Result<Option<Self>> {
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let places = runtime.into_iter().chain([PathBuf::from("/dev/shm")]);
        let Some(place) = places.into_iter().find(|place| lies_in_memory(place)) else {
            return Ok(None);
        };
        let (folder, ticket) = Ticket::enter(|| {
            let mut builder = tempfile::Builder::new();
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            let folder = builder.prefix("sealpost-").tempdir_in(place)?;
            let path = folder.path().to_owned();
            Ok((folder, Leftover::Folder(path)))
        })?;
        Ok(Some(Self {
            folder,
            _ticket: ticket,
        }))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A name in it for a file elsewhere.
    ///
    /// # Errors
    /// The name cannot be made.
    pub fn link(&self, file: &Path, name: &str) -> io::Result<()> {
        link(file, self.path().join(name))
    }
}

#[cfg(unix)]
use std::os::unix::fs::symlink as link;

#[cfg(not(unix))]
fn link(_: &Path, _: PathBuf) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether a folder can be used, and is on no disk.
#[cfg(target_os = "linux")]
fn lies_in_memory(place: &Path) -> bool {
    let writable = rustix::fs::access(place, rustix::fs::Access::WRITE_OK).is_ok();
    let kind = rustix::fs::statfs(place).map(|system| u64::try_from(system.f_type));
    writable && kind.is_ok_and(|kind| kind.is_ok_and(|kind| kind == TMPFS || kind == RAMFS))
}

#[cfg(not(target_os = "linux"))]
fn lies_in_memory(_: &Path) -> bool {
    false
}

#[cfg(target_os = "linux")]
const TMPFS: u64 = 0x0102_1994;

#[cfg(target_os = "linux")]
const RAMFS: u64 = 0x8584_58f6;

#[cfg(all(test, unix))]
mod tests {
    use super::{Scratch, lies_in_memory};
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    #[test]
    fn p13_a_folder_in_memory_is_the_owners_and_goes() {
        assert!(!lies_in_memory(Path::new("/proc")) && !lies_in_memory(Path::new("/nowhere")));
        let Some(scratch) = Scratch::in_memory().unwrap() else {
            println!("no file system in memory: skipped");
            return;
        };
        let path = scratch.path().to_owned();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        scratch.link(Path::new("/etc/hostname"), "a").unwrap();
        drop(scratch);
        assert!(!path.exists());
    }
}
