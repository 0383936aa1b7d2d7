//! A home, a folder with an opened report, and GitHub's stand-in.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{standin::StandIn, store::Hub};

pub(crate) const MAINTAINER: &str = "ghp_canaryOfTheMaintainer";
pub(crate) const REPORTER: &str = "ghp_canaryOfTheReporter";
pub(crate) const STRANGER: &str = "ghp_canaryOfAStranger";

/// The steps to reproduce of every report here.
pub(crate) const CANARY: &str = "canary-7f3a9";

pub(crate) struct Scene {
    pub(crate) folder: TempDir,
    pub(crate) github: StandIn,
    /// What the commands take for GitHub.
    pub(crate) api: String,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) output: Output,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let hub = Hub::new("example", "widgets", ("amaint", MAINTAINER))
            .with_user("rdoe", REPORTER)
            .with_user("stranger", STRANGER);
        let folder = tempfile::tempdir().unwrap();
        let github = StandIn::start(hub);
        let scene = Self {
            folder,
            api: github.url(),
            github,
        };
        fs::create_dir(scene.path("case")).unwrap();
        fs::write(scene.path("case/report.md"), REPORT).unwrap();
        fs::write(scene.path("case/advisory.toml"), TRIAGE).unwrap();
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command without a token, a terminal, or a `gh`.
    pub(crate) fn bare(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        command
            .current_dir(self.folder.path())
            .env("SEALPOST_HOME", self.path("home"))
            .env("PATH", self.path("bin"))
            .env_remove("GITHUB_TOKEN")
            .env_remove("GH_ENTERPRISE_TOKEN")
            .stdin(Stdio::null())
            .args(line.split_whitespace());
        command
    }

    /// A command of whoever has this token.
    pub(crate) fn run(&self, token: &str, line: &str) -> Said {
        let mut command = self.bare(line);
        command.env("GH_ENTERPRISE_TOKEN", token);
        command.args(["--github-api", &self.api]);
        Said::of(&mut command)
    }

    /// `advisory github …` of the maintainer, with `--json`.
    pub(crate) fn maintainer(&self, line: &str) -> Said {
        self.run(MAINTAINER, &format!("--json advisory github {line}"))
    }

    /// `advisory github event …`, for which nobody is asked.
    pub(crate) fn note(&self, line: &str) -> Said {
        let line = format!("--json advisory github event {line}");
        Said::of(&mut self.bare(&line))
    }

    /// The only advisory that there is.
    pub(crate) fn advisory(&self) -> Value {
        let shared = self.github.lock();
        let advisories = &shared.hub.repositories[0].advisories;
        assert_eq!(advisories.len(), 1);
        advisories[0].view.clone()
    }

    pub(crate) fn advisories(&self) -> usize {
        self.github.lock().hub.repositories[0].advisories.len()
    }
}

impl Said {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let said = Self { output };
        for token in [MAINTAINER, REPORTER, STRANGER] {
            assert!(!said.all().contains(token), "{}", said.all());
        }
        said
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(code), "{}", self.all());
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.output.stdout)
            .unwrap_or_else(|why| panic!("{why}: {}", self.all()))
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(
            self.all().contains(words),
            "`{words}` is not in {}",
            self.all()
        );
        self
    }

    pub(crate) fn all(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&self.output.stdout) + &text(&self.output.stderr)
    }
}

/// Whether a file of the folder holds a text.
pub(crate) fn holds(folder: &Path, needle: &str) -> bool {
    fs::read_dir(folder).into_iter().flatten().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, needle);
        }
        let bytes = fs::read(&path).unwrap();
        bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    })
}

pub(crate) const REPORT: &str = r#"---
title: Template names escape the template folder
assets: ["github:example/widgets"]
weakness: [CWE-22]
severity: ["CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"]
affected:
  - {package: "@example/widgets", ecosystem: npm, range: ">= 1.0, < 1.4.2"}
reporter: {name: R. Doe, credit: R. Doe of Example Labs}
---

# Summary

A template's name may hold `../`.

# Steps to reproduce

Ask for `/render?template=../../etc/canary-7f3a9`.

# Impact

Whoever may name a template reads every file.

# Mitigation

Refuse names with a slash.
"#;

const TRIAGE: &str = r#"fixed = "1.4.2"

[[credit]]
name = "R. Doe"
login = "rdoe"
type = "finder"
"#;
