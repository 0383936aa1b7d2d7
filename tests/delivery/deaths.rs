//! Promises 19 and 20 when one side dies: the intake in the middle of an upload, the reporter's
//! process at any moment.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::{
    desk::{Desk, send_line},
    line::{Fault, Line, SOUND},
};

const MIB: u64 = 1 << 20;

/// The intake is killed and started again while a report is on its way.
fn server_dies(size: usize, times: u64) {
    let mut desk = Desk::new();
    desk.attachment(size);
    let slow = Fault {
        rate: Some(4 * MIB),
        ..SOUND
    };
    let line = Line::new(desk.at, slow, 1);
    let mut child = desk
        .command(&send_line(line.at, "-a big.bin --patience 60"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for death in 1..=times {
        let wanted = size as u64 * death / (times + 1);
        let begun = Instant::now();
        while line.sent() < wanted && begun.elapsed() < Duration::from_mins(1) {
            thread::sleep(Duration::from_millis(20));
        }
        desk.kill_server();
        desk.serve();
    }
    assert!(child.wait().unwrap().success());
    desk.expect_one_report();
}

#[test]
fn p19_an_upload_survives_the_death_of_the_intake() {
    server_dies(12 << 20, 2);
}

/// The reporter's process is killed at a moment, and what is in the outbox goes on.
fn client_dies(desk: &Desk, line: &Line, after: Duration) -> bool {
    let mut child = desk
        .command(&send_line(line.at, "-a big.bin"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let before = desk.cases();
    for _ in 0..5 {
        if desk.run("send --resume").code == 0 {
            break;
        }
    }
    let cases = desk.cases();
    let delivered = |case: &serde_json::Value| !case["report"].is_null();
    // An entry that is there gets there; a record without one was never sent.
    let reports = desk.reports();
    assert_eq!(
        cases.iter().filter(|case| delivered(case)).count(),
        reports.len(),
        "{cases:?} {reports:?}"
    );
    assert_eq!(before.len(), cases.len());
    for report in &reports {
        assert!(cases.iter().any(|case| case["sha256"] == report["sha256"]));
    }
    assert!(desk.outbox().is_empty(), "{:?}", desk.outbox());
    for case in &cases {
        let forget = format!("case forget {} --yes", case["case"].as_str().unwrap());
        desk.run(&forget).expect(0);
    }
    for report in &reports {
        let delete = format!(
            "inbox delete {} --intake http://{} --token-file token",
            report["id"].as_str().unwrap(),
            desk.at
        );
        let deleted = desk.run(&format!("{delete} --yes"));
        if deleted.code == 2 {
            desk.run(&delete).expect(0);
        }
    }
    !reports.is_empty()
}

fn many_deaths(times: u64, size: usize) {
    let desk = Desk::new();
    desk.attachment(size);
    let slow = Fault {
        rate: Some(24 * MIB),
        ..SOUND
    };
    let line = Line::new(desk.at, slow, 1);
    desk.send(line.at, "--dry-run").expect(0);
    let mut arrived = 0;
    for death in 0..times {
        let after = Duration::from_millis(40 + death * 1100 / times);
        arrived += u64::from(client_dies(&desk, &line, after));
    }
    println!("{arrived} of {times} had something to go on with");
}

#[test]
fn p19_p20_what_a_killed_send_leaves_arrives_once_or_never_was() {
    many_deaths(8, 12 << 20);
}

#[test]
#[ignore = "takes many minutes: just soak"]
fn soak_p19_p20_deaths_of_both_sides() {
    many_deaths(150, 20 << 20);
    server_dies(96 << 20, 6);
}
