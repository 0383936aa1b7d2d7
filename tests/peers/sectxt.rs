//! The package sectxt from `PyPI` judges security.txt files, and whatever it calls an error we report
//! too, on the same line.
//!
//! `SEALPOST_SECTXT` names a Python that has the package. The files are those of the corpus, where
//! it is there, and one for each of its errors.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sealpost::discover::security_txt::{Code, SecurityTxt, SourceText, around_signature};
use serde_json::Value;

/// An error of sectxt's, with its line.
type Error = (String, Option<usize>);

#[test]
#[ignore = "needs the Python package sectxt"]
fn every_error_of_sectxt_is_a_finding() {
    let Some(python) = python() else { return };
    let desk = tempfile::tempdir().unwrap();
    let mut files = corpus();
    let faults = faults();
    for (index, (_, content)) in faults.iter().enumerate() {
        let path = desk.path().join(format!("{index}.txt"));
        fs::write(&path, content).unwrap();
        files.push(path);
    }
    let judged = judge(&python, &files);
    let mut missed = Vec::new();
    for (path, errors) in &judged {
        let file = read(path);
        let open = errors.iter().filter(|error| !is_reported(error, &file));
        missed.extend(open.map(|error| format!("{}: {error:?}", path.display())));
    }
    assert!(missed.is_empty(), "not reported:\n{}", missed.join("\n"));
    // Which shows that the comparison could fail: the errors are there.
    for (index, (code, _)) in faults.iter().enumerate() {
        let errors = &judged[&desk.path().join(format!("{index}.txt"))];
        let there = errors.iter().any(|(found, _)| found == code);
        assert!(there, "{code}: {errors:?}");
    }
    println!("{} files compared", judged.len());
}

#[test]
#[ignore = "needs the Python package sectxt"]
fn every_code_of_sectxt_has_its_row() {
    let Some(python) = python() else { return };
    let theirs: BTreeSet<String> = serde_json::from_slice(&run(&python, &["--codes"], "")).unwrap();
    let rows = OURS.iter().map(|(code, _)| *code).chain(ELSEWHERE);
    let rows: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(theirs, rows);
    let tried: BTreeSet<_> = faults().into_iter().map(|(code, _)| code).collect();
    for (code, _) in OURS {
        assert!(tried.contains(code) || UNTRIED.contains(&code), "{code}");
    }
}

/// `None`, with a printed line, where the package is not here; in CI it must be.
pub(crate) fn python() -> Option<String> {
    let python = std::env::var("SEALPOST_SECTXT").unwrap_or_default();
    if python.is_empty() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "SEALPOST_SECTXT is not set");
        println!("skipped: SEALPOST_SECTXT is not set");
        return None;
    }
    Some(python)
}

fn judge(python: &str, files: &[PathBuf]) -> BTreeMap<PathBuf, Vec<Error>> {
    let names: Vec<_> = files.iter().map(|path| path.to_str().unwrap()).collect();
    let output = run(python, &[], &names.join("\n"));
    let judged: BTreeMap<PathBuf, Vec<Value>> = serde_json::from_slice(&output).unwrap();
    assert_eq!(judged.len(), files.len());
    let error = |error: Value| {
        let line = error["line"].as_u64();
        let line = line.map(|line| usize::try_from(line).unwrap());
        (error["code"].as_str().unwrap().to_owned(), line)
    };
    judged
        .into_iter()
        .map(|(path, errors)| (path, errors.into_iter().map(error).collect()))
        .collect()
}

fn run(python: &str, arguments: &[&str], input: &str) -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/sectxt.py");
    let mut child = Command::new(python)
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The script reads all names before it writes.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// The files of the corpus; none, with a printed line, where `SEALPOST_CORPUS` is not set.
fn corpus() -> Vec<PathBuf> {
    let Some(corpus) = std::env::var_os("SEALPOST_CORPUS") else {
        println!("without the corpus: SEALPOST_CORPUS is not set");
        return Vec::new();
    };
    let mut files = Vec::new();
    let folder = PathBuf::from(corpus).join("security-txt");
    let mut folders = vec![folder.join("files"), folder.join("parser-tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 200, "{}", files.len());
    files
}

fn read(path: &Path) -> SecurityTxt {
    let file = fs::read(path).unwrap();
    let now = "2026-11-22T00:00:00Z".parse().unwrap();
    if let Some((content, first_line)) = signed_text(&file) {
        let bytes = content.as_bytes();
        let text = SourceText {
            bytes,
            first_line,
            signed: true,
        };
        let mut read = SecurityTxt::parse(&text, now);
        read.add(around_signature(&file));
        return read;
    }
    let text = SourceText {
        bytes: &file,
        first_line: 1,
        signed: false,
    };
    SecurityTxt::parse(&text, now)
}

/// The text within a cleartext signature whose frame is whole, and the number of its first line.
fn signed_text(file: &[u8]) -> Option<(String, usize)> {
    let file = std::str::from_utf8(file).ok()?;
    let lines: Vec<&str> = file.lines().map(str::trim_end).collect();
    let place = |wanted: &str| lines.iter().position(|line| *line == wanted);
    let head = place("-----BEGIN PGP SIGNED MESSAGE-----")?;
    let start = head + lines[head..].iter().position(|line| line.is_empty())? + 1;
    let armour = place("-----BEGIN PGP SIGNATURE-----")?;
    let end = place("-----END PGP SIGNATURE-----")?;
    let base64 = |line: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        line.bytes().all(plain) || line.contains(": ")
    };
    if !lines[armour + 1..end].iter().all(base64) {
        return None;
    }
    let lines = file.split_inclusive('\n').take(armour).skip(start);
    let text = lines.map(|line| line.strip_prefix("- ").unwrap_or(line));
    Some((text.collect(), start + 1))
}

fn is_reported((code, line): &Error, file: &SecurityTxt) -> bool {
    let Some((_, ours)) = OURS.iter().find(|(theirs, _)| theirs == code) else {
        return false;
    };
    file.findings().iter().any(|finding| {
        let same_line = line.is_none()
            || finding.line().is_none()
            || finding.line() == *line
            || ABOUT_THE_FRAME.contains(&code.as_str());
        ABOUT_ALL.contains(&finding.code())
            || (ABOUT_MANY_LINES.contains(&finding.code()) && line.is_some())
            || (ours.contains(&finding.code()) && same_line)
    })
}

/// What is then wrong with single lines goes without saying.
const ABOUT_ALL: [Code; 2] = [Code::HtmlPage, Code::Utf16];

/// One finding of ours for many lines of theirs.
const ABOUT_MANY_LINES: [Code; 3] = [Code::KeyBlock, Code::SignatureDamaged, Code::MoreFindings];

/// It tells these at the signature's first line or the file's last, we where the fault is.
const ABOUT_THE_FRAME: [&str; 4] = [
    "data_after_sig",
    "pgp_data_error",
    "signed_format_issue",
    "too_many_line_separators",
];

/// An error of sectxt's → the findings of ours, any of which says the same.
const OURS: [(&str, &[Code]); 25] = [
    ("bom_in_file", &[Code::ByteOrderMark]),
    (
        "data_after_sig",
        &[Code::TextOutsideSignature, Code::SignatureDamaged],
    ),
    ("empty_key", &[Code::NameMissing]),
    (
        "empty_value",
        &[Code::ValueMissing, Code::UnknownFieldEmpty, Code::NotAField],
    ),
    ("expired", &[Code::Expired]),
    ("invalid_expiry", &[Code::ExpiresInvalid]),
    ("invalid_lang", &[Code::LanguageInvalid]),
    (
        "invalid_line",
        &[
            Code::NotAField,
            Code::LeadingWhitespace,
            Code::FullWidthColon,
            Code::FoldedValue,
        ],
    ),
    ("multi_expire", &[Code::ExpiresRepeated]),
    ("multi_lang", &[Code::LanguagesRepeated]),
    // A field whose name was read all the same is no missing one.
    (
        "no_contact",
        &[
            Code::ContactMissing,
            Code::ValueMissing,
            Code::LeadingWhitespace,
            Code::FullWidthColon,
        ],
    ),
    ("no_csaf_file", &[Code::CsafFile]),
    (
        "no_expire",
        &[
            Code::ExpiresMissing,
            Code::ValueMissing,
            Code::LeadingWhitespace,
            Code::FullWidthColon,
        ],
    ),
    ("no_https", &[Code::NotHttps]),
    ("no_line_separators", &[Code::NoFinalNewline]),
    (
        "no_space",
        &[Code::SpaceMissing, Code::NotAField, Code::FullWidthColon],
    ),
    ("no_uri", &[Code::NotAUri, Code::BareAddress]),
    // It also says so of a signature that is whole, but has something before it.
    (
        "pgp_data_error",
        &[
            Code::SignatureDamaged,
            Code::TextOutsideSignature,
            Code::BlankOutsideSignature,
        ],
    ),
    ("pgp_error", &[Code::SignatureDamaged]),
    ("pgp_signature_error", &[Code::SignatureDamaged]),
    ("prec_ws", &[Code::WhitespaceBeforeColon, Code::NotAField]),
    (
        "signed_format_issue",
        &[
            Code::TextOutsideSignature,
            Code::BlankOutsideSignature,
            Code::SignatureDamaged,
        ],
    ),
    ("too_many_line_separators", &[Code::BlankOutsideSignature]),
    ("utf8", &[Code::NotUtf8]),
    ("no_canonical_match", &[Code::CanonicalMismatch]),
];

/// About how the file was served; `served` and `authority` have tests of their own.
const ELSEWHERE: [&str; 7] = [
    "invalid_cert",
    "invalid_charset",
    "invalid_media",
    "invalid_uri_scheme",
    "location",
    "no_content_type",
    "no_security_txt",
];

/// Errors that no file of [`faults`] provokes: of packets within the armour, and of the address.
const UNTRIED: [&str; 3] = ["no_canonical_match", "pgp_error", "pgp_signature_error"];

/// An error of sectxt's → a file that has it.
fn faults() -> Vec<(&'static str, Vec<u8>)> {
    let mut faults: Vec<_> = FAULTS
        .iter()
        .map(|(code, file)| (*code, file.as_bytes().to_vec()))
        .collect();
    faults.push(("utf8", b"# \xe9\n".to_vec()));
    for (code, file) in [
        (
            "data_after_sig",
            format!("{SIGNED}Policy: https://a.example/\n"),
        ),
        ("signed_format_issue", format!("\n{SIGNED}")),
        (
            "signed_format_issue",
            format!("Policy: https://a.example/\n{SIGNED}"),
        ),
        ("too_many_line_separators", format!("{SIGNED}\n")),
        ("no_line_separators", SIGNED.trim_end().to_owned()),
        ("pgp_data_error", SIGNED.replace("=ZcY1", "[signature]")),
    ] {
        faults.push((code, file.into_bytes()));
    }
    faults
}

const FAULTS: [(&str, &str); 18] = [
    ("bom_in_file", "\u{feff}Contact: https://a.example/\n"),
    ("empty_key", ": https://a.example/\n"),
    ("empty_value", "Contact:\n"),
    ("expired", "Expires: 2026-11-21T23:59:59Z\n"),
    ("invalid_expiry", "Expires: tomorrow\n"),
    ("invalid_lang", "Preferred-Languages: en, english\n"),
    ("invalid_line", "Contact us\n"),
    (
        "multi_expire",
        "Expires: 2027-01-01T00:00:00Z\nExpires: 2027-01-01T00:00:00Z\n",
    ),
    (
        "multi_lang",
        "Preferred-Languages: en\nPreferred-Languages: de\n",
    ),
    ("no_contact", "Expires: 2027-01-01T00:00:00Z\n"),
    ("no_csaf_file", "CSAF: https://a.example/csaf\n"),
    (
        "no_expire",
        "Contact\u{ff1a} mailto:a@b.example\n Expires: 2027-01-01T00:00:00Z\n",
    ),
    ("no_https", "Policy: http://a.example/\n"),
    ("no_line_separators", "Policy: https://a.example/"),
    (
        "no_space",
        "Policy:https://a.example/\nHiring:\thttps://a.example/\nhttps://a.example/\n",
    ),
    ("no_uri", "Contact: a@b.example\nPolicy: here\n"),
    ("prec_ws", "Policy : https://a.example/\n"),
    ("prec_ws", "A line : of prose\n"),
];

const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Contact: https://a.example/
-----BEGIN PGP SIGNATURE-----

iHUEARYKAB0WIQSgv3AjiR1BRtstZwHZUH1Kh07TnAUCawMJowAKCRDZUH1Kh07T
nJ0uAQDFDQ6RBdqOpBcYE4hG8vPiindcPQq/Zmh5X4kO/UItagEAsR3bYPycgg9w
17qv6m9mhU1BVkCe6cIg3UrHi/fGKgM=
=ZcY1
-----END PGP SIGNATURE-----
";
