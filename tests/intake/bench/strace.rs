//! System calls of a running server, watched or made to fail by strace.
//!
//! strace counts the calls of each thread for itself, so "the third fsync" is the third one of any
//! thread since strace attached.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};

/// strace, attached to a process until this is dropped.
pub(crate) struct Strace {
    child: Child,
    folder: tempfile::TempDir,
}

impl Strace {
    /// Watches these calls (`fsync,write`) of a process; with `inject`, one of them fails as that
    /// says (`error=EIO:when=3`). Nothing, with a printed line, where that is not possible.
    pub(crate) fn attach(process: Pid, calls: &str, inject: Option<&str>) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("strace");
        command
            .args(["-f", "-y", "-e", "signal=none", "-e"])
            .arg(format!("trace={calls}"))
            .arg("-o")
            .arg(folder.path().join("log"))
            .args(["-p", &process.as_raw_nonzero().to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(how) = inject {
            command.arg("-e").arg(format!("inject={calls}:{how}"));
        }
        let Ok(mut child) = command.spawn() else {
            println!("skipped: strace is not installed");
            return None;
        };
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        if !line.contains("attached") {
            println!("skipped: strace cannot attach: {line}");
            let _ = child.wait();
            return None;
        }
        // It says more for each new thread, and must not block.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(Self { child, folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The calls so far, each with the names of its files.
    pub(crate) fn calls(&self) -> Vec<String> {
        let log = fs::read(self.path()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        log.lines().map(str::to_owned).collect()
    }

    /// Lets the process go on alone: the calls that were seen.
    pub(crate) fn detach(mut self) -> Vec<String> {
        self.end();
        self.calls()
    }

    fn end(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::INT);
        let _ = self.child.wait();
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether strace is on this machine; if not, says so.
pub(crate) fn is_there() -> bool {
    let mut command = Command::new("strace");
    command.arg("-V").stdout(Stdio::null());
    let there = command.status().is_ok_and(|status| status.success());
    if !there {
        println!("skipped: strace is not installed");
    }
    there
}

/// The same command under strace from its start. The traced program is the child, and strace its
/// grandchild, so signals reach the program.
pub(crate) fn under(command: &Command, options: &[&str]) -> Command {
    let mut traced = Command::new("strace");
    traced
        .args(["-D", "-f", "-qq", "-o", "/dev/null"])
        .args(options)
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced.stdin(Stdio::null());
    traced
}
