//! The doors: one function for each way by which hostile bytes come into sealpost.
//!
//! Each says whether it took what it was given. It may refuse, in whatever words; it may not panic,
//! hang or grow without bound (promise 31). The fuzz targets enter through them, and so does
//! `tests/parsers`. Where two functions undo each other, the door says so with an assertion.

mod answers;

use std::{
    io::{Cursor, Read, Write},
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use sealpost::{
    advisory::{Advisory, Form, PrivateReport, Triage},
    bundle::{ExtractOptions, Limits, Manifest, extract},
    case::CaseSecret,
    check::{Scanner, review},
    discover::{
        LookAlike, ProviderMetadata, SecurityMd, Target,
        security_txt::{SecurityTxt, SourceText, around_signature},
    },
    mail::read::{Content, find, looks_like_mail},
    metadata::{Part, survey},
    openpgp::{
        DecryptionKeys, Doorkeeper, Opening, Passphrase, SecretKey, SignatureVerdict, case_key,
        is_cleartext_signed, open, read_certificates, read_cleartext, read_secret_keys,
    },
    program::{ListEntry, Program, find_shipped},
    report::Report,
    terminal::escape::{escape, escape_bytes, escape_lines},
    wire::{
        ReportId, Token, TokenHash,
        range::Wanted,
        tus::{self, Checksum},
    },
};
use sequoia_openpgp::{
    Cert,
    parse::Parse,
    policy::StandardPolicy,
    serialize::stream::{Encryptor, Message},
};
use url::Url;

pub use answers::{github_answer, intake_answer, key_page, letter, mailbox, receipt, smtp};

/// A sealed report, opened with [`KEY`] and [`PASSPHRASE`] and read to its end.
pub fn message(data: &[u8]) -> bool {
    let keys = DecryptionKeys {
        secret: vec![KEY.clone()],
        agent: Box::new(|_| Ok(Vec::new())),
        ask: Box::new(|_, attempt| Ok((attempt == 0).then(passphrase))),
    };
    let max_size = Some(LARGEST);
    let reader = Cursor::new(data.to_vec());
    let Ok(mut message) = open(reader, keys, Opening { max_size }) else {
        return false;
    };
    let mut buffer = [0; 4096];
    while message.read(&mut buffer).is_ok_and(|count| count > 0) {}
    let authenticated = message.finish();
    authenticated.is_ok_and(|authenticated| {
        let verdict = authenticated.signature(&[KEY.certificate()], &[], now());
        !matches!(verdict, SignatureVerdict::Bad { .. })
    })
}

/// What is posted to an intake for [`KEY`]: in one piece, and in pieces between which another process
/// goes on.
pub fn admission(data: &[u8]) -> bool {
    let doorkeeper = Doorkeeper::of(&KEY.certificate());
    let mut whole = doorkeeper.begin();
    let _refused = whole.feed(data);
    let mut resumed = doorkeeper.begin();
    let mut pieces = data.chunks(1 + data.len() / 50);
    while pieces
        .next()
        .is_some_and(|piece| resumed.feed(piece).is_ok())
    {
        resumed = doorkeeper
            .resume(&resumed.save())
            .expect("what was saved is read");
    }
    let (whole, resumed) = (whole.finish(), resumed.finish());
    assert_eq!(whole, resumed);
    let _state = doorkeeper.resume(data);
    whole.is_ok_and(|recipients| !recipients.to_string().is_empty())
}

/// What lies inside the encryption, where the sender alone decides: `data` is encrypted first.
pub fn inside(data: &[u8]) -> bool {
    let policy = StandardPolicy::new();
    let recipients = RECIPIENT.keys().with_policy(&policy, now());
    let mut sealed = Vec::new();
    let encryptor = Encryptor::for_recipients(
        Message::new(&mut sealed),
        recipients.for_transport_encryption(),
    );
    let mut container = encryptor.build().expect("memory takes everything");
    container.write_all(data).expect("memory takes everything");
    container.finalize().expect("memory takes everything");
    message(&sealed)
}

/// A certificate from a file, a mail or a web page.
pub fn certificate(data: &[u8]) -> bool {
    let certificates = read_certificates("certificate", data).unwrap_or_default();
    for certificate in &certificates {
        let _recipient = certificate.verdict(now()).recipient();
        let _ids: Vec<_> = certificate.user_ids().collect();
        let _exported = certificate.to_armored();
    }
    !certificates.is_empty()
}

/// A file that is named as the secret key.
pub fn secret_key(data: &[u8]) -> bool {
    let keys = read_secret_keys("secret key", data).unwrap_or_default();
    for key in &keys {
        let mut ask = |_: &_, attempt| Ok((attempt == 0).then(passphrase));
        let _signer = key.signer(now(), &mut ask);
        let _certificate = key.certificate().to_armored();
    }
    !keys.is_empty()
}

/// What was decrypted, on its way into a folder.
pub fn archive(data: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = ExtractOptions {
        limits: Limits {
            entries: 64,
            ..Limits::new(LARGEST)
        },
        suggested_name: data.get(..40),
        checksums: true,
    };
    extract(&mut &*data, folder.path(), &options).is_ok()
}

/// A mail that somebody sent: where the encrypted message is in it, and, as if all of it had been
/// encrypted, what it holds.
pub fn mail(data: &[u8]) -> bool {
    let _guess = looks_like_mail(data);
    let mut mail = Cursor::new(data);
    let mut sealed = Vec::new();
    let found = find(&mut mail).is_ok_and(|found| {
        let message = found
            .open(Cursor::new(data.to_vec()))
            .expect("memory can be read");
        message.take(LARGEST).read_to_end(&mut sealed).is_ok()
    });
    assert!(sealed.len() <= data.len());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = ExtractOptions {
        limits: Limits {
            entries: 64,
            ..Limits::new(LARGEST)
        },
        suggested_name: None,
        checksums: false,
    };
    let extracted = Content::read(&mut mail).is_ok_and(|content| {
        if let Some(signed) = content.signed() {
            let _signature = signed.signature(&mut mail).expect("memory can be read");
        }
        content.extract(&mut mail, folder.path(), &options).is_ok()
    });
    found || extracted
}

/// A report that is checked for a program with many exclusions, and an attachment that is looked
/// through: what is found depends on the bytes alone, not on the pieces in which they come.
pub fn check(data: &[u8]) -> bool {
    let mut whole = Scanner::new("file");
    whole.feed(data);
    let findings = whole.finish();
    let (front, back) = data.split_at(data.len() / 2);
    let mut pieces = Scanner::new("file");
    pieces.feed(front);
    pieces.feed(back);
    assert_eq!(pieces.finish(), findings);
    if let Ok(report) = Report::parse("report.md", &String::from_utf8_lossy(data)) {
        let _findings = review("report.md", &report, Some(&PROGRAM));
    }
    !findings.is_empty()
}

/// A picture that is to be attached: what is cut out lies within it, and nothing is left to cut out of the rest.
pub fn metadata(data: &[u8]) -> bool {
    let look = |data: &[u8]| survey("picture", &mut Cursor::new(data)).expect("memory can be read");
    let Some(picture) = look(data).picture else {
        return false;
    };
    let mut left = Vec::new();
    for part in picture.cut.parts() {
        match part {
            Part::Keep(range) => {
                let place = |place: u64| usize::try_from(place).expect("a place in memory");
                left.extend_from_slice(&data[place(range.start)..place(range.end)]);
            }
            Part::Bytes(bytes) => left.extend_from_slice(bytes),
            Part::Zeros(count) => {
                assert!(*count <= data.len() as u64);
                left.resize(left.len() + usize::try_from(*count).expect("small"), 0);
            }
        }
    }
    assert_eq!(left.len() as u64, picture.cut.size());
    if !picture.removed.is_empty() {
        let again = look(&left).picture.expect("what is left can be read");
        assert_eq!(again.removed, []);
    }
    true
}

/// The manifest of a bundle.
pub fn manifest(data: &[u8]) -> bool {
    Manifest::from_json(data).is_ok_and(|manifest| {
        let json = manifest.to_json().expect("it was JSON");
        assert_eq!(Manifest::from_json(&json).expect("its own JSON"), manifest);
        true
    })
}

/// A report: front matter and Markdown.
pub fn front_matter(data: &[u8]) -> bool {
    match Report::parse("report.md", &String::from_utf8_lossy(data)) {
        Ok(report) => {
            let _sections = report.missing_sections();
            published(&report);
            report.to_json()["title"].is_string()
        }
        Err(error) => {
            assert!(error.to_string().starts_with("report.md:"));
            false
        }
    }
}

/// What a report becomes when it is published or filed at GitHub.
fn published(report: &Report) {
    let _filed = PrivateReport::of(report);
    let triage = Triage::parse("advisory.toml", TRIAGE).expect("it is well formed");
    let Ok(advisory) = Advisory::assemble(report, triage) else {
        return;
    };
    for form in [Form::Csaf, Form::Osv, Form::Cve, Form::Ghsa] {
        if let Ok(draft) = advisory.draft(form) {
            let _document: serde_json::Value =
                serde_json::from_str(&draft.json).expect("it is JSON");
        }
    }
}

/// What every form needs beside a report.
const TRIAGE: &str = "id = 'X-1'\ncve = 'CVE-2026-0001'\nvendor = 'x'\npublished = 2026-12-22\n\
    [publisher]\nname = 'x'\ncategory = 'vendor'\nnamespace = 'https://example.org'\n\
    [cna]\norg_id = 'b3476cb9-2e3d-41a6-98d0-0f47421a65b6'\n";

/// A program's profile.
pub fn profile(data: &[u8]) -> bool {
    match Program::parse("program.toml", &String::from_utf8_lossy(data)) {
        Ok(program) => {
            let _json = serde_json::to_value(&program).expect("a program has a JSON form");
            program.goes_by(program.id().as_str())
        }
        Err(error) => {
            assert!(error.to_string().starts_with("program.toml"));
            false
        }
    }
}

/// An entry of the disclose.io program list.
pub fn list_entry(data: &[u8]) -> bool {
    let Ok(entry) = serde_json::from_slice::<ListEntry>(data) else {
        return false;
    };
    Program::try_from(&entry).is_ok_and(|program| ListEntry::try_from(&program).is_ok())
}

/// A profile as a vendor publishes it.
pub fn program_json(data: &[u8]) -> bool {
    Program::parse_json("program.json", data).is_ok_and(|program| {
        let json = serde_json::to_vec(&program).expect("a program has a JSON form");
        assert_eq!(Program::parse_json("program.json", &json), Ok(program));
        true
    })
}

/// A security.txt, whether a signature was taken off it or not.
pub fn security_txt(data: &[u8]) -> bool {
    let now = Timestamp::try_from(now()).expect("a day of this century");
    let url = Url::parse("https://example.org/.well-known/security.txt").expect("a URL");
    let read = |signed| {
        let text = SourceText {
            bytes: data,
            first_line: 1,
            signed,
        };
        let mut file = SecurityTxt::parse(&text, now);
        if is_cleartext_signed(data) {
            file.add(around_signature(data));
        }
        file.add_served(Some("text/plain; charset=utf-8"), &url, &url);
        let _believed = file.authority(&url);
        assert!(file.findings().len() < 250);
        file.is_strict()
    };
    read(true) | read(false)
}

/// A text with a signature around it.
pub fn cleartext(data: &[u8]) -> bool {
    let certificate = KEY.certificate();
    read_cleartext(data).is_ok_and(|signed| {
        let verdict = signed.verify(&[&certificate], now());
        matches!(verdict, SignatureVerdict::Verified { .. })
    })
}

/// CSAF provider metadata.
pub fn csaf(data: &[u8]) -> bool {
    ProviderMetadata::parse(data).is_ok_and(|metadata| {
        let _contacts = metadata.contacts();
        !metadata.keys().is_empty()
    })
}

/// SECURITY.md of a repository.
pub fn security_md(data: &[u8]) -> bool {
    let repository = "owner/repo".parse().expect("a repository");
    let read = SecurityMd::read(&String::from_utf8_lossy(data), &repository, "SECURITY.md");
    !read.contacts().is_empty()
}

/// What a person typed or pasted as TARGET, and the host in it.
pub fn target(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let _look = LookAlike::of(&text);
    Target::parse(&text).is_ok_and(|target| {
        let again = Target::parse(&target.subject()).expect("a subject is a target");
        again.subject() == target.subject()
    })
}

/// The words of a case.
pub fn words(data: &[u8]) -> bool {
    CaseSecret::from_words(&String::from_utf8_lossy(data))
        .is_ok_and(|secret| CaseSecret::from_words(&secret.words()) == Ok(secret))
}

/// A header that a client of the intake sends: the first byte says which.
pub fn intake_header(data: &[u8]) -> bool {
    let Some((which, value)) = data.split_first() else {
        return false;
    };
    let value = String::from_utf8_lossy(value);
    match which % 7 {
        0 => tus::number("Upload-Offset", &value).is_ok(),
        1 => tus::check_metadata(&value).is_ok(),
        2 => Checksum::from_header(&value).is_ok(),
        3 => match Wanted::from_header(Some(&value), 1000) {
            Wanted::Part { start, length } => {
                assert!(length > 0 && start + length <= 1000);
                true
            }
            Wanted::All | Wanted::Outside => false,
        },
        4 => TokenHash::from_header(&value)
            .is_ok_and(|hash| TokenHash::from_header(&hash.to_header()) == Ok(hash)),
        5 => value.parse::<Token>().is_ok(),
        _ => value
            .parse::<ReportId>()
            .is_ok_and(|id| id.as_str() == value && value.len() == 26),
    }
}

/// Whatever a stranger wrote, on its way to the terminal.
pub fn terminal(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let line = escape(&text).to_string() + &escape_bytes(data).to_string();
    assert!(!line.contains(char::is_control));
    let lines = escape_lines(&text).to_string();
    assert!(!lines.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    true
}

/// The program of [`check`].
static PROGRAM: LazyLock<Program> =
    LazyLock::new(|| find_shipped("val.town").expect("it is shipped").1);

/// The key that opens the messages of [`message`].
pub static KEY: LazyLock<SecretKey> =
    LazyLock::new(|| case_key(&[1; 32], &[2; 32]).expect("any seed makes a key"));

/// The passphrase that opens messages and keys.
pub const PASSPHRASE: &str = "correct horse";

/// The certificate of [`KEY`].
static RECIPIENT: LazyLock<Cert> = LazyLock::new(|| {
    let certificate = KEY
        .certificate()
        .to_binary()
        .expect("memory takes everything");
    Cert::from_bytes(&certificate).expect("our own certificate")
});

/// A fixed clock: 22 November 2026.
#[must_use]
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(20_779 * 24)
}

fn passphrase() -> Passphrase {
    zeroize::Zeroizing::new(PASSPHRASE.to_owned()).into()
}

/// The most that is decompressed or extracted, in bytes.
const LARGEST: u64 = 1 << 20;
