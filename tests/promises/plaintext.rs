//! Promise 13: nothing but ciphertext is on the disk while a report is sealed, and after.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::readers::is_there;
use crate::scene::{PROGRAM, Scene, contains};

const CANARY: &[u8] = b"canary-13-of-the-report";

/// A scene whose report and attachment of 2 GiB (with holes, so that it costs nothing) hold a
/// canary.
fn with_canaries() -> Scene {
    let scene = Scene::new();
    let report = String::from_utf8(scene.read("report.md")).unwrap();
    scene.write(
        "report.md",
        report + std::str::from_utf8(CANARY).unwrap() + "\n",
    );
    let file = File::create(scene.path("capture.bin")).unwrap();
    file.set_len(2 << 30).unwrap();
    for number in 0..128 {
        file.write_all_at(CANARY, number << 24).unwrap();
    }
    scene
}

/// Starts to seal, and comes back once some of it was written.
fn sealing(scene: &Scene) -> Child {
    let seal = [
        "seal",
        "report.md",
        "-a",
        "capture.bin",
        "--key",
        "vendor.asc",
        "-o",
        "sealed.pgp",
    ];
    let mut child = scene.command(&seal).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    loop {
        let hidden = fs::read_dir(scene.path("")).unwrap().map(Result::unwrap);
        let mut hidden =
            hidden.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
        if hidden.any(|entry| {
            entry
                .metadata()
                .is_ok_and(|metadata| metadata.len() > 8 << 20)
        }) {
            return child;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "nothing was written"
        );
        thread::sleep(Duration::from_millis(2));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn p13_a_killed_seal_leaves_ciphertext_alone() {
    let scene = with_canaries();
    let before = scene.names();
    let mut child = sealing(&scene);
    signal(&child, Signal::KILL);
    assert_eq!(child.wait().unwrap().code(), None);
    let left: Vec<_> = scene.names().difference(&before).cloned().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let bytes = fs::read(scene.root().join(&left[0])).unwrap();
    assert!(bytes.len() > 8 << 20);
    assert!(!contains(&bytes, &CANARY[..16]), "plaintext in {left:?}");
    let zeros = [0; 64];
    assert!(
        !contains(&bytes, &zeros),
        "the holes of the attachment in {left:?}"
    );
}

#[test]
fn p13_an_interrupted_seal_leaves_nothing() {
    let scene = with_canaries();
    let before = scene.names();
    let mut child = sealing(&scene);
    // Not SIGINT, which whoever runs the tests in the background may have told them to ignore.
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(scene.names(), before);
}

/// The files that a command opens for writing or makes, by what the system is asked for.
fn written(scene: &Scene, arguments: &[&str]) -> Option<Vec<String>> {
    let log = scene.root().join("tmp/strace");
    let calls = "open,openat,openat2,creat,mknod,mknodat,memfd_create,mkdir,mkdirat,link,linkat,\
                 symlink,symlinkat,rename,renameat,renameat2,shmget";
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", calls, "-o"]).arg(&log);
    command.arg(PROGRAM).args(arguments);
    scene.surround(&mut command);
    command.stdin(File::open(scene.path("report.md")).unwrap());
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    if said.contains("Operation not permitted") {
        println!("skipped: strace may not trace here");
        return None;
    }
    assert!(done.status.success(), "{said}");
    let log = fs::read_to_string(&log).unwrap();
    fs::remove_file(scene.root().join("tmp/strace")).unwrap();
    let is_read = |line: &&str| line.contains("O_RDONLY") && !line.contains("O_CREAT");
    let lines = log
        .lines()
        .filter(|line| line.contains('(') && !is_read(line));
    let lines = lines.filter(|line| !line.contains(" = -1 ") && !line.contains("/dev/"));
    Some(lines.map(str::to_owned).collect())
}

/// A document that mat2 can read.
const PDF: &str = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
    2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
    3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>\nendobj\n\
    trailer\n<< /Root 1 0 R /Size 4 >>\n%%EOF\n";

#[test]
fn p13_nothing_but_the_sealed_report_is_ever_written() {
    if !is_there("strace") {
        return;
    }
    let scene = Scene::new();
    scene.write("a.bin", vec![7; 3 << 20]);
    // One that is stripped, and one for mat2, where that is there.
    scene.write("a.gif", b"GIF89a\x01\0\x01\0\0\0\0\x21\xfe\x01x\0\x3b");
    scene.write("a.pdf", PDF);
    let seal = [
        "seal",
        "report.md",
        "-a",
        "a.bin",
        "-a",
        "a.gif",
        "-a",
        "a.pdf",
        "--key",
        "vendor.asc",
        "-o",
        "sealed.pgp",
    ];
    let Some(lines) = written(&scene, &seal) else {
        return;
    };
    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.contains(".sealpost-"), "{line}");
    }
    let pipes = ["seal", "-", "-a", "a.bin", "--key", "vendor.asc", "-o", "-"];
    let lines = written(&scene, &pipes).unwrap();
    assert_eq!(lines, Vec::<String>::new());
}
