//! The certificates that were seen, each merged with what is known of it already.
//!
//! Serves promise 4: what a vendor's site forgets to say, or an adversary leaves out, is remembered
//! here. One file a certificate, published whole under a lock that all processes share.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use super::cases::owner_only;
use super::{DiskError, Home, Overwrite, PendingFile};
use crate::openpgp::{Certificate, Fingerprint, read_certificates};

/// The certificates of a home folder.
#[derive(Clone, Debug)]
pub struct CertificateStore {
    home: Home,
}

impl CertificateStore {
    pub(super) fn new(home: Home) -> Self {
        Self { home }
    }

    /// All that is known of a certificate.
    ///
    /// # Errors
    /// Something is there, and cannot be read.
    pub fn find(&self, fingerprint: &Fingerprint) -> Result<Option<Certificate>, DiskError> {
        read(&self.home.existing(FOLDER)?, fingerprint)
    }

    /// Keeps what `certificate` says, and returns it with all that was said before.
    ///
    /// # Errors
    /// What is known cannot be read, or the result cannot be written.
    pub fn merge(&self, certificate: &Certificate) -> Result<Certificate, DiskError> {
        let folder = self.home.folder(FOLDER)?;
        let _held = lock(&folder)?;
        let fingerprint = certificate.fingerprint();
        let path = folder.join(file_name(&fingerprint));
        let damaged = |error: anyhow::Error| DiskError::damaged(&path, error);
        let known = read(&folder, &fingerprint)?;
        let before = known.clone().unwrap_or_else(|| certificate.clone());
        let merged = before
            .merge(certificate.clone())
            .map_err(|error| damaged(error.into()))?;
        if known.as_ref() != Some(&merged) {
            let bytes = merged.to_whole_binary().map_err(damaged)?;
            let mut file = PendingFile::create(&path, Overwrite::Replace)?;
            file.write_all(&bytes)
                .map_err(|error| DiskError::io("write", &path, error))?;
            file.finish()?;
        }
        Ok(merged)
    }
}

fn read(folder: &Path, fingerprint: &Fingerprint) -> Result<Option<Certificate>, DiskError> {
    let path = folder.join(file_name(fingerprint));
    let reading = |error| DiskError::io("read", &path, error);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(reading(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_FILE)
        .read_to_end(&mut bytes)
        .map_err(reading)?;
    let certificates = read_certificates(&file_name(fingerprint), &bytes)
        .map_err(|error| DiskError::damaged(&path, error))?;
    match <[Certificate; 1]>::try_from(certificates) {
        Ok([certificate]) if certificate.fingerprint() == *fingerprint => Ok(Some(certificate)),
        _ => Err(DiskError::damaged(&path, "it is another certificate")),
    }
}

/// Waits until no other process or thread merges. The lock ends when the file is closed.
fn lock(folder: &Path) -> Result<File, DiskError> {
    let path = folder.join(LOCK);
    let locking = |error| DiskError::io("lock", &path, error);
    let file = owner_only().open(&path).map_err(locking)?;
    file.lock().map_err(locking)?;
    Ok(file)
}

fn file_name(fingerprint: &Fingerprint) -> String {
    format!("{fingerprint}.pgp")
}

const FOLDER: &str = "certificates";
const LOCK: &str = ".lock";

/// More than this is refused by the reader of certificates.
const MAX_FILE: u64 = 64 << 20;

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::openpgp::{GeneratedKey, Verdict, generate};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, SystemTime};

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(20_779 * 24)
    }

    fn only(bytes: &[u8]) -> Certificate {
        let found = read_certificates("test", bytes).unwrap();
        <[_; 1]>::try_from(found).unwrap()[0].clone()
    }

    /// A certificate, and the same revoked.
    fn vendor() -> (Certificate, Certificate) {
        let wanted = GeneratedKey::new("Vendor", "security@example.org").unwrap();
        let made = generate(&wanted, now() - Duration::from_hours(24)).unwrap();
        let revoked = only(&[&made.certificate[..], &made.revocation].concat());
        (only(&made.certificate), revoked)
    }

    fn home() -> (tempfile::TempDir, CertificateStore) {
        let base = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(base.path().join("home")), |_| None).unwrap();
        (base, home.certificates())
    }

    fn is_revoked(certificate: &Certificate) -> bool {
        match certificate.verdict(now()) {
            Verdict::Usable(_) => false,
            Verdict::Refused(reasons) => reasons[0].code() == "revoked",
        }
    }

    #[test]
    fn p04_what_was_seen_is_kept() {
        let (base, store) = home();
        let (sound, revoked) = vendor();
        let fingerprint = sound.fingerprint();
        assert!(store.find(&fingerprint).unwrap().is_none());
        assert!(!base.path().join("home").exists(), "reading makes nothing");
        assert!(!is_revoked(&store.merge(&sound).unwrap()));
        assert!(is_revoked(&store.merge(&revoked).unwrap()));
        let path = base
            .path()
            .join(format!("home/certificates/{fingerprint}.pgp"));
        let written = fs::metadata(&path).unwrap();
        assert_eq!(written.permissions().mode() & 0o7777, 0o600);
        assert!(is_revoked(&store.merge(&sound).unwrap()));
        let untouched = fs::metadata(&path).unwrap();
        assert_eq!(written.modified().unwrap(), untouched.modified().unwrap());
        assert!(is_revoked(&store.find(&fingerprint).unwrap().unwrap()));
        let lock = base.path().join("home/certificates").join(LOCK);
        let mode = fs::metadata(lock).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[test]
    fn p04_what_cannot_be_read_is_never_absent() {
        let (base, store) = home();
        let (sound, _) = vendor();
        let (other, _) = vendor();
        let fingerprint = sound.fingerprint();
        store.merge(&sound).unwrap();
        let path = base
            .path()
            .join(format!("home/certificates/{fingerprint}.pgp"));
        let whole = fs::read(&path).unwrap();
        let foreign = other.to_binary().unwrap();
        let two = [&whole[..], &foreign].concat();
        for damaged in [&b""[..], b"x", &whole[..20], &foreign, &two] {
            fs::write(&path, damaged).unwrap();
            for error in [
                store.find(&fingerprint).unwrap_err(),
                store.merge(&sound).unwrap_err(),
            ] {
                assert!(error.to_string().contains(fingerprint.as_hex()), "{error}");
            }
            assert_eq!(fs::read(&path).unwrap(), damaged);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(store.find(&fingerprint).is_err() && store.merge(&sound).is_err());
    }

    /// Many at once, each with a version of its own: none of it is lost.
    #[test]
    fn p04_nothing_is_lost_among_many_writers() {
        let (_base, store) = home();
        let vendors: Vec<_> = (0..3).map(|_| vendor()).collect();
        std::thread::scope(|scope| {
            for number in 0..24 {
                let (store, vendors) = (store.clone(), &vendors);
                scope.spawn(move || {
                    for (sound, revoked) in vendors {
                        let version = if number == 11 { revoked } else { sound };
                        store.merge(version).unwrap();
                        let found = store.find(&sound.fingerprint()).unwrap().unwrap();
                        assert!(number != 11 || is_revoked(&found));
                    }
                });
            }
        });
        for (sound, revoked) in vendors {
            let found = store.find(&sound.fingerprint()).unwrap().unwrap();
            assert!(is_revoked(&found));
            assert_eq!(found, sound.merge(revoked).unwrap());
        }
    }
}
