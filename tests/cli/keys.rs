//! `keygen`, and the words of a case.

use std::{fs, os::unix::fs::PermissionsExt, process::Stdio};

use crate::scene::{Ended, Scene, key};

#[test]
fn keys_are_whole_and_private() {
    for profile in ["rfc4880", "rfc9580", "pqc"] {
        let scene = Scene::new();
        scene.write("passphrase", "correct horse\n");
        let args = [
            "keygen",
            "--name",
            "Example",
            "--email",
            "security@example.org",
            "-o",
            "keys",
        ];
        let further = [
            "--profile",
            profile,
            "--passphrase-file",
            "passphrase",
            "--json",
        ];
        let made = scene.run(args.into_iter().chain(further)).expect(0).json();
        for name in ["certificate", "secret", "receipts", "revocation"] {
            let path = scene.path(made[name].as_str().unwrap());
            let expected = if name == "certificate" { 0o644 } else { 0o600 };
            assert_eq!(
                fs::metadata(path).unwrap().permissions().mode() & 0o777,
                expected,
                "{name}"
            );
        }
        scene
            .run(["seal", "report.md", "-q", "--key", "keys/certificate.asc"])
            .expect(0);
        let open = |key, out| {
            let passphrase = ["--passphrase-file", "passphrase"];
            scene.run(
                ["open", "report.pgp", "--key", key, "-o", out]
                    .into_iter()
                    .chain(passphrase),
            )
        };
        open("keys/secret.pgp", "out").expect(0);
        // The key of the intake opens nothing.
        open("keys/receipts.pgp", "x").expect(1);
        scene.write("passphrase", "wrong horse\n");
        open("keys/secret.pgp", "x")
            .expect(5)
            .says(&["wrong passphrase"]);
        assert!(!scene.path("x").exists());
    }
}

#[test]
fn a_bad_name_or_time_makes_no_folder() {
    let scene = Scene::new();
    let before = scene.names();
    let args = |name, email, expires| {
        [
            "keygen",
            "--no-passphrase",
            "-o",
            "keys",
            "--name",
            name,
            "--email",
            email,
            "--expires",
            expires,
        ]
    };
    scene
        .run(args("a <b", "security@example.org", "3y"))
        .expect(2);
    scene.run(args("Example", "not an address", "3y")).expect(2);
    scene
        .run(args("Example", "security@example.org", "soon"))
        .expect(2)
        .says(&["--expires soon", "3y"]);
    assert_eq!(scene.names(), before);
}

#[test]
fn the_words_alone_open_the_answer() {
    let scene = Scene::new();
    let mut command = scene.command();
    command
        .args(["--json", "seal", "report.md", "--key"])
        .arg(key("vendor", "certificate.asc"));
    let json = Ended::from(command.output().unwrap()).expect(0).json();
    scene
        .open(&scene.path("report.pgp"), &["-o", "out"])
        .expect(0);
    // The vendor answers to the enclosed key, here with our own `seal`.
    scene
        .run([
            "seal",
            "report.md",
            "--key",
            "out/reporter.asc",
            "-o",
            "answer.pgp",
        ])
        .expect(0);
    scene.write("words", json["case_words"].as_str().unwrap().to_uppercase());
    scene
        .run([
            "open",
            "answer.pgp",
            "--words",
            "--passphrase-file",
            "words",
        ])
        .expect(0);
    assert!(scene.path("answer/report.md").exists());
    scene.write("words", "abandon ability able");
    let ended = scene.run([
        "open",
        "answer.pgp",
        "--words",
        "--passphrase-file",
        "words",
        "-o",
        "x",
    ]);
    ended.expect(5).says(&["12 words"]);
}

#[test]
fn a_passphrase_serves_vendors_without_a_key() {
    let scene = Scene::new();
    scene.write("passphrase", "over another channel\n");
    for (profile, container) in [("rfc4880", "SEIPDv1"), ("rfc9580", "SEIPDv2")] {
        let sealed = format!("{profile}.pgp");
        let args = [
            "--json",
            "seal",
            "report.md",
            "--to",
            "val.town",
            "--passphrase",
            "-o",
            &sealed,
        ];
        let further = ["--profile", profile, "--passphrase-file", "passphrase"];
        let json = scene.run(args.into_iter().chain(further)).expect(0).json();
        assert_eq!(json["container"], container);
        scene
            .run(["open", &sealed, "--passphrase-file", "passphrase"])
            .expect(0);
        assert!(scene.path(profile).join("report.md").exists());
    }
}

#[test]
fn completions_and_manual_pages() {
    let scene = Scene::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = scene.run(["completions", shell]).expect(0).stdout;
        assert!(
            String::from_utf8(script).unwrap().contains("keygen"),
            "{shell}"
        );
    }
    fs::create_dir(scene.path("man")).unwrap();
    scene.run(["man", "man"]).expect(0);
    let page = fs::read_to_string(scene.path("man/sealpost-seal.1")).unwrap();
    assert!(page.contains("--fingerprint") || page.contains("\\-\\-fingerprint"));
}

/// As in `sealpost completions bash | head -1`.
#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let scene = Scene::new();
    for args in [["completions", "bash"], ["new", "-"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = scene.command();
        command.args(args).stdout(writer).stderr(Stdio::piped());
        let ended = Ended::from(command.output().unwrap()).expect(0);
        assert_eq!(ended.stderr, "", "{args:?}");
    }
}

#[test]
fn the_demonstration_runs_and_leaves_only_what_it_is_told_to() {
    let scene = Scene::new();
    let mut command = scene.command();
    command
        .args(["demo", "--json"])
        .env("TMPDIR", scene.path(""))
        .stdout(Stdio::piped());
    let json = Ended::from(command.output().unwrap()).expect(0).json();
    assert_eq!(json["files"], 4);
    assert!(json["answer"].as_str().unwrap().contains("2.1"));
    assert_eq!(scene.names(), ["report.md"]);
    scene.run(["demo", "--keep", "kept"]).expect(0);
    assert!(scene.path("kept/opened/attachments/exploit.py").exists());
}
