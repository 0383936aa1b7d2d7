//! Ctrl-C and its kin while a report is on its way: what is kept is said, what has no end is taken back.

use std::{
    fs,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    desk::{Desk, Ended, files, send_line},
    line::{Fault, Line, SOUND},
};

const MIB: u64 = 1 << 20;

/// So slow that whatever is on its way is caught on it.
const SLOW: Fault = Fault {
    rate: Some(2 * MIB),
    ..SOUND
};

fn start(desk: &Desk, line: &Line, more: &str) -> Child {
    // Whoever runs the tests may have told them to ignore SIGINT: SIGTERM is never ignored.
    desk.command(&send_line(line.at, &format!("-a big.bin {more}")))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn ended(child: Child) -> Ended {
    Ended::of(&child.wait_with_output().unwrap())
}

/// A report that takes long to seal, and that nobody has to write down.
fn endless(desk: &Desk) {
    let file = fs::File::create(desk.path("big.bin")).unwrap();
    file.set_len(900 * MIB).unwrap();
}

/// A report that is whole in the outbox, with much of it still to come.
fn sealed_and_on_its_way(desk: &Desk) -> (Line, Child) {
    desk.attachment(12 << 20);
    let line = Line::new(desk.at, SLOW, 1);
    let child = start(desk, &line, "");
    until("an entry", || {
        let outbox = desk.outbox();
        outbox.iter().any(|path| path.join("entry.json").exists())
    });
    (line, child)
}

#[test]
fn an_interruption_while_sealing_takes_back_what_was_uploaded() {
    let desk = Desk::new();
    endless(&desk);
    let line = Line::new(desk.at, SLOW, 1);
    let child = start(&desk, &line, "");
    until("an upload", || line.sent() > 2 * MIB);
    signal(&child, Signal::TERM);
    let ended = ended(child).expect(143);
    ended.says("interrupted: the report was not sealed to its end");
    ended.says("was removed there");
    assert!(desk.outbox().is_empty() && desk.cases().is_empty());
    until("the upload is gone", || {
        files(&desk.path("data/objects")).is_empty()
    });
}

#[test]
fn an_interruption_after_sealing_keeps_the_report_and_says_how_to_go_on() {
    let desk = Desk::new();
    let (line, child) = sealed_and_on_its_way(&desk);
    signal(&child, Signal::TERM);
    let first = ended(child).expect(143);
    first.says("it is kept in the outbox as case ");
    first.says("sealpost send --resume ");
    first.says("case words: ");
    line.set(SOUND);
    let resumed = desk.run("send --resume").expect(0);
    assert!(!resumed.stderr.contains("case words"), "{resumed:?}");
    desk.expect_one_report();
}

#[test]
fn an_interruption_of_going_on_keeps_it_too() {
    let desk = Desk::new();
    let (line, child) = sealed_and_on_its_way(&desk);
    signal(&child, Signal::TERM);
    ended(child).expect(143);
    let sent = line.sent();
    let child = desk
        .command("send --resume --json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("more of it", || line.sent() > sent + MIB);
    signal(&child, Signal::TERM);
    let again = ended(child).expect(143);
    let document: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(document["error"]["exit"], 143);
    assert_eq!(document["error"]["hints"][0]["command"][1], "send");
    line.set(SOUND);
    desk.run("send --resume").expect(0);
    desk.expect_one_report();
}

#[test]
fn words_that_were_never_shown_are_shown_by_going_on() {
    let desk = Desk::new();
    let (line, mut child) = sealed_and_on_its_way(&desk);
    child.kill().unwrap();
    child.wait().unwrap();
    line.set(SOUND);
    let resumed = desk.json("send --resume");
    let words = &resumed["deliveries"][0]["case_words"];
    let case = resumed["deliveries"][0]["case"].as_str().unwrap();
    let shown = desk.json(&format!("case show {case} --words"));
    assert_eq!(shown["cases"][0]["case_words"], *words);
    assert!(words.is_string(), "{resumed}");
    desk.expect_one_report();
}

#[test]
fn an_interruption_without_a_trace_takes_everything_back() {
    let desk = Desk::new();
    desk.attachment(12 << 20);
    let line = Line::new(desk.at, SLOW, 1);
    let child = start(&desk, &line, "--leave-no-trace");
    until("an upload", || line.sent() > 6 * MIB);
    signal(&child, Signal::TERM);
    let ended = ended(child).expect(143);
    ended.says("interrupted: ");
    ended.says("was removed there");
    assert!(!desk.path("home").exists());
    assert!(desk.reports().is_empty());
    until("the upload is gone", || {
        files(&desk.path("data/objects")).is_empty()
    });
}

/// What is a report already can be taken back by nobody, and has to be known of.
#[test]
fn an_interruption_without_a_trace_after_the_last_byte_says_that_it_arrived() {
    let desk = Desk::new();
    desk.attachment(12 << 20);
    let line = Line::new(desk.at, SLOW, 1);
    let child = start(&desk, &line, "--leave-no-trace");
    until("most of it", || line.sent() > 10 * MIB);
    line.silence(true);
    until("a report", || !desk.reports().is_empty());
    thread::sleep(Duration::from_millis(300));
    line.silence(false);
    signal(&child, Signal::TERM);
    let ended = ended(child).expect(143);
    ended.says("interrupted: the report had arrived at ");
    ended.says("case recover");
    ended.says("case words: ");
    assert!(!ended.stderr.contains("expires"), "{ended:?}");
    assert_eq!(desk.reports().len(), 1);
}

/// An intake that does not answer holds nobody back: after some seconds, or at once.
#[test]
fn a_second_interruption_ends_at_once() {
    for twice in [false, true] {
        let desk = Desk::new();
        endless(&desk);
        let line = Line::new(desk.at, SLOW, 1);
        let child = start(&desk, &line, "");
        until("an upload", || line.sent() > 2 * MIB);
        desk.signal_server(Signal::STOP);
        signal(&child, Signal::TERM);
        let begun = Instant::now();
        if twice {
            thread::sleep(Duration::from_millis(500));
            signal(&child, Signal::TERM);
        }
        let ended = ended(child).expect(143);
        let took = begun.elapsed();
        if twice {
            assert!(took < Duration::from_secs(3), "{took:?}");
        } else {
            ended.says("could not be removed");
        }
        assert!(desk.outbox().is_empty());
        desk.signal_server(Signal::CONT);
    }
}
