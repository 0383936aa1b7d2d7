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
    strace,
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
    goes_on(desk)
}

/// What a dead `send` left arrives once, or never was: whether there was something. Leaves nothing for the next one.
fn goes_on(desk: &Desk) -> bool {
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
    println!(
        "figure: p19 p20: send killed {times} times at any moment, {arrived} reports arrived, 0 twice, 0 in part"
    );
}

/// Killed at the entry of a system call, each time another; `SEALPOST_SOAK_KILLS` says how often.
#[test]
#[ignore = "soak: about half an hour"]
fn soak_p19_p20_send_killed_at_every_system_call() {
    if !strace::is_there() {
        return;
    }
    let desk = Desk::new();
    desk.attachment(300_000);
    desk.send(desk.at, "--dry-run").expect(0);
    let wanted =
        std::env::var("SEALPOST_SOAK_KILLS").map_or(1000, |number| number.parse().unwrap());
    let (mut kills, mut survived, mut arrived, mut random) = (0, 0, 0, 20_u64);
    while kills < wanted {
        let (calls, most) = CALLS[usize::try_from(kills + survived).unwrap() % CALLS.len()];
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let when = 1 + (random >> 33) % most;
        let more = if random >> 63 == 0 { "" } else { "-a big.bin" };
        let trace = format!("trace={calls}");
        let inject = format!("inject={calls}:signal=KILL:when={when}");
        let options = ["-e", trace.as_str(), "-e", inject.as_str()];
        let mut send = strace::under(&desk.command(&send_line(desk.at, more)), &options);
        send.stdout(Stdio::null()).stderr(Stdio::null());
        match send.status().unwrap().code() {
            None => kills += 1,
            Some(_) => survived += 1,
        }
        assert!(
            survived < wanted.max(50),
            "{survived} of {kills} were not killed"
        );
        arrived += u64::from(goes_on(&desk));
    }
    println!(
        "figure: p19 p20: send killed {kills} times at a system call ({survived} runs ended before), {arrived} reports \
         arrived, 0 twice, 0 in part"
    );
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
    println!(
        "figure: p19: a report of 96 MiB, the intake killed 6 times on the way: the hash is right"
    );
}

/// Calls at which it dies: those that change something durable, or say so. A thread makes about as many of each.
const CALLS: [(&str, u64); 7] = [
    ("write,pwrite64", 20),
    ("fsync,fdatasync", 8),
    ("openat", 60),
    ("rename,renameat,renameat2,link,linkat,unlink,unlinkat", 8),
    ("ftruncate,fallocate,mkdir,mkdirat,fchmod", 4),
    ("sendto,writev,sendmsg", 6),
    ("close", 50),
];
