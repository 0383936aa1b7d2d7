//! Ctrl-C in the middle of long work leaves nothing half written.

use std::{
    fs,
    io::Write,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{Scene, key};

/// Waits until a hidden, half-written name stands in the folder; gives up after a minute.
fn wait_for_staging(scene: &Scene) {
    let began = Instant::now();
    while !scene.names().iter().any(|name| name.starts_with('.')) {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "{:?}",
            scene.names()
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Ctrl-C, or its kin where whoever started the tests ignores it. The code is 128 and the signal.
fn interrupt(mut child: Child) {
    let signal = if is_ignored(Signal::INT) {
        Signal::TERM
    } else {
        Signal::INT
    };
    kill_process(Pid::from_child(&child), signal).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + signal.as_raw()));
}

/// Whether whoever started the tests ignores a signal, as `nohup` does: its children ignore it then.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}

#[test]
fn while_sealing() {
    let scene = Scene::new();
    let large = fs::File::create(scene.path("large.bin")).unwrap();
    large.set_len(64 << 30).unwrap();
    let before = scene.names();
    let mut command = scene.command();
    command.args(["seal", "report.md", "-a", "large.bin", "--key"]);
    let child = command
        .arg(key("vendor", "certificate.asc"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for_staging(&scene);
    interrupt(child);
    assert_eq!(scene.names(), before);
}

#[test]
fn while_opening() {
    let scene = Scene::new();
    let sealed = scene.sealed(&[]);
    let bytes = fs::read(&sealed).unwrap();
    let before = scene.names();
    let mut command = scene.command();
    command
        .args(["open", "-", "-o", "out", "--key"])
        .arg(key("vendor", "secret.pgp"));
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // All but the end, so that it waits with everything decrypted and nothing authenticated.
    let mut input = child.stdin.take().unwrap();
    input.write_all(&bytes[..bytes.len() - 1]).unwrap();
    input.flush().unwrap();
    wait_for_staging(&scene);
    interrupt(child);
    drop(input);
    assert_eq!(scene.names(), before);
}
