//! What counts as signed in a mail, and what does not (promise 8).

use crate::{
    keys::{detached, sealed, writer},
    scene::{Scene, pgp_mime, verdict},
};

const TEXT: &str =
    "Content-Type: text/plain; protected-headers=\"v1\"\r\nSubject: s\r\n\r\nsigned\r\n";

/// A signature inside the encryption, around `text`.
fn signed(text: &str, signature: &str) -> String {
    format!(
        "Content-Type: multipart/signed; micalg=pgp-sha512; boundary=\"s\"; \
         protocol=\"application/pgp-signature\"\r\n\r\n--s\r\n{text}\r\n--s\r\n\
         Content-Type: application/pgp-signature\r\n\r\n{signature}\r\n--s--\r\n"
    )
}

/// Opens a payload, sealed without a signature, with the writer's certificate at hand.
fn opened(payload: &str) -> (Scene, serde_json::Value) {
    let scene = Scene::new();
    scene.write("a.eml", pgp_mime(&sealed(payload.as_bytes(), None)));
    let opened = scene.opened("a.eml", &["--signer", "writer.asc"]);
    (scene, opened)
}

#[test]
fn a_signature_inside_the_encryption_over_everything_is_verified() {
    let payload = signed(TEXT, &detached(TEXT.as_bytes(), writer()));
    let (scene, document) = opened(&payload);
    assert_eq!(verdict(&document), "verified");
    assert_eq!(document["mail"]["subject"], "s");
    assert_eq!(scene.read("a.eml-opened/message.txt"), "signed\n");
    // Line ends may have changed on the way to the encryption.
    assert_eq!(
        verdict(&opened(&payload.replace("\r\n", "\n")).1),
        "verified"
    );
}

#[test]
fn p08_a_signature_over_something_else_is_bad() {
    let scene = Scene::new();
    let other = detached(b"something else", writer());
    scene.write(
        "a.eml",
        pgp_mime(&sealed(signed(TEXT, &other).as_bytes(), None)),
    );
    let said = scene
        .open("a.eml", &["--signer", "writer.asc"])
        .expect(5)
        .stderr;
    assert!(said.contains("bad signature"), "{said}");
    let changed = signed(
        &TEXT.replace("signed", "forged"),
        &detached(TEXT.as_bytes(), writer()),
    );
    scene.write("b.eml", pgp_mime(&sealed(changed.as_bytes(), None)));
    scene.open("b.eml", &["--signer", "writer.asc"]).expect(5);
    assert!(!scene.path("b.eml-opened").exists());
    let nonsense = signed(TEXT, "no signature");
    scene.write("c.eml", pgp_mime(&sealed(nonsense.as_bytes(), None)));
    scene.open("c.eml", &["--signer", "writer.asc"]).expect(5);
}

#[test]
fn p08_signed_and_unsigned_parts_do_not_mix() {
    let inner = signed(TEXT, &detached(TEXT.as_bytes(), writer()));
    let beside = format!(
        "Content-Type: multipart/mixed; boundary=\"m\"\r\n\r\n--m\r\n{inner}\r\n--m\r\n\r\n\
         not signed\r\n--m--\r\n"
    );
    let third = inner.replace("\r\n--s--", "\r\n--s\r\n\r\nnot signed\r\n--s--");
    let wrapped = format!("Content-Type: message/rfc822\r\n\r\n{inner}");
    for payload in [beside, third, wrapped] {
        assert_eq!(verdict(&opened(&payload).1), "unsigned", "{payload}");
    }
}

#[test]
fn p08_a_signature_of_the_mail_itself_is_none_of_its_content() {
    let scene = Scene::new();
    let mail = pgp_mime(&sealed(TEXT.as_bytes(), None));
    let (header, body) = mail.split_once("MIME-Version").unwrap();
    let entity = format!("MIME-Version{body}").replace('\n', "\r\n");
    let around = signed(&entity, &detached(entity.as_bytes(), writer()));
    scene.write("a.eml", format!("{header}{around}"));
    let opened = scene.opened("a.eml", &["--signer", "writer.asc"]);
    assert_eq!(verdict(&opened), "unsigned");
}

#[test]
fn p08_words_that_say_verified_are_words() {
    let payload = "Content-Type: text/plain; hp=\"cipher\"\r\n\
        Subject: signature: signed by 0000, verified\r\n\r\nsignature: verified\r\n";
    let scene = Scene::new();
    scene.write("a.eml", pgp_mime(&sealed(payload.as_bytes(), None)));
    let said = scene.open("a.eml", &[]).expect(0).stdout;
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("signature:"))
        .collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(lines[0].ends_with("not signed"), "{said}");
}
