//! The keys of reporters, as they were enclosed in reports that were opened: one file a report.
//!
//! Serves `inbox reply`: only whoever opened a report knows the key to answer to, and the intake
//! cannot exchange it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use super::{DiskError, Home, Overwrite, PendingFile};
use crate::openpgp::{Certificate, Fingerprint, read_certificates};

/// The keys to answer to, in the home folder.
#[derive(Clone, Debug)]
pub struct Reporters(Home);

impl Reporters {
    pub(super) fn new(home: Home) -> Self {
        Self(home)
    }

    /// Makes their folder, if it is not there: for whoever can keep only in a folder that is.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn prepare(&self) -> Result<PathBuf, DiskError> {
        self.0.folder(FOLDER)
    }

    /// Keeps the certificate of a report, and gives the fingerprint of another one that was kept before;
    /// `id` is a report's id, which is also a file name.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn keep(
        &self,
        id: &str,
        certificate: &Certificate,
    ) -> Result<Option<Fingerprint>, DiskError> {
        // One that cannot be read is replaced like any other.
        let before = self.find(id).ok().flatten();
        let before = before.map(|before| before.fingerprint());
        let path = file(&self.0.folder(FOLDER)?, id);
        let bytes = certificate
            .to_whole_binary()
            .map_err(|why| DiskError::Damaged {
                path: path.clone(),
                source: why.into(),
            })?;
        let mut pending = PendingFile::create(&path, Overwrite::Replace)?;
        pending
            .write_all(&bytes)
            .map_err(|error| DiskError::io("write", &path, error))?;
        pending.finish()?;
        Ok(before.filter(|before| *before != certificate.fingerprint()))
    }

    /// The certificate of a report; `None` if none was kept.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn find(&self, id: &str) -> Result<Option<Certificate>, DiskError> {
        let path = file(&self.0.existing(FOLDER)?, id);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DiskError::io("read", &path, error)),
        };
        let certificates = read_certificates(&path.display().to_string(), &bytes);
        certificates
            .map(|certificates| certificates.into_iter().next())
            .map_err(|why| DiskError::Damaged {
                path,
                source: why.into(),
            })
    }

    /// Forgets it.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn forget(&self, id: &str) -> Result<(), DiskError> {
        let path = file(&self.0.existing(FOLDER)?, id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(DiskError::io("remove", &path, error))
            }
            _ => Ok(()),
        }
    }
}

fn file(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.asc"))
}

const FOLDER: &str = "inbox";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::case_key;

    #[test]
    fn a_key_is_kept_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(folder.path().join("home")), |_| None).unwrap();
        let reporters = home.reporters();
        assert_eq!(reporters.find("a").unwrap(), None);
        let certificate = case_key(&[1; 32], &[2; 32]).unwrap().certificate();
        assert_eq!(reporters.keep("a", &certificate).unwrap(), None);
        assert_eq!(reporters.keep("a", &certificate).unwrap(), None);
        let other = case_key(&[3; 32], &[4; 32]).unwrap().certificate();
        let before = reporters.keep("a", &other).unwrap();
        assert_eq!(before, Some(certificate.fingerprint()));
        reporters.keep("a", &certificate).unwrap();
        let kept = reporters.find("a").unwrap().unwrap();
        assert_eq!(kept.fingerprint(), certificate.fingerprint());
        assert_eq!(reporters.find("b").unwrap(), None);
        reporters.forget("a").unwrap();
        reporters.forget("a").unwrap();
        assert_eq!(reporters.find("a").unwrap(), None);
    }
}
