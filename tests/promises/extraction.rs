//! Promises 9, 10 and 32: what hostile archives and bombs can do to the folder of `open`, through
//! the encryption that they arrive in.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::Duration;

use sequoia_openpgp::crypto::S2K;
use sequoia_openpgp::packet::skesk::SKESK4;
use sequoia_openpgp::serialize::stream::{LiteralWriter, Message};
use sequoia_openpgp::types::SymmetricAlgorithm;

use crate::archives::{archive, extended, file, folder, record};
use crate::bomb::{bomb, silent_bombs};
use crate::forge::{bytes, encrypted, encrypting, literal, named_literal};
use crate::hostile::hostile_archives;
use crate::readers::{Files, files_below, gnu_tar, is_there, paths_below};
use crate::scene::{PROGRAM, Scene};
use crate::vendor::vendor;
use crate::watch::watched;

/// Puts files around the folder `out`, on which everything hostile takes aim.
fn sentinels(scene: &Scene) -> Files {
    for name in ["evil", "x/evil", "passwd", "ok", "a", "attachments/evil"] {
        let path = scene.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "sentinel").unwrap();
    }
    symlink("passwd", scene.path("link")).unwrap();
    files_below(scene.root())
}

#[test]
fn p09_p10_hostile_archives_leave_nothing() {
    let scene = Scene::new();
    let before = sentinels(&scene);
    let names = scene.names();
    let hostile = hostile_archives();
    assert!(hostile.len() > 50);
    for (number, (archive, reason)) in hostile.into_iter().enumerate() {
        let message = encrypted(vendor(), &bytes(&[literal(&archive)]));
        fs::write(scene.root().join("tmp/m.pgp"), message).unwrap();
        // Into a folder that is not there, or into an empty one.
        let output = if number % 2 == 0 { "out" } else { "empty" };
        if output == "empty" {
            fs::create_dir(scene.path(output)).unwrap();
        }
        let run = scene.run(&["open", "../tmp/m.pgp", "--key", "vendor.key", "-o", output]);
        assert_eq!(run.code, 5, "{reason}: {run:?}");
        assert_eq!(run.text(), "", "{reason}");
        if output == "empty" {
            fs::remove_dir(scene.path(output)).unwrap();
        }
        fs::remove_file(scene.root().join("tmp/m.pgp")).unwrap();
        assert_eq!(scene.names(), names, "{reason}");
        assert_eq!(files_below(scene.root()), before, "{reason}");
    }
    assert!(!std::path::Path::new("/tmp/sealpost-evil").exists());
}

#[test]
fn p09_the_names_of_literals_are_no_paths() {
    let names: [&[u8]; 9] = [
        b"../evil",
        b"/tmp/sealpost-evil",
        b"a/b",
        b"..",
        b".bashrc",
        b"nul",
        b"-rf",
        b"a\0b",
        b"_CONSOLE",
    ];
    for name in names {
        let scene = Scene::new();
        let before = sentinels(&scene);
        scene.write(
            "m.pgp",
            encrypted(vendor(), &bytes(&[named_literal(name, b"a\0text")])),
        );
        let run = scene.run(&["open", "m.pgp", "--key", "vendor.key", "-o", "out"]);
        assert_eq!(run.code, 0, "{run:?}");
        let opened = paths_below(&scene.path("out"));
        assert_eq!(opened, [scene.path("out/content.bin")], "{name:?}");
        fs::remove_dir_all(scene.path("out")).unwrap();
        fs::remove_file(scene.path("m.pgp")).unwrap();
        assert_eq!(files_below(scene.root()), before, "{name:?}");
    }
}

#[test]
fn p09_the_folder_must_be_fresh() {
    let scene = Scene::new();
    scene.seal("m.pgp", &["--key", "vendor.asc"]);
    fs::create_dir_all(scene.path("full/attachments")).unwrap();
    fs::write(scene.path("full/report.md"), "sentinel").unwrap();
    symlink("nowhere", scene.path("dangling")).unwrap();
    symlink("vendor.asc", scene.path("to-a-file")).unwrap();
    let before = (scene.names(), files_below(&scene.path("full")));
    for output in [
        "full",
        "dangling",
        "to-a-file",
        "report.md",
        ".",
        "..",
        "no/such",
        "",
    ] {
        let run = scene.run(&["open", "m.pgp", "--key", "vendor.key", "-o", output]);
        assert!([1, 2].contains(&run.code), "{output}: {run:?}");
        assert_eq!(
            (scene.names(), files_below(&scene.path("full"))),
            before,
            "{output}"
        );
    }
}

#[test]
fn p10_what_is_taken_is_what_tar_finds() {
    let scene = Scene::new();
    let good = [
        archive(&[&folder("./"), &file("./a", b"abc"), &file("./b/c", b"")]),
        archive(&[
            &extended(b'x', &record("path", "Größe/long name")),
            &file("x", b"abc"),
        ]),
        archive(&[&file("d/e", &[3; 700]), &[0; 0]]),
    ];
    for (number, archive) in good.iter().enumerate() {
        scene.write("m.pgp", encrypted(vendor(), &bytes(&[literal(archive)])));
        let output = format!("out-{number}");
        let run = scene.run(&["open", "m.pgp", "--key", "vendor.key", "-o", &output]);
        assert_eq!(run.code, 0, "{run:?}");
        let piped = scene.run(&["open", "m.pgp", "--key", "vendor.key", "-o", "-"]);
        assert!(piped.stdout == *archive);
        scene.write("m.tar", piped.stdout);
        if is_there("tar") {
            assert_eq!(
                gnu_tar(&scene.path("m.tar")),
                Some(files_below(&scene.path(&output)))
            );
        }
    }
}

/// Runs `open` on what `write` sends to its standard input, until it has heard enough.
fn open_endless(
    scene: &Scene,
    output: &str,
    write: impl FnOnce(Message<'_>) + Send,
) -> (crate::scene::Run, u64) {
    let mut command = scene.command(&["open", "-", "--key", "vendor.key", "-o", output]);
    let (reader, writer) = std::io::pipe().unwrap();
    command.stdin(Stdio::from(reader));
    let (run, _, peak) = std::thread::scope(|threads| {
        threads.spawn(move || {
            let message = encrypting(vendor(), writer);
            if let Ok(literal) = LiteralWriter::new(message).build() {
                write(literal);
            }
        });
        watched(command)
    });
    (run, peak)
}

#[test]
fn p32_a_million_entries_stop_at_their_limit() {
    let scene = Scene::in_memory();
    let before = scene.names();
    let mut sent = 0;
    let (run, peak) = open_endless(&scene, "out", |mut message| {
        for number in 0..1_000_000 {
            sent = number;
            if message.write_all(&folder(&format!("{number}/"))).is_err() {
                return;
            }
        }
    });
    assert_eq!(run.code, 5, "{run:?}");
    assert!(
        run.stderr.contains("more than 100000 files and folders"),
        "{run:?}"
    );
    assert!(sent < 140_000, "{sent}");
    assert!(peak < 100, "{peak} MiB");
    assert_eq!(scene.names(), before);
}

/// What is compressed and no bomb opens: otherwise the test below would prove nothing.
#[test]
fn p32_what_is_compressed_opens() {
    let scene = Scene::new();
    for layers in [1, 2] {
        let message = encrypted(vendor(), &bomb(1 << 20, layers));
        scene.write("m.pgp", message);
        let run = scene.run(&["open", "m.pgp", "--key", "vendor.key", "-o", "-"]);
        assert!(
            run.stdout == vec![0; 1 << 20],
            "{layers} layers: {} {}",
            run.code,
            run.stderr
        );
    }
}

#[test]
fn p32_bombs_stop_at_their_cap() {
    for layers in [1, 2, 3] {
        let message = encrypted(vendor(), &bomb(10 << 30, layers));
        for output in ["out", "-"] {
            let scene = Scene::new();
            scene.write("m.pgp", &message);
            let before = scene.names();
            let command = scene.command(&["open", "m.pgp", "--key", "vendor.key", "-o", output]);
            let (run, took, peak) = watched(command);
            println!(
                "{layers} layers, {} bytes: {run:?} {took:?} {peak} MiB",
                message.len()
            );
            assert!([1, 5].contains(&run.code), "{run:?}");
            assert!(run.stdout.is_empty());
            assert_eq!(scene.names(), before);
            assert!(peak < 64, "{peak} MiB");
            assert!(took < Duration::from_secs(20), "{took:?}");
            // It is also what the disk had to hold for a while.
            if let Some(limit) = run.stderr.split("expands to more than ").nth(1) {
                let limit: u64 = limit.split(' ').next().unwrap().parse().unwrap();
                assert!(limit < 256 << 20, "{limit}");
            }
        }
    }
}

/// A name cannot be laid out as a line of ours, nor as another name and its size.
#[test]
fn p22_blanks_in_names_of_files_close_up() {
    let scene = Scene::new();
    let name = format!("a.txt{}b.txt", " ".repeat(70));
    let content = archive(&[&file(&name, b"abc")]);
    scene.write("m.pgp", encrypted(vendor(), &bytes(&[literal(&content)])));
    let run = scene.run(&["open", "m.pgp", "--key", "vendor.key", "-o", "out"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(scene.path("out").join(name).is_file());
    assert!(run.text().contains("3  a.txt b.txt\n"), "{run:?}");
}

/// The disk is waited for once, not for each of the files that somebody put into an archive.
#[test]
fn p31_many_files_become_durable_together() {
    if !is_there("strace") {
        return;
    }
    let scene = Scene::new();
    for (count, one_by_one) in [(90, true), (300, false)] {
        let files: Vec<_> = (0..count)
            .map(|number| file(&format!("{number}"), b"a"))
            .collect();
        let files: Vec<_> = files.iter().map(Vec::as_slice).collect();
        let content = archive(&files);
        scene.write("m.pgp", encrypted(vendor(), &bytes(&[literal(&content)])));
        let output = format!("out-{count}");
        let mut command = Command::new("strace");
        let trace = [
            "-f",
            "-qq",
            "-e",
            "trace=fsync,syncfs",
            "-o",
            "log",
            PROGRAM,
        ];
        let open = ["open", "m.pgp", "--key", "vendor.key", "-o", &output];
        command.args(trace).args(open);
        scene.surround(&mut command);
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        if said.contains("Operation not permitted") {
            println!("skipped: strace does not work here: {said}");
            return;
        }
        assert!(done.status.success(), "{said}");
        let log = String::from_utf8(scene.read("log")).unwrap();
        let calls = |name: &str| log.matches(name).count();
        let (one, all) = (calls(" fsync("), calls(" syncfs("));
        assert_eq!((one >= count, one < 20), (one_by_one, !one_by_one), "{log}");
        assert_eq!(all, usize::from(!one_by_one), "{log}");
    }
}

/// What is skipped inside compressed data is expanded as well, and no reader counts it.
#[test]
fn p31_p32_bombs_of_what_nobody_reads_stop() {
    for layers in [1, 2] {
        for (what, bomb) in silent_bombs(1 << 30, layers) {
            let scene = Scene::new();
            scene.write("m.pgp", encrypted(vendor(), &bomb));
            let command = scene.command(&["open", "m.pgp", "--key", "vendor.key", "-o", "-"]);
            let (run, took, peak) = watched(command);
            println!("{layers} layers, {what}: {run:?} {took:?} {peak} MiB");
            assert_eq!(run.code, 5, "{what}: {run:?}");
            assert!(
                run.stderr.contains("a decompression bomb"),
                "{what}: {run:?}"
            );
            assert!(run.stdout.is_empty());
            assert!(peak < 64, "{peak} MiB");
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
        // As long as they are short, they are only passed over.
        for (what, bomb) in silent_bombs(1000, layers) {
            let scene = Scene::new();
            scene.write("m.pgp", encrypted(vendor(), &bomb));
            let run = scene.run(&["open", "m.pgp", "--key", "vendor.key", "-o", "-"]);
            if what == "padding" {
                assert_eq!(run.stdout, b"hello", "{what}: {run:?}");
            }
        }
    }
}

/// A message for a passphrase that nobody knows, with so many passes over 2^`m` KiB.
fn behind_argon2(t: u8, m: u8) -> Vec<u8> {
    let dear = S2K::Argon2 {
        salt: [7; 16],
        t,
        p: 4,
        m,
    };
    let cipher = SymmetricAlgorithm::AES256;
    let key = SKESK4::new(cipher, dear, Some(vec![7; 33].into())).unwrap();
    let mut message = bytes(&[key.into()]);
    message.extend([0xd2, 41, 1]);
    message.extend([7; 40]);
    message
}

#[test]
fn p32_what_a_passphrase_may_cost_has_an_end() {
    let scene = Scene::new();
    scene.write("m.pgp", behind_argon2(255, 31));
    let before = scene.names();
    let open = [
        "open",
        "m.pgp",
        "--passphrase-file",
        "passphrase",
        "-o",
        "out",
    ];
    let (run, took, peak) = watched(scene.command(&open));
    assert_eq!(run.code, 5, "{run:?}");
    assert!(
        peak < 64 && took < Duration::from_secs(10),
        "{peak} MiB, {took:?}"
    );
    assert_eq!(scene.names(), before);
}

/// Many of them at once would take the memory of the machine, and end all that are being opened.
#[test]
fn p32_what_passphrases_may_cost_does_not_add_up() {
    let scene = Scene::new();
    let names = ["1.pgp", "2.pgp", "3.pgp", "4.pgp"];
    for name in names {
        scene.write(name, behind_argon2(1, 18));
    }
    let open = ["open", "--passphrase-file", "passphrase", "-o", "out"];
    let (run, _, peak) = watched(scene.command(&[&open[..], &names].concat()));
    assert_eq!(run.code, 5, "{run:?}");
    assert!((256..400).contains(&peak), "{peak} MiB");
}
