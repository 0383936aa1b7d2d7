//! What attachments tell beside their content: taken out of what is sealed, never of the file.

use std::fs;

use serde_json::Value;

use crate::scene::{Ended, Scene, key};

/// A GIF of one pixel; with a comment, which is the canary, or without.
fn gif(comment: &[u8]) -> Vec<u8> {
    let head = b"GIF89a\x01\0\x01\0\0\0\0";
    let picture = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b";
    [&head[..], comment, picture].concat()
}

const CANARY: &[u8] = b"\x21\xfe\x06canary\0";

const PDF: &str = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
    2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
    3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>\nendobj\n\
    4 0 obj\n<< /Author (canary) >>\nendobj\n\
    trailer\n<< /Root 1 0 R /Info 4 0 R /Size 5 >>\n%%EOF\n";

fn seal(scene: &Scene, further: &[&str]) -> Ended {
    let mut command = scene.command();
    command.args(["seal", "report.md", "-o", "sealed.pgp", "--key"]);
    command.arg(key("vendor", "certificate.asc")).args(further);
    Ended::from(command.output().unwrap())
}

/// What the vendor gets of an attachment.
fn arrives(scene: &Scene, name: &str, folder: &str) -> Vec<u8> {
    let sealed = scene.path("sealed.pgp");
    scene.open(&sealed, &["-o", folder]).expect(0);
    fs::read(scene.path(&format!("{folder}/attachments/{name}"))).unwrap()
}

#[test]
fn a_picture_is_sealed_without_what_it_tells() {
    let scene = Scene::new();
    let path = scene.write("a.gif", gif(CANARY));
    scene.write("poc.py", "print()");
    scene.write("dump.bin", [0, 1, 2, 255]);
    scene.write("broken.png", b"\x89PNG\r\n\x1a\n\0\0\0");
    let files = [
        "-a",
        "a.gif",
        "-a",
        "poc.py",
        "-a",
        "dump.bin",
        "-a",
        "broken.png",
    ];
    seal(&scene, &files).expect(0).says(&[
        "a.gif: taken out: comment (10 bytes)",
        "dump.bin goes as it is",
        "broken.png could not be read as a picture, and goes as it is",
        "the files themselves are not changed; --keep-metadata",
    ]);
    assert!(arrives(&scene, "a.gif", "one") == gif(b""));
    assert!(fs::read(&path).unwrap() == gif(CANARY));
    fs::remove_file(scene.path("sealed.pgp")).unwrap();
    let json = seal(&scene, &[&files[..], &["--json"]].concat())
        .expect(0)
        .json();
    let fates: Vec<&Value> = (0..4)
        .map(|at| &json["attachments"][at]["metadata"])
        .collect();
    assert_eq!(fates, ["stripped", "none", "unknown", "unreadable"]);
    assert_eq!(json["attachments"][0]["removed"][0], "comment (10 bytes)");
    assert_eq!(json["attachments"][0]["size"], gif(b"").len());
}

/// Of what nothing in a file names, nobody can say that it tells nothing.
#[test]
fn bytes_that_nothing_names_are_told() {
    let scene = Scene::new();
    let place = b"\x11\x01\x04\0\x01\0\0\0\x08\0\0\0";
    let size = b"\x17\x01\x04\0\x01\0\0\0\x04\0\0\0";
    let printer = b"\x51\x01\x02\0\x04\0\0\0Ada\0";
    let tiff = |tags: &[&[u8]], behind: &[u8]| {
        let count = [u8::try_from(tags.len()).unwrap(), 0];
        let head = b"II*\0\x0c\0\0\0data";
        [&head[..], &count, &tags.concat(), &[0; 4], behind].concat()
    };
    scene.write("clean.tiff", tiff(&[place, size], b""));
    scene.write("behind.tiff", tiff(&[place, size], b"Ada"));
    scene.write("both.tiff", tiff(&[place, size, printer], b"Ada"));
    let files = ["-a", "clean.tiff", "-a", "behind.tiff", "-a", "both.tiff"];
    seal(&scene, &files).expect(0).says(&[
        "behind.tiff goes as it is",
        "both.tiff: taken out: data of applications (4 bytes) (stays: 3 bytes that nothing in it names)",
    ]);
    fs::remove_file(scene.path("sealed.pgp")).unwrap();
    let json = seal(&scene, &[&files[..], &["--json"]].concat())
        .expect(0)
        .json();
    let fates = [0, 1, 2].map(|at| json["attachments"][at]["metadata"].clone());
    assert_eq!(fates, ["none", "unknown", "stripped"]);
}

#[test]
fn keep_metadata_leaves_attachments_as_they_are() {
    let scene = Scene::new();
    scene.write("a.gif", gif(CANARY));
    scene.write("a.pdf", PDF);
    let files = ["-a", "a.gif", "-a", "a.pdf", "--keep-metadata", "--json"];
    let ended = seal(&scene, &files).expect(0);
    assert_eq!(ended.json()["attachments"][1]["metadata"], "kept");
    assert_eq!(ended.stderr, "");
    assert!(arrives(&scene, "a.gif", "one") == gif(CANARY));
    assert!(arrives(&scene, "a.pdf", "two") == PDF.as_bytes());
}

#[test]
fn a_document_without_mat2_is_named_and_goes() {
    let scene = Scene::new();
    scene.write("a.pdf", PDF);
    let mut command = scene.command();
    command.args([
        "seal",
        "report.md",
        "-a",
        "a.pdf",
        "-o",
        "sealed.pgp",
        "--key",
    ]);
    command
        .arg(key("vendor", "certificate.asc"))
        .env("PATH", scene.path(""));
    Ended::from(command.output().unwrap()).expect(0).says(&[
        "a.pdf may say who made it, when and with what, and goes as it is: ",
        "--keep-metadata",
    ]);
    assert!(arrives(&scene, "a.pdf", "one") == PDF.as_bytes());
}

#[test]
fn a_document_goes_through_mat2() {
    let there = std::process::Command::new("mat2").arg("--version").output();
    if there.is_err() || !fs::exists("/dev/shm").unwrap() {
        println!("mat2 or /dev/shm is not there: skipped");
        return;
    }
    let scene = Scene::new();
    let path = scene.write("a.pdf", PDF);
    let json = seal(&scene, &["-a", "a.pdf", "--json"]).expect(0).json();
    assert_eq!(json["attachments"][0]["metadata"], "stripped");
    let clean = arrives(&scene, "a.pdf", "one");
    assert!(clean.starts_with(b"%PDF-"));
    assert!(!clean.windows(6).any(|part| part == b"canary"));
    assert_eq!(fs::read_to_string(path).unwrap(), PDF);
    // What mat2 cannot read goes as it is.
    scene.write("b.pdf", "%PDF-1.7\n");
    fs::remove_file(scene.path("sealed.pgp")).unwrap();
    seal(&scene, &["-a", "b.pdf"])
        .expect(0)
        .says(&["b.pdf may say", "mat2 cannot clean it"]);
}
