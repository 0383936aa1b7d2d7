//! What other readers, and we, find in an archive.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sealpost::bundle::Contents;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Path and SHA-256 of each file.
pub(crate) type Files = BTreeMap<String, String>;

pub(crate) fn found(contents: &Contents) -> Files {
    let files = contents.files.iter();
    files
        .map(|file| {
            (
                file.path.to_str().unwrap().to_owned(),
                hex(&file.sha256.unwrap()),
            )
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

pub(crate) fn paths_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            found.extend(paths_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

pub(crate) fn files_below(folder: &Path) -> Files {
    let read = |path: PathBuf| {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
        (
            name.to_owned(),
            hex(&Sha256::digest(fs::read(&path).unwrap())),
        )
    };
    paths_below(folder).into_iter().map(read).collect()
}

pub(crate) fn only_files_and_folders(folder: &Path) {
    for path in paths_below(folder) {
        assert!(
            path.symlink_metadata().unwrap().is_file(),
            "{}",
            path.display()
        );
    }
}

/// Whether a program is on this machine; says so if it is not.
pub(crate) fn is_there(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    let there = version.is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: no {program} to compare with");
    }
    there
}

/// The files that GNU tar extracts, if it does so without complaint.
pub(crate) fn gnu_tar(archive: &Path) -> Option<Files> {
    let into = TempDir::new().unwrap();
    let status = Command::new("tar")
        .args(["-x", "-m", "--no-same-owner", "--no-same-permissions", "-f"])
        .arg(archive)
        .arg("-C")
        .arg(into.path())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    status.success().then(|| files_below(into.path()))
}

/// The files that Python's tarfile finds in each archive, nothing where it fails.
pub(crate) fn python(archives: &[(PathBuf, Files)]) -> Vec<Option<Files>> {
    let mut child = Command::new("python3")
        .args(["-c", SCRIPT])
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for (path, _) in archives {
        writeln!(input, "{}", path.display()).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Prints a line of JSON for each archive that is named on standard input.
const SCRIPT: &str = r"
import hashlib, json, posixpath, sys, tarfile
for line in sys.stdin.read().splitlines():
    try:
        found = {}
        with tarfile.open(line) as archive:
            for member in archive:
                name = posixpath.normpath(member.name)
                if member.isfile():
                    assert name not in found
                    content = archive.extractfile(member).read()
                    assert len(content) == member.size
                    found[name] = hashlib.sha256(content).hexdigest()
                else:
                    assert member.isdir()
    except Exception:
        found = None
    print(json.dumps(found))
";
