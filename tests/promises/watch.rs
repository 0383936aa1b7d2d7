//! Time and memory of a run.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::scene::Run;

/// Runs a command to its end: how it ended, how long it took, and its peak memory in MiB, which is
/// looked up every few milliseconds (a rise in the last of them may be missed).
pub(crate) fn watched(mut command: Command) -> (Run, Duration, u64) {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let stdout = thread::spawn(move || all(stdout.unwrap()));
    let stderr = thread::spawn(move || all(stderr.unwrap()));
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_now(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        thread::sleep(Duration::from_millis(2));
    };
    let took = began.elapsed();
    let run = Run::from(std::process::Output {
        status,
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    });
    (run, took, peak)
}

fn all(mut from: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    bytes
}

/// The peak resident memory of a process so far, in MiB; nothing where there is no `/proc`.
fn peak_now(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1024)
}
