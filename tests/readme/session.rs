//! README.md as a person types it: each line of its `console` blocks, in order, in one folder.
//!
//! The shell finds a `sealpost` and a `gpg` that answer prompts: from a file with a passphrase, and
//! with `--words` from a file with the case words that were shown last. A line that ends with
//! `# exit N` must end so.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::{blocks, paper};

#[test]
fn readme_runs() {
    let readme = paper("README.md");
    let stage = Stage::set();
    let mut run = 0;
    for line in blocks(&readme, "console").join("\n").lines() {
        let line = line
            .strip_prefix("$ ")
            .unwrap_or_else(|| panic!("only commands stand in a console block: {line}"));
        run += usize::from(stage.play(line));
    }
    assert!(run >= 15, "only {run} lines were run");
}

/// The words of a case that were shown last, and the passphrase of everything else.
const ANSWERING: &str = r#"#!/bin/sh
answers="$STAGE/passphrase"
for argument in "$@"; do
    [ "$argument" != --words ] || answers="$STAGE/words"
done
exec "$SEALPOST" --passphrase-file "$answers" "$@"
"#;

/// gpg, answered as well.
const ANSWERING_GPG: &str = r#"#!/bin/sh
exec "$GPG" --batch --pinentry-mode loopback --passphrase-file "$STAGE/passphrase" "$@"
"#;

struct Stage {
    folder: TempDir,
}

impl Stage {
    fn set() -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["bin", "gnupg", "work"] {
            fs::create_dir(path(name)).unwrap();
            fs::set_permissions(path(name), fs::Permissions::from_mode(0o700)).unwrap();
        }
        fs::write(path("passphrase"), "correct horse\n").unwrap();
        for (name, script) in [("bin/sealpost", ANSWERING), ("bin/gpg", ANSWERING_GPG)] {
            fs::write(path(name), script).unwrap();
            fs::set_permissions(path(name), fs::Permissions::from_mode(0o700)).unwrap();
        }
        for name in ["poc.py", "requests.log", "answer.txt"] {
            fs::write(path("work").join(name), format!("{name}\n")).unwrap();
        }
        Self { folder }
    }

    /// Runs one line; `false` where the program that it names is not on this machine.
    fn play(&self, line: &str) -> bool {
        if is_skipped(line) {
            println!("skipped: {line}");
            return false;
        }
        let expected = line.split_once("# exit ").map_or(0, |(_, code)| {
            code.trim().parse().expect("a number after `# exit`")
        });
        let output = self.shell(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{line}\n{said}");
        if let Some((_, words)) = said.split_once("case words: ") {
            let words = words.lines().next().unwrap();
            fs::write(self.folder.path().join("words"), words).unwrap();
        }
        if let Some(report) = line.strip_prefix("sealpost new ") {
            self.fill_in(report.split(' ').next().unwrap());
        }
        true
    }

    fn shell(&self, line: &str) -> Output {
        let path = env::var("PATH").unwrap_or_default();
        let stage = self.folder.path();
        Command::new("sh")
            .args(["-c", line])
            .current_dir(stage.join("work"))
            .env("PATH", format!("{}:{path}", stage.join("bin").display()))
            .env("STAGE", stage)
            .env("SEALPOST", env!("CARGO_BIN_EXE_sealpost"))
            .env("GPG", found("gpg").unwrap_or_default())
            .env("SEALPOST_HOME", stage.join("home"))
            .env("SEALPOST_OFFLINE", "1")
            .env("GNUPGHOME", stage.join("gnupg"))
            .output()
            .unwrap()
    }

    /// What a person does with an editor.
    fn fill_in(&self, report: &str) {
        let path = self.folder.path().join("work").join(report);
        let text = fs::read_to_string(&path).unwrap();
        let filled = text
            .replace("title: \"\"", "title: Script injection in the search page")
            .replace("assets: [\"\"]", "assets: [https://www.example.org/search]");
        assert_ne!(text, filled);
        fs::write(path, filled).unwrap();
    }
}

/// Without gpg, neither its lines nor what needs them can be run.
fn is_skipped(line: &str) -> bool {
    let opens_without_key = line.starts_with("sealpost open") && !line.contains("--key ");
    let needs_gpg = line.starts_with("gpg ") || opens_without_key;
    (needs_gpg && found("gpg").is_none()) || (line.contains("| tar") && found("tar").is_none())
}

/// Where a program is.
fn found(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

impl Drop for Stage {
    /// gpg-agent outlives what started it.
    fn drop(&mut self) {
        let mut end = Command::new("gpgconf");
        end.args(["--kill", "all"]);
        let _ended = end
            .env("GNUPGHOME", self.folder.path().join("gnupg"))
            .output();
    }
}
