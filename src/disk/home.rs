//! The home folder: pins, cases and profiles of this user.
//!
//! Serves `--home DIR` and `SEALPOST_HOME`. What lies there is trusted, so a folder that others
//! may write is refused.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Cases, CertificateStore, DiskError, Outbox, Pins, Reporters};

/// A home folder that only its owner may write. It need not exist until something is kept in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The folder of `--home`, else of `SEALPOST_HOME`, else of the platform; `env` looks a
    /// variable up.
    ///
    /// # Errors
    /// No place is known, or the folder is there and is not ours alone to write.
    pub fn resolve(
        flag: Option<PathBuf>,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, DiskError> {
        let path = flag
            .or_else(|| folder_from(&env, "SEALPOST_HOME"))
            .or_else(|| Some(platform_data(&env)?.join("sealpost")))
            .ok_or(DiskError::NoHome)?;
        let path = std::path::absolute(&path)
            .map_err(|error| DiskError::io("find the home folder", &path, error))?;
        refuse_unsafe(&path)?;
        Ok(Self(path))
    }

    /// The home folder, which may not exist.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of the user's own profiles, for reading; it may not exist.
    ///
    /// # Errors
    /// The folder is there and is not ours alone to write.
    pub fn programs(&self) -> Result<PathBuf, DiskError> {
        self.existing("programs")
    }

    /// The fingerprints that the user trusts.
    #[must_use]
    pub fn pins(&self) -> Pins {
        Pins::new(self.clone())
    }

    /// The certificates that were seen.
    #[must_use]
    pub fn certificates(&self) -> CertificateStore {
        CertificateStore::new(self.clone())
    }

    /// The cases, as this machine knows them at a time.
    ///
    /// # Errors
    /// There is a lock on them that cannot be read.
    pub fn cases(&self, now: SystemTime) -> Result<Cases, DiskError> {
        Cases::new(self.clone(), now)
    }

    /// What is sealed and not yet delivered.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.clone())
    }

    /// The keys to answer to.
    #[must_use]
    pub fn reporters(&self) -> Reporters {
        Reporters::new(self.clone())
    }

    /// A folder of this name in the home folder, for reading; it may not exist.
    pub(super) fn existing(&self, name: &str) -> Result<PathBuf, DiskError> {
        let path = self.0.join(name);
        refuse_unsafe(&path)?;
        Ok(path)
    }

    /// Everything in the folder of this name in the home folder; nothing where there is no such folder.
    pub(super) fn entries(&self, name: &str) -> Result<Vec<PathBuf>, DiskError> {
        let folder = self.existing(name)?;
        let reading = |error| DiskError::io("read", &folder, error);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(reading(error)),
        };
        let paths = entries.map(|entry| Ok(entry.map_err(reading)?.path()));
        paths.collect()
    }

    /// A folder of this name in the home folder, created owner-only (0700) if it is not there.
    ///
    /// # Errors
    /// The folder cannot be created, or is not ours alone to write.
    pub fn folder(&self, name: &str) -> Result<PathBuf, DiskError> {
        let path = self.0.join(name);
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        builder
            .create(&path)
            .map_err(|error| DiskError::io("create", &path, error))?;
        refuse_unsafe(&self.0)?;
        refuse_unsafe(&path)?;
        Ok(path)
    }
}

/// Where this platform keeps the data of programs, after the XDG base directory specification
/// where nothing else is customary.
fn platform_data(env: &impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if cfg!(windows) {
        return folder_from(env, "APPDATA");
    }
    let home = || folder_from(env, "HOME").or_else(std::env::home_dir);
    if cfg!(target_os = "macos") {
        return Some(home()?.join("Library/Application Support"));
    }
    folder_from(env, "XDG_DATA_HOME")
        // The specification says to ignore relative paths.
        .filter(|path| path.is_absolute())
        .or_else(|| Some(home()?.join(".local/share")))
}

fn folder_from(env: &impl Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    env(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// A folder that is not there is safe.
fn refuse_unsafe(path: &Path) -> Result<(), DiskError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(DiskError::io("open", path, error)),
        Ok(found) if !found.is_dir() => Err(DiskError::NotAFolder {
            path: path.to_owned(),
        }),
        #[cfg(unix)]
        Ok(found) => refuse_shared(path, &found),
        #[cfg(not(unix))]
        Ok(_) => Ok(()),
    }
}

#[cfg(unix)]
fn refuse_shared(path: &Path, found: &fs::Metadata) -> Result<(), DiskError> {
    use std::os::unix::fs::MetadataExt;

    let path = path.to_owned();
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us && found.uid() != ROOT {
        return Err(DiskError::NotOurs { path });
    }
    if found.mode() & WRITABLE_BY_OTHERS != 0 {
        let mode = found.mode() & 0o7777;
        return Err(DiskError::OpenToOthers { path, mode });
    }
    Ok(())
}

#[cfg(unix)]
const ROOT: u32 = 0;
#[cfg(unix)]
const WRITABLE_BY_OTHERS: u32 = 0o022;

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn resolved(flag: Option<&str>, variables: &[(&str, &str)]) -> PathBuf {
        let env = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Home::resolve(flag.map(PathBuf::from), env).unwrap().0
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_flag_beats_the_environment_and_that_the_platform() {
        let env = [
            ("SEALPOST_HOME", "/e"),
            ("HOME", "/h"),
            ("XDG_DATA_HOME", "/x"),
        ];
        assert_eq!(resolved(Some("/f"), &env), Path::new("/f"));
        assert_eq!(resolved(None, &env), Path::new("/e"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_platform_follows_xdg() {
        let home = ("HOME", "/h");
        let fallback = Path::new("/h/.local/share/sealpost");
        assert_eq!(resolved(None, &[home]), fallback);
        let relative = [home, ("XDG_DATA_HOME", "x"), ("SEALPOST_HOME", "")];
        assert_eq!(resolved(None, &relative), fallback);
        let absolute = [home, ("XDG_DATA_HOME", "/x")];
        assert_eq!(resolved(None, &absolute), Path::new("/x/sealpost"));
    }

    #[test]
    fn folders_are_made_when_needed_and_owner_only() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("deep/home");
        let home = Home::resolve(Some(path.clone()), |_| None).unwrap();
        assert!(!path.exists());
        assert_eq!(home.programs().unwrap(), path.join("programs"));
        assert!(!path.exists());
        let pins = home.folder("pins").unwrap();
        for folder in [&path, &pins] {
            let mode = fs::metadata(folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o700);
        }
        assert_eq!(home.folder("pins").unwrap(), pins);
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let resolve = || Home::resolve(Some(base.path().to_owned()), |_| None);
        for mode in [0o770, 0o702, 0o1777] {
            set_mode(base.path(), mode);
            let refused = resolve();
            assert!(matches!(refused, Err(DiskError::OpenToOthers { .. })));
        }
        set_mode(base.path(), 0o755);
        let home = resolve().unwrap();
        let programs = home.folder("programs").unwrap();
        set_mode(&programs, 0o777);
        assert!(home.programs().is_err());
        assert!(home.folder("programs").is_err());
    }

    #[test]
    fn a_file_is_no_home() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = Home::resolve(Some(file.path().to_owned()), |_| None);
        assert!(matches!(refused, Err(DiskError::NotAFolder { .. })));
    }
}
