//! Valid input for each door, made by our own generators or written here by hand.

use std::{io::Write, time::Duration};

use sealpost::{
    openpgp::{
        Certificate, Container, Envelope, GeneratedKey, KeyProfile, VendorKey, generate,
        read_certificates,
    },
    program, report,
};
use sequoia_openpgp::{
    Cert, Packet,
    cert::{CertParser, amalgamation::key::PrimaryKey},
    crypto::{Password, S2K, SessionKey},
    packet::{
        Key, SKESK,
        key::{Key4, PrimaryRole, SecretParts},
        skesk::{SKESK4, SKESK6},
    },
    parse::Parse,
    policy::StandardPolicy,
    serialize::{
        Serialize, SerializeInto,
        stream::{Compressor, Encryptor, LiteralWriter, Message, Recipient, Signer},
    },
    types::{AEADAlgorithm, CompressionAlgorithm, Features, HashAlgorithm, SymmetricAlgorithm},
};

use crate::{
    archives::{archive, bundle, extended, file, folder, gnu, long_name, member, record, ustar},
    doors::{KEY, PASSPHRASE, now},
};

/// Sealed to the key and to the passphrase of the doors, in both containers. Sealing is random, so
/// these differ from run to run.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    let recipient = || KEY.certificate().verdict(now()).recipient().unwrap();
    let signer = || KEY.signer(now(), &mut |_, _| Ok(None)).unwrap();
    let content = bundle(&[("a.txt", b"an attachment")]);
    let sealed = |envelope: &Envelope, signer| {
        let mut sealing = envelope.seal(Vec::new(), signer, now()).unwrap();
        sealing.write_all(&content).unwrap();
        sealing.finish().unwrap()
    };
    let one = Envelope::to(vec![recipient()], None).unwrap();
    let two = Envelope::to(vec![recipient(), recipient()], Some(Container::Seipdv1)).unwrap();
    vec![
        sealed(&one, Some(signer())),
        sealed(&one, None),
        sealed(&two, Some(signer())),
        sealed(&one.armored(true), Some(signer())),
        newer_container(b"a text"),
        with_passphrase(None),
        with_passphrase(Some(AEADAlgorithm::OCB)),
    ]
}

/// Mails of each kind: PGP/MIME as it is made and as Exchange leaves it, an armour in the text, an
/// attached file, and the content of one.
pub(crate) fn mails() -> Vec<Vec<u8>> {
    let recipient = KEY.certificate().verdict(now()).recipient().unwrap();
    let envelope = Envelope::to(vec![recipient], None).unwrap().armored(true);
    let mut sealing = envelope.seal(Vec::new(), None, now()).unwrap();
    sealing.write_all(b"a text").unwrap();
    let armor = String::from_utf8(sealing.finish().unwrap()).unwrap();
    let parts = |kind: &str, between: &str| {
        format!(
            "From: a@example.org\nSubject: =?utf-8?q?a_b?=\nMIME-Version: 1.0\n\
             Content-Type: multipart/{kind}; boundary=\"b\"; protocol=\"application/pgp-encrypted\"\n\n\
             {between}--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n\
             --b\nContent-Type: application/octet-stream; name*0*=utf-8''e%C3%A9; name*1=.asc\n\n\
             {armor}\n--b--\n"
        )
    };
    let inside = "Content-Type: multipart/mixed; boundary=\"i\"; hp=\"cipher\"\r\n\
        Subject: =?iso-8859-1?B?6Q==?=\r\nHP-Outer: Subject: [...]\r\n\r\n\
        --i\r\nContent-Type: text/plain; charset=windows-1252\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\na=E9=\r\nb\r\n\
        --i\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n\
        --i\r\nContent-Disposition: attachment; filename=\"report.json\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\ne30=\r\n--i--\r\n";
    let signed = format!(
        "Content-Type: multipart/signed; boundary=\"s\"; protocol=\"application/pgp-signature\"\r\n\r\n\
         --s\r\n{inside}\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nnone\r\n--s--\r\n"
    );
    let mails = [
        parts("encrypted", ""),
        parts("mixed", "--b\nContent-Type: text/plain\n\n\n"),
        format!("From x Mon\nSubject: x\n\nHello,\n{armor}-- \nme\n"),
        inside.to_owned(),
        signed,
    ];
    mails.map(String::into_bytes).to_vec()
}

/// SEIPDv2, which the door's key does not ask for.
fn newer_container(content: &[u8]) -> Vec<u8> {
    let cert = Cert::from_bytes(&KEY.certificate().to_binary().unwrap()).unwrap();
    let policy = StandardPolicy::new();
    let features = Features::empty().set_seipdv2();
    let keys = cert.keys().with_policy(&policy, now());
    let recipients: Vec<_> = keys
        .for_transport_encryption()
        .map(|ka| Recipient::new(features.clone(), ka.key().key_handle(), ka.key()))
        .collect();
    let mut out = Vec::new();
    let encryptor = Encryptor::for_recipients(Message::new(&mut out), recipients);
    literal(encryptor.build().unwrap(), content);
    out
}

/// Sealed with the passphrase, at a cost far below what sealpost itself asks for.
fn with_passphrase(aead: Option<AEADAlgorithm>) -> Vec<u8> {
    let (cipher, password) = (SymmetricAlgorithm::AES256, Password::from(PASSPHRASE));
    let key = SessionKey::from(&[7; 32][..]);
    let skesk: SKESK = match aead {
        None => SKESK4::with_password(cipher, cipher, cheap(None), &key, &password)
            .unwrap()
            .into(),
        Some(aead) => {
            SKESK6::with_password(cipher, cipher, aead, cheap(Some(aead)), &key, &password)
                .unwrap()
                .into()
        }
    };
    let mut out = Vec::new();
    let mut message = Message::new(&mut out);
    Packet::from(skesk).serialize(&mut message).unwrap();
    let mut encryptor = Encryptor::with_session_key(message, cipher, key).unwrap();
    if let Some(aead) = aead {
        encryptor = encryptor.aead_algo(aead);
    }
    literal(encryptor.build().unwrap(), b"a text");
    out
}

/// A message that five hundred passphrases are to open, each at some cost: that is written into
/// packets that were cheap to make.
pub(crate) fn many_passphrases() -> Vec<u8> {
    let message = with_passphrase(Some(AEADAlgorithm::OCB));
    let salt = message.windows(16).position(|bytes| bytes == [3; 16]);
    let memory = salt.unwrap() + 16 + 2;
    // A new packet of less than 192 bytes: its length is in the second one.
    let mut packet = message[..2 + usize::from(message[1])].to_vec();
    packet[memory] = 15;
    [packet.repeat(500), message].concat()
}

fn cheap(aead: Option<AEADAlgorithm>) -> S2K {
    match aead {
        None => S2K::new_iterated(HashAlgorithm::SHA256, 1024).unwrap(),
        Some(_) => S2K::Argon2 {
            salt: [3; 16],
            t: 1,
            p: 1,
            m: 4,
        },
    }
}

fn literal(message: Message<'_>, content: &[u8]) {
    let mut literal = LiteralWriter::new(message)
        .filename("a name.txt")
        .unwrap()
        .build()
        .unwrap();
    literal.write_all(content).unwrap();
    literal.finalize().unwrap();
}

/// What stands inside the encryption: packets signed, compressed, and encrypted once more.
pub(crate) fn insides() -> Vec<Vec<u8>> {
    vec![
        packets(|message| literal(message, b"a text")),
        packets(signed),
        packets(|message| literal(compressed(message), &[b'a'; 5000])),
        packets(|message| signed(compressed(compressed(message)))),
        newer_container(b"twice"),
        KEY.certificate().to_binary().unwrap(),
    ]
}

fn packets(write: impl FnOnce(Message<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(Message::new(&mut out));
    out
}

fn compressed(message: Message<'_>) -> Message<'_> {
    let algorithm = CompressionAlgorithm::Zip;
    Compressor::new(message).algo(algorithm).build().unwrap()
}

/// A literal, signed with the door's key.
fn signed(message: Message<'_>) {
    let born = std::time::SystemTime::UNIX_EPOCH + Duration::from_hours(20_454 * 24);
    let key = Key4::import_secret_ed25519(&[1; 32], born).unwrap();
    let key: Key<SecretParts, PrimaryRole> = key.into();
    let signer = Signer::new(message, key.into_keypair().unwrap()).unwrap();
    literal(signer.creation_time(now()).build().unwrap(), b"signed");
}

/// Keys of every profile.
fn vendor_keys() -> Vec<VendorKey> {
    let profiles = [
        KeyProfile::Rfc4880,
        KeyProfile::Rfc9580,
        KeyProfile::PostQuantum,
    ];
    let make = |profile| {
        let mut wanted = GeneratedKey::new("Example Security", "security@example.org").unwrap();
        wanted.profile = profile;
        wanted.lifetime = Some(Duration::from_hours(24 * 365));
        generate(&wanted, now()).unwrap()
    };
    profiles.into_iter().map(make).collect()
}

/// Certificates: armoured, binary, revoked, in a web page, several in one file.
pub(crate) fn certificates() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for key in vendor_keys() {
        let text = String::from_utf8(key.certificate.clone()).unwrap();
        let read = read_certificates("certificate", &key.certificate).unwrap();
        all.push([&key.certificate[..], &key.revocation].concat());
        all.push(format!("<pre>{}</pre>", text.replace('+', "&#43;")).into_bytes());
        all.extend(
            read.iter()
                .map(|certificate| certificate.to_binary().unwrap()),
        );
        all.push(key.certificate);
    }
    let case: Certificate = KEY.certificate();
    all.push(all.concat());
    all.push(case.to_binary().unwrap());
    all
}

/// Secret keys: without a passphrase, with one, and the part that signs receipts.
pub(crate) fn secret_keys() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for key in vendor_keys() {
        let cert = CertParser::from_bytes(&key.secret[..])
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let aead = (cert.fingerprint().to_hex().len() == 64).then_some(AEADAlgorithm::OCB);
        let mut locked: Vec<Packet> = Vec::new();
        for ka in cert.keys().unencrypted_secret() {
            let (public, mut secret) = ka.key().clone().take_secret();
            let (cipher, password) = (SymmetricAlgorithm::AES256, Password::from(PASSPHRASE));
            secret
                .encrypt_in_place_with(&public, cheap(aead), cipher, aead, &password)
                .unwrap();
            let key = public.add_secret(secret).0;
            locked.push(if ka.primary() {
                key.role_into_primary().into()
            } else {
                key.role_into_subordinate().into()
            });
        }
        let cert = cert.insert_packets(locked).unwrap().0;
        all.push(cert.as_tsk().to_vec().unwrap());
        all.push(key.secret.to_vec());
        all.push(key.receipts.to_vec());
    }
    all
}

/// A bundle, archives of all three kinds, a text, a file.
pub(crate) fn archives() -> Vec<Vec<u8>> {
    let long = format!("{}/{}\0", "d".repeat(120), "f".repeat(120));
    let records = [record("path", "Größe/long name"), record("mtime", "1.5")].concat();
    vec![
        bundle(&[("a.bin", &[7; 3000]), ("b.txt", b"text")]),
        archive(&[&folder("./"), &folder("./a/"), &file("./a/b", b"abc")]),
        archive(&[
            &long_name(long.as_bytes()),
            &member(gnu(&long[..100], b'0'), b"abc"),
        ]),
        archive(&[
            &extended(b'x', &records),
            &file("x", b"abc"),
            &file("y", b""),
        ]),
        archive(&[
            &extended(b'g', &record("comment", "0123")),
            &member(ustar("b", 0), b"a"),
        ]),
        b"a text\n".repeat(20),
        (0..=255).collect(),
    ]
}

/// Manifests of format 1, and of one to come.
pub(crate) fn manifests() -> Vec<Vec<u8>> {
    let known = r#"{"sealpost": 1, "created": "2026-11-22", "program": "example.org",
        "files": [{"name": "report.md", "size": 700}, {"name": "attachments/a", "size": 0}]}"#;
    let unknown = r#"{"sealpost": 18446744073709551615, "x": [{"y": -1.5e9}]}"#;
    vec![known.into(), unknown.into()]
}

/// Reports: to fill in, and with every field, in both languages.
pub(crate) fn reports() -> Vec<Vec<u8>> {
    let template = |format| {
        let program = program::find_shipped("val.town").unwrap().1;
        report::Template {
            format,
            program: Some(program.id().to_string()),
            asset_examples: vec!["val.town".to_owned()],
            ..report::Template::default()
        }
        .to_string()
        .replace("title: \"\"", "title: Found")
        .replace("title = \"\"", "title = \"Found\"")
        .replace("[\"\"]", "[\"https://example.org/\"]")
        .replace("\n# ", "\n")
    };
    vec![
        template(report::Format::Yaml).into(),
        template(report::Format::Toml).into(),
        REPORT.into(),
    ]
}

const REPORT: &str = "\u{feff}---\r
title: 'Script injection: the search page'
program: example.org
assets: [https://www.example.org/search?q=%3C, '*.example.org', 'pkg:npm/%40scope/name@1.2.3?a=b#c', github:example/project, 192.0.2.1]
weakness: [CWE-79, 80]
class: cross_site_scripting_xss.reflected.non_self
severity:
  - CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N/E:P/RL:O/RC:C/CR:H/MAV:L
  - CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N/E:P
affected: [{package: example, ecosystem: npm, range: '< 1.2.3', patched: 1.2.3}]
discovered: 2026-11-22
method: |
  By hand.
tool_generated: false
exploited: unknown
public: false
also_reported_to: [nobody]
reporter: {name: A, contact: 'mailto:a@example.org', credit: \"A \\u00e9\"}
disclosure: {plan: a talk, date: 2027-02-20, embargo_days: 90}
references: https://example.org/advisory
language: pt-BR
---
## Summary

*Text* with <!-- a comment --> and <b>HTML</b>.

## Steps to reproduce
```
## Impact
```
Impact
------
1. [x](https://example.org)

# Mitigation #
";

/// Files with something to find, and a report with nothing. The secrets are put together here, so
/// that no scanner takes this file for a leak.
pub(crate) fn checked() -> Vec<Vec<u8>> {
    let digits = "k3Zq9LmX2vB7nT5rW8yPdQ4sHfJ6gCtR1uEwA0oVbNiKxM4d";
    let key = format!("-----BEGIN {} KEY-----\n{digits}{digits}\n", "PRIVATE");
    let http = format!(
        "GET / HTTP/1.1\r\nAuthorization: Bearer {digits}\r\nCookie: a=b; sid={digits}\r\n\r\n"
    );
    let token = format!("https://ada:Tr0ub4dor@db.val.town/\napi_key = \"{digits}\"\n");
    let exif =
        b"\xff\xd8\xff\xe1\0\x80Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x06\0\0\0\x1a\0\0\0";
    let report = "---\ntitle: Self-XSS\nassets: [evilval.town]\nweakness: 307\n---\n# Summary\n\
                  Missing X-Frame-Options, not phishing.\n";
    vec![
        key.into(),
        http.into(),
        token.into(),
        exif.to_vec(),
        report.into(),
    ]
}

/// One picture of each kind, with something to take out, and what is none.
pub(crate) fn pictures() -> Vec<Vec<u8>> {
    let exif = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0Cam\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = |length: usize| u8::try_from(length).unwrap();
    let jpeg = [
        &b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02\0\0\x48\0\x48\0\0\xff\xe1\0"[..],
        &[length(exif.len() + 8)],
        b"Exif\0\0",
        exif,
        b"\xff\xfe\0\x05abc\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\0\xff\xd0\x34\xff\xd9behind",
    ];
    let png = [
        &b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR-------------crc!\0\0\0\x0atEXtAuthor\0Adacrc!\0\0\0"[..],
        &[length(exif.len())],
        b"eXIf",
        exif,
        b"crc!\0\0\0\x04IDATdatacrc!\0\0\0\0IENDcrc!",
    ];
    let gif = b"GIF89a\x01\0\x01\0\0\0\0\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0\x21\xfe\x05hello\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b";
    let webp = [
        &b"RIFF"[..],
        &[length(4 + 18 + 14 + 8 + exif.len()), 0, 0, 0],
        b"WEBPVP8X\x0a\0\0\0\x08\0\0\0\0\0\0\0\0\0VP8L\x05\0\0\0\x2fdata\0EXIF",
        &[length(exif.len()), 0, 0, 0],
        exif,
    ];
    let tiff = b"II*\0\x14\0\0\0dataCamera 1\x02\0\x0f\x01\x02\0\x08\0\0\0\x0c\0\0\0\x11\x01\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0";
    vec![
        jpeg.concat(),
        png.concat(),
        gif.to_vec(),
        webp.concat(),
        tiff.to_vec(),
        b"no picture".to_vec(),
    ]
}

/// The shipped profiles, and one with everything in it.
pub(crate) fn profiles() -> Vec<Vec<u8>> {
    let shipped = program::shipped()
        .iter()
        .map(|shipped| shipped.toml().into());
    shipped.chain([PROFILE.into()]).collect()
}

const PROFILE: &str = r#"
program = { name = "Example", id = "example.org", aliases = ["example"], homepage = "https://example.org/", policy = "https://example.org/security", updated = "2026-11-22" }
contact = [{ uri = "https://example.org/report" }, { uri = "mailto:security@example.org" }, { uri = "tel:+49-30-123456" }, { uri = "github:example/project" }]
[encryption]
wanted = "required"
fingerprints = ["0123456789ABCDEF0123456789ABCDEF01234567"]
passphrase_profile = "rfc9580"
[scope]
in = ["*.example.org", "xn--bcher-kva.example"]
out = ["blog.example.org"]
subdomains = false
user_content = ["pages.example.org"]
[[exclusion]]
id = "a"
vrt = ["application_level_denial_of_service_dos"]
cwe = ["CWE-400"]
tool_generated = true
words = "Words"
[[conduct]]
id = "a"
words = "Words"
[disclosure]
embargo_days = 90
starts = "acknowledgement"
credit = "Yes"
words = "Words"
[promises]
safe_harbor = "full"
legal = "None"
confidentiality = "Yes"
bounty = "partial"
"#;

/// Entries of the disclose.io list.
pub(crate) fn list_entries() -> Vec<Vec<u8>> {
    let entry = r#"{"program_name": "Example", "policy_url": "https://example.org/security",
        "contact_url": "https://example.org/report", "contact_email": "security@example.org",
        "offers_bounty": "partial", "safe_harbor": "full", "launch_date": "",
        "public_disclosure": "co-ordinated", "disclosure_timeline_days": 90}"#;
    vec![entry.into()]
}

/// Words of cases, one of them wrong.
pub(crate) fn words() -> Vec<Vec<u8>> {
    let first = sealpost::case::CaseSecret::from_entropy([0; 16]).words();
    let second = sealpost::case::CaseSecret::from_entropy([9; 16]).words();
    let upper = format!("  {}\n", second.to_uppercase());
    vec![
        first.as_bytes().to_vec(),
        upper.into(),
        b"abandon ".repeat(12),
    ]
}

/// One of each header that the intake reads; the first byte says which it is.
pub(crate) fn intake_headers() -> Vec<Vec<u8>> {
    let values: [&[u8]; 7] = [
        b"1048576",
        b"filename d29ybGQ=,is_confidential",
        b"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        b"bytes=100-199",
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        b"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",
        b"abcdefghijklmnopqrstuvwxya",
    ];
    let numbered = (0_u8..).zip(values);
    numbered
        .map(|(which, value)| [&[which], value].concat())
        .collect()
}

/// Texts that mean to drive a terminal.
pub(crate) fn texts() -> Vec<Vec<u8>> {
    let text = "plain \u{1b}[31mred\u{1b}]0;title\u{7} \u{202e}txt.exe \u{200b}\u{feff} \\n \u{9b}2J é\u{301}\r\n";
    vec![text.into(), vec![b'\\', 0x9b, 0xff, b'\\']]
}
