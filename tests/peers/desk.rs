//! A desk of its own for each test: a report with attachments, sealpost, and a GnuPG home that
//! nobody else has.

use std::{
    cell::Cell,
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A temporary folder, in which every command runs, so that files go by their bare names.
pub(crate) struct Desk {
    folder: TempDir,
    has_agent: Cell<bool>,
}

/// Name below a folder, with `/` → content.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

impl Desk {
    /// A desk with a report, attachments and a passphrase, without a key.
    pub(crate) fn new() -> Self {
        // Short: GnuPG's sockets lie in its home, and the path of a socket has 107 bytes.
        let folder = tempfile::Builder::new()
            .prefix("sp-")
            .tempdir_in("/tmp")
            .unwrap();
        let desk = Self {
            folder,
            has_agent: Cell::new(false),
        };
        desk.write("report.md", REPORT.as_bytes());
        for (name, content) in attachments() {
            desk.write(name, &content);
        }
        desk.write("passphrase", b"correct horse\n");
        desk.write("wrong", b"incorrect horse\n");
        desk
    }

    /// A desk with GnuPG; `None`, with a printed line, where it is not installed.
    pub(crate) fn with_gnupg() -> Option<Self> {
        let desk = Self::new();
        let home = desk.path("gnupg");
        fs::create_dir(&home).unwrap();
        private(&home, 0o700);
        // The agent would measure this machine for a second to choose its own count.
        desk.write(
            "gnupg/gpg-agent.conf",
            b"allow-loopback-pinentry\ns2k-count 65536\n",
        );
        // Makes the trust database, which GnuPG misses later under `--trust-model always`.
        let mut first = desk.command("gpg", ["--batch", "--quiet", "--check-trustdb"]);
        if first.output().is_err() {
            println!("skipped: gpg is not installed");
            return None;
        }
        desk.has_agent.set(true);
        Some(desk)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs sealpost; `line` is split at spaces.
    #[must_use]
    pub(crate) fn sealpost(&self, line: &str) -> Ran {
        self.run(env!("CARGO_BIN_EXE_sealpost"), line.split_whitespace())
    }

    /// Seals the report with all attachments.
    #[must_use]
    pub(crate) fn seal(&self, line: &str) -> Ran {
        let mut words = vec!["seal", "report.md"];
        for (name, _) in attachments() {
            words.extend(["-a", name]);
        }
        words.extend(line.split_whitespace());
        self.run(env!("CARGO_BIN_EXE_sealpost"), words)
    }

    /// Runs gpg in this desk's home, where every key is trusted and nobody is asked.
    #[must_use]
    pub(crate) fn gpg(&self, line: &str) -> Ran {
        let quiet = "--batch --yes --no-tty --pinentry-mode loopback --trust-model always";
        self.run(
            "gpg",
            quiet.split_whitespace().chain(line.split_whitespace()),
        )
    }

    /// Lets the agent forget the passphrases that it heard.
    pub(crate) fn agent_forgets(&self) {
        self.run("gpgconf", ["--reload", "gpg-agent"]).ok();
    }

    #[must_use]
    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Ran {
        let mut command = self.command(program, arguments);
        command.stdout(Stdio::piped());
        Ran::of(command)
    }

    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("HOME", self.folder.path())
            .env("GNUPGHOME", self.path("gnupg"))
            .env("SEALPOST_HOME", self.path("home"))
            .env("SEQUOIA_HOME", self.path("sequoia"))
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// Extracts an archive with GNU tar into the new folder `into`.
    pub(crate) fn untar(&self, archive: &str, into: &str) {
        fs::create_dir(self.path(into)).unwrap();
        self.run("tar", ["-x", "-f", archive, "-C", into]).ok();
    }

    /// All files below a folder.
    pub(crate) fn files(&self, folder: &str) -> Files {
        let mut files = Files::new();
        collect(&self.path(folder), "", &mut files);
        files
    }

    /// Asserts that a folder holds the report and the attachments, byte for byte, and nothing else
    /// but what the bundle adds.
    pub(crate) fn assert_is_bundle(&self, folder: &str) {
        let mut files = self.files(folder);
        for added in ["sealpost/manifest.json", "report.json", "reporter.asc"] {
            assert!(files.remove(added).is_some(), "{folder}: no {added}");
        }
        let mut expected = Files::from([("report.md".to_owned(), REPORT.into())]);
        for (name, content) in attachments() {
            expected.insert(format!("attachments/{name}"), content);
        }
        let sizes = |files: &Files| -> Vec<_> {
            files
                .iter()
                .map(|(name, content)| (name.clone(), content.len()))
                .collect()
        };
        assert_eq!(sizes(&files), sizes(&expected), "{folder}");
        assert!(files == expected, "{folder}: a content differs");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.has_agent.get() {
            let _killed = self.command("gpgconf", ["--kill", "all"]).output();
        }
    }
}

/// How a command ended.
pub(crate) struct Ran {
    shown: String,
    code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs a command, whose stdout may go to a file.
    #[must_use]
    pub(crate) fn of(mut command: Command) -> Self {
        let shown = format!("{command:?}");
        let child = command.stderr(Stdio::piped()).spawn();
        let output = child
            .and_then(std::process::Child::wait_with_output)
            .unwrap_or_else(|why| panic!("{shown}: {why}"));
        Self {
            shown,
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It did its work.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.shown, self.stderr);
        self
    }

    /// It failed, with this exit code and these words on stderr.
    pub(crate) fn fails(self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{}\n{}", self.shown, self.stderr);
        assert!(
            self.stderr.contains(words),
            "{words:?} is not in what {} said:\n{}",
            self.shown,
            self.stderr
        );
    }

    /// It failed, in its own way.
    pub(crate) fn fails_somehow(self) -> String {
        assert_ne!(self.code, Some(0), "{}\n{}", self.shown, self.stderr);
        self.stderr
    }

    /// It did its work and said these words.
    pub(crate) fn says(self, words: &str) -> Self {
        let ran = self.ok();
        let said = format!("{}{}", ran.text(), ran.stderr);
        assert!(
            said.contains(words),
            "{words:?} is not in what {} said:\n{said}",
            ran.shown
        );
        ran
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Sets the mode of a file or folder.
pub(crate) fn private(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// One of each kind: empty, a text, names with a space and with other letters, and one that spans
/// several chunks of any container.
fn attachments() -> [(&'static str, Vec<u8>); 4] {
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    [
        ("empty", Vec::new()),
        ("poc.py", b"print('hi')\r\n".to_vec()),
        ("Gr\u{f6}\u{df}e der Datei.txt", "gr\u{f6}\u{df}er\n".into()),
        ("noise.bin", noise.take(700_001).collect()),
    ]
}

fn collect(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

const REPORT: &str = "\
---
title: Anyone can read other people's drafts
assets:
  - https://example.org/drafts
---

## Summary

Drafts are served to everybody.

## Steps to reproduce

Ask for `/drafts/1`.

## Impact

Drafts leak.

## Mitigation

Check the owner.
";
