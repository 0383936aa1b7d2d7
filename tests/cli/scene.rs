//! A folder with a vendor's key and a report, and the program run inside it.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

pub(crate) const REPORT: &str = "---\n\
    title: Script injection in the search page\n\
    assets: [\"https://www.example.org/search\"]\n\
    ---\n\n\
    ## Summary\n\nUnescaped.\n\n## Steps to reproduce\n\nSearch.\n\n\
    ## Impact\n\nScripts.\n\n## Mitigation\n\nEscape.\n";

/// The keys of two vendors, made once for all tests: the first by the default profile, without a
/// passphrase.
static KEYS: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for (name, profile) in [
        ("vendor", "rfc4880"),
        ("other", "rfc4880"),
        ("modern", "rfc9580"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        command.args([
            "keygen",
            "--name",
            name,
            "--email",
            "security@example.org",
            "--no-passphrase",
        ]);
        command
            .args(["--profile", profile, "-o"])
            .arg(folder.path().join(name));
        assert!(command.output().unwrap().status.success());
    }
    folder
});

pub(crate) fn key(vendor: &str, file: &str) -> PathBuf {
    KEYS.path().join(vendor).join(file)
}

/// A temporary folder with `report.md` in it.
pub(crate) struct Scene {
    folder: tempfile::TempDir,
}

/// How one run ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("report.md"), REPORT).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The names in the folder, hidden ones included.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program in the folder, with a home, a GnuPG home and no terminal of its own.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        command
            .current_dir(self.folder.path())
            .env("SEALPOST_HOME", self.path("home"))
            .env("GNUPGHOME", self.path("no-gnupg"))
            .env("NO_COLOR", "1")
            .env("SEALPOST_OFFLINE", "1")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        self.command().args(args).output().unwrap().into()
    }

    /// Seals `report.md` with these further arguments to the vendor, as `report.pgp`.
    pub(crate) fn sealed(&self, further: &[&str]) -> PathBuf {
        let certificate = key("vendor", "certificate.asc");
        let mut command = self.command();
        command
            .args(["seal", "report.md", "-q", "--key"])
            .arg(certificate)
            .args(further);
        Ended::from(command.output().unwrap()).expect(0);
        self.path("report.pgp")
    }

    pub(crate) fn open(&self, sealed: &Path, further: &[&str]) -> Ended {
        let mut command = self.command();
        command
            .arg("open")
            .arg(sealed)
            .arg("--key")
            .arg(key("vendor", "secret.pgp"))
            .args(further);
        command.output().unwrap().into()
    }
}

impl Ended {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    /// Asserts that the error says all of `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "{word:?} is not in:\n{}",
                self.stderr
            );
        }
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
