//! Promise 14: no core, and no look into the memory of a run. Promise 9: the cage around what is
//! opened.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use clap::Parser;
use expectrl::process::unix::WaitStatus;
use rustix::process::{Pid, Signal, kill_process};

use crate::forge::encrypted_text;
use crate::pty::Terminal;
use crate::readers::is_there;
use crate::scene::{PASSPHRASE, PROGRAM, Run, Scene, is_root, private};
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

/// What a run asked the system for, one call a line; nothing where that cannot be seen.
fn traced(scene: &Scene, how: &[&str], arguments: &[&str]) -> Option<(Run, Vec<String>)> {
    if !cfg!(target_os = "linux") || !is_there("strace") {
        println!("skipped: no strace");
        return None;
    }
    let log = scene.root().join("tmp/strace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(&log).args(how);
    command.arg(PROGRAM).args(arguments);
    scene.surround(&mut command);
    let run = Run::from(command.output().unwrap());
    if run.stderr.contains("Operation not permitted") {
        println!("skipped: strace may not trace here");
        return None;
    }
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    Some((run, text.lines().map(str::to_owned).collect()))
}

/// The cage closes before the first byte of the message is read; after that, nothing is opened for
/// writing but in the hidden folder, nobody is connected to, and no program is run.
#[test]
fn p09_a_message_is_read_in_a_cage() {
    let scene = Scene::new();
    scene.seal("m.pgp", &["--key", "vendor.asc"]);
    scene.write("m.txt", "");
    let calls = "trace=landlock_restrict_self,openat,open,creat,mkdir,mkdirat,socket,connect,bind,\
                 execve,fork,vfork,unlink,unlinkat,rename,renameat,renameat2,link,linkat";
    for (output, arguments) in [("out", &["--json"][..]), ("-", &[])] {
        let open = ["open", "m.pgp", "--key", "vendor.key", "-o", output];
        let all = [&open[..], arguments].concat();
        let Some((run, calls)) = traced(&scene, &["-e", calls], &all) else {
            return;
        };
        assert_eq!(run.code, 0, "{run:?}");
        let closed = calls
            .iter()
            .position(|call| call.contains("landlock_restrict_self") && call.ends_with("= 0"));
        let Some(closed) = closed else {
            println!("skipped: this kernel has no Landlock");
            assert!(run.stderr.contains("warning: this system has no Landlock"));
            continue;
        };
        let (before, within) = calls.split_at(closed);
        let is_read = |call: &&String| {
            let of_it = call.contains("open") && call.contains("\"m.pgp\"");
            of_it && !call.contains("O_PATH") && !call.contains("execve(")
        };
        assert_eq!(before.iter().find(is_read), None);
        assert!(within.iter().any(|call| is_read(&call)));
        for call in &within[1..] {
            let reads = call.contains("O_RDONLY") && !call.contains("O_CREAT");
            let ours = call.contains(".sealpost-");
            assert!(reads || ours || !call.contains('('), "{call}");
        }
        if output == "out" {
            assert_ne!(run.json()["confinement"], "none");
        }
        assert!(!scene.names().iter().any(|name| name.contains(".sealpost-")));
    }
}

/// Where the kernel has no Landlock, a warning says so, unless it is told to be quiet; what is not
/// Landlock's holds.
#[test]
fn without_landlock_it_warns_and_opens() {
    let scene = Scene::new();
    scene.seal("m.pgp", &["--key", "vendor.asc"]);
    let old = [
        "-e",
        "trace=landlock_create_ruleset,prctl",
        "-e",
        "inject=landlock_create_ruleset:error=ENOSYS",
    ];
    for (number, options) in [&[][..], &["-q"], &["--json"]].into_iter().enumerate() {
        let folder = format!("out-{number}");
        let open = ["open", "m.pgp", "--key", "vendor.key", "-o", &folder];
        let all = [&open[..], options].concat();
        let Some((run, calls)) = traced(&scene, &old, &all) else {
            return;
        };
        assert_eq!(run.code, 0, "{run:?}");
        let warnings = run.stderr.matches("has no Landlock").count();
        assert_eq!(warnings, usize::from(options != ["-q"]), "{run:?}");
        assert!(
            calls
                .iter()
                .any(|call| call.contains("PR_SET_NO_NEW_PRIVS, 1"))
        );
        if options == ["--json"] {
            assert_eq!(run.json()["confinement"], "none");
        }
    }
}

/// No thread is left outside, not even the one that waits for Ctrl-C, and each limit is lowered.
#[test]
fn p09_every_thread_is_in_the_cage() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let scene = Scene::new();
    let mut open = scene.command(&["open", "-", "--key", "vendor.key", "-o", "out"]);
    open.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut open = open.stderr(Stdio::null()).spawn().unwrap();
    let process = open.id();
    // `None` while there is none, or threads come and go.
    let privileges = || -> Option<Vec<bool>> {
        let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
        let of = |status: String| status.contains("NoNewPrivs:\t1");
        threads
            .map(|thread| {
                Some(of(
                    fs::read_to_string(thread.ok()?.path().join("status")).ok()?
                ))
            })
            .collect()
    };
    let caged = eventually(|| privileges().is_some_and(|all| all == [true, true]));
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    open.kill().unwrap();
    open.wait().unwrap();
    assert!(caged);
    let data = limits
        .lines()
        .find(|line| line.starts_with("Max data size"));
    assert!(!data.unwrap().contains("unlimited"), "{limits}");
}

/// The service's file: what it starts is what our command line takes, and nothing of what confines it was lost.
#[test]
fn the_unit_starts_what_there_is_and_confines_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/sealpost.service");
    let text = fs::read_to_string(&path).unwrap();
    let settings: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .collect();
    let started = settings.iter().filter(|(name, _)| *name == "ExecStart");
    let [(_, started)] = started.collect::<Vec<_>>().try_into().unwrap();
    let words = started
        .replace("${CREDENTIALS_DIRECTORY}", "/run/credentials")
        .replace("${STATE_DIRECTORY}", "/var/lib/sealpost");
    assert!(!words.contains(['$', '%']), "{words}");
    let cli = sealpost::cli::Cli::try_parse_from(words.split(' ')).unwrap();
    let sealpost::cli::Command::Serve(serve) = cli.command else {
        panic!("{words}");
    };
    let listen = serve.listen.unwrap();
    assert!(listen.ip().is_loopback());
    for needed in [
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateUsers", "yes"),
        ("MemoryDenyWriteExecute", "yes"),
        ("SystemCallFilter", "@system-service"),
        ("SystemCallFilter", "~@privileged @resources"),
        ("IPAddressDeny", "any"),
        ("SocketBindAllow", &format!("tcp:{}", listen.port())),
        ("LimitCORE", "0"),
    ] {
        assert!(settings.contains(&needed), "{needed:?}");
    }
    let judge = Command::new("systemd-analyze")
        .args(["security", "--no-pager", "--offline=true", "--threshold=15"])
        .arg(&path)
        .output();
    match judge {
        Ok(judged) => assert!(judged.status.success(), "{judged:?}"),
        Err(why) => println!("skipped: systemd-analyze: {why}"),
    }
}
