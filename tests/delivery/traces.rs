//! Promises 1, 13 and 15: no plaintext and no secret where none belongs.

use std::{
    fs,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::{
    desk::{CANARY, Desk, contains, files, send_line},
    line::{Fault, Line, SOUND},
};

const MIB: u64 = 1 << 20;

/// No file below the reporter's home, the intake's data or its log holds a canary.
#[track_caller]
fn no_canary(desk: &Desk) {
    for place in ["home", "data", "serve.log"] {
        let place = desk.path(place);
        let mut found = files(&place);
        if let Ok(bytes) = fs::read(&place) {
            found.push((place, bytes));
        }
        for (path, bytes) in found {
            assert!(!contains(&bytes, CANARY), "{}", path.display());
        }
    }
}

#[test]
fn p13_a_send_leaves_no_plaintext_however_it_ends() {
    let desk = Desk::new();
    desk.attachment(24 << 20);
    desk.send(desk.at, "-a big.bin").expect(0);
    no_canary(&desk);
    let slow = Fault {
        rate: Some(8 * MIB),
        ..SOUND
    };
    let line = Line::new(desk.at, slow, 1);
    for millis in [30, 90, 200, 500] {
        let mut child = desk
            .command(&send_line(line.at, "-a big.bin"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
        no_canary(&desk);
    }
}

#[test]
fn p15_no_secret_is_in_argv_or_environment_or_the_log() {
    let desk = Desk::new();
    desk.attachment(4 << 20);
    let slow = Fault {
        rate: Some(4 * MIB),
        ..SOUND
    };
    let line = Line::new(desk.at, slow, 1);
    let child = desk
        .command(&send_line(line.at, "-a big.bin -vv --json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = format!("/proc/{}", child.id());
    let mut seen = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(900) {
        for file in ["cmdline", "environ", "comm"] {
            seen.extend(fs::read(format!("{process}/{file}")).unwrap_or_default());
        }
        thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let words = document["deliveries"][0]["case_words"].as_str().unwrap();
    let secrets = words.split(' ').collect::<Vec<_>>();
    let phrase = format!("{} {}", secrets[0], secrets[1]);
    let log = fs::read(desk.path("serve.log")).unwrap();
    for (place, bytes) in [("proc", &seen), ("stderr", &output.stderr), ("log", &log)] {
        assert!(!contains(bytes, &phrase), "{place}");
        assert!(!contains(bytes, CANARY), "{place}");
    }
    assert!(!seen.is_empty());
}

#[test]
fn leave_no_trace_leaves_none() {
    let desk = Desk::new();
    desk.attachment(4 << 20);
    let ended = desk.send(desk.at, "-a big.bin --leave-no-trace").expect(0);
    ended.says("case words: ");
    assert!(
        !desk.path("home").exists(),
        "{:?}",
        files(&desk.path("home"))
    );
    assert_eq!(desk.reports().len(), 1);
    // The words are enough.
    let words = ended
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("case words: "));
    fs::write(desk.path("words"), words.unwrap()).unwrap();
    let recover = format!(
        "case recover --to http://{} --yes-trust-first-use --words-file words",
        desk.at
    );
    desk.run(&recover).expect(0);
    desk.expect_one_report();
    desk.run(&recover).expect(1).says("is here already");
}

#[test]
fn a_dry_run_sends_and_keeps_nothing() {
    let desk = Desk::new();
    desk.attachment(1 << 20);
    let plan = desk.send(desk.at, "-a big.bin --dry-run").expect(0);
    plan.says("nothing was sent");
    assert!(!desk.path("home").exists());
    assert!(desk.reports().is_empty());
}

#[test]
fn p01_without_a_key_or_an_intake_nothing_is_sent() {
    let mut desk = Desk::new();
    let line = Line::new(desk.at, SOUND, 1);
    // Another key is pinned than the intake has.
    desk.run("keygen --name O --email o@other.example -o other --no-passphrase")
        .expect(0);
    let pin = format!("trust http://{} --key other/certificate.asc", line.at);
    desk.run(&pin).expect(0);
    desk.send(line.at, "").expect(3);
    assert!(desk.reports().is_empty() && desk.cases().is_empty());
    // Nobody is there at all.
    desk.kill_server();
    let nobody = crate::desk::free();
    let refused = desk.send(nobody, "").expect(3);
    refused.says("cause: cannot talk to 127.0.0.1 (Connection refused");
    // A vendor whose contacts are no intake.
    let offline = desk.run("send report.md --to val.town --offline");
    assert!(matches!(offline.code, 1 | 3), "{offline:?}");
    assert!(desk.outbox().is_empty());
}

#[test]
fn an_interruption_leaves_an_entry_or_nothing() {
    let desk = Desk::new();
    desk.attachment(24 << 20);
    desk.send(desk.at, "--dry-run").expect(0);
    let slow = Fault {
        rate: Some(6 * MIB),
        ..SOUND
    };
    let line = Line::new(desk.at, slow, 1);
    for millis in [20, 60, 150, 400, 900] {
        let mut child = desk
            .command(&send_line(line.at, "-a big.bin"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(millis));
        let pid = rustix::process::Pid::from_child(&child);
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        child.wait().unwrap();
        for folder in desk.outbox() {
            assert!(folder.join("entry.json").exists(), "{millis}: {folder:?}");
        }
    }
    if !desk.outbox().is_empty() {
        desk.run("send --resume").expect(0);
    }
    assert!(desk.outbox().is_empty());
}
