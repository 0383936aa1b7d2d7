//! `sealpost demo`: both sides at work, through the very commands that a person would type.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use clap::Parser;
use serde::Serialize;

use super::{Context, Memory};
use crate::{
    cli::{Cli, Demo},
    disk::PendingFolder,
    terminal::{Colour, Exit, Failure, Format, Output, Passphrases, Volume},
};

/// Runs the demonstration.
pub(super) fn run(args: &Demo, context: &Context<'_>) -> Result<Exit, Failure> {
    let stage = Stage::set(args)?;
    let home = env::current_dir().context("the current folder is gone")?;
    // Inside the folder, the commands are typed as they are shown.
    env::set_current_dir(stage.path()).context("cannot enter the folder of the demonstration")?;
    let files = play(context);
    env::set_current_dir(home).context("cannot go back to where the command was typed")?;
    let files = files?;
    let kept = args.keep.as_ref().map(|path| path.display().to_string());
    context.output.json(&Shown { files, kept })?;
    stage.end(context)?;
    Ok(Exit::Done)
}

/// All acts, in the current folder; how many files came out as they went in.
fn play(context: &Context<'_>) -> Result<usize, Failure> {
    let play = Play { context };
    play.vendor_makes_a_key()?;
    let report = play.reporter_writes()?;
    play.reporter_seals(&report)?;
    play.vendor_opens()?;
    play.compare(&report)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Shown {
    /// How many files came out as they went in.
    files: usize,
    kept: Option<String>,
}

/// The folder of the demonstration.
enum Stage {
    Temporary(tempfile::TempDir),
    Kept(PendingFolder, PathBuf),
}

impl Stage {
    fn set(args: &Demo) -> Result<Self, Failure> {
        Ok(match &args.keep {
            Some(folder) => {
                let folder = std::path::absolute(folder).context("the current folder is gone")?;
                Self::Kept(PendingFolder::create(&folder)?, folder)
            }
            None => Self::Temporary(
                tempfile::Builder::new()
                    .prefix("sealpost-demo-")
                    .tempdir()
                    .context("cannot make a temporary folder")?,
            ),
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder, _) => folder.path(),
        }
    }

    fn end(self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Temporary(folder) => folder
                .close()
                .context("cannot remove the temporary folder")?,
            Self::Kept(folder, path) => {
                folder.finish()?;
                context
                    .output
                    .say(format!("everything is in {}", path.display()));
            }
        }
        Ok(())
    }
}

/// The demonstration in progress.
struct Play<'a> {
    context: &'a Context<'a>,
}

/// What the reporter wrote: names within the folder, and contents.
type Written = Vec<(String, Vec<u8>)>;

impl Play<'_> {
    fn vendor_makes_a_key(&self) -> Result<(), Failure> {
        self.heading("The vendor makes a key, and publishes vendor/certificate.asc.")?;
        let name = [
            "keygen",
            "--name",
            "Example Security",
            "--email",
            "security@example.org",
        ];
        self.command(&[&name[..], &["--no-passphrase", "-o", "vendor"]].concat())
    }

    fn reporter_writes(&self) -> Result<Written, Failure> {
        self.heading("The reporter writes a report, and has three files to go with it.")?;
        self.command(&["new", "report.md"])?;
        let attachments = [
            (
                "exploit.py",
                b"print('<script>alert(document.domain)</script>')\n".to_vec(),
            ),
            (
                "requests.log",
                b"GET /search?q=%3Cscript%3E HTTP/1.1\n".repeat(4096),
            ),
            (
                "screen.bin",
                (0..1_000_003_u32).flat_map(u32::to_le_bytes).collect(),
            ),
        ];
        let mut written = vec![("report.md".to_owned(), filled_in().into_bytes())];
        written.extend(attachments.map(|(name, content)| (name.to_owned(), content)));
        for (name, content) in &written {
            fs::write(name, content).with_context(|| format!("cannot write {name}"))?;
        }
        Ok(written)
    }

    fn reporter_seals(&self, report: &Written) -> Result<(), Failure> {
        self.heading("The reporter seals all of it to the vendor's key.")?;
        let mut arguments = vec!["seal", "report.md"];
        for (name, _) in &report[1..] {
            arguments.extend(["-a", name]);
        }
        arguments.extend(["--key", "vendor/certificate.asc", "-o", "report.pgp"]);
        self.command(&arguments)
    }

    fn vendor_opens(&self) -> Result<(), Failure> {
        self.heading("report.pgp travels; whoever sees it learns its size class and the key's ID. The vendor opens it.")?;
        self.command(&[
            "open",
            "report.pgp",
            "--key",
            "vendor/secret.pgp",
            "-o",
            "opened",
        ])
    }

    /// Counts the files that came out as they went in; one that did not is a failure.
    fn compare(&self, report: &Written) -> Result<usize, Failure> {
        for (index, (name, content)) in report.iter().enumerate() {
            let folder = if index == 0 {
                "opened"
            } else {
                "opened/attachments"
            };
            let path = Path::new(folder).join(name);
            let opened =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if opened != *content {
                return Err(anyhow!("{name} came out otherwise than it went in").into());
            }
        }
        self.heading(&format!(
            "All {} files came out byte for byte as they went in.",
            report.len()
        ))?;
        Ok(report.len())
    }

    fn heading(&self, text: &str) -> Result<(), Failure> {
        self.context.output.print("")?;
        Ok(self.context.output.print(format!("# {text}"))?)
    }

    /// Shows a command as it is typed, and runs it.
    fn command(&self, arguments: &[&str]) -> Result<(), Failure> {
        let quoted = arguments.iter().map(|argument| {
            if argument.contains(' ') {
                format!("\"{argument}\"")
            } else {
                (*argument).to_owned()
            }
        });
        let line = quoted.collect::<Vec<_>>().join(" ");
        self.context.output.print(format!("$ sealpost {line}"))?;
        let cli = Cli::try_parse_from([&["sealpost"], arguments].concat())
            .map_err(|why| anyhow!("the demonstration is out of date: {why}"))?;
        // One JSON document is all that --json prints, so the commands themselves are silent then.
        let silent;
        let output = if self.context.output.is_json() {
            silent = Output::new(Format::Text, Volume::Quiet, Colour::Never)
                .redirected(Box::new(io::sink()), Box::new(io::sink()));
            &silent
        } else {
            self.context.output
        };
        let context = Context {
            output,
            passphrases: Passphrases::resolve(None)?,
            home: self.context.home.clone(),
            offline: true,
            proxy: None,
            now: self.context.now,
            memory: Memory::default(),
        };
        super::dispatch(cli.command, &context)?;
        Ok(())
    }
}

/// The fields and sections that a person would fill in.
fn filled_in() -> String {
    "---\n\
     title: Script injection in the search page\n\
     assets: [\"https://www.example.org/search\"]\n\
     weakness: [CWE-79]\n\
     severity: [\"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N\"]\n\
     ---\n\n\
     ## Summary\n\nThe search page prints the query without escaping it.\n\n\
     ## Steps to reproduce\n\n1. Run exploit.py.\n2. Open the address that it prints.\n\n\
     ## Impact\n\nWhoever follows a link runs the attacker's script as themselves.\n\n\
     ## Mitigation\n\nEscape the query where it is printed.\n"
        .to_owned()
}
