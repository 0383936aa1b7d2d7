//! Both sides on this machine: a vendor with its intake, a reporter with a home of their own.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// What must never be seen outside of the sealed report.
pub(crate) const CANARY: &str = "canary-7b1f";

pub(crate) struct Desk {
    folder: TempDir,
    pub(crate) at: SocketAddr,
    server: Option<Child>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    /// A vendor's key, a report, and no intake yet.
    pub(crate) fn without_server() -> Self {
        let folder = TempDir::new().unwrap();
        let desk = Self {
            folder,
            at: free(),
            server: None,
        };
        desk.run("keygen --name V --email security@vendor.example -o vendor --no-passphrase")
            .expect(0);
        let report = format!(
            "---\ntitle: {CANARY}\nassets: [vendor.example]\n---\n\n## Summary\n\n{CANARY}\n\n\
             ## Steps to reproduce\n\nLook.\n\n## Impact\n\nBad.\n\n## Mitigation\n\nMend.\n"
        );
        fs::write(desk.path("report.md"), report).unwrap();
        desk
    }

    /// The same with its intake.
    pub(crate) fn new() -> Self {
        let mut desk = Self::without_server();
        desk.serve();
        let token = desk
            .run("token add desk --role admin --data data")
            .expect(0);
        fs::write(desk.path("token"), token.stdout).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(desk.path("token"), mode).unwrap();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An attachment that does not compress, with a canary in it.
    pub(crate) fn attachment(&self, size: usize) {
        let mut state = 88_172_645_463_325_252_u64;
        let mut bytes = CANARY.as_bytes().to_vec();
        while bytes.len() < size {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend(state.to_le_bytes());
        }
        fs::write(self.path("big.bin"), bytes).unwrap();
    }

    /// Starts the intake, where it was before.
    pub(crate) fn serve(&mut self) {
        self.start("serve --key vendor/certificate.asc --signing vendor/receipts.pgp --data data");
    }

    /// Starts an intake that signs no receipts.
    pub(crate) fn serve_unsigned(&mut self) {
        self.start("serve --key vendor/certificate.asc --data data");
    }

    fn start(&mut self, line: &str) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("serve.log"))
            .unwrap();
        let listen = self.at.to_string();
        let child = self
            .command(line)
            .args([
                "--listen",
                &listen,
                "--rate-limit",
                "0",
                "--uploads-per-client",
                "0",
                "--min-free",
                "1MiB",
            ])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.server = Some(child);
        let begun = Instant::now();
        while !is_ready(self.at) {
            let log = fs::read_to_string(self.path("serve.log")).unwrap();
            assert!(begun.elapsed() < Duration::from_mins(2), "{log}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Starts the intake of vendor.example, at the same socket, with a TLS certificate for that
    /// name; `tls.pem` is what those have to trust who are to believe it.
    pub(crate) fn serve_https(&mut self) {
        let key = rcgen::KeyPair::generate().unwrap();
        let wanted = rcgen::CertificateParams::new(vec!["vendor.example".to_owned()]).unwrap();
        let certificate = wanted.self_signed(&key).unwrap();
        fs::write(self.path("tls.pem"), certificate.pem()).unwrap();
        fs::write(self.path("tls.key"), key.serialize_pem()).unwrap();
        let log = fs::File::create(self.path("serve.log")).unwrap();
        let child = self
            .command("serve --key vendor/certificate.asc --signing vendor/receipts.pgp --data data")
            .args(["--listen", &self.at.to_string(), "--rate-limit", "0"])
            .args([
                "--public-url",
                "https://vendor.example/",
                "--min-free",
                "1MiB",
            ])
            .args(["--tls-cert", "tls.pem", "--tls-key", "tls.key"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.server = Some(child);
        let begun = Instant::now();
        while TcpStream::connect(self.at).is_err() {
            assert!(begun.elapsed() < Duration::from_mins(2));
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the intake with SIGKILL.
    pub(crate) fn kill_server(&mut self) {
        if let Some(mut child) = self.server.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Stops the intake, or lets it go on.
    pub(crate) fn signal_server(&self, signal: rustix::process::Signal) {
        let server = rustix::process::Pid::from_child(self.server.as_ref().unwrap());
        rustix::process::kill_process(server, signal).unwrap();
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        command
            .args(line.split(' '))
            .env("SEALPOST_HOME", self.path("home"))
            .env_remove("SEALPOST_OFFLINE")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Ended {
        Ended::of(&self.command(line).output().unwrap())
    }

    /// The same where nobody can be asked, whoever runs the tests.
    pub(crate) fn unasked(&self, line: &str) -> Ended {
        let direct = self.command(line);
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(direct.get_program());
        command.args(direct.get_args()).stdin(Stdio::null());
        command.env("SEALPOST_HOME", self.path("home"));
        command.env("SSL_CERT_FILE", self.path("tls.pem"));
        command.current_dir(self.folder.path());
        Ended::of(&command.output().unwrap())
    }

    /// `send` to an intake at a socket.
    pub(crate) fn send(&self, at: SocketAddr, more: &str) -> Ended {
        self.run(&send_line(at, more))
    }

    /// What `--json` prints.
    pub(crate) fn json(&self, line: &str) -> Value {
        let ended = self.run(&format!("{line} --json"));
        serde_json::from_str(&ended.stdout).unwrap_or_else(|why| panic!("{line}: {why}: {ended:?}"))
    }

    /// The reports that the vendor sees.
    pub(crate) fn reports(&self) -> Vec<Value> {
        let line = format!("inbox list --intake http://{} --token-file token", self.at);
        self.json(&line)["reports"].as_array().unwrap().clone()
    }

    /// The cases that the reporter sees.
    pub(crate) fn cases(&self) -> Vec<Value> {
        self.json("case list")["cases"].as_array().unwrap().clone()
    }

    /// The entries in the outbox, whole or not.
    pub(crate) fn outbox(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("home/outbox")) else {
            return Vec::new();
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_dir()).collect()
    }

    /// Exactly one report is there, and it is the one that the case says.
    pub(crate) fn expect_one_report(&self) {
        let (reports, cases) = (self.reports(), self.cases());
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert_eq!(cases.len(), 1, "{cases:?}");
        assert_eq!(reports[0]["id"], cases[0]["report"]);
        assert_eq!(reports[0]["sha256"], cases[0]["sha256"]);
        assert_eq!(self.outbox(), [""; 0].map(PathBuf::from));
        let show = format!("case show {}", cases[0]["case"].as_str().unwrap());
        assert_eq!(self.json(&show)["cases"][0]["receipt"]["signed"], true);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.kill_server();
    }
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        let all = format!("{}{}", self.stdout, self.stderr);
        assert!(all.contains(words), "{words:?} is not in:\n{all}");
    }
}

pub(crate) fn send_line(at: SocketAddr, more: &str) -> String {
    format!("send report.md --to http://{at} --yes-trust-first-use {more}")
        .trim_end()
        .to_owned()
}

/// A port that was free a moment ago.
pub(crate) fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn is_ready(at: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(at)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

/// Every file below a folder, with its content.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                found.push((path, bytes));
            }
        }
    }
    found
}

pub(crate) fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}
