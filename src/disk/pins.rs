//! Pins: which fingerprint the user trusts for whom.
//!
//! Serves `trust` and promise 2. One JSON file a pin, published whole; a file that cannot be read
//! is an error and never an absent pin, which another key could take the place of.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::cases::read_whole;
use super::pending::sync_folder;
use super::{DiskError, Home, Overwrite, PendingFile};
use crate::openpgp::Fingerprint;

/// A fingerprint that the user trusts for one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// A domain, `github:owner/repo` or a profile's id. Upper and lower case are the same.
    pub subject: String,
    /// The certificate that it must be.
    pub fingerprint: Fingerprint,
    /// Since when.
    pub pinned: Timestamp,
    /// What spoke for it then, in words.
    pub provenance: Vec<String>,
}

/// All pins of a home folder.
#[derive(Clone, Debug)]
pub struct Pins {
    home: Home,
}

impl Pins {
    pub(super) fn new(home: Home) -> Self {
        Self { home }
    }

    /// All pins, by subject.
    ///
    /// # Errors
    /// The folder or one of the pins cannot be read.
    pub fn list(&self) -> Result<Vec<Pin>, DiskError> {
        let mut pins = Vec::new();
        for path in self.home.entries(FOLDER)? {
            if is_pin(&path) {
                pins.push(read(&path)?);
            }
        }
        pins.sort_by(|one, other| one.subject.cmp(&other.subject));
        Ok(pins)
    }

    /// The pin of a subject.
    ///
    /// # Errors
    /// There is one, and it cannot be read.
    pub fn find(&self, subject: &str) -> Result<Option<Pin>, DiskError> {
        let path = self.home.existing(FOLDER)?.join(file_name(subject));
        match read(&path) {
            Ok(pin) => Ok(Some(pin)),
            Err(DiskError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets the pin of its subject, in the place of the one before.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set(&self, pin: &Pin) -> Result<(), DiskError> {
        let path = self.home.folder(FOLDER)?.join(file_name(&pin.subject));
        let json = serde_json::to_vec_pretty(&Written::from(pin))
            .map_err(|error| DiskError::io("write", &path, error.into()))?;
        let mut file = PendingFile::create(&path, Overwrite::Replace)?;
        file.write_all(&json)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| DiskError::io("write", &path, error))?;
        file.finish()
    }

    /// Removes the pin of a subject, readable or not; says whether there was one.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, subject: &str) -> Result<bool, DiskError> {
        let folder = self.home.existing(FOLDER)?;
        let path = folder.join(file_name(subject));
        match fs::remove_file(&path) {
            Ok(()) => {
                sync_folder(&folder).map_err(|error| DiskError::io("sync", &folder, error))?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(DiskError::io("remove", &path, error)),
        }
    }
}

/// A pin as its file holds it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    subject: String,
    fingerprint: String,
    pinned: Timestamp,
    provenance: Vec<String>,
}

impl From<&Pin> for Written {
    fn from(pin: &Pin) -> Self {
        Self {
            version: VERSION,
            subject: pin.subject.to_ascii_lowercase(),
            fingerprint: pin.fingerprint.as_hex().to_owned(),
            pinned: pin.pinned,
            provenance: pin.provenance.clone(),
        }
    }
}

fn read(path: &Path) -> Result<Pin, DiskError> {
    let bytes = read_whole(path, MAX_FILE)?;
    let written: Written =
        serde_json::from_slice(&bytes).map_err(|error| DiskError::damaged(path, error))?;
    let damaged = |why: String| DiskError::damaged(path, why);
    if written.version != VERSION {
        let version = written.version;
        return Err(damaged(format!(
            "a pin of version {version}, not {VERSION}"
        )));
    }
    if path.file_name() != Some(file_name(&written.subject).as_ref()) {
        return Err(damaged("it is about another subject".to_owned()));
    }
    let fingerprint = written.fingerprint.parse();
    Ok(Pin {
        subject: written.subject,
        fingerprint: fingerprint.map_err(|error| DiskError::damaged(path, error))?,
        pinned: written.pinned,
        provenance: written.provenance,
    })
}

/// Nobody can hide a pin by a name that is read as another one, or not at all.
fn file_name(subject: &str) -> PathBuf {
    let name = utf8_percent_encode(&subject.to_ascii_lowercase(), ENCODED).to_string();
    let name = match name.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => name,
    };
    PathBuf::from(name + ENDING)
}

/// Unpublished files are hidden, and whatever else lies there is not ours.
fn is_pin(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.ends_with(ENDING.as_bytes()) && !name.starts_with(b".")
}

const FOLDER: &str = "pins";
const ENDING: &str = ".json";
const VERSION: u32 = 1;
const MAX_FILE: usize = 64 << 10;
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-');

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::error::Error as _;
    use std::os::unix::fs::PermissionsExt;

    fn pin(subject: &str, digit: &str) -> Pin {
        Pin {
            subject: subject.to_owned(),
            fingerprint: digit.repeat(40).parse().unwrap(),
            pinned: "2026-11-22T12:00:00Z".parse().unwrap(),
            provenance: vec!["security.txt of example.org".to_owned()],
        }
    }

    fn home() -> (tempfile::TempDir, Pins) {
        let base = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(base.path().join("home")), |_| None).unwrap();
        (base, home.pins())
    }

    fn names(base: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(base.path().join("home/pins")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn pins_are_kept_replaced_and_removed() {
        let (base, pins) = home();
        assert_eq!(pins.list().unwrap(), []);
        assert_eq!(pins.find("example.org").unwrap(), None);
        assert!(!pins.remove("example.org").unwrap());
        assert!(!base.path().join("home").exists(), "reading makes nothing");
        for subject in ["example.org", "github:owner/repo", "a-profile"] {
            pins.set(&pin(subject, "A")).unwrap();
        }
        pins.set(&pin("Example.ORG", "B")).unwrap();
        let wanted = [
            "a-profile.json",
            "example.org.json",
            "github%3Aowner%2Frepo.json",
        ];
        assert_eq!(names(&base), wanted);
        assert_eq!(
            pins.find("EXAMPLE.org").unwrap(),
            Some(pin("example.org", "B"))
        );
        let subjects: Vec<_> = pins
            .list()
            .unwrap()
            .into_iter()
            .map(|pin| pin.subject)
            .collect();
        assert_eq!(subjects, ["a-profile", "example.org", "github:owner/repo"]);
        assert!(pins.remove("GitHub:owner/repo").unwrap());
        assert_eq!(pins.find("github:owner/repo").unwrap(), None);
        assert_eq!(pins.list().unwrap().len(), 2);
        let file = base.path().join("home/pins/example.org.json");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        let text = fs::read_to_string(file).unwrap();
        let again = r#""pinned": "2026-11-22T12:00:00Z""#;
        assert!(
            text.starts_with("{\n  \"version\": 1,") && text.contains(again),
            "{text}"
        );
    }

    #[test]
    fn p02_a_pin_that_cannot_be_read_is_never_absent() {
        let (base, pins) = home();
        pins.set(&pin("example.org", "A")).unwrap();
        let file = base.path().join("home/pins/example.org.json");
        let sound = fs::read_to_string(&file).unwrap();
        let large = sound.clone() + &" ".repeat(MAX_FILE);
        for damaged in [
            "",
            "{",
            "[]",
            &sound[..sound.len() / 2],
            &sound.replace("\"version\": 1", "\"version\": 2"),
            &sound.replace("\"version\": 1,", ""),
            &sound.replace("\"version\": 1", "\"version\": 1, \"version\": 1"),
            &sound.replace("\"version\": 1", "\"version\": 1, \"since\": 1"),
            &sound.replace("example.org\",", "example.com\","),
            &sound.replace(&"A".repeat(40), &"A".repeat(16)),
            &sound.replace("T12", "T36"),
            &(sound.clone() + "{}"),
            &large,
        ] {
            assert_ne!(damaged, sound);
            fs::write(&file, damaged).unwrap();
            for error in [
                pins.find("example.org").unwrap_err(),
                pins.list().unwrap_err(),
            ] {
                let named = error.to_string().contains("example.org.json");
                assert!(named, "{damaged:?}: {error}");
            }
        }
        fs::write(&file, "{").unwrap();
        assert!(pins.find("example.org").unwrap_err().source().is_some());
        assert_eq!(pins.find("example.com").unwrap(), None);
        assert!(
            pins.remove("example.org").unwrap(),
            "so that one gets out of this"
        );
        fs::create_dir(&file).unwrap();
        assert!(pins.find("example.org").is_err() && pins.list().is_err());
        assert!(pins.set(&pin("example.org", "A")).is_err());
    }

    #[test]
    fn what_is_not_a_pin_is_left_alone() {
        let (base, pins) = home();
        pins.set(&pin("example.org", "A")).unwrap();
        for other in [".sealpost-x.json", "example.org.json~", "note.txt"] {
            fs::write(base.path().join("home/pins").join(other), "").unwrap();
        }
        assert_eq!(pins.list().unwrap().len(), 1);
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        let (base, pins) = home();
        pins.set(&pin("example.org", "A")).unwrap();
        let folder = base.path().join("home/pins");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let shared = |error| matches!(error, DiskError::OpenToOthers { .. });
        assert!(shared(pins.find("example.org").unwrap_err()));
        assert!(shared(pins.list().unwrap_err()));
        assert!(shared(pins.set(&pin("example.org", "A")).unwrap_err()));
        assert!(shared(pins.remove("example.org").unwrap_err()));
    }

    proptest! {
        /// Every subject has a file of its own, in the folder, and not hidden.
        #[test]
        fn names_stay_in_their_folder(one in "\\PC{0,40}|[./\\\\%:a-c]{0,6}", other in "[./\\\\%:a-c2E]{0,6}") {
            let name = file_name(&one);
            let text = name.to_str().unwrap();
            prop_assert!(is_pin(&name) || one.is_empty(), "{}", text);
            let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'%' | b'A'..=b'F');
            prop_assert!(text.bytes().all(plain), "{}", text);
            let same = one.eq_ignore_ascii_case(&other);
            prop_assert_eq!(name == file_name(&other), same);
        }
    }
}
