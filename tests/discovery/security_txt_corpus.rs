//! Every security.txt of the corpus, as real sites served them and as other parsers test with them:
//! read without a panic, with a sensible result (promise 27).

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealpost::{
    discover::security_txt::{
        Code, Encryption, SecurityTxt, Severity, SourceText, around_signature,
    },
    program::Contact,
};

#[test]
fn every_file_is_read_and_says_what_is_wrong() {
    let Some(folder) = folder() else { return };
    let files = files(&folder);
    assert!(files.len() > 280, "{}", files.len());
    for path in &files {
        let name = path.display();
        let (file, lines) = read(path);
        let has = |code| file.findings().iter().any(|finding| finding.code() == code);
        let page = has(Code::HtmlPage);
        let (contacts, expires) = (file.contacts(), file.expires());
        assert_eq!(
            contacts.is_empty(),
            page || has(Code::ContactMissing),
            "{name}"
        );
        let dated = expires.is_some() || has(Code::ExpiresInvalid);
        assert_eq!(!dated, page || has(Code::ExpiresMissing), "{name}");
        let past = expires.is_some_and(|expires| expires <= clock());
        assert_eq!(past, has(Code::Expired), "{name}");
        for entry in contacts {
            assert!((1..=lines).contains(&entry.line()), "{name}");
            let address = entry.text().contains('@');
            assert!(
                !address || entry.value().is_some(),
                "{name}: {}",
                entry.text()
            );
        }
        for finding in file.findings() {
            let line = finding.line().unwrap_or(1);
            assert!((1..=lines.max(1)).contains(&line), "{name}: {finding:?}");
        }
        let errors = file.findings().iter();
        let errors = errors.filter(|finding| finding.severity() == Severity::Error);
        assert_eq!(file.is_strict(), errors.count() == 0, "{name}");
    }
}

/// What eikendev's parser takes for valid or generates from the grammar has no error for us, but for
/// the time that has passed.
#[test]
fn what_another_parser_calls_valid_has_no_error() {
    let Some(folder) = folder() else { return };
    let valid = folder.join("parser-tests/eikendev_sectxt");
    let files: Vec<_> = files(&valid)
        .into_iter()
        .filter(|path| is(path, "stxt"))
        .collect();
    assert_eq!(files.len(), 108);
    for path in files {
        let (file, _) = read(&path);
        let errors = file.findings().iter().filter(|finding| {
            finding.severity() == Severity::Error && finding.code() != Code::Expired
        });
        assert_eq!(
            errors.collect::<Vec<_>>(),
            [] as [&_; 0],
            "{}",
            path.display()
        );
    }
}

/// The package sectxt finds the same 24 without an error.
#[test]
fn few_real_files_keep_to_the_letter() {
    let Some(folder) = folder() else { return };
    let real = files(&folder.join("files"));
    let strict = real.iter().filter(|path| read(path).0.is_strict()).count();
    assert_eq!((real.len(), strict), (175, 24));
}

/// One file for each kind of fault that the corpus has.
#[test]
fn known_faults_are_found_on_their_lines() {
    let Some(folder) = folder() else { return };
    for (path, expected) in FAULTS {
        let (file, _) = read(&folder.join(path));
        for expected in expected {
            let mut found = file.findings().iter();
            let there = found.any(|finding| (finding.code(), finding.line()) == *expected);
            assert!(there, "{path}: {expected:?} in {:?}", file.findings());
        }
    }
}

#[test]
fn what_is_usable_is_read() {
    let Some(folder) = folder() else { return };
    let (file, _) = read(&folder.join("parser-tests/madsmtm/tests/files/basic.txt"));
    let contacts = file.contacts().iter().map(|entry| entry.value().as_ref());
    let contacts: Vec<_> = contacts
        .map(|contact| contact.map(Contact::to_string))
        .collect();
    let expected = ["mailto:mail@example.com", "https://example.com/security"];
    assert_eq!(
        contacts,
        [
            Some(expected[0].into()),
            Some(expected[1].into()),
            None,
            None
        ]
    );
    let (opera, _) =
        read(&folder.join(
            "parser-tests/eikendev_sectxt/sectxtlib/resources/test/valid_signed/opera_com.stxt",
        ));
    assert_eq!(opera.hiring().len(), 2);
    let [page, fingerprint] = opera.encryption() else {
        panic!("{:?}", opera.encryption());
    };
    assert!(
        matches!(page.value(), Encryption::Https(url) if url.host_str() == Some("security.opera.com"))
    );
    assert!(
        matches!(fingerprint.value(), Encryption::Fingerprint(digits)
        if digits.as_hex() == "62CD131BB064942708ACFE624A1BB804224DE5A4")
    );
    assert_eq!(fingerprint.line(), 25);
}

/// Canonical and Expires are judged over every file: whoever serves a copy elsewhere has no say.
#[test]
fn no_file_speaks_for_another_host() {
    let Some(folder) = folder() else { return };
    let elsewhere = "https://elsewhere.example/.well-known/security.txt";
    let elsewhere = elsewhere.parse().unwrap();
    let mut named = 0;
    for path in files(&folder.join("files")) {
        let (file, _) = read(&path);
        let expired = file.expires().is_some_and(|expires| expires <= clock());
        let judged = file.authority(&elsewhere).is_ok();
        assert_eq!(
            judged,
            file.canonical().is_empty() && !expired,
            "{}",
            path.display()
        );
        for canonical in file
            .canonical()
            .iter()
            .filter_map(|entry| entry.value().as_ref())
        {
            named += 1;
            assert_eq!(
                file.authority(canonical).is_ok(),
                !expired,
                "{}",
                path.display()
            );
        }
    }
    assert!(named > 100, "{named}");
}

/// A file, and how many lines it has. A signature whose frame is whole is taken off first.
fn read(path: &Path) -> (SecurityTxt, usize) {
    let file = fs::read(path).unwrap();
    let lines = String::from_utf8_lossy(&file).split_inclusive('\n').count();
    let read = |bytes, first_line, signed| {
        let text = SourceText {
            bytes,
            first_line,
            signed,
        };
        SecurityTxt::parse(&text, clock())
    };
    let Some((text, first_line)) = signed_text(&file) else {
        return (read(&file, 1, false), lines);
    };
    let mut signed = read(text.as_bytes(), first_line, true);
    signed.add(around_signature(&file));
    (signed, lines)
}

fn signed_text(file: &[u8]) -> Option<(String, usize)> {
    let file = std::str::from_utf8(file).ok()?;
    let after_head = file.strip_prefix("-----BEGIN PGP SIGNED MESSAGE-----")?;
    let whole =
        after_head.contains("-----END PGP SIGNATURE-----") && !file.contains("\n[signature]");
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let start = lines.iter().position(|line| line.trim_end().is_empty())? + 1;
    let end = lines
        .iter()
        .position(|line| line.starts_with("-----BEGIN PGP SIGNATURE-----"))?;
    let text = lines.get(start..end)?.iter();
    let text = text.map(|line| line.strip_prefix("- ").unwrap_or(line));
    whole.then(|| (text.collect(), start + 1))
}

fn clock() -> jiff::Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.join("files"), folder.join("parser-tests")];
    folders.retain(|folder| folder.is_dir());
    if folders.is_empty() {
        folders.push(folder.to_owned());
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if ["txt", "stxt", "asc", "sig"]
                .iter()
                .any(|ending| is(&path, ending))
            {
                files.push(path);
            }
        }
    }
    files
}

fn is(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

fn folder() -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("SEALPOST_CORPUS") else {
        println!("skipped: SEALPOST_CORPUS is not set");
        return None;
    };
    Some(PathBuf::from(corpus).join("security-txt"))
}

/// A finding's code and line.
type Place = (Code, Option<usize>);

/// A file → some of its findings.
const FAULTS: [(&str, &[Place]); 10] = [
    (
        "files/BerezhaSecurity__berezhasecurity.com__01_c7ccbab4.txt",
        &[(Code::BareAddress, Some(1)), (Code::NotHttps, Some(2))],
    ),
    (
        "files/GrapheneOS__releases.grapheneos.org__03_e0490894.txt",
        &[
            (Code::EncryptionUnusable, Some(6)),
            (Code::ExpiresInvalid, Some(7)),
        ],
    ),
    (
        "files/SSWConsulting__securitytxt__07_2c911966.txt",
        &[
            (Code::ExpiresInvalid, Some(2)),
            (Code::UnknownField, Some(4)),
            (Code::LanguageInvalid, Some(6)),
            (Code::NoFinalNewline, Some(7)),
        ],
    ),
    (
        "files/alphagov__security.txt__01_0f02b1de.txt",
        &[
            (Code::UnknownField, Some(10)),
            (Code::Placeholder, Some(12)),
            (Code::ExpiresInvalid, Some(12)),
            (Code::NotAField, Some(14)),
        ],
    ),
    (
        "files/massimotamos__massimotamos.github.io__01_50d4f636.txt",
        &[
            (Code::ValueMissing, Some(3)),
            (Code::ValueMissing, Some(4)),
            (Code::ValueMissing, Some(6)),
        ],
    ),
    (
        "files/soprun__soprun.github.io__01_65fdd1f7.txt",
        &[(Code::SignatureDamaged, Some(9)), (Code::Expired, Some(4))],
    ),
    (
        "parser-tests/olliejc/test/fixtures/example-security.txt",
        &[
            (Code::SignatureDamaged, Some(1)),
            (Code::ExpiresInvalid, Some(19)),
        ],
    ),
    (
        "parser-tests/madsmtm/tests/files/basic.txt",
        &[
            (Code::BareAddress, Some(4)),
            (Code::NotAUri, Some(6)),
            (Code::NotAUri, Some(7)),
            (Code::NotAUri, Some(10)),
            (Code::MisspeltField, Some(12)),
        ],
    ),
    (
        "parser-tests/madsmtm/tests/files/lobste.rs.txt",
        &[(Code::HtmlPage, Some(1))],
    ),
    (
        "parser-tests/madsmtm/tests/files/ycombinator.com.txt",
        &[(Code::ContactMissing, None), (Code::ExpiresMissing, None)],
    ),
];
