//! The bench: a small internet on loopback, and the program run in it.
//!
//! A [`Bench`] has a web server and a DNS server. Hosts that a test declares exist; no other name
//! does, so nothing leaves the machine:
//!
//! ```text
//! let bench = Bench::new();
//! bench.web.host("example.test").serve("/.well-known/security.txt", TEXT, "Contact: …");
//! let found = bench.find(&["example.test"]).expect(0).json();
//! assert_eq!(bench.web.asked()[0], "example.test/.well-known/security.txt");
//! ```

use std::{
    ffi::OsStr,
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

pub(crate) mod ca;
pub(crate) mod dns;
pub(crate) mod dnssec;
pub(crate) mod host;
mod http;
pub(crate) mod listener;
pub(crate) mod proxy;
pub(crate) mod vendors;
pub(crate) mod web;
mod zone;

use dns::Dns;
use web::Web;

/// The type of a security.txt file.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// A folder, a web server, a DNS server.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    /// Speaks for all hosts that it is told of.
    pub(crate) web: Web,
    /// Knows nothing until it is told.
    pub(crate) dns: Dns,
}

/// How one run ended.
pub(crate) struct Ended {
    /// Nothing, if a signal ended it: for instance ours, after [`LIMIT`].
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), ca::pem()).unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Self {
            folder,
            web: Web::start(),
            dns: Dns::start(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The program in the folder: a home of its own, no GnuPG keys, no terminal, no proxy from
    /// outside, and only the bench's authority to trust. It is not yet told of the servers.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        for kind in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(kind).env_remove(kind.to_uppercase());
        }
        command
            .current_dir(self.folder.path())
            .env("SEALPOST_HOME", self.path("home"))
            .env("GNUPGHOME", self.path("no-gnupg"))
            .env("TMPDIR", self.path("tmp"))
            .env("SSL_CERT_FILE", self.path("ca.pem"))
            .env_remove("SSL_CERT_DIR")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// The options that lead the program to the bench: each declared host goes to [`Self::web`],
    /// all other names are asked of [`Self::dns`].
    pub(crate) fn connections(&self) -> Vec<String> {
        let mut options = self.web.connections();
        options.push(format!("--dns-server={}", self.dns.address()));
        options
    }

    /// Runs the program with these arguments, connected to the bench.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        let mut command = self.command();
        command.args(args).args(self.connections());
        ended(command)
    }

    /// `find --json` with these arguments, connected to the bench.
    pub(crate) fn find(&self, args: &[&str]) -> Ended {
        self.run(["find", "--json"].iter().chain(args))
    }
}

/// Runs a command to its end, or kills it after [`LIMIT`].
pub(crate) fn ended(mut command: Command) -> Ended {
    let began = Instant::now();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let process = Pid::from_child(&child);
    let (done, waiting) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if waiting.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill_process(process, Signal::KILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    watchdog.join().unwrap();
    Ended::new(output, began.elapsed())
}

/// Longer than any run should take: a run that hangs fails its test.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

impl Ended {
    fn new(output: Output, took: Duration) -> Self {
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
            took,
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        let stdout = String::from_utf8_lossy(&self.stdout);
        assert_eq!(self.code, Some(code), "{}\n{stdout}", self.stderr);
        self
    }

    /// Asserts that the error says all of `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            let said = self.stderr.contains(word);
            assert!(said, "{word:?} is not in:\n{}", self.stderr);
        }
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap()
    }
}
