//! Entries appear whole or not at all, are their owner's alone, and one process works at each.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

use super::*;

struct Scene {
    base: tempfile::TempDir,
    outbox: Outbox,
}

impl Scene {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        let home = Home::resolve(Some(base.path().join("home")), |_| None).unwrap();
        let outbox = home.outbox();
        Self { base, outbox }
    }

    fn folder(&self) -> PathBuf {
        self.base.path().join("home/outbox")
    }

    fn sealed(&self, name: &str, content: &[u8]) -> HeldEntry {
        let pending = self.outbox.begin(name).unwrap();
        pending.writer().unwrap().write_all(content).unwrap();
        pending.publish(entry(content)).unwrap()
    }
}

fn entry(content: &[u8]) -> Entry {
    Entry {
        case: "abcdefgh".parse().unwrap(),
        kind: EntryKind::Report,
        intake: Url::parse("https://intake.example.org/reports").unwrap(),
        idempotency_key: "key".to_owned(),
        sha256: [7; 32],
        size: content.len() as u64,
        sealed: "2026-11-26T10:00:00Z".parse().unwrap(),
        upload: None,
        words_shown: false,
        proxied: false,
    }
}

#[test]
fn an_entry_is_kept_whole_and_owner_only() {
    let scene = Scene::new();
    assert_eq!(scene.outbox.list().unwrap().whole, []);
    assert!(!scene.folder().exists(), "looking makes nothing");
    let mut held = scene.sealed("abcdefgh", b"ciphertext");
    let upload = UploadId::from_entropy([1; 16]);
    held.set_upload(Some(upload.clone())).unwrap();
    let (name, read) = scene.outbox.list().unwrap().whole.swap_remove(0);
    assert_eq!(
        (name.as_str(), read.upload.as_ref()),
        ("abcdefgh", Some(&upload))
    );
    let mut content = Vec::new();
    held.sealed().unwrap().read_to_end(&mut content).unwrap();
    assert_eq!(content, b"ciphertext");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    for folder in [scene.folder(), scene.folder().join("abcdefgh")] {
        assert_eq!(mode(&folder), 0o700);
    }
    for file in [SEALED, DOCUMENT, LOCK] {
        assert_eq!(mode(&scene.folder().join("abcdefgh").join(file)), 0o600);
    }
    held.remove().unwrap();
    assert_eq!(scene.outbox.list().unwrap().whole, []);
    assert!(!scene.folder().join("abcdefgh").exists());
}

#[test]
fn what_is_not_published_leaves_nothing() {
    let scene = Scene::new();
    let pending = scene.outbox.begin("abcdefgh").unwrap();
    pending.writer().unwrap().write_all(b"half").unwrap();
    let mut reader = pending.reader().unwrap();
    let mut seen = String::new();
    reader.read_to_string(&mut seen).unwrap();
    assert_eq!(seen, "half", "readable while it grows");
    // Somebody else's look does not take it for debris.
    assert_eq!(scene.outbox.list().unwrap().whole, []);
    assert!(scene.folder().join("abcdefgh").exists());
    drop(pending);
    assert!(!scene.folder().join("abcdefgh").exists());
}

#[test]
fn debris_of_a_crash_is_tidied_up() {
    let scene = Scene::new();
    drop(scene.outbox.begin("first").unwrap());
    for name in ["without-lock", "with-lock"] {
        fs::create_dir(scene.folder().join(name)).unwrap();
        fs::write(scene.folder().join(name).join(SEALED), "half").unwrap();
    }
    fs::write(scene.folder().join("with-lock").join(LOCK), "").unwrap();
    assert_eq!(scene.outbox.list().unwrap().whole, []);
    let left = folders(&scene.folder()).unwrap();
    assert_eq!(left, [""; 0].map(PathBuf::from));
}

#[test]
fn p20_one_process_at_a_time_works_at_an_entry() {
    let scene = Scene::new();
    let held = scene.sealed("abcdefgh", b"x");
    assert!(scene.outbox.take("abcdefgh").unwrap().is_none());
    drop(held);
    let held = scene.outbox.take("abcdefgh").unwrap().unwrap();
    assert_eq!(held.entry(), &entry(b"x"));
    drop(held);
    assert!(scene.outbox.take("missing").unwrap().is_none());
    assert!(scene.outbox.begin("abcdefgh").is_err(), "it is there");
}

#[test]
fn damage_is_never_absence() {
    let scene = Scene::new();
    drop(scene.sealed("abcdefgh", b"x"));
    let document = scene.folder().join("abcdefgh").join(DOCUMENT);
    let sound = fs::read_to_string(&document).unwrap();
    for damaged in [
        "",
        "{",
        &sound.replace("\"version\": 1", "\"version\": 2"),
        &sound.replace("abcdefgh", "../../etc"),
        &sound.replace("\"size\"", "\"length\""),
        &sound.replace("0707", "07"),
    ] {
        fs::write(&document, damaged).unwrap();
        let listed = scene.outbox.list().unwrap();
        assert_eq!(listed.whole, []);
        let (name, error) = &listed.unreadable[0];
        assert!(
            name == "abcdefgh" && matches!(error, DiskError::Damaged { .. }),
            "{damaged}: {error}"
        );
        assert!(scene.outbox.take("abcdefgh").is_err());
    }
    fs::write(&document, &sound).unwrap();
    fs::write(scene.folder().join("abcdefgh").join(SEALED), "longer").unwrap();
    let held = scene.outbox.take("abcdefgh").unwrap().unwrap();
    assert!(held.sealed().is_err());
    assert!(!scene.outbox.discard("abcdefgh").unwrap(), "it is held");
    drop(held);
    assert!(scene.outbox.discard("abcdefgh").unwrap());
    assert!(!scene.folder().join("abcdefgh").exists());
}
