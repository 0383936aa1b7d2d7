//! The mail that carries a report, compared whole.

use std::{
    fs,
    io::{Cursor, Read},
    time::{Duration, SystemTime},
};

use jiff::civil::date;
use sealpost::{
    bundle::{Bundle, BundleHeader, padme},
    mail::{
        compose::{Autocrypt, KeyRequest, Parties, ReportMail, Sealer, Stamp},
        read::{Form, find},
    },
    openpgp::{
        DecryptionKeys, Envelope, Opening, SecretKey, SignatureVerdict, case_key, case_key_named,
        open, read_certificates,
    },
};
use tempfile::TempDir;

use crate::scene::REPORT;

/// A bundle of fixed content, and the folder with its attachments.
pub(crate) fn bundle(attachments: &[(&str, &[u8])]) -> (Bundle, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let reporter = reporter().certificate().to_armored().unwrap();
    let mut bundle = Bundle::new(BundleHeader {
        report_md: REPORT.as_bytes().to_vec(),
        report_json: b"{}".to_vec(),
        reporter: Some(reporter),
        program: None,
        created: date(2026, 11, 26),
    })
    .unwrap();
    for (name, content) in attachments {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        bundle.attach(&path).unwrap();
    }
    (bundle, folder)
}

/// The case key of the reporter, under the address that the mail comes from.
pub(crate) fn reporter() -> SecretKey {
    case_key_named(&[3; 32], &[4; 32], FROM).unwrap()
}

pub(crate) fn vendor() -> SecretKey {
    case_key(&[1; 32], &[2; 32]).unwrap()
}

pub(crate) fn envelope() -> Envelope {
    let certificate = vendor().certificate();
    let recipient = certificate.verdict(now()).recipient().unwrap();
    Envelope::to(vec![recipient], None).unwrap().armored(true)
}

pub(crate) fn parties() -> Parties {
    let from = FROM.parse().unwrap();
    let autocrypt = Autocrypt::new(FROM.parse().unwrap(), &reporter().certificate()).unwrap();
    Parties {
        from: Some(from),
        to: "security@vendor.example".parse().unwrap(),
        autocrypt: Some(autocrypt),
    }
}

pub(crate) fn stamp() -> Stamp {
    Stamp::new(now(), std::array::from_fn(|at| u8::try_from(at).unwrap()))
}

/// 26 November 2026, 10:34:56 UTC.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_689_296)
}

pub(crate) fn sealed(mail: &ReportMail<'_>) -> Vec<u8> {
    let envelope = envelope();
    let sealer = Sealer {
        envelope: &envelope,
        signer: Some(reporter().signer(now(), &mut |_, _| Ok(None)).unwrap()),
        now: now(),
    };
    mail.seal(Vec::new(), sealer, &mut |_| {}).unwrap()
}

/// The payload of a mail, which must be signed by the reporter.
pub(crate) fn payload(mail: &[u8]) -> String {
    let mut mail = Cursor::new(mail.to_vec());
    let found = find(&mut mail).unwrap();
    assert_eq!(found.form(), Form::Mime);
    assert!(!found.text_outside());
    let keys = DecryptionKeys {
        secret: vec![vendor()],
        agent: Box::new(|_| Ok(Vec::new())),
        ask: Box::new(|_, _| Ok(None)),
    };
    let limits = Opening { max_size: None };
    let mut message = open(found.open(mail).unwrap(), keys, limits).unwrap();
    let mut payload = String::new();
    message.read_to_string(&mut payload).unwrap();
    let reporter = reporter().certificate();
    let verdict = message.finish().unwrap().signature(&[reporter], &[], now());
    assert!(
        matches!(verdict, SignatureVerdict::Verified { .. }),
        "{verdict:?}"
    );
    payload
}

/// The text with the lines between two marks left out, which are random in each.
fn without(text: &str, begin: &str, end: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(begin) {
        let (_, behind) = after.split_once(end).unwrap();
        out = out + before + begin + "…" + end;
        rest = behind;
    }
    out + rest
}

fn readable(mail: &str) -> String {
    assert!(!mail.replace("\r\n", "").contains(['\r', '\n']));
    let mail = without(
        mail,
        "-----BEGIN PGP MESSAGE-----",
        "-----END PGP MESSAGE-----",
    );
    let mail = without(&mail, "BEGIN PGP PUBLIC KEY BLOCK-----\r\n", "-----END PGP");
    without(&mail, "keydata=", "\r\n").replace("\r\n", "\n")
}

/// The lines of base64 behind `keydata=`, which are folded.
fn unfolded(mail: &str) -> String {
    mail.replace("\r\n ", " ")
}

#[test]
fn p34_p35_the_mail_outside_and_inside() {
    let (bundle, _folder) = bundle(&[("poc.py", b"print(1)\n"), ("schön.png", b"\x89PNG")]);
    let mail = ReportMail::new(&bundle, "Größe überschritten", &parties(), &stamp());
    let sealed = sealed(&mail);
    let outside = readable(&unfolded(std::str::from_utf8(&sealed).unwrap()));
    assert_eq!(outside, OUTSIDE);
    let payload = payload(&sealed);
    assert_eq!(payload.len() as u64, padme(payload.len() as u64));
    let inside = readable(&unfolded(&payload));
    assert_eq!(inside.trim_end_matches([' ', '\n']), INSIDE.trim_end());
    for line in std::str::from_utf8(&sealed).unwrap().split("\r\n") {
        assert!(line.is_ascii() && line.len() <= 78, "{line}");
    }
}

#[test]
fn p34_without_a_sender_nothing_stands_for_one() {
    let (bundle, _folder) = bundle(&[]);
    let parties = Parties {
        from: None,
        ..parties()
    };
    let sealed = sealed(&ReportMail::new(&bundle, "x", &parties, &stamp()));
    let payload = payload(&sealed);
    for text in [std::str::from_utf8(&sealed).unwrap(), &payload] {
        assert!(text.contains("@mail.invalid>\r\n"));
        assert!(
            !text.contains("From:") && !text.contains("Autocrypt:"),
            "{text}"
        );
    }
}

#[test]
fn the_question_for_a_key() {
    let key = reporter().certificate().to_armored().unwrap();
    let request = KeyRequest::new(&parties(), &stamp(), key);
    let mail = request.to_bytes().unwrap();
    let text = String::from_utf8(mail).unwrap();
    assert_eq!(readable(&unfolded(&text)), REQUEST);
    let armor = text
        .split("filename=\"reporter.asc\"\r\n\r\n")
        .nth(1)
        .unwrap();
    let armor = armor.replace("=\r\n", "").replace("=3D", "=");
    let found = read_certificates("mail", armor.as_bytes()).unwrap();
    assert_eq!(
        found[0].fingerprint(),
        reporter().certificate().fingerprint()
    );
    assert_eq!(found[0].user_ids().collect::<Vec<_>>(), [FROM]);
}

const FROM: &str = "reporter@example.org";

const OUTSIDE: &str = "\
Date: Thu, 26 Nov 2026 10:00:00 +0000\n\
From: reporter@example.org\n\
To: security@vendor.example\n\
Subject: [...]\n\
Message-ID: <00010203-0405-4607-8809-0a0b0c0d0e0f@example.org>\n\
Autocrypt: addr=reporter@example.org; prefer-encrypt=mutual; keydata=…\n\
MIME-Version: 1.0\n\
Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"=_CAIREEYUCULBOGAZDINRYHI6\"\n\
\n\
--=_CAIREEYUCULBOGAZDINRYHI6\n\
Content-Type: application/pgp-encrypted\n\
\n\
Version: 1\n\
\n\
--=_CAIREEYUCULBOGAZDINRYHI6\n\
Content-Type: application/octet-stream; name=\"encrypted.asc\"\n\
Content-Disposition: inline; filename=\"encrypted.asc\"\n\
\n\
-----BEGIN PGP MESSAGE-----…-----END PGP MESSAGE-----\n\
\n\
--=_CAIREEYUCULBOGAZDINRYHI6--\n";

const INSIDE: &str = "\
Date: Thu, 26 Nov 2026 10:00:00 +0000\n\
From: reporter@example.org\n\
To: security@vendor.example\n\
Subject: =?utf-8?B?R3LDtsOfZSDDvGJlcnNjaHJpdHRlbg==?=\n\
Message-ID: <00010203-0405-4607-8809-0a0b0c0d0e0f@example.org>\n\
Autocrypt: addr=reporter@example.org; prefer-encrypt=mutual; keydata=…\n\
HP-Outer: Date: Thu, 26 Nov 2026 10:00:00 +0000\n\
HP-Outer: From: reporter@example.org\n\
HP-Outer: To: security@vendor.example\n\
HP-Outer: Subject: [...]\n\
HP-Outer: Message-ID: <00010203-0405-4607-8809-0a0b0c0d0e0f@example.org>\n\
HP-Outer: Autocrypt: addr=reporter@example.org; prefer-encrypt=mutual; keydata=…\n\
Content-Type: multipart/mixed; boundary=\"=_D4QCCIRDEQSSMJZIFEVCWLBN\"; hp=\"cipher\"; protected-headers=\"v1\"\n\
\n\
--=_D4QCCIRDEQSSMJZIFEVCWLBN\n\
Content-Type: text/plain; charset=\"utf-8\"\n\
Content-Transfer-Encoding: quoted-printable\n\
Content-Disposition: inline\n\
Content-Description: report.md\n\
\n\
---\n\
title: Script injection in the search page\n\
assets: [\"https://www.vendor.example/search\"]\n\
---\n\
\n\
## Summary\n\
\n\
It prints the query as it is: a na=C3=AFve escape =3D none.=20\n\
\n\
## Steps to reproduce\n\
\n\
1. Open the page.\n\
\n\
## Impact\n\
\n\
Scripts run.\n\
\n\
## Mitigation\n\
\n\
Escape it.\n\
\n\
--=_D4QCCIRDEQSSMJZIFEVCWLBN\n\
Content-Type: application/json\n\
Content-Transfer-Encoding: base64\n\
Content-Disposition: attachment; filename=\"report.json\"\n\
\n\
e30=\n\
\n\
--=_D4QCCIRDEQSSMJZIFEVCWLBN\n\
Content-Type: application/pgp-keys\n\
Content-Transfer-Encoding: quoted-printable\n\
Content-Disposition: attachment; filename=\"reporter.asc\"\n\
\n\
-----BEGIN PGP PUBLIC KEY BLOCK-----\n\
…-----END PGP PUBLIC KEY BLOCK-----\n\
\n\
--=_D4QCCIRDEQSSMJZIFEVCWLBN\n\
Content-Type: application/octet-stream\n\
Content-Transfer-Encoding: base64\n\
Content-Disposition: attachment; filename=\"poc.py\"\n\
\n\
cHJpbnQoMSkK\n\
\n\
--=_D4QCCIRDEQSSMJZIFEVCWLBN\n\
Content-Type: image/png\n\
Content-Transfer-Encoding: base64\n\
Content-Disposition: attachment; filename*=utf-8''sch%C3%B6n.png\n\
\n\
iVBORw==\n\
\n\
--=_D4QCCIRDEQSSMJZIFEVCWLBN--\n";

const REQUEST: &str = "\
Date: Thu, 26 Nov 2026 10:00:00 +0000\n\
From: reporter@example.org\n\
To: security@vendor.example\n\
Subject: Your OpenPGP key\n\
Message-ID: <00010203-0405-4607-8809-0a0b0c0d0e0f@example.org>\n\
Autocrypt: addr=reporter@example.org; prefer-encrypt=mutual; keydata=…\n\
MIME-Version: 1.0\n\
Content-Type: multipart/mixed; boundary=\"=_CAIREEYUCULBOGAZDINRYHI6\"\n\
\n\
--=_CAIREEYUCULBOGAZDINRYHI6\n\
Content-Type: text/plain; charset=\"us-ascii\"\n\
Content-Transfer-Encoding: quoted-printable\n\
\n\
Hello,\n\
\n\
I would like to write to you about the security of something that you are\n\
responsible for, so that nobody but you can read it. I could not find an\n\
OpenPGP key of yours that I can trust.\n\
\n\
Please answer with your public OpenPGP key, and tell me where I can compare\n\
its fingerprint: on your own website, for example in security.txt\n\
(RFC 9116), or in Web Key Directory.\n\
\n\
My public key is attached. Please encrypt your answer to it.\n\
\n\
If you would rather not use OpenPGP, tell me which other way of writing to\n\
you in confidence you offer. I will send no details in the clear.\n\
\n\
--=_CAIREEYUCULBOGAZDINRYHI6\n\
Content-Type: application/pgp-keys\n\
Content-Transfer-Encoding: quoted-printable\n\
Content-Disposition: attachment; filename=\"reporter.asc\"\n\
\n\
-----BEGIN PGP PUBLIC KEY BLOCK-----\n\
…-----END PGP PUBLIC KEY BLOCK-----\n\
\n\
--=_CAIREEYUCULBOGAZDINRYHI6--\n";
