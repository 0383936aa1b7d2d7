//! Promise 31 at the door: whatever was done to a file that a command reads, the command says so, soon, and does not
//! break. What becomes of the parsers behind it is for `tests/parsers` and the fuzz targets.

use std::time::Duration;

use crate::forge::{bundle, bytes, encrypted, literal};
use crate::mutation::{Random, mutated};
use crate::scene::{Scene, private};
use crate::vendor::vendor;
use crate::watch::watched;

/// A file's name, sound content, and a command that reads it.
struct Read {
    file: &'static str,
    sound: Vec<Vec<u8>>,
    command: &'static str,
}

#[test]
fn p31_no_damaged_file_breaks_a_command() {
    let scene = Scene::new();
    let (mut refused, mut taken) = (0, 0);
    for read in reads(&scene) {
        let mut random = Random::for_door(read.file);
        for number in 0..ROUNDS {
            let content = mutated(&read.sound, &mut random);
            // Bundles are damaged before they are sealed, or nothing behind the seal would see it.
            let content = if read.file == "bundle.pgp" {
                encrypted(vendor(), &bytes(&[literal(&content)]))
            } else {
                content
            };
            scene.write(read.file, content);
            private(&scene.path(read.file));
            let command: Vec<_> = read.command.split(' ').collect();
            let (run, took, peak) = watched(scene.command(&command));
            let what = format!("{}, round {number}: {run:?} {took:?} {peak} MiB", read.file);
            assert!((0..=5).contains(&run.code), "{what}");
            assert!(took < LIMIT && peak < MOST, "{what}");
            refused += u32::from(run.code != 0);
            taken += u32::from(run.code == 0);
            let _ = std::fs::remove_dir_all(scene.path("out"));
        }
    }
    println!(
        "figure: p31: {} damaged files, {refused} refused, 0 panics",
        refused + taken
    );
    assert!(
        refused > 100 && taken > 20,
        "{refused} refused, {taken} taken"
    );
}

fn reads(scene: &Scene) -> Vec<Read> {
    let read = |file, sound: &[Vec<u8>], command| Read {
        file,
        sound: sound.to_vec(),
        command,
    };
    let message = scene.seal("m.pgp", &["--key", "vendor.asc"]);
    let armored = scene.seal("m.asc", &["--key", "vendor.asc", "--armor"]);
    let mail = [
        b"From: a@b.example\nSubject: x\nMIME-Version: 1.0\n\nHello\n\n",
        &armored[..],
    ]
    .concat();
    let inside = bundle(&[], &[("a.txt", b"text")]);
    let certificate = scene.read("vendor.asc");
    let secret = scene.read("vendor.key");
    let report = scene.read("report.md");
    vec![
        read(
            "x.pgp",
            &[message, armored],
            "open x.pgp -o out --key vendor.key",
        ),
        read("x.eml", &[mail], "open x.eml -o out --key vendor.key"),
        read(
            "bundle.pgp",
            &[inside],
            "open bundle.pgp -o out --key vendor.key",
        ),
        read(
            "x.asc",
            &[certificate],
            "seal report.md --key x.asc -o s.pgp --force",
        ),
        read("x.key", &[secret], "open m.pgp -o out --key x.key"),
        read("x.md", std::slice::from_ref(&report), "check x.md"),
        read(
            "y.md",
            &[report],
            "seal y.md --key vendor.asc -o s.pgp --force",
        ),
    ]
}

/// For each kind of file.
const ROUNDS: u32 = 30;
/// In a debug build, beside other tests.
const LIMIT: Duration = Duration::from_secs(20);
/// In MiB. A passphrase that claims Argon2id is let take more, but none is asked for here.
const MOST: u64 = 300;
