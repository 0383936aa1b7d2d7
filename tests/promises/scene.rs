//! One folder in which the program is run, with nothing of this machine in its environment.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::vendor;

/// A folder with `work` (where commands are run), `home`, `tmp` and `gnupg` in it. In `work` are a
/// report, the vendor's certificate and secret key, and a passphrase.
pub(crate) struct Scene {
    folder: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// In memory, where the machine offers that: for what makes more files than a disk likes.
    pub(crate) fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            Self::below(memory)
        } else {
            Self::new()
        }
    }

    fn below(place: &Path) -> Self {
        let builder = &mut tempfile::Builder::new();
        let folder = builder.prefix("p-").tempdir_in(place).unwrap();
        for name in ["work", "home", "tmp", "gnupg"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let scene = Self { folder };
        scene.write("report.md", REPORT);
        scene.write("vendor.asc", vendor::public(vendor::vendor()));
        scene.write("vendor.key", vendor::secret(vendor::vendor()));
        scene.write("passphrase", PASSPHRASE);
        private(&scene.path("vendor.key"));
        private(&scene.root().join("gnupg"));
        scene
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder where commands are run.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    /// `sealpost` with these arguments, about to run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        self.surround(&mut command);
        command
    }

    /// Gives a command the environment of the scene and no other.
    pub(crate) fn surround(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root().join("home"))
            .env("TMPDIR", self.root().join("tmp"))
            .env("GNUPGHOME", self.root().join("gnupg"))
            .env("SEALPOST_OFFLINE", "1")
            .env("TERM", "xterm-256color")
            .current_dir(self.path(""))
            .stdin(Stdio::null());
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }

    /// Seals `report.md` to the vendor as `name`, with more arguments.
    pub(crate) fn seal(&self, name: &str, more: &[&str]) -> Vec<u8> {
        let arguments = ["seal", "report.md", "-o", name, "--force"];
        let run = self.run(&[&arguments[..], more].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        self.read(name)
    }

    /// A copy of the program that another user may run, and everything in the scene for that user;
    /// where we are not root, it stays ours.
    pub(crate) fn give_to(&self, user: u32) -> PathBuf {
        let program = self.root().join("sealpost");
        // By another process: a child that a parallel test starts meanwhile would inherit our open
        // copy, and what is open for writing cannot be run.
        let mut copy = Command::new("cp");
        assert!(copy.arg(PROGRAM).arg(&program).status().unwrap().success());
        fs::set_permissions(self.root(), fs::Permissions::from_mode(0o755)).unwrap();
        if is_root() {
            for name in self.names() {
                chown(self.root().join(name), Some(user), Some(user)).unwrap();
            }
        }
        program
    }

    /// Every file and folder, hidden ones too.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut folders = vec![self.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with("home/.local") {
                    // Revocations that were seen are remembered there (promise 4).
                    continue;
                }
                names.insert(
                    path.strip_prefix(self.root())
                        .unwrap()
                        .display()
                        .to_string(),
                );
                if path.symlink_metadata().unwrap().is_dir() {
                    folders.push(path);
                }
            }
        }
        names
    }
}

/// How a run of the program ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|why| panic!("{why}: {} {}", self.text(), self.stderr))
    }
}

impl From<Output> for Run {
    /// A program that was killed, by itself or others, fails the test.
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let Some(code) = output.status.code() else {
            panic!("{}: {stderr}", output.status);
        };
        assert_ne!(code, 101, "a panic: {stderr}");
        Self {
            code,
            stdout: output.stdout,
            stderr,
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = &self.stdout[..self.stdout.len().min(1000)];
        let start = String::from_utf8_lossy(start);
        write!(f, "exit {}: {start:?} {:?}", self.code, self.stderr)
    }
}

/// Whether the tests may act for other users.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// For its owner alone.
pub(crate) fn private(path: &Path) {
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_sealpost");

pub(crate) const PASSPHRASE: &str = "correct-horse-battery-7";

pub(crate) const REPORT: &str = "---\n\
    title: Script injection in the search page\n\
    assets: [\"https://www.example.org/search\"]\n\
    ---\n\n\
    ## Summary\n\nIt prints the query as it is.\n\n\
    ## Steps to reproduce\n\n1. Open the page.\n\n\
    ## Impact\n\nScripts run.\n\n\
    ## Mitigation\n\nEscape it.\n";
