//! How the records of cases are kept: as they are, or so that a passphrase is needed to read them.
//!
//! Serves `case lock` and `case unlock`, against a seized machine. A lock is a key pair of its own
//! whose secret is sealed with the passphrase (OpenPGP symmetric encryption, Argon2id, RFC 9580
//! section 3.7.1.4); records are sealed to its certificate, so that a new case needs no passphrase
//! to be written.

use std::{
    cell::RefCell,
    fs,
    io::{Cursor, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{DiskError, Home, Overwrite, PendingFile};
use crate::{
    case::CaseName,
    openpgp::{
        self, Certificate, Container, DecryptionKeys, Envelope, OpenError, Opening, Passphrase,
        SealError, SecretKey, read_certificates,
    },
};

/// Asks for the passphrase of the records: which attempt this is, from 0. `None` ends asking.
pub type AskPassphrase<'a> = dyn FnMut(u32) -> anyhow::Result<Option<Passphrase>> + 'a;

/// The lock of a home folder, if it has one.
pub struct Vault {
    path: PathBuf,
    lock: Option<Lock>,
    /// Those that read: the lock's own first, then those of before, until nothing needs them.
    keys: RefCell<Vec<SecretKey>>,
    seeds: RefCell<Vec<Seeds>>,
}

/// A record could not be locked or unlocked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Reading or writing failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Not the passphrase.
    #[error("this is not the passphrase of the cases")]
    WrongPassphrase,
    /// Nobody gave one.
    #[error("the cases are locked, and no passphrase was given")]
    NoPassphrase(#[source] anyhow::Error),
    /// The passphrase was not asked for yet.
    #[error("the cases are locked")]
    Locked,
    /// Records are locked, and the lock is not there.
    #[error("{lock} is gone, and the record of case {case} is locked with it")]
    LockGone {
        /// The file of the lock.
        lock: PathBuf,
        /// A case that is locked.
        case: CaseName,
    },
    /// Sealing failed.
    #[error("cannot lock a record")]
    Seal(#[from] SealError),
    /// The cryptographic library failed.
    #[error("cannot make the key of the lock")]
    Key(#[source] anyhow::Error),
}

struct Lock {
    certificate: Certificate,
    sealed: Vec<u8>,
}

/// The two seeds of a lock's key.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seeds([u8; LENGTH]);

/// The file of a lock.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    /// Armoured.
    certificate: String,
    /// The seeds as an OpenPGP message, in base 64.
    secret: String,
}

impl Vault {
    /// The lock of this home, or none.
    pub(super) fn of(home: &Home) -> Result<Self, DiskError> {
        let path = home.existing(FOLDER)?.join(FILE);
        Ok(Self {
            lock: read(&path)?,
            path,
            keys: RefCell::default(),
            seeds: RefCell::default(),
        })
    }

    /// Whether a passphrase is needed to read.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.lock.is_some() && self.keys.borrow().is_empty()
    }

    /// Whether there is a passphrase at all.
    #[must_use]
    pub fn has_passphrase(&self) -> bool {
        self.lock.is_some()
    }

    /// Whether nothing is known of a passphrase: there is no lock, and none was taken away just now.
    pub(super) fn knows_none(&self) -> bool {
        self.lock.is_none() && self.keys.borrow().is_empty()
    }

    /// The error for a record that is locked with a lock that is not there.
    pub(super) fn gone(&self, case: &CaseName) -> VaultError {
        VaultError::LockGone {
            lock: self.path.clone(),
            case: case.clone(),
        }
    }

    /// Takes the passphrase, unless there is none or it was given before.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`] after as many attempts as `ask` allows.
    pub fn unlock(&self, ask: &mut AskPassphrase<'_>) -> Result<(), VaultError> {
        let Some(lock) = self.lock.as_ref().filter(|_| self.is_locked()) else {
            return Ok(());
        };
        let keys = DecryptionKeys {
            secret: Vec::new(),
            agent: Box::new(|_| Ok(Vec::new())),
            ask: Box::new(|_, attempt| ask(attempt)),
        };
        let opened = open(&lock.sealed, keys).map_err(|why| match why {
            OpenError::WrongPassphrase => VaultError::WrongPassphrase,
            OpenError::Key(why) => VaultError::NoPassphrase(why.into()),
            why => DiskError::damaged(&self.path, why).into(),
        })?;
        let seeds = Seeds::read(&opened);
        let keys: Vec<SecretKey> = seeds.iter().map(Seeds::key).collect::<Result<_, _>>()?;
        let own = keys.first().map(|key| key.certificate().fingerprint());
        if own != Some(lock.certificate.fingerprint()) {
            let why = "its certificate is not that of its key".to_owned();
            return Err(DiskError::damaged(&self.path, why).into());
        }
        *self.keys.borrow_mut() = keys;
        *self.seeds.borrow_mut() = seeds;
        Ok(())
    }

    /// Sets the passphrase, or changes it. What was kept before stays readable until
    /// [`Vault::settle`]: in between, each record is read and kept again.
    ///
    /// # Errors
    /// [`VaultError`]; a lock that is there has to be opened before.
    pub(super) fn set(
        &mut self,
        passphrase: &Passphrase,
        seeds: Seeds,
        now: SystemTime,
    ) -> Result<(), VaultError> {
        if self.is_locked() {
            return Err(VaultError::Locked);
        }
        // A new key each time: an old copy of the lock opens nothing that is written from now on.
        self.keys.get_mut().insert(0, seeds.key()?);
        self.seeds.get_mut().insert(0, seeds);
        self.write(passphrase, now)
    }

    /// Forgets the keys of before.
    ///
    /// # Errors
    /// [`VaultError`]; they are readable still.
    pub(super) fn settle(
        &mut self,
        passphrase: &Passphrase,
        now: SystemTime,
    ) -> Result<(), VaultError> {
        self.keys.get_mut().truncate(1);
        self.seeds.get_mut().truncate(1);
        self.write(passphrase, now)
    }

    /// From now on, records are kept as they are; what was kept before stays readable.
    pub(super) fn open_up(&mut self) {
        self.lock = None;
    }

    /// Takes the lock away; whatever was locked has to be kept again by now.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) fn remove(&mut self) -> Result<(), VaultError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(DiskError::io("remove", &self.path, error).into())
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, passphrase: &Passphrase, now: SystemTime) -> Result<(), VaultError> {
        let all = self.seeds.get_mut().iter().flat_map(|seeds| seeds.0);
        let all = Zeroizing::new(all.collect::<Vec<u8>>());
        let own = self.keys.get_mut().first().map(SecretKey::certificate);
        let certificate = own.ok_or(VaultError::Locked)?;
        let envelope = Envelope::with_passphrase(passphrase.clone(), Container::Seipdv2);
        let sealed = seal(&envelope, &all, now)?;
        let armored = certificate.to_armored().map_err(VaultError::Key)?;
        let written = Written {
            version: VERSION,
            certificate: String::from_utf8_lossy(&armored).into_owned(),
            secret: BASE64.encode(&sealed),
        };
        let path = &self.path;
        let writing = |error| DiskError::io("write", path, error);
        let json = serde_json::to_vec_pretty(&written).map_err(|error| writing(error.into()))?;
        let mut file = PendingFile::create(path, Overwrite::Replace)?;
        file.write_all(&json).map_err(writing)?;
        file.finish()?;
        self.lock = Some(Lock {
            certificate,
            sealed,
        });
        Ok(())
    }

    /// What is written for `plain`: itself where there is no lock.
    pub(super) fn keep(&self, plain: &[u8], now: SystemTime) -> Result<Vec<u8>, VaultError> {
        let Some(lock) = &self.lock else {
            return Ok(plain.to_vec());
        };
        let recipient = lock.certificate.verdict(now).recipient();
        let recipient = recipient.map_err(|why| VaultError::Key(anyhow::anyhow!("{why}")))?;
        let envelope = Envelope::to(vec![recipient], None)?;
        Ok(seal(&envelope, plain, now)?)
    }

    /// What was written, read back.
    pub(super) fn read(&self, path: &Path, kept: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        if !is_locked(kept) {
            return Ok(Zeroizing::new(kept.to_vec()));
        }
        let secret = self.keys.borrow().clone();
        if secret.is_empty() {
            return Err(VaultError::Locked);
        }
        let keys = DecryptionKeys {
            secret,
            agent: Box::new(|_| Ok(Vec::new())),
            ask: Box::new(|_, _| Ok(None)),
        };
        open(kept, keys).map_err(|why| DiskError::damaged(path, why).into())
    }
}

impl Seeds {
    /// From 64 random bytes.
    #[must_use]
    pub fn from_entropy(entropy: [u8; LENGTH]) -> Self {
        Self(entropy)
    }

    fn read(bytes: &[u8]) -> Vec<Self> {
        let (each, _) = bytes.as_chunks();
        each.iter().map(|seeds| Self(*seeds)).collect()
    }

    fn key(&self) -> Result<SecretKey, VaultError> {
        let (signing, reply) = (self.half(0), self.half(LENGTH / 2));
        openpgp::case_key(&signing, &reply).map_err(|why| VaultError::Key(why.into()))
    }

    fn half(&self, start: usize) -> Zeroizing<[u8; 32]> {
        let mut seed = Zeroizing::new([0; 32]);
        let half = self.0.iter().skip(start);
        seed.iter_mut().zip(half).for_each(|(to, from)| *to = *from);
        seed
    }
}

/// Whether a record, of which this is the beginning, needs a key to be read: a packet of OpenPGP begins with a bit
/// that no JSON does (RFC 9580 section 4.2).
pub(super) fn is_locked(kept: &[u8]) -> bool {
    kept.first().is_some_and(|first| first & 0x80 != 0)
}

fn seal(envelope: &Envelope, plain: &[u8], now: SystemTime) -> Result<Vec<u8>, SealError> {
    let mut sealing = envelope.seal(Vec::new(), None, now)?;
    sealing.write_all(plain).map_err(SealError::Write)?;
    sealing.finish()
}

/// All of it or nothing: unauthenticated bytes are never parsed.
fn open(sealed: &[u8], keys: DecryptionKeys<'_>) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let limits = Opening { max_size: None };
    let mut message = openpgp::open(Cursor::new(sealed.to_vec()), keys, limits)?;
    // Grown at once: growing step by step would leave copies in freed memory.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let read = message.read_to_end(&mut plain);
    read.map_err(|error| message.explain(error))?;
    message.finish()?;
    Ok(plain)
}

fn read(path: &Path) -> Result<Option<Lock>, DiskError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DiskError::io("read", path, error)),
    };
    let written: Written =
        serde_json::from_slice(&bytes).map_err(|why| DiskError::damaged(path, why))?;
    if written.version != VERSION {
        let why = format!("a lock of version {}, not {VERSION}", written.version);
        return Err(DiskError::damaged(path, why));
    }
    let certificates = read_certificates("lock", written.certificate.as_bytes())
        .map_err(|why| DiskError::damaged(path, why))?;
    let sealed = BASE64
        .decode(written.secret.as_bytes())
        .map_err(|why| DiskError::damaged(path, why))?;
    match <[Certificate; 1]>::try_from(certificates) {
        Ok([certificate]) => Ok(Some(Lock {
            certificate,
            sealed,
        })),
        Err(_) => Err(DiskError::damaged(path, "it has several keys".to_owned())),
    }
}

/// The folder of the cases.
pub(super) const FOLDER: &str = "cases";
/// Two seeds of 32 bytes.
const LENGTH: usize = 64;
const FILE: &str = "lock.json";
const VERSION: u32 = 1;
