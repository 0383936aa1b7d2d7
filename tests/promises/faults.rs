//! Promise 7 without a server: whatever call fails while a report is sealed or opened, nothing that is not whole is
//! called done, and nothing that is not whole takes the name of the result.

use std::fs;
use std::process::Command;

use crate::readers::{files_below, is_there};
use crate::scene::{PROGRAM, Run, Scene};

#[test]
fn p07_a_failed_call_leaves_no_half_result() {
    calls_fail(2);
}

/// The long form: until no call is left to fail.
#[test]
#[ignore = "soak: some minutes"]
fn soak_p07_every_call_of_seal_and_open_fails() {
    calls_fail(500);
}

/// The first call of each kind fails, then the second, and so on: of each at most so many.
fn calls_fail(most: u32) {
    if !is_there("strace") {
        return;
    }
    let scene = Scene::new();
    // Several pieces, so that threads have them.
    scene.write("a.bin", vec![7; 3_000_000]);
    scene.seal("m.pgp", &["--key", "vendor.asc", "-a", "a.bin"]);
    let open = "open m.pgp -o out --key vendor.key";
    assert_eq!(scene.run(&words(open)).code, 0);
    let files = files_below(&scene.path("out"));
    fs::remove_dir_all(scene.path("out")).unwrap();
    let (mut failed, mut refused) = (0, 0);
    for calls in CALLS {
        for error in ["EIO", "ENOSPC"] {
            for line in ["seal report.md -a a.bin --key vendor.asc -o s.pgp", open] {
                for when in 1..=most {
                    let how = format!("{calls}:error={error}:when={when}");
                    let (run, injected) = under_strace(&scene, line, &how);
                    let what = format!("{line}: {how}: {run:?}");
                    is_whole_or_absent(&scene, &run, &files, &what);
                    if !injected {
                        break;
                    }
                    failed += 1;
                    refused += u32::from(run.code != 0);
                    // What never came to the disk is not done.
                    assert!(!calls.contains("fsync") || run.code != 0, "{what}");
                }
            }
        }
    }
    println!(
        "figure: p07: {failed} calls of seal and open failed, {refused} runs said so, 0 half results"
    );
    assert!(failed > 20 && refused > 10, "{failed} {refused}");
}

/// How a command ends whose call is made to fail, and whether there was such a call.
fn under_strace(scene: &Scene, line: &str, how: &str) -> (Run, bool) {
    let log = scene.root().join("tmp/strace");
    let calls = how.split(':').next().unwrap();
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-qq",
        "-e",
        &format!("trace={calls}"),
        "-e",
        &format!("inject={how}"),
    ]);
    command.arg("-o").arg(&log).arg(PROGRAM).args(words(line));
    scene.surround(&mut command);
    let done = command.output().unwrap();
    let seen = fs::read_to_string(&log).unwrap_or_default();
    (Run::from(done), seen.contains("(INJECTED)"))
}

/// Whatever stands under the name of the result is the result; it is there if the command said so.
fn is_whole_or_absent(scene: &Scene, run: &Run, files: &crate::readers::Files, what: &str) {
    let (sealed, opened) = (scene.path("s.pgp"), scene.path("out"));
    assert!(
        run.code != 0 || sealed.exists() || opened.exists(),
        "{what}"
    );
    if sealed.exists() {
        let open = scene.run(&words("open s.pgp -o out --key vendor.key"));
        assert_eq!(open.code, 0, "{what}: {open:?}");
        fs::remove_file(sealed).unwrap();
    }
    if opened.exists() {
        // Each sealing has its own manifest, with the day in it.
        let there = files_below(&opened);
        for (name, content) in files {
            let same = there.get(name).is_some_and(|it| it == content);
            assert!(
                same || name.ends_with("json") || name.ends_with("asc"),
                "{what}: {name}"
            );
        }
        fs::remove_dir_all(opened).unwrap();
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Not `close`: what the system does not do, Rust does not expect of a folder (it panics).
const CALLS: [&str; 7] = [
    "write,pwrite64",
    "fsync,fdatasync",
    "openat",
    "rename,renameat,renameat2,link,linkat",
    "ftruncate,fallocate",
    "mkdir,mkdirat",
    "fchmod,fchmodat,unlink,unlinkat",
];
