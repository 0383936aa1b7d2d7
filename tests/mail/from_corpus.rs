//! Mails that other programs wrote: each is read without a panic and without a false "verified".

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use sealpost::{
    bundle::{ExtractOptions, Limits},
    mail::read::{Content, Form, find, looks_like_mail},
};

use crate::{
    corpus,
    keys::sealed,
    scene::{Scene, pgp_mime, verdict},
};

/// Every file of the corpus's mails.
fn mails() -> Vec<PathBuf> {
    let Some(folder) = corpus::folder("openpgp/mail") else {
        return Vec::new();
    };
    let (mut files, mut folders) = (Vec::new(), vec![folder]);
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
    files.sort();
    assert!(files.len() > 100);
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn p08_p31_every_mail_is_read_and_none_is_verified() {
    let (mut read, mut encrypted) = (0, 0);
    let scene = Scene::new();
    for path in mails() {
        let bytes = fs::read(&path).unwrap();
        if !looks_like_mail(&bytes) {
            continue;
        }
        read += 1;
        let found = find(&mut Cursor::new(bytes.clone()));
        encrypted += usize::from(found.is_ok());
        let _copy = scene.write("a.eml", &bytes);
        let ended = scene.open("a.eml", &[]);
        assert!(
            ended.code != 0,
            "{}: there is no key for it",
            path.display()
        );
        assert!(!ended.stdout.contains("verified"), "{}", path.display());
        let folder = tempfile::tempdir().unwrap();
        let options = ExtractOptions {
            limits: Limits::new(10 << 20),
            suggested_name: None,
            checksums: false,
        };
        // As if it had been encrypted.
        let mut payload = Cursor::new(bytes);
        let content = Content::read(&mut payload).unwrap();
        let written = content.extract(&mut payload, folder.path(), &options);
        assert!(written.is_ok(), "{}: {written:?}", path.display());
    }
    println!("{read} mails, {encrypted} of them encrypted");
}

#[test]
fn the_encrypted_ones_are_found() {
    let forms = [
        ("exchange.eml", Form::Mime),
        ("encrypted-mime/thunderbird.eml", Form::Mime),
        ("encrypted-inline/thunderbird.eml", Form::Inline),
        ("encrypted+signed-inline/thunderbird.eml", Form::Inline),
        ("qp-encoding-encrypted.eml", Form::Mime),
        ("encrypted-to-absent-key.txt", Form::Mime),
        ("encrypted-empty-content-w-key.eml", Form::Mime),
        ("pgpmime-sign+enc.eml", Form::Mime),
        ("unfortunately-complex.eml", Form::Mime),
        ("crypto/simple-encrypted", Form::Mime),
        ("encrypted-rfc822-attachment", Form::Mime),
    ];
    let mails = mails();
    for (ending, form) in forms.into_iter().filter(|_| !mails.is_empty()) {
        let path = mails.iter().find(|path| path.ends_with(ending)).unwrap();
        let found = find(&mut fs::File::open(path).unwrap());
        assert_eq!(found.unwrap().form(), form, "{ending}");
    }
}

/// Payloads as published beside their encrypted mails, sealed anew to a key that we have.
#[test]
fn signatures_inside_are_judged() {
    let mails = mails();
    let Some(alice) = mails
        .iter()
        .find(|path| path.ends_with("alice@openpgp.example.pub.asc"))
    else {
        return;
    };
    let scene = Scene::new();
    assert!(corpus::read(alice).contains("PUBLIC KEY BLOCK"));
    let alice = alice.to_str().unwrap();
    let mut verified = Vec::new();
    let is_payload = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "inner");
    for path in mails.iter().filter(is_payload) {
        let payload = fs::read(path).unwrap();
        let mail = format!("{}.eml", name(path));
        scene.write(&mail, pgp_mime(&sealed(&payload, None)));
        let opened = scene.opened(&mail, &["--signer", alice]);
        if verdict(&opened) == "verified" {
            verified.push(name(path));
            assert_eq!(
                opened["mail"]["subject"],
                "BarCorp contract signed, let's go!"
            );
        }
    }
    verified.sort();
    assert_eq!(
        verified,
        [
            "pgpmime-layered+legacy-disp.inner",
            "pgpmime-layered.inner",
            "unfortunately-complex.inner"
        ]
    );
}
