//! Records are kept, locked and wiped; what cannot be read is never an absent case.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::*;
use crate::{
    case::{CaseSecret, EmbargoStart, EmbargoTerms, Event, EventKind},
    disk::Destination,
    openpgp::{GeneratedKey, generate, read_certificates},
};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(20_779 * 24)
}

struct Scene {
    base: tempfile::TempDir,
    home: Home,
}

impl Scene {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(base.path().join("home")), |_| None).unwrap();
        Self { base, home }
    }

    fn cases(&self) -> Cases {
        self.home.cases(now()).unwrap()
    }

    fn file(&self, name: &CaseName) -> PathBuf {
        self.base
            .path()
            .join("home/cases")
            .join(name.as_str())
            .join(RECORD)
    }

    fn on_disk(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut folders = vec![self.base.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    all.extend(fs::read(path).unwrap());
                }
            }
        }
        all
    }
}

#[test]
fn nothing_is_kept_unlocked_where_the_lock_of_others_is_gone() {
    let scene = Scene::new();
    let (one, other) = (record(1), record(2));
    let mut cases = scene.cases();
    cases.write(&one).unwrap();
    let word = |text: &str| Passphrase::from(Zeroizing::new(text.to_owned()));
    cases
        .lock(&word("word"), Seeds::from_entropy([3; 64]))
        .unwrap();
    fs::remove_file(scene.base.path().join("home/cases/lock.json")).unwrap();
    let mut cases = scene.cases();
    let before = scene.on_disk();
    let gone = |refused: Result<(), VaultError>| {
        assert!(matches!(refused, Err(VaultError::LockGone { .. })));
    };
    gone(cases.write(&other));
    gone(cases.refuse_without_lock());
    gone(cases.lock(&word("other"), Seeds::from_entropy([4; 64])));
    gone(cases.leave_open());
    gone(cases.read(&one.name()).map(drop));
    assert_eq!(scene.on_disk(), before);
    cases.forget(&one.name()).unwrap();
    cases.write(&other).unwrap();
}

fn record(entropy: u8) -> CaseRecord {
    let key = generate(&GeneratedKey::new("A", "a@example.org").unwrap(), now()).unwrap();
    let certificate = read_certificates("a", &key.certificate)
        .unwrap()
        .swap_remove(0);
    CaseRecord {
        secret: CaseSecret::from_entropy([entropy; 16]),
        vendor: "vendor.example.org".to_owned(),
        destination: Destination::Intake("https://vendor.example.org/reports".parse().unwrap()),
        certificate: Some(certificate),
        signed_by: None,
        sha256: [9; 32],
        size: 4096,
        sealed: "2026-11-26T10:00:00Z".parse().unwrap(),
        embargo: EmbargoTerms {
            days: Some(30),
            starts: Some(EmbargoStart::SecurityRelease),
            date: None,
        },
        delivered: None,
        handed_over: None,
        seen: None,
        noted: vec![Event {
            kind: EventKind::Acknowledged,
            at: "2026-11-26T00:00:00Z".parse().unwrap(),
            until: None,
        }],
        messages: Vec::new(),
        by_strangers: Vec::new(),
        proxied: false,
    }
}

fn with(passphrase: &'static str) -> impl FnMut(u32) -> anyhow::Result<Option<Passphrase>> {
    move |attempt| Ok((attempt == 0).then(|| Zeroizing::new(passphrase.to_owned()).into()))
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

#[test]
fn records_are_kept_found_and_wiped() {
    let scene = Scene::new();
    let cases = scene.cases();
    assert_eq!(cases.names().unwrap(), []);
    assert!(
        !scene.base.path().join("home").exists(),
        "looking makes nothing"
    );
    let records = [record(1), record(2)];
    for record in &records {
        cases.write(record).unwrap();
    }
    let name = records[0].name();
    let read = cases.read(&name).unwrap();
    assert_eq!(read.secret, records[0].secret);
    assert_eq!(read.certificate, records[0].certificate);
    assert_eq!(cases.find(&name.as_str()[..3]).unwrap(), name);
    assert!(matches!(cases.find("0"), Err(WhichCase::None(_))));
    assert!(matches!(cases.find(""), Err(WhichCase::None(_))));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&scene.file(&name)), 0o600);
    assert_eq!(mode(scene.file(&name).parent().unwrap()), 0o700);
    let message = MessageId::from_entropy([3; 16]);
    cases.keep_message(&name, &message, b"sealed").unwrap();
    assert_eq!(cases.message(&name, &message).unwrap().unwrap(), b"sealed");
    cases.forget(&name).unwrap();
    assert_eq!(cases.names().unwrap(), [records[1].name()]);
    assert!(!scene.file(&name).parent().unwrap().exists());
    assert_eq!(cases.message(&name, &message).unwrap(), None);
}

#[test]
fn a_passphrase_locks_all_records_and_is_needed_to_read_alone() {
    let scene = Scene::new();
    let (one, two) = (record(1), record(2));
    let mut cases = scene.cases();
    cases.write(&one).unwrap();
    assert!(contains(&scene.on_disk(), "vendor.example.org"));
    let first = Zeroizing::new("first".to_owned()).into();
    cases.lock(&first, Seeds::from_entropy([1; 64])).unwrap();

    let cases = scene.cases();
    assert!(cases.vault().is_locked());
    cases.write(&two).unwrap();
    let disk = scene.on_disk();
    for secret in [
        "vendor.example.org",
        "01010101",
        "02020202",
        &"09".repeat(32),
    ] {
        assert!(!contains(&disk, secret), "{secret}");
    }
    assert!(matches!(cases.read(&one.name()), Err(VaultError::Locked)));
    let wrong = cases.unlock(&mut with("wrong"));
    assert!(
        matches!(wrong, Err(VaultError::WrongPassphrase)),
        "{wrong:?}"
    );
    cases.unlock(&mut with("first")).unwrap();
    for record in [&one, &two] {
        assert_eq!(cases.read(&record.name()).unwrap().secret, record.secret);
    }

    // Another passphrase, and the old one is of no use.
    let mut cases = scene.cases();
    let second: Passphrase = Zeroizing::new("second".to_owned()).into();
    let unopened = cases.lock(&second, Seeds::from_entropy([2; 64]));
    assert!(matches!(unopened, Err(VaultError::Locked)));
    cases.unlock(&mut with("first")).unwrap();
    cases.lock(&second, Seeds::from_entropy([2; 64])).unwrap();
    let cases = scene.cases();
    assert!(cases.unlock(&mut with("first")).is_err());
    cases.unlock(&mut with("second")).unwrap();
    assert_eq!(cases.read(&two.name()).unwrap().secret, two.secret);

    // None again.
    let mut cases = scene.cases();
    assert!(cases.leave_open().is_err());
    cases.unlock(&mut with("second")).unwrap();
    cases.leave_open().unwrap();
    let cases = scene.cases();
    assert!(!cases.vault().has_passphrase());
    assert_eq!(cases.read(&one.name()).unwrap().secret, one.secret);
}

#[test]
fn what_a_cut_change_of_the_passphrase_leaves_is_readable() {
    let scene = Scene::new();
    let (one, two) = (record(1), record(2));
    let mut cases = scene.cases();
    cases.write(&one).unwrap();
    let passphrase: Passphrase = Zeroizing::new("p".to_owned()).into();
    cases
        .lock(&passphrase, Seeds::from_entropy([1; 64]))
        .unwrap();
    // The new lock is there, one record is kept with it, one still with the old.
    cases
        .vault
        .set(&passphrase, Seeds::from_entropy([2; 64]), now())
        .unwrap();
    cases.write(&two).unwrap();
    let cases = scene.cases();
    cases.unlock(&mut with("p")).unwrap();
    for record in [&one, &two] {
        assert_eq!(cases.read(&record.name()).unwrap().secret, record.secret);
    }
}

#[test]
fn a_case_may_have_gone_by_mail_or_in_clear_into_an_advisory() {
    let scene = Scene::new();
    let cases = scene.cases();
    let mut mailed = record(1);
    mailed.destination = Destination::Mail("security@example.org".parse().unwrap());
    mailed.handed_over = Some(mailed.sealed);
    let mut advisory = record(2);
    let page = "https://github.com/o/r/security/advisories/GHSA-x";
    advisory.destination = Destination::Advisory(page.parse().unwrap());
    advisory.certificate = None;
    for record in [mailed, advisory] {
        cases.write(&record).unwrap();
        let read = cases.read(&record.name()).unwrap();
        assert_eq!(read.destination, record.destination);
        assert_eq!(read.certificate, record.certificate);
        assert_eq!(read.handed_over, record.handed_over);
        let why = read.intake().unwrap_err().to_string();
        assert!(why.contains(&read.destination.to_string()), "{why}");
    }
    // Nothing is sealed to nobody.
    let mut nobody = record(3);
    nobody.certificate = None;
    cases.write(&nobody).unwrap();
    assert!(cases.read(&nobody.name()).is_err());
}

#[test]
fn damage_is_never_absence() {
    let scene = Scene::new();
    let cases = scene.cases();
    let record = record(1);
    cases.write(&record).unwrap();
    let file = scene.file(&record.name());
    let sound = fs::read_to_string(&file).unwrap();
    for damaged in [
        "",
        "{",
        "garbage",
        &sound.replace("\"version\": 1", "\"version\": 2"),
        &sound.replace("01010101", "02020202"),
        &sound.replace("BEGIN PGP", "BEGIN GPG"),
        &sound.replace("\"certificate\"", "\"mail\""),
        &sound.replace("\"intake\"", "\"mail\""),
        &sound.replace("\"intake\"", "\"other\""),
        &sound.replace("\"size\"", "\"length\""),
        &sound.replace("0909", "09"),
    ] {
        fs::write(&file, damaged).unwrap();
        assert!(cases.read(&record.name()).is_err(), "{damaged}");
        assert_eq!(cases.names().unwrap(), [record.name()]);
    }
    fs::write(scene.base.path().join("home/cases/lock.json"), "{").unwrap();
    assert!(scene.home.cases(now()).is_err());
}

/// Under the name of a hard link, what the file of before holds is seen.
#[test]
fn what_is_replaced_is_overwritten() {
    let scene = Scene::new();
    let mut cases = scene.cases();
    let mut record = record(1);
    let secret = |bytes: &[u8]| bytes.windows(8).any(|window| window == b"01010101");
    let file = scene.file(&record.name());
    let link = |name: &str| {
        let link = scene.base.path().join(name);
        fs::hard_link(&file, &link).unwrap();
        assert!(secret(&fs::read(&link).unwrap()));
        link
    };
    cases.write(&record).unwrap();
    let first = link("first");
    record.size += 1;
    cases.write(&record).unwrap();
    let second = link("second");
    let word = Passphrase::from(Zeroizing::new("word".to_owned()));
    let seeds = Seeds::from_entropy([3; 64]);
    cases.lock(&word, seeds).unwrap();
    assert_eq!(cases.read(&record.name()).unwrap().size, record.size);
    for before in [first, second] {
        let left = fs::read(&before).unwrap();
        assert!(!left.is_empty() && left.iter().all(|byte| *byte == 0));
    }
    assert!(!secret(&scene.on_disk()));
}

/// Reading takes no hold: it may see a record that is being replaced.
#[test]
fn a_record_can_be_read_while_it_is_replaced() {
    let scene = Scene::new();
    let cases = scene.cases();
    let record = record(1);
    cases.write(&record).unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let cases = scene.cases();
            (0..100).for_each(|_| cases.write(&record).unwrap());
        });
        while !writing.is_finished() {
            assert_eq!(cases.read(&record.name()).unwrap().size, record.size);
        }
    });
}
