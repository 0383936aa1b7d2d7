//! `check` at the binary's door: exit codes, places, reasons, and not one character of a secret.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

struct Scene(TempDir);

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Scene {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A report with these fields after the title, and this summary.
    fn report(&self, fields: &str, summary: &str) {
        self.write(
            "report.md",
            format!(
                "---\ntitle: A flaw\n{fields}\n---\n\n## Summary\n\n{summary}\n\n## Steps to reproduce\n\nLook.\n\n\
                 ## Impact\n\nBad.\n\n## Mitigation\n\nMend.\n"
            ),
        );
    }

    fn run(&self, line: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        command
            .current_dir(self.0.path())
            .args(line.split(' '))
            .env("SEALPOST_HOME", self.0.path().join("home"))
            .env("SEALPOST_OFFLINE", "1")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stdout.contains(word),
                "{word:?} is not in:\n{}",
                self.stdout
            );
        }
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

const FIELDS: &str =
    "assets: [\"https://www.val.town/settings\"]\nweakness: [CWE-639]\ntool_generated: false";

/// A token that nobody gave out, put together here.
fn token() -> String {
    format!("ghp_{}", "k3Zq9LmX2vB7nT5rW8yPdQ4sHfJ6gCtR1uEw")
}

#[test]
fn a_report_in_scope_passes_with_hints() {
    let scene = Scene::new();
    scene.report(FIELDS, "Anybody reads the settings of others.");
    let ended = scene.run("check report.md --to val.town").expect(0);
    assert!(
        ended
            .stderr
            .contains("asked of you: Leave other people's data alone"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("nothing stands in the way: 0 problems, 1 hint"),
        "{}",
        ended.stderr
    );
    ended.says(&[
        "hint: report.md: Val Town pays for findings",
        "[severity-unstated]",
    ]);
    scene.run("check report.md").expect(0);
    scene.run("check report.md --to exposurex").expect(0);
}

#[test]
fn problems_name_their_place_and_end_with_4() {
    let scene = Scene::new();
    scene.report(
        "assets:\n  - https://evilval.town/\n  - https://someone.val.run/\nclass: [cross_site_scripting_xss.stored.self]\n\
         tool_generated: true",
        "The response lacks an\nX-Frame-Options header.",
    );
    let ended = scene.run("check report.md --to val.town").expect(4);
    ended.says(&[
        "problem: report.md:4: https://evilval.town/ is not in the scope of Val Town",
        "problem: report.md:6: class cross_site_scripting_xss.stored.self: Val Town does not want this (self-xss)",
        "problem: report.md:7: tool_generated: Val Town does not want this (tool-output)",
        "hint: report.md:12: “lacks an X Frame Options” in Summary",
        "hint: report.md:5: https://someone.val.run/ is in scope, but",
    ]);
    let document = scene
        .run("check report.md --to val.town --json")
        .expect(4)
        .json();
    assert_eq!(document["problems"], 3);
    assert_eq!(document["program"], "val.town");
    let excluded = document["findings"].as_array().unwrap().iter();
    let excluded: Vec<_> = excluded
        .filter(|one| one["code"].as_str().unwrap().starts_with("excluded-"))
        .map(|one| one["about"].as_str().unwrap())
        .collect();
    assert_eq!(excluded, ["tool-output", "self-xss", "security-headers"]);
}

#[test]
fn reasons_travel_with_the_report() {
    let scene = Scene::new();
    let why = "The host serves the login of val.town.";
    scene.report(
        &format!(
            "assets: [login.example.net]\nweakness: [79]\ntool_generated: false\n\
             overrides: [{{code: out-of-scope, about: login.example.net, why: {why}}}, {{code: secret, why: none}}]"
        ),
        "The page prints the query.",
    );
    let ended = scene.run("check report.md --to val.town").expect(0);
    ended.says(&[
        &format!("[out-of-scope] (your reason: {why})"),
        "hint: report.md:6: nothing is found that the override of `secret` answers",
    ]);
    scene
        .run("keygen --name V --email security@example.org -o vendor --no-passphrase")
        .expect(0);
    scene
        .run("seal report.md --key vendor/certificate.asc")
        .expect(0);
    scene
        .run("open report.pgp --key vendor/secret.pgp -o opened")
        .expect(0)
        .says(&[&format!(
            "sent despite out-of-scope (login.example.net): {why}"
        )]);
    let shown = scene.run("open report.pgp --key vendor/secret.pgp -o again --json");
    assert_eq!(shown.json()["reports"][0]["overrides"][0]["why"], why);
    let inside = fs::read(scene.0.path().join("opened/report.json")).unwrap();
    let inside: Value = serde_json::from_slice(&inside).unwrap();
    assert_eq!(inside["overrides"][0]["why"], why);
}

#[test]
fn a_secret_is_named_by_its_place_and_never_shown() {
    let scene = Scene::new();
    scene.report(FIELDS, &format!("The request carries {}.", token()));
    let mut film = vec![b'.'; 8 << 20];
    film.extend_from_slice(token().as_bytes());
    scene.write("film.bin", &film);
    scene.write(
        "poc.py",
        format!(
            "import os\nheaders = {{\"Authorization\": \"token {}\"}}\n",
            token()
        ),
    );
    scene.write("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR-------------crc!\0\0\0\x0atEXtAuthor\0Adacrc!\0\0\0\0IENDcrc!");
    let line = "check report.md -a film.bin -a poc.py -a a.png --to val.town";
    let ended = scene.run(line).expect(4);
    let json = scene.run(&format!("{line} --json -vv")).expect(4);
    for text in [&ended.stdout, &ended.stderr, &json.stdout, &json.stderr] {
        assert!(!text.contains("k3Zq9LmX"), "{text}");
    }
    ended.says(&[
        "problem: report.md:10: this looks like a credential (github-token)",
        "problem: poc.py:2: this looks like a credential in an Authorization header",
        "hint: a.png: the picture holds the text “Author” (22 bytes): it is left out when you seal [attachment-metadata]",
    ]);
    let found = json.json()["findings"].clone();
    let film = found
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["file"] == "film.bin")
        .unwrap()
        .clone();
    assert_eq!(
        (film["line"].as_u64(), film["code"].as_str()),
        (Some(1), Some("secret"))
    );
}

#[test]
fn a_report_that_cannot_be_read_is_looked_through_all_the_same() {
    let scene = Scene::new();
    for (text, code, place) in [
        ("# Summary\n", "front-matter-invalid", "report.md:1"),
        ("---\ntitle: a\n---\n", "field-missing", "report.md:1"),
        (
            "---\ntitle: a\nassets: [val.town]\nseverty: x\n---\n",
            "field-invalid",
            "report.md:4",
        ),
    ] {
        scene.write("report.md", format!("{text}{}\n", token()));
        let ended = scene.run("check report.md --to val.town").expect(4);
        ended.says(&[
            &format!("problem: {place}: "),
            &format!("[{code}]"),
            "[secret]",
        ]);
    }
    scene.write("report.md", b"---\ntitle: \xff\n---\n");
    let ended = scene.run("check report.md").expect(1);
    assert!(
        ended.stderr.contains("report.md:2: not UTF-8 text"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_cannot_be_attached_is_refused() {
    let scene = Scene::new();
    scene.report(FIELDS, "Anybody reads the settings.");
    scene.run("check report.md -a missing.bin").expect(1);
    scene.run("check report.md -a .").expect(1);
    scene.run("check missing.md").expect(1);
    scene.run("check report.md --to ./missing.toml").expect(1);
    scene.run("check").expect(2);
}

#[test]
fn a_program_is_what_the_report_names_or_a_file() {
    let scene = Scene::new();
    scene.report(
        "program: val.town\nassets: [example.org]\nweakness: [79]\ntool_generated: false",
        "The page prints it.",
    );
    scene
        .run("check report.md")
        .expect(4)
        .says(&["[out-of-scope]"]);
    scene
        .run("check report.md --to curl")
        .expect(4)
        .says(&["[program-differs]"]);
    scene.write(
        "program.toml",
        "[program]\nname = \"Example\"\nid = \"example\"\naliases = [\"val.town\"]\n[[contact]]\nuri = \"tel:123\"\n\
         [scope]\nin = [\"*example.org\"]\n[[exclusion]]\nid = \"pages\"\nwords = \"Pages\"\nphrases = [\"page|pages ... prints\"]\n",
    );
    let ended = scene.run("check report.md --to ./program.toml").expect(4);
    ended.says(&["problem: report.md:11: “page prints” in Summary: Example does not want this (pages): Pages [excluded-text]"]);
}
