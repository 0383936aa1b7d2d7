//! Promise 14: no core, and no look into the memory of a run.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use rustix::process::{Pid, Signal, kill_process};

use crate::forge::encrypted_text;
use crate::pty::Terminal;
use crate::scene::{PASSPHRASE, PROGRAM, Scene, is_root, private};
use crate::vendor::{self, key, make};

/// `program` with arguments, and permission to leave a core file of any size.
fn with_cores(scene: &Scene, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "ulimit -c $(ulimit -H -c); exec \"$0\" \"$@\"",
        program,
    ]);
    command.args(arguments);
    scene.surround(&mut command);
    command
}

#[test]
fn p14_a_crash_at_the_prompt_leaves_no_core() {
    let scene = Scene::new();
    let locked = make(key("A <a@example.org>").set_password(Some(PASSPHRASE.into())));
    scene.write("locked.key", vendor::secret(&locked));
    private(&scene.path("locked.key"));
    scene.write("m.pgp", encrypted_text(&locked));
    let before = scene.names();
    // Not SIGQUIT, on which it tidies up and ends, if nobody told it to ignore that.
    for signal in [Signal::ABORT, Signal::ILL, Signal::SEGV] {
        let open = ["open", "m.pgp", "--key", "locked.key", "-o", "out"];
        let mut terminal = Terminal::start(with_cores(&scene, PROGRAM, &open));
        terminal.wait_for("): ");
        let process = terminal.process();
        let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
        let cores = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        let values: Vec<_> = cores.split_whitespace().skip(4).take(2).collect();
        assert_eq!(values, ["0", "0"], "{cores}");
        kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
        let (shown, ended) = terminal.end();
        let shown = String::from_utf8_lossy(&shown);
        match ended {
            WaitStatus::Signaled(_, _, dumped) => assert!(!dumped, "{signal:?}: a core"),
            // The handler that tells stack overflows lets others' SIGSEGV pass, once.
            WaitStatus::Exited(_, 1) if signal == Signal::SEGV => {}
            other => panic!("{signal:?}: {other:?}: {shown}"),
        }
        let mut left = scene.names();
        // A folder that was begun stays, empty: a crash tidies nothing up.
        left.retain(|name| !name.contains(".sealpost-"));
        assert_eq!(left, before);
    }
}

/// Somebody who runs programs here: ourselves, or nobody in particular where we are root.
fn somebody() -> u32 {
    if is_root() {
        65_534
    } else {
        rustix::process::geteuid().as_raw()
    }
}

/// Whether a program of the same user may read what only a debugger may.
fn may_look_into(process: u32) -> bool {
    let mut command = Command::new("cat");
    command.arg(format!("/proc/{process}/environ"));
    if is_root() {
        command.uid(somebody()).gid(somebody());
    }
    let looked = command.stdout(Stdio::null()).stderr(Stdio::null());
    looked.status().unwrap().success()
}

#[test]
fn p14_other_programs_of_the_same_user_cannot_look_into_it() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let scene = Scene::new();
    let program = scene.give_to(somebody());
    let start = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments);
        scene.surround(&mut command);
        if is_root() {
            command.uid(somebody()).gid(somebody());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::null()).spawn().unwrap()
    };
    // It holds the secret key and waits for the message; its second thread waits for signals.
    let mut ours = start(&program, &["open", "-", "--key", "vendor.key", "-o", "out"]);
    let mut another = start(Path::new("cat"), &[]);
    let (ours_id, another_id) = (ours.id(), another.id());
    let hardened = eventually(|| {
        let status = fs::read_to_string(format!("/proc/{ours_id}/status"));
        status.is_ok_and(|status| status.contains("Threads:\t2"))
    });
    let others_can = eventually(|| may_look_into(another_id));
    let owner = |process| fs::metadata(format!("/proc/{process}/environ")).map(|of| of.uid());
    let owners = (owner(ours_id).ok(), owner(another_id).ok());
    let ours_can = may_look_into(ours_id);
    let running = ours.try_wait().unwrap().is_none();
    for child in [&mut ours, &mut another] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(hardened && running && others_can);
    assert_eq!((owners, ours_can), ((Some(0), Some(somebody())), false));
}

fn eventually(holds: impl Fn() -> bool) -> bool {
    (0..400).any(|_| {
        thread::sleep(Duration::from_millis(25));
        holds()
    })
}
