//! `sealpost demo`: both sides at work, through the very commands that a person would type, and a
//! real intake between them.

mod server;
mod side;
mod stage;

use std::{env, fs, io::Write, path::Path};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use self::{server::Server, side::Side, stage::Stage};
use super::Context;
use crate::{
    cli::Demo,
    disk::{Overwrite, PendingFile},
    openpgp::read_certificates,
    terminal::{Exit, Failure},
};

/// Runs the demonstration.
pub(super) fn run(args: &Demo, context: &Context<'_>) -> Result<Exit, Failure> {
    let stage = Stage::set(args)?;
    let home = env::current_dir().context("the current folder is gone")?;
    // Inside the folder, the commands are typed as they are shown.
    env::set_current_dir(stage.path()).context("cannot enter the folder of the demonstration")?;
    let played = Play::new(context).and_then(|play| play.all());
    env::set_current_dir(home).context("cannot go back to where the command was typed")?;
    let (files, answer) = played?;
    let kept = args.keep.as_ref().map(|path| path.display().to_string());
    context.output.json(&Shown {
        files,
        answer,
        kept,
    })?;
    stage.end(context)?;
    Ok(Exit::Done)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Shown {
    /// How many files came out as they went in.
    files: usize,
    /// What the vendor answered, as the reporter read it.
    answer: String,
    kept: Option<String>,
}

/// The demonstration in progress.
struct Play<'a> {
    context: &'a Context<'a>,
    vendor: Side<'a>,
    reporter: Side<'a>,
}

/// What the reporter wrote: names within the folder, and contents.
type Written = Vec<(String, Vec<u8>)>;

impl<'a> Play<'a> {
    fn new(context: &'a Context<'a>) -> Result<Self, Failure> {
        Ok(Self {
            context,
            vendor: Side::new("vendor", context)?,
            reporter: Side::new("reporter", context)?,
        })
    }

    /// All acts, in the current folder; how many files came out as they went in, and the answer.
    fn all(&self) -> Result<(usize, String), Failure> {
        let fingerprint = self.vendor_makes_a_key()?;
        let server = self.vendor_starts_an_intake()?;
        let report = self.reporter_writes()?;
        self.reporter_sends(&report, server.url(), &fingerprint)?;
        let id = self.vendor_opens(server.url())?;
        let files = self.compare(&report)?;
        self.vendor_answers(server.url(), &id)?;
        let answer = self.reporter_reads()?;
        server.stop()?;
        Ok((files, answer))
    }

    fn vendor_makes_a_key(&self) -> Result<String, Failure> {
        self.heading("The vendor makes a key, and publishes vendor/certificate.asc.")?;
        let name = [
            "--name",
            "Example Security",
            "--email",
            "security@example.org",
        ];
        let rest = ["--no-passphrase", "-o", "vendor"];
        self.vendor
            .types(&[&["keygen"], &name[..], &rest].concat())?;
        let bytes = fs::read(CERTIFICATE).context("cannot read the new certificate")?;
        let certificates = read_certificates(CERTIFICATE, &bytes)?;
        let made = certificates.first();
        let made = made.ok_or_else(|| anyhow!("no key was made"))?;
        Ok(made.fingerprint().to_string())
    }

    fn vendor_starts_an_intake(&self) -> Result<Server, Failure> {
        self.heading(
            "The vendor runs an intake, with the key that signs receipts and opens nothing. Alice gets a token for it.",
        )?;
        let keys = ["--key", CERTIFICATE, "--signing", "vendor/receipts.pgp"];
        let place = ["--data", "intake", "--listen", "127.0.0.1:0"];
        let serve = [&["serve"], &keys[..], &place].concat();
        self.vendor.shows(&serve, " &")?;
        let server = Server::start(&serve)?;
        let output = self.context.output;
        output.print(format!("ready on {}", server.url()))?;
        let add = ["token", "add", "alice", "--role", "triage"];
        let token = self.vendor.types_into(
            &[&add[..], &["--data", "intake"]].concat(),
            " > alice.token",
        )?;
        let mut file = PendingFile::create(Path::new(TOKEN), Overwrite::Refuse)?;
        file.write_all(token.as_bytes())
            .context("cannot write the token")?;
        file.finish()?;
        Ok(server)
    }

    fn reporter_writes(&self) -> Result<Written, Failure> {
        self.heading("A reporter writes a report, and has three files to go with it.")?;
        self.reporter.types(&["new", "report.md"])?;
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

    fn reporter_sends(
        &self,
        report: &Written,
        url: &str,
        fingerprint: &str,
    ) -> Result<(), Failure> {
        self.heading(
            "The reporter has compared the fingerprint with the vendor's, and trusts the key.",
        )?;
        let trust = ["trust", url, "--key", CERTIFICATE];
        let compared = ["--fingerprint", fingerprint];
        self.reporter.types(&[&trust[..], &compared].concat())?;
        self.heading("The reporter sends all of it, and verifies the intake's receipt.")?;
        let mut arguments = vec!["send", "report.md"];
        for (name, _) in report.iter().skip(1) {
            arguments.extend(["-a", name]);
        }
        arguments.extend(["--to", url, "--vks", "none", "--hkp", "none"]);
        self.reporter.types(&arguments)
    }

    fn vendor_opens(&self, url: &str) -> Result<String, Failure> {
        self.heading(
            "The intake holds ciphertext. Alice has the secret key on another machine, and opens the report there.",
        )?;
        let at = ["--intake", url, "--token-file", TOKEN];
        let key = ["--key", "vendor/secret.pgp"];
        let list = [&["inbox", "list"], &key[..], &at].concat();
        self.vendor.types(&list)?;
        let listed = self.vendor.asks(&list)?;
        let id = listed["reports"][0]["id"].as_str();
        let id = id.ok_or_else(|| anyhow!("the report is not there"))?;
        let open = [&["inbox", "open", id, "-o", "opened"], &key[..], &at].concat();
        self.vendor.types(&open)?;
        Ok(id.to_owned())
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

    fn vendor_answers(&self, url: &str, id: &str) -> Result<(), Failure> {
        self.heading("Alice answers somebody whose name nobody knows.")?;
        fs::write("answer.txt", ANSWER).context("cannot write answer.txt")?;
        let at = ["--intake", url, "--token-file", TOKEN];
        self.vendor
            .types(&[&["inbox", "ack", id], &at[..]].concat())?;
        let reply = ["inbox", "reply", id, "--message", "answer.txt"];
        let sign = ["--sign-with", "vendor/secret.pgp"];
        self.vendor.types(&[&reply[..], &sign, &at].concat())
    }

    fn reporter_reads(&self) -> Result<String, Failure> {
        self.heading("The reporter asks what became of the report, and reads the answer.")?;
        self.reporter.types(&["case", "sync"])?;
        let listed = self.reporter.asks(&["case", "list"])?;
        let name = listed["cases"][0]["case"].as_str();
        let name = name.ok_or_else(|| anyhow!("the case is not there"))?;
        let shown = self.reporter.asks(&["case", "show", name])?;
        let messages = shown["cases"][0]["messages"].as_array();
        let mut texts = messages
            .into_iter()
            .flatten()
            .filter_map(|message| message["text"].as_str());
        let answer = texts.find(|text| text.trim() == ANSWER.trim());
        let answer = answer.ok_or_else(|| anyhow!("the answer did not arrive"))?;
        self.heading("The answer arrived as it was written.")?;
        Ok(answer.trim().to_owned())
    }

    fn heading(&self, text: &str) -> Result<(), Failure> {
        self.context.output.print("")?;
        Ok(self.context.output.print(format!("# {text}"))?)
    }
}

const CERTIFICATE: &str = "vendor/certificate.asc";
const TOKEN: &str = "alice.token";
const ANSWER: &str = "Thank you. We could reproduce it; the fix is in version 2.1.\n";

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
