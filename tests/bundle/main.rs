//! The bundle beside other tar readers, and against hostile archives.
//!
//! Serves promises 9, 10, 31 and 32: whenever an archive is taken, GNU tar and Python's tarfile find
//! the same files with the same bytes in it; whatever is refused leaves everything outside as it was.

mod archives;
mod hostile;
mod mutations;
mod readers;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use sealpost::bundle::{ExtractError, ExtractOptions, Limit, Limits, Refusal, Shape, extract};
use tempfile::TempDir;

use archives::{archive, bundle, extended, file, folder, record};
use hostile::hostile_archives;
use mutations::{Random, mutated};
use readers::{
    Files, files_below, found, gnu_tar, is_there, only_files_and_folders, paths_below, python,
};

#[test]
fn p10_whatever_is_taken_reads_the_same_elsewhere() {
    let folder = TempDir::new().unwrap();
    let mut taken = Vec::new();
    let mut refused = 0;
    for (number, archive) in mutations::archives().into_iter().enumerate() {
        let into = TempDir::new().unwrap();
        match extract(&mut &*archive, into.path(), &options()) {
            Ok(contents) if matches!(contents.shape, Shape::Archive | Shape::Bundle) => {
                let path = folder.path().join(format!("{number}.tar"));
                fs::write(&path, archive).unwrap();
                assert_eq!(
                    found(&contents),
                    files_below(into.path()),
                    "{}",
                    path.display()
                );
                taken.push((path, found(&contents)));
            }
            Ok(_) => {}
            Err(ExtractError::Write { path, source }) => panic!("{}: {source}", path.display()),
            Err(_) => refused += 1,
        }
    }
    assert!(
        taken.len() > 150 && refused > 150,
        "{} taken, {refused} refused",
        taken.len()
    );
    agree_with_others(&taken);
}

/// Every reader on this machine finds what we found.
fn agree_with_others(taken: &[(PathBuf, Files)]) {
    if is_there("python3") {
        let theirs = python(taken);
        assert_eq!(theirs.len(), taken.len());
        for ((path, ours), theirs) in taken.iter().zip(theirs) {
            assert_eq!(Some(ours), theirs.as_ref(), "Python and {}", path.display());
        }
    }
    if is_there("tar") {
        for (path, ours) in taken {
            assert_eq!(
                Some(ours),
                gnu_tar(path).as_ref(),
                "GNU tar and {}",
                path.display()
            );
        }
    }
}

#[test]
fn p09_nothing_outside_is_touched() {
    let house = TempDir::new().unwrap();
    for name in ["passwd", "x/evil", "evil", "into-2"] {
        let path = house.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "sentinel").unwrap();
    }
    let sentinels = files_below(house.path());
    let into = house.path().join("into");
    let hostile = hostile_archives();
    for (archive, _) in &hostile {
        fs::create_dir(&into).unwrap();
        let result = extract(&mut archive.as_slice(), &into, &options());
        assert!(result.is_err(), "{result:?}");
        only_files_and_folders(&into);
        fs::remove_dir_all(&into).unwrap();
        assert_eq!(files_below(house.path()), sentinels);
    }
    assert!(!Path::new("/tmp/sealpost-evil").exists());
}

#[test]
fn p09_p10_each_hostile_archive_has_its_reason() {
    for (archive, expected) in hostile_archives() {
        let into = TempDir::new().unwrap();
        let error = extract(&mut &*archive, into.path(), &options()).unwrap_err();
        let shown = error.to_string();
        match error {
            ExtractError::Refused { reason, .. } | ExtractError::Damaged(reason) => {
                assert_eq!(reason, expected, "{shown}");
            }
            other => panic!("{other} instead of {expected}"),
        }
        assert!(
            !shown.contains(|c: char| c.is_control() || c == '\u{202e}'),
            "{shown:?}"
        );
    }
}

#[test]
fn a_bundle_must_agree_with_its_manifest() {
    let manifest = |files: &str| {
        let json = format!(r#"{{"sealpost":1,"created":"2026-11-22","files":[{files}]}}"#);
        file("sealpost/manifest.json", json.as_bytes())
    };
    let report = file("report.md", b"abc");
    let named = r#"{"name":"report.md","size":3}"#;
    let outcome = |parts: &[&[u8]]| {
        let into = TempDir::new().unwrap();
        extract(&mut &*archive(parts), into.path(), &options())
    };
    let reason = |parts: &[&[u8]]| match outcome(parts) {
        Err(ExtractError::Refused { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let good = outcome(&[&manifest(named), &report]).unwrap();
    assert_eq!((good.shape, good.files.len()), (Shape::Bundle, 2));
    let small = manifest(r#"{"name":"report.md","size":4}"#);
    let sizes = Refusal::Size {
        manifest: 4,
        archive: 3,
    };
    assert_eq!(reason(&[&small, &report]), sizes);
    assert_eq!(reason(&[&manifest(named)]), Refusal::Missing);
    assert_eq!(reason(&[&manifest(""), &report]), Refusal::NotInManifest);
    assert_eq!(
        reason(&[&manifest(named), &report, &folder("x/")]),
        Refusal::NotInManifest
    );
    assert_eq!(
        reason(&[&manifest(named), &file("report.json", b"abc")]),
        Refusal::NotInManifest
    );
    let newer = file("sealpost/manifest.json", br#"{"sealpost":9}"#);
    assert!(matches!(
        outcome(&[&newer, &report]),
        Err(ExtractError::Manifest(_))
    ));
}

#[test]
fn p32_limits_are_named() {
    let limits = Limits {
        entries: 50,
        names: 2000,
        reporter: 100,
        extended_header: 100,
        ..Limits::new(10_000)
    };
    let stops = |parts: Vec<Vec<u8>>| {
        let into = TempDir::new().unwrap();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let options = ExtractOptions {
            limits,
            ..options()
        };
        match extract(&mut &*archive(&parts), into.path(), &options) {
            Err(ExtractError::Limit(limit)) => limit,
            other => panic!("{other:?}"),
        }
    };
    let many = (0..60)
        .map(|number| folder(&format!("{number}/")))
        .collect();
    assert_eq!(stops(many), Limit::Entries(50));
    let deep = (0..9)
        .map(|number| file(&format!("{number}/a/b/c/d/e/f"), b""))
        .collect();
    assert_eq!(stops(deep), Limit::Entries(50));
    let dots = (0..200).map(|_| folder("./")).collect();
    assert_eq!(stops(dots), Limit::Entries(50));
    let long = (0..30)
        .map(|number| file(&format!("{number:0>90}"), b""))
        .collect();
    assert_eq!(stops(long), Limit::Names(2000));
    let big = vec![file("a", &[1; 9000]), file("b", &[1; 1001])];
    assert_eq!(stops(big), Limit::Total(10_000));
    let pax = vec![
        extended(b'x', &record("comment", &"c".repeat(200))),
        file("a", b""),
    ];
    assert_eq!(stops(pax), Limit::ExtendedHeader(100));
}

#[test]
fn p32_a_million_entries_stop() {
    let endless = (0..1_000_000_u64).map(|number| folder(&format!("{number}/")));
    let mut reader = Pieces(Box::new(endless), Vec::new());
    let into = TempDir::new().unwrap();
    let limits = Limits {
        entries: 2_000,
        ..Limits::new(1 << 20)
    };
    let options = ExtractOptions {
        limits,
        ..options()
    };
    let error = extract(&mut reader, into.path(), &options).unwrap_err();
    assert!(
        matches!(error, ExtractError::Limit(Limit::Entries(2_000))),
        "{error}"
    );
}

#[test]
fn the_archives_of_the_corpus_do_no_harm() {
    let Some(corpus) = std::env::var_os("SEALPOST_CORPUS") else {
        println!("skipped: SEALPOST_CORPUS is not set");
        return;
    };
    let mut seen = 0;
    for path in paths_below(&PathBuf::from(corpus).join("reports/cpython-3.11.7")) {
        let house = TempDir::new().unwrap();
        let into = house.path().join("into");
        fs::create_dir(&into).unwrap();
        let result = extract(&mut fs::File::open(&path).unwrap(), &into, &options());
        let name = path.file_name().unwrap().to_str().unwrap();
        match name {
            "testtar.tar" => assert!(result.is_err(), "{name}: {result:?}"),
            _ => assert_eq!(result.unwrap().files.len(), 1, "{name}"),
        }
        assert_eq!(fs::read_dir(house.path()).unwrap().count(), 1);
        seen += 1;
    }
    assert!(seen >= 5);
}

#[test]
fn other_readers_read_our_bundles() {
    let from = TempDir::new().unwrap();
    let path = from.path().join("bundle.tar");
    fs::write(
        &path,
        bundle(&[
            ("a.bin", &vec![7; 70_000]),
            ("Größe ❤.txt", b"x"),
            ("a.bin", b""),
        ]),
    )
    .unwrap();
    let into = TempDir::new().unwrap();
    let contents = extract(&mut fs::File::open(&path).unwrap(), into.path(), &options()).unwrap();
    let ours = found(&contents);
    assert!(ours.contains_key("attachments/a-2.bin"), "{ours:?}");
    agree_with_others(&[(path.clone(), ours.clone())]);
    if !is_there("gpgtar") {
        return;
    }
    let there = TempDir::new().unwrap();
    let mut gpgtar = Command::new("gpgtar");
    gpgtar
        .args(["--skip-crypto", "--extract", "--directory"])
        .arg(there.path())
        .arg(&path);
    assert!(gpgtar.output().unwrap().status.success());
    assert_eq!(files_below(there.path()), ours);
}

#[test]
fn gpgtar_and_tar_write_what_we_read() {
    let from = TempDir::new().unwrap();
    fs::create_dir_all(from.path().join("poc/deep")).unwrap();
    fs::write(from.path().join("poc/deep/crash.bin"), vec![3; 20_000]).unwrap();
    fs::write(from.path().join(format!("poc/{}", "long".repeat(40))), "x").unwrap();
    let expected = files_below(from.path());
    let formats = ["--format=gnu", "--format=pax", "--format=ustar"];
    let mut makers: Vec<Vec<&str>> = formats
        .map(|format| vec!["tar", "-c", format, "poc"])
        .into();
    makers.push(vec!["tar", "-c", "."]);
    makers.push(vec!["gpgtar", "--skip-crypto", "--encrypt", "poc/deep"]);
    for words in makers {
        let Some((maker, arguments)) = words.split_first().filter(|(maker, _)| is_there(maker))
        else {
            continue;
        };
        let output = Command::new(maker)
            .args(arguments)
            .current_dir(&from)
            .output()
            .unwrap();
        let into = TempDir::new().unwrap();
        let result = extract(&mut &*output.stdout, into.path(), &options());
        if words.contains(&"--format=ustar") {
            // A name of 160 bytes does not fit; what tar wrote has only the other file.
            assert_eq!(result.unwrap().files.len(), 1);
            continue;
        }
        let contents = result.unwrap_or_else(|error| panic!("{words:?}: {error}"));
        assert_eq!(contents.shape, Shape::Archive, "{words:?}");
        let expected: Files = match *maker {
            "tar" => expected.clone(),
            _ => expected
                .clone()
                .into_iter()
                .filter(|(name, _)| name.contains("deep"))
                .collect(),
        };
        assert_eq!(files_below(into.path()), expected, "{words:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn p31_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        harmless(&bytes)?;
    }

    #[test]
    fn p31_no_mutated_archive_panics(seed in any::<u64>()) {
        let mut random = Random(seed | 1);
        harmless(&mutated(&mut random))?;
    }

    #[test]
    fn what_is_bundled_comes_back(
        attachments in proptest::collection::vec(("[^/\0]{1,40}", proptest::collection::vec(any::<u8>(), 0..2000)), 0..6),
    ) {
        let plain: Vec<_> = attachments
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "." | "..") && name.len() < 200)
            .map(|(name, content)| (name.as_str(), content.as_slice()))
            .collect();
        let into = TempDir::new().unwrap();
        let contents = extract(&mut &*bundle(&plain), into.path(), &options()).unwrap();
        prop_assert_eq!(contents.shape, Shape::Bundle);
        let names = contents.files.iter().map(|file| into.path().join(&file.path));
        let back: Vec<_> = names.skip(3).map(|name| fs::read(name).unwrap()).collect();
        prop_assert_eq!(back, plain.iter().map(|(_, content)| content.to_vec()).collect::<Vec<_>>());
    }
}

/// Extracts, and looks whether anything but plain files and folders was made.
fn harmless(bytes: &[u8]) -> Result<(), TestCaseError> {
    let house = TempDir::new().unwrap();
    let into = house.path().join("into");
    fs::create_dir(&into).unwrap();
    let _ = extract(&mut &*bytes, &into, &options());
    only_files_and_folders(&into);
    prop_assert_eq!(fs::read_dir(house.path()).unwrap().count(), 1);
    Ok(())
}

fn options() -> ExtractOptions<'static> {
    ExtractOptions {
        limits: Limits::new(16 * 1024 * 1024),
        suggested_name: None,
        checksums: true,
    }
}

/// A reader over pieces that are made as they are read.
struct Pieces(Box<dyn Iterator<Item = Vec<u8>>>, Vec<u8>);

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.1.is_empty() {
            self.1 = self.0.next().unwrap_or_default();
        }
        let count = self.1.len().min(into.len());
        into[..count].copy_from_slice(&self.1[..count]);
        self.1.drain(..count);
        Ok(count)
    }
}
