//! Payloads of many kinds.

use std::{fs, io::Cursor, io::Read as _};

use super::*;
use crate::bundle::Limits;

fn read(payload: &str) -> (Content, Cursor<Vec<u8>>) {
    let mut payload = Cursor::new(payload.as_bytes().to_vec());
    (Content::read(&mut payload).unwrap(), payload)
}

/// The files of a payload, with their content.
fn files(payload: &str) -> Vec<(String, String)> {
    let (content, mut payload) = read(payload);
    let folder = tempfile::tempdir().unwrap();
    let options = ExtractOptions {
        limits: Limits::new(1 << 20),
        suggested_name: None,
        checksums: false,
    };
    let contents = content
        .extract(&mut payload, folder.path(), &options)
        .unwrap();
    let files = contents.files.iter().map(|file| {
        let content = fs::read(folder.path().join(&file.path)).unwrap();
        let name = file.path.display().to_string();
        (name, String::from_utf8_lossy(&content).into_owned())
    });
    files.collect()
}

fn file(name: &str, content: &str) -> (String, String) {
    (name.to_owned(), content.to_owned())
}

#[test]
fn a_text_alone() {
    let payload = "Content-Type: text/plain; charset=iso-8859-1\r\n\
                   Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9\r\n";
    assert_eq!(files(payload), [file("message.txt", "café\n")]);
}

#[test]
fn text_and_attachments() {
    let payload = "Content-Type: multipart/mixed; boundary=b\n\n\
        --b\n\nhello\n\
        --b\nContent-Type: text/html\n\n<p>hello\n\
        --b\nContent-Disposition: attachment; filename=\"../a/b.txt\"\n\none\r\n\n\
        --b\nContent-Disposition: attachment; filename=\"B.txt\"\n\ntwo\n\
        --b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\neA==\n\
        --b\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ny\n--c--\n\
        --b\nContent-Type: text/plain\n\nagain\n--b--\n";
    let found = files(payload);
    assert_eq!(found[0], file("message.txt", "hello"));
    assert_eq!(found[1], file("message.html", "<p>hello"));
    assert_eq!(found[2], file("attachments/_._a_b.txt", "one\r\n"));
    assert_eq!(found[3], file("attachments/B.txt", "two"));
    assert_eq!(found[4], file("attachments/attachment.bin", "x"));
    assert_eq!(found[5].0, "attachments/forwarded.eml");
    assert!(found[5].1.starts_with("Subject: x") && found[5].1.ends_with("--c--"));
    assert_eq!(found[6], file("message-2.txt", "again"));
    assert_eq!(found.len(), 7);
}

#[test]
fn only_the_root_protects_its_header() {
    let inner = "Content-Type: text/plain; protected-headers=v1\nSubject: inner\n\nx\n";
    let (content, _) = read(&format!("Subject: outer\n{inner}"));
    assert_eq!(content.subject(), Some("outer"));
    let (content, _) = read(
        "Content-Type: text/plain; hp=\"cipher\"\nSubject: =?utf-8?q?=C3=A9?=\nFrom: a@b.example\n\nx\n",
    );
    assert_eq!(
        (content.subject(), content.from()),
        (Some("é"), Some("a@b.example"))
    );
    for payload in [
        format!("Content-Type: multipart/mixed; boundary=b\nSubject: x\n\n--b\n{inner}--b--\n"),
        "Content-Type: text/plain\nSubject: x\n\ny\n".to_owned(),
    ] {
        assert_eq!(read(&payload).0.subject(), None, "{payload}");
    }
}

#[test]
fn a_copy_of_the_subject_is_no_text() {
    let payload = "Content-Type: multipart/mixed; boundary=b; protected-headers=\"v1\"\nSubject: x\n\n\
        --b\nContent-Type: text/plain; protected-headers=\"v1\"\nContent-Disposition: inline\n\nSubject: x\n\
        --b\nContent-Type: text/plain\n\nthe text\n--b--\n";
    assert_eq!(files(payload), [file("message.txt", "the text")]);
}

#[test]
fn a_signature_over_everything_is_found_with_what_it_covers() {
    let part = "Content-Type: text/plain; protected-headers=v1\r\nSubject: s\r\n\r\nsigned\r\n";
    let signature = "Content-Type: application/pgp-signature\r\n\r\nSIG\r\n";
    let payload = format!(
        "Content-Type: multipart/signed; boundary=b\r\n\r\nnoise\r\n--b\r\n{part}\r\n--b\r\n{signature}\r\n--b--\r\n"
    );
    let (content, mut mail) = read(&payload);
    let signed = content.signed().unwrap();
    assert_eq!(signed.signature(&mut mail).unwrap(), b"SIG\r\n");
    let mut covered = String::new();
    signed
        .content(&mut mail)
        .unwrap()
        .read_to_string(&mut covered)
        .unwrap();
    assert_eq!(covered, part);
    assert_eq!(content.subject(), Some("s"));
    assert_eq!(files(&payload), [file("message.txt", "signed\n")]);
}

#[test]
fn p08_signed_and_unsigned_parts_do_not_mix() {
    let signed = "Content-Type: multipart/signed; boundary=c\n\n--c\n\nsigned\n--c\n\
                  Content-Type: application/pgp-signature\n\nSIG\n--c--\n";
    let mixed = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n{signed}\n--b\n\nnot signed\n--b--\n"
    );
    assert!(read(&mixed).0.signed().is_none());
    assert_eq!(files(&mixed).len(), 3);
    let third = signed.replace("--c--", "--c\n\nnot signed\n--c--");
    assert!(read(&third).0.signed().is_none());
}
