//! Promise 15: passphrases, case words and secret keys are in no argument, environment, log or file.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use std::{fs, io};

use expectrl::process::unix::WaitStatus;
use sequoia_openpgp::Cert;
use sequoia_openpgp::crypto::mpi::SecretKeyMaterial as Numbers;
use sequoia_openpgp::packet::key::SecretKeyMaterial;
use sequoia_openpgp::parse::Parse;

use crate::forge::encrypted_text;
use crate::pty::Terminal;
use crate::readers::{is_there, paths_below};
use crate::scene::{PASSPHRASE, PROGRAM, Scene, contains};
use crate::vendor::{self, key, make};

/// The command line and the environment of a process, in which no passphrase is; nothing before it was
/// started, and once it is over.
fn look(process: i32) -> io::Result<Vec<u8>> {
    let read = |name| fs::read(format!("/proc/{process}/{name}"));
    let mut now = read("cmdline")?;
    if !now.is_empty() {
        now.extend(read("environ").unwrap_or_default());
    }
    assert!(
        !contains(&now, PASSPHRASE.as_bytes()),
        "in argv or environment"
    );
    Ok(now)
}

/// Looks at a process until it is gone.
fn watch(process: i32) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let (mut seen, mut last) = (Vec::new(), Vec::new());
        while let Ok(now) = look(process) {
            // What is read while the process ends is only half of it.
            if now != last {
                seen.extend_from_slice(&now);
                last = now;
            }
            thread::sleep(Duration::from_millis(1));
        }
        seen
    })
}

/// Runs a command on a terminal where the passphrase is typed at each prompt; what was shown.
fn typed(scene: &Scene, arguments: &[&str], prompts: &[&str], answer: &str) -> String {
    let mut terminal = Terminal::start(scene.command(arguments));
    let watching = watch(terminal.process());
    let mut seen = Vec::new();
    for prompt in prompts {
        terminal.wait_for(prompt);
        seen.extend(look(terminal.process()).unwrap());
        terminal.type_line(answer);
    }
    let (shown, ended) = terminal.end();
    seen.extend(watching.join().unwrap());
    assert!(contains(&seen, arguments[0].as_bytes()), "nothing was seen");
    assert!(matches!(ended, WaitStatus::Exited(..)), "{ended:?}");
    String::from_utf8(shown).unwrap()
}

#[test]
fn p15_typed_passphrases_are_nowhere() {
    let scene = Scene::new();
    let mut shown = String::new();
    let keygen = [
        "keygen",
        "-vv",
        "--name",
        "A",
        "--email",
        "a@example.org",
        "-o",
        "keys",
    ];
    shown += &typed(&scene, &keygen, &["secret.pgp: ", "(again): "], PASSPHRASE);
    let seal = [
        "seal",
        "-vv",
        "report.md",
        "--passphrase",
        "-o",
        "by-passphrase.pgp",
    ];
    shown += &typed(&scene, &seal, &["open it with: ", "(again): "], PASSPHRASE);
    let open = ["open", "-vv", "by-passphrase.pgp", "-o", "one"];
    shown += &typed(&scene, &open, &["this message: "], PASSPHRASE);
    scene.seal("by-key.pgp", &["--key", "keys/certificate.asc"]);
    let open = [
        "open",
        "-vv",
        "by-key.pgp",
        "--key",
        "keys/secret.pgp",
        "-o",
        "two",
    ];
    shown += &typed(&scene, &open, &["): "], PASSPHRASE);
    for name in ["one/report.md", "two/report.md"] {
        assert_eq!(scene.read(name), scene.read("report.md"));
    }
    let open = [
        "open",
        "-vv",
        "by-key.pgp",
        "--key",
        "keys/secret.pgp",
        "-o",
        "three",
    ];
    let wrong = typed(&scene, &open, &["): ", "): ", "): "], "wrong-horse");
    assert!(wrong.contains("wrong passphrase"), "{wrong}");
    assert!(!wrong.contains("wrong-horse"), "{wrong}");
    assert!(!shown.contains(PASSPHRASE), "{shown}");
    nowhere_on_disk(&scene, PASSPHRASE.as_bytes(), &["passphrase"]);
}

/// No file of the scene has these bytes, but those that are named.
fn nowhere_on_disk(scene: &Scene, secret: &[u8], but: &[&str]) {
    for path in paths_below(scene.root()) {
        let named = but.iter().any(|name| path == scene.path(name));
        if !named && path.is_file() {
            assert!(
                !contains(&fs::read(&path).unwrap(), secret),
                "in {}",
                path.display()
            );
        }
    }
}

#[test]
fn p15_passphrases_from_files_are_nowhere() {
    let scene = Scene::new();
    let file = ["-vv", "--passphrase-file", "passphrase"];
    let commands: [&[&str]; 4] = [
        &[
            "keygen",
            "--name",
            "A",
            "--email",
            "a@example.org",
            "-o",
            "keys",
        ],
        &["seal", "report.md", "--passphrase", "-o", "sealed.pgp"],
        &["open", "sealed.pgp", "-o", "out"],
        &["open", "sealed.pgp", "-o", "-"],
    ];
    for command in commands {
        let mut child = scene.command(&[command, &file].concat());
        let child = child
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let watching = watch(i32::try_from(child.id()).unwrap());
        let done = child.wait_with_output().unwrap();
        watching.join().unwrap();
        assert!(done.status.success(), "{command:?}");
        for stream in [done.stdout, done.stderr] {
            assert!(!contains(&stream, PASSPHRASE.as_bytes()), "{command:?}");
        }
    }
}

#[test]
fn p15_the_case_words_are_shown_once() {
    let scene = Scene::new();
    let seal = [
        "seal",
        "-vv",
        "report.md",
        "--key",
        "vendor.asc",
        "-o",
        "s.pgp",
    ];
    let run = scene.run(&seal);
    let mut lines = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("case words: "));
    let words = lines.next().unwrap().to_owned();
    assert_eq!((words.split(' ').count(), lines.next()), (12, None));
    let rest = run.text() + &run.stderr.replacen(&words, "", 1);
    for pair in words.split(' ').collect::<Vec<_>>().windows(3) {
        assert!(!rest.contains(&pair.join(" ")), "{rest}");
    }
    nowhere_on_disk(&scene, words.as_bytes(), &[]);
    let run = scene.run(&[&seal[..], &["--force", "--json"]].concat());
    let document = run.json();
    let words = document["case_words"].as_str().unwrap();
    assert_eq!(run.text().matches(words).count(), 1);
    assert!(!run.stderr.contains(words), "{}", run.stderr);
}

#[test]
fn p15_typed_case_words_are_nowhere() {
    let scene = Scene::new();
    let run = scene.run(&["seal", "report.md", "--key", "vendor.asc", "-o", "s.pgp"]);
    let words = run.stderr.split("case words: ").nth(1).unwrap();
    let words = words.lines().next().unwrap();
    assert_eq!(
        scene
            .run(&["open", "s.pgp", "--key", "vendor.key", "-o", "out"])
            .code,
        0
    );
    let case = Cert::from_bytes(&scene.read("out/reporter.asc")).unwrap();
    scene.write("answer.pgp", encrypted_text(&case));
    let open = ["open", "-vv", "answer.pgp", "--words", "-o", "answer"];
    let shown = typed(&scene, &open, &["of the case: "], words);
    assert_eq!(scene.read("answer/message.txt"), b"text");
    assert!(!shown.contains(words), "{shown}");
    let wrong = words.replacen(' ', " zebrax ", 1);
    for wrong in [&wrong[..], &words[..words.len() - 1], "abandon"] {
        let open = ["open", "-vv", "answer.pgp", "--words", "-o", "wrong"];
        let shown = typed(&scene, &open, &["of the case: "; 3], wrong);
        let refused = shown.contains("error:");
        assert!(
            refused && !shown.contains(wrong) && !shown.contains("zebrax"),
            "{shown}"
        );
    }
}

#[test]
fn p15_secret_keys_are_nowhere() {
    let scene = Scene::new();
    let keygen = [
        "keygen",
        "-vv",
        "--name",
        "A",
        "--email",
        "a@example.org",
        "--no-passphrase",
        "-o",
        "k",
    ];
    let key = "k/secret.pgp";
    let mut shown = String::new();
    let commands: [&[&str]; 4] = [
        &keygen,
        &[
            "seal",
            "-vv",
            "report.md",
            "--key",
            "k/certificate.asc",
            "-o",
            "s.pgp",
        ],
        &["open", "-vv", "s.pgp", "--key", key, "-o", "out"],
        &[
            "seal",
            "-vv",
            "report.md",
            "--key",
            "k/certificate.asc",
            "--sign-with",
            "k/receipts.pgp",
            "-o",
            "t.pgp",
        ],
    ];
    for command in commands {
        let run = scene.run(command);
        assert_eq!(run.code, 0, "{run:?}");
        shown += &(run.text() + &run.stderr);
    }
    let shown = shown.to_lowercase();
    let mut numbers = 0;
    for file in [key, "k/receipts.pgp"] {
        let armored = String::from_utf8(scene.read(file)).unwrap().to_lowercase();
        for line in armored.lines().filter(|line| line.len() == 64) {
            assert!(!shown.contains(&line[..32]), "{line}");
        }
        for number in secret_numbers(&Cert::from_bytes(&scene.read(file)).unwrap()) {
            let hex = sequoia_openpgp::fmt::hex::encode(&number).to_lowercase();
            assert!(!shown.contains(&hex[..16]), "{shown}");
            numbers += 1;
        }
    }
    // The primary, what decrypts, and a signing key in each of the two files.
    assert_eq!(numbers, 4);
}

fn secret_numbers(cert: &Cert) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for ka in cert.keys().secret() {
        if let SecretKeyMaterial::Unencrypted(secret) = ka.key().secret() {
            all.push(secret.map(|numbers| match numbers {
                Numbers::EdDSA { scalar } | Numbers::ECDH { scalar } => scalar.value().to_vec(),
                other => panic!("{other:?}"),
            }));
        }
    }
    all
}

/// Where gpg-agent decrypts, other programs are started: they must not be told either.
#[test]
fn p15_gpg_is_told_no_passphrase_on_its_command_line() {
    if !is_there("gpg") || !is_there("strace") {
        return;
    }
    let scene = Scene::new();
    let locked = make(key("A <a@example.org>").set_password(Some(PASSPHRASE.into())));
    scene.write("locked.key", vendor::secret(&locked));
    scene.write("m.pgp", encrypted_text(&locked));
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments);
        scene.surround(&mut command);
        command.output().unwrap()
    };
    let loopback = [
        "--batch",
        "--pinentry-mode",
        "loopback",
        "--passphrase-file",
        "passphrase",
    ];
    let imported = run(
        "gpg",
        &[&loopback[..], &["--import", "locked.key"]].concat(),
    );
    let trace = [
        "-f", "-qq", "-v", "-s", "100000", "-e", "execve", "-o", "log", PROGRAM,
    ];
    let open = [
        "open",
        "-vv",
        "m.pgp",
        "--passphrase-file",
        "passphrase",
        "-o",
        "out",
    ];
    let done = run("strace", &[&trace[..], &open].concat());
    run("gpgconf", &["--kill", "all"]);
    let said = String::from_utf8_lossy(&done.stderr);
    if !imported.status.success() || said.contains("Operation not permitted") {
        println!("skipped: gpg or strace does not work here: {said}");
        return;
    }
    assert!(done.status.success(), "{said}");
    let log = scene.read("log");
    assert!(contains(&log, b"gpg"));
    assert!(!contains(&log, PASSPHRASE.as_bytes()));
    assert!(!contains(&done.stdout, PASSPHRASE.as_bytes()) && !said.contains(PASSPHRASE));
    assert!(contains(&scene.read("out/message.txt"), b"text"));
}
