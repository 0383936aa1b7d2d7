//! Reads a file that holds a secret key, whole, into memory that is overwritten afterwards.
//!
//! Serves promise 14 (keys zeroised).

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::DiskError;

/// The contents of a secret file. Its memory never moved while it was read, and is overwritten
/// when it goes, so no copy is left behind.
pub struct SecretFile {
    bytes: Zeroizing<Vec<u8>>,
    exposure: Option<Exposure>,
}

/// A secret file that others can read: worth a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    path: PathBuf,
    mode: u32,
}

impl SecretFile {
    /// Reads a file of at most `limit` bytes.
    ///
    /// # Errors
    /// The file cannot be read, is a folder, or is larger.
    pub fn read(path: &Path, limit: usize) -> Result<Self, DiskError> {
        let io = |error| DiskError::io("read", path, error);
        let file = File::open(path).map_err(io)?;
        let exposure = exposure(path, &file.metadata().map_err(io)?);
        let bytes = read_capped(file, limit).map_err(io)?;
        if bytes.len() > limit {
            return Err(DiskError::TooLarge {
                path: path.to_owned(),
                limit,
            });
        }
        Ok(Self { bytes, exposure })
    }

    /// The contents, for the one place that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether others can read the file.
    #[must_use]
    pub fn exposure(&self) -> Option<&Exposure> {
        self.exposure.as_ref()
    }
}

impl fmt::Debug for SecretFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretFile(..)")
    }
}

/// The path is raw: escape it when showing.
impl fmt::Display for Exposure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, mode) = (self.path.display(), self.mode);
        write!(out, "{path} can be read by others (its mode is {mode:04o})")
    }
}

#[cfg(unix)]
fn exposure(path: &Path, metadata: &Metadata) -> Option<Exposure> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode() & 0o7777;
    (metadata.is_file() && mode & READABLE_BY_OTHERS != 0).then(|| Exposure {
        path: path.to_owned(),
        mode,
    })
}

#[cfg(not(unix))]
fn exposure(_: &Path, _: &Metadata) -> Option<Exposure> {
    None
}

/// Reads up to one byte more than allowed.
fn read_capped(mut file: File, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; limit.saturating_add(1)]);
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(unix)]
const READABLE_BY_OTHERS: u32 = 0o044;

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn file(mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "secret").unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let file = file(0o600);
        let read = SecretFile::read(file.path(), 6).unwrap();
        assert_eq!(read.expose(), b"secret");
        assert_eq!(read.exposure(), None);
        let larger = SecretFile::read(file.path(), 5);
        assert!(matches!(larger, Err(DiskError::TooLarge { limit: 5, .. })));
    }

    #[test]
    fn others_that_can_read_are_worth_a_warning() {
        for mode in [0o640, 0o604, 0o644] {
            let file = file(mode);
            let read = SecretFile::read(file.path(), 64).unwrap();
            let warning = read.exposure().unwrap().to_string();
            let said = format!("can be read by others (its mode is {mode:04o})");
            assert!(warning.ends_with(&said), "{warning}");
        }
    }

    #[test]
    fn errors_name_the_file() {
        let missing = SecretFile::read(Path::new("/nowhere/key"), 1).unwrap_err();
        assert_eq!(missing.to_string(), "cannot read /nowhere/key");
        let folder = SecretFile::read(Path::new("/"), 1).unwrap_err();
        assert!(matches!(folder, DiskError::IsFolder { .. }));
    }

    #[test]
    fn p15_debug_shows_nothing() {
        let file = file(0o600);
        let read = SecretFile::read(file.path(), 64).unwrap();
        assert_eq!(format!("{read:?}"), "SecretFile(..)");
    }
}
