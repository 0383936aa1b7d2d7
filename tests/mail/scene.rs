//! A folder with keys, in which the program is run.

use std::{
    ffi::OsStr,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::keys;

pub(crate) struct Scene {
    folder: TempDir,
}

/// How one run ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { folder };
        scene.write("vendor.asc", keys::public(keys::vendor()));
        scene.write("vendor.key", keys::secret(keys::vendor()));
        scene.write("writer.asc", keys::public(keys::writer()));
        scene.write("report.md", REPORT);
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_else(|why| panic!("{name}: {why}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The program, with nothing of this machine around it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        command
            .current_dir(self.folder.path())
            .env("SEALPOST_HOME", self.path("home"))
            .env("GNUPGHOME", self.path("no-gnupg"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        Ended::of(self.command().args(args))
    }

    /// Opens a mail with the vendor's key into a folder of the same name, `-opened` behind it.
    pub(crate) fn open(&self, mail: &str, more: &[&str]) -> Ended {
        let folder = format!("{mail}-opened");
        let args = ["open", mail, "--key", "vendor.key", "-o", &folder];
        self.run(args.iter().chain(more))
    }

    /// The document of a mail that opens.
    pub(crate) fn opened(&self, mail: &str, more: &[&str]) -> serde_json::Value {
        let more = [&["--json"], more].concat();
        let ended = self.open(mail, &more).expect(0);
        let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        document["reports"][0].clone()
    }
}

impl Ended {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ended = Self {
            code: output.status.code().expect("it was not killed"),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert_ne!(ended.code, 101, "a panic: {}", ended.stderr);
        ended
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{} {}", self.stdout, self.stderr);
        self
    }
}

/// The verdict on the signature of an opened mail.
pub(crate) fn verdict(opened: &serde_json::Value) -> &str {
    opened["signature"]["verdict"].as_str().unwrap()
}

/// The paths of the files of an opened mail.
pub(crate) fn files(opened: &serde_json::Value) -> Vec<&str> {
    let files = opened["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap()).collect()
}

/// PGP/MIME around an armoured message.
pub(crate) fn pgp_mime(armor: &str) -> String {
    format!(
        "From: writer@example.org\nTo: security@vendor.example\nSubject: ...\nMIME-Version: 1.0\n\
         Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"o\"\n\n\
         --o\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n\
         --o\nContent-Type: application/octet-stream\n\n{armor}\n--o--\n"
    )
}

pub(crate) const REPORT: &str = "---\n\
    title: Script injection in the search page\n\
    assets: [\"https://www.vendor.example/search\"]\n\
    ---\n\n\
    ## Summary\n\nIt prints the query as it is: a naïve escape = none. \n\n\
    ## Steps to reproduce\n\n1. Open the page.\n\n\
    ## Impact\n\nScripts run.\n\n\
    ## Mitigation\n\nEscape it.\n";
