//! Signals against files and folders that are being written: what is half done goes, what is
//! published stays.
//!
//! Each test starts this test binary again, with one of the `child_…` functions as its program.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use expectrl::process::Termios as _;
use expectrl::process::unix::WaitStatus;
use expectrl::{Expect as _, Session};
use rustix::process::{Pid, Signal, kill_process};
use sealpost::disk::{Overwrite, PendingFile, PendingFolder, interrupt};
use sealpost::terminal::{Failure, Passphrases};

const FOLDER: &str = "SEALPOST_TEST_FOLDER";
const SIZE: usize = 256 * 1024;

/// The folder of the child, and its files without and with a dot in front.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn command(&self, child: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", child, "--ignored", "--nocapture"])
            .env(FOLDER, self.folder.path())
            .current_dir(self.folder.path());
        command
    }

    /// The same, for a new terminal: the session that makes it starts without echo.
    fn with_echo(&self, child: &str) -> Command {
        let direct = self.command(child);
        let mut command = Command::new("sh");
        command
            .args(["-c", "stty echo; exec \"$0\" \"$@\""])
            .arg(direct.get_program())
            .args(direct.get_args())
            .env(FOLDER, self.folder.path())
            .current_dir(self.folder.path());
        command
    }

    fn start(&self, child: &str) -> Child {
        self.command(child)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

fn wait_for(child: &mut Child, line: &str) {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|said| said.unwrap() == line), "never said {line}");
}

fn kill(child: &mut Child, signal: Signal) -> ExitStatus {
    let process = Pid::from_child(child);
    kill_process(process, signal).unwrap();
    child.wait().unwrap()
}

/// The scene's folder, when this process is one of its children.
fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn say(line: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "\n{line}").unwrap();
    stdout.flush().unwrap();
}

/// Writes a file and a folder without end, under relative names.
#[test]
#[ignore = "a program for the tests below"]
fn child_never_finishes() {
    let Some(folder) = folder() else { return };
    interrupt::install().unwrap();
    let mut file = PendingFile::create(Path::new("report.pgp"), Overwrite::Refuse).unwrap();
    let opened = PendingFolder::create(Path::new("opened")).unwrap();
    file.write_all(b"half").unwrap();
    fs::write(opened.path().join("first"), "plaintext").unwrap();
    std::env::set_current_dir("/").unwrap();
    say("ready");
    for number in 0_u64.. {
        // Until the folder is swept away under it; then the failure blocks in the drop.
        let path = folder.join(opened.path()).join(format!("{number:08}"));
        fs::write(path, "plaintext").unwrap();
        thread::sleep(Duration::from_micros(50));
    }
}

/// Publishes files and folders without end, and says so after each.
#[test]
#[ignore = "a program for the tests below"]
fn child_publishes() {
    let Some(folder) = folder() else { return };
    interrupt::install().unwrap();
    say("ready");
    for number in 0_u64.. {
        let path = folder.join(format!("file-{number}"));
        let mut file = PendingFile::create(&path, Overwrite::Refuse).unwrap();
        file.write_all(&vec![b'x'; SIZE]).unwrap();
        file.finish().unwrap();
        let path = folder.join(format!("folder-{number}"));
        let opened = PendingFolder::create(&path).unwrap();
        for name in ["a", "b"] {
            fs::write(opened.path().join(name), vec![b'x'; SIZE]).unwrap();
        }
        opened.finish().unwrap();
        say(&format!("published {number}"));
    }
}

#[test]
#[ignore = "a program for the tests below"]
fn child_waits() {
    if folder().is_none() {
        return;
    }
    interrupt::install().unwrap();
    say("ready");
    thread::sleep(Duration::from_mins(1));
}

#[test]
#[ignore = "a program for the tests below"]
fn child_asks() {
    if folder().is_none() {
        return;
    }
    interrupt::install().unwrap();
    let ask = || -> Result<(), Failure> {
        let _file = PendingFile::create(Path::new("report.pgp"), Overwrite::Refuse)?;
        Passphrases::resolve(None)?.ask("passphrase")?;
        Ok(())
    };
    // As a command does: the error ends with 130 as well, whoever is first.
    let failure = ask().unwrap_err();
    std::process::exit(failure.exit().code().into());
}

#[test]
fn an_interrupted_prompt_leaves_the_terminal_as_it_was() {
    for (typed, code) in [(Some("\u{3}"), 130), (None, 143)] {
        let scene = Scene::new();
        let mut session = Session::spawn(scene.with_echo("child_asks")).unwrap();
        session.set_expect_timeout(Some(Duration::from_secs(20)));
        session.expect("passphrase: ").unwrap();
        while session.is_echo().unwrap() {
            thread::sleep(Duration::from_millis(5));
        }
        match typed {
            Some(key) => session.send(key).unwrap(),
            None => session
                .get_process_mut()
                .signal(expectrl::process::unix::Signal::SIGTERM)
                .unwrap(),
        }
        let status = session.get_process().wait().unwrap();
        assert!(matches!(status, WaitStatus::Exited(_, ended) if ended == code));
        assert!(session.is_echo().unwrap());
        assert_eq!(scene.names(), [""; 0]);
    }
}

/// Whether whoever started the tests ignores a signal, as `nohup` does: its children ignore it then.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}

#[test]
fn p13_a_signal_removes_what_is_half_written() {
    let codes = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];
    for (signal, code) in codes {
        if is_ignored(signal) {
            println!("skipped: {signal:?} is ignored here");
            continue;
        }
        let scene = Scene::new();
        let mut child = scene.start("child_never_finishes");
        wait_for(&mut child, "ready");
        assert_eq!(scene.names().len(), 2, "one file and one folder, hidden");
        let status = kill(&mut child, signal);
        assert_eq!(status.code(), Some(code));
        assert_eq!(scene.names(), [""; 0]);
    }
}

#[test]
fn a_signal_never_removes_or_halves_what_is_published() {
    for round in 0..12 {
        let scene = Scene::new();
        let mut child = scene.start("child_publishes");
        wait_for(&mut child, "ready");
        thread::sleep(Duration::from_millis(20 + 13 * round));
        // Nothing can be tidied up after SIGKILL; what is published is whole nevertheless.
        let killed = round % 3 == 0;
        let signal = if killed { Signal::KILL } else { Signal::TERM };
        let status = kill(&mut child, signal);
        assert_eq!(status.code(), (!killed).then_some(143));
        let mut said = String::new();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_to_string(&mut said).unwrap();
        let names = scene.names();
        let announced = said
            .lines()
            .filter_map(|line| line.strip_prefix("published "));
        for number in announced {
            assert!(names.contains(&format!("file-{number}")));
            assert!(names.contains(&format!("folder-{number}")));
        }
        for name in names
            .iter()
            .filter(|name| !(killed && name.starts_with('.')))
        {
            assert_whole(&scene.folder.path().join(name));
        }
    }
}

fn assert_whole(path: &Path) {
    let files = if path.is_dir() {
        vec![path.join("a"), path.join("b")]
    } else {
        vec![path.to_owned()]
    };
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().len(), SIZE as u64);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_the_parent_ignored_stays_ignored() {
    let scene = Scene::new();
    let this = std::env::current_exe().unwrap();
    let mut child = Command::new("sh")
        .args([
            "-c",
            "trap '' HUP; exec \"$0\" --exact child_waits --ignored --nocapture",
        ])
        .arg(this)
        .env(FOLDER, scene.folder.path())
        .current_dir(scene.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(&mut child, "ready");
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    thread::sleep(Duration::from_millis(100));
    assert_eq!(child.try_wait().unwrap(), None);
    assert_eq!(kill(&mut child, Signal::TERM).code(), Some(143));
}
