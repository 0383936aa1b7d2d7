//! Prompts on a terminal: asked three times, twice for a new one, never echoed.

use std::{process::Command, time::Duration};

use expectrl::{Eof, Expect as _, Session, process::unix::WaitStatus, session::OsSession};

use crate::scene::{Scene, key};

/// The program on a terminal that echoes, so that a test sees what a prompt forgot to hide.
fn on_terminal(scene: &Scene, args: &[&str]) -> OsSession {
    let direct = scene.command();
    let mut command = Command::new("sh");
    command
        .args(["-c", "stty echo; exec \"$0\" \"$@\""])
        .arg(direct.get_program())
        .args(args)
        .current_dir(direct.get_current_dir().unwrap())
        .envs(
            direct
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_mins(1)));
    session
}

fn exit_code(session: &mut OsSession) -> i32 {
    match session.get_process().wait().unwrap() {
        WaitStatus::Exited(_, code) => code,
        other => panic!("{other:?}"),
    }
}

fn type_line(session: &mut OsSession, line: &str) {
    use expectrl::process::Termios as _;
    while session.is_echo().unwrap() {
        std::thread::sleep(Duration::from_millis(5));
    }
    session.send_line(line).unwrap();
}

#[test]
fn a_wrong_passphrase_is_asked_three_times() {
    let scene = Scene::new();
    let args = [
        "keygen",
        "--name",
        "Example",
        "--email",
        "security@example.org",
        "-o",
        "keys",
    ];
    let mut session = on_terminal(&scene, &args);
    for _ in 0..2 {
        session.expect("passphrase for secret.pgp").unwrap();
        type_line(&mut session, "correct horse");
    }
    let shown = session.expect(Eof).unwrap();
    assert!(!String::from_utf8_lossy(shown.before()).contains("horse"));
    assert_eq!(exit_code(&mut session), 0);
    scene
        .run(["seal", "report.md", "-q", "--key", "keys/certificate.asc"])
        .expect(0);

    let mut session = on_terminal(&scene, &["open", "report.pgp", "--key", "keys/secret.pgp"]);
    for _ in 0..3 {
        session.expect("passphrase for ").unwrap();
        type_line(&mut session, "wrong");
    }
    session.expect("wrong passphrase for Example").unwrap();
    session.expect(Eof).unwrap();
    assert_eq!(exit_code(&mut session), 5);
    assert!(!scene.path("report").exists());

    let mut session = on_terminal(&scene, &["open", "report.pgp", "--key", "keys/secret.pgp"]);
    for typed in ["wrong", "correct horse"] {
        session.expect("passphrase for ").unwrap();
        type_line(&mut session, typed);
    }
    session.expect("verified").unwrap();
    session.expect(Eof).unwrap();
    assert_eq!(exit_code(&mut session), 0);
}

#[test]
fn a_new_passphrase_is_asked_until_two_agree() {
    let scene = Scene::new();
    let mut session = on_terminal(&scene, &["seal", "report.md", "--passphrase"]);
    for typed in ["one", "two", "same", "same"] {
        session.expect("passphrase for the vendor").unwrap();
        type_line(&mut session, typed);
    }
    session.expect("case words").unwrap();
    session.expect(Eof).unwrap();
    assert_eq!(exit_code(&mut session), 0);

    let mut session = on_terminal(&scene, &["open", "report.pgp"]);
    for _ in 0..3 {
        session.expect("passphrase for this message").unwrap();
        type_line(&mut session, "wrong");
    }
    session.expect(Eof).unwrap();
    assert_eq!(exit_code(&mut session), 5);
}

#[test]
fn without_a_terminal_the_way_out_is_named() {
    let scene = Scene::new();
    let mut command = Command::new("setsid");
    let direct = scene.command();
    command
        .args(["--wait"])
        .arg(direct.get_program())
        .args(["seal", "report.md", "--passphrase"])
        .current_dir(direct.get_current_dir().unwrap());
    let Ok(output) = command.output() else {
        println!("skipped: no setsid here");
        return;
    };
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--passphrase-file"));
    assert!(key("vendor", "certificate.asc").exists());
    assert!(!scene.path("report.pgp").exists());
}

#[test]
fn progress_is_for_terminals() {
    let scene = Scene::new();
    scene.write("large.bin", vec![0; 64 << 20]);
    let certificate = key("vendor", "certificate.asc");
    let args = [
        "seal",
        "report.md",
        "-a",
        "large.bin",
        "--key",
        certificate.to_str().unwrap(),
    ];
    let mut session = on_terminal(&scene, &args);
    session.expect("sealing").unwrap();
    session.expect(Eof).unwrap();
    assert_eq!(exit_code(&mut session), 0);
    let ended = scene.run(args.into_iter().chain(["--force"])).expect(0);
    assert!(!ended.stderr.contains("sealing"));
}
