//! The site as a folder, whole or not at all.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    announcement::Announcement,
    plan::Plan,
    site::{self, DANE, Files},
};
use crate::{
    cli::Publish,
    commands::Context,
    disk::PendingFolder,
    terminal::{Exit, Failure, Hint, OrFail},
};

/// Writes the folder.
pub(super) fn run(args: &Publish, context: &Context<'_>) -> Result<Exit, Failure> {
    let plan = Plan::resolve(args, context)?;
    let output = args.output.as_deref().unwrap_or(Path::new(""));
    let folder =
        PendingFolder::create_public(output).hint(Hint::words("name a new folder with -o DIR"))?;
    let announcement = Announcement::make(&plan, args, context)?;
    let files = site::files(&plan, &announcement)?;
    for (path, content) in &files {
        write_new(&folder.path().join(path), content)
            .with_context(|| format!("cannot write {path}"))?;
    }
    folder.finish()?;
    let written = Written::new(&plan, &announcement, &files, output);
    context.output.json(&written)?;
    written.print(context)?;
    Ok(Exit::Done)
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Written {
    domain: String,
    folder: String,
    fingerprint: String,
    addresses: Vec<String>,
    signed_by: Option<String>,
    expires: Timestamp,
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    path: String,
    size: usize,
}

impl Written {
    fn new(plan: &Plan, announcement: &Announcement, files: &Files, output: &Path) -> Self {
        let file = |(path, content): (&String, &Vec<u8>)| File {
            path: path.clone(),
            size: content.len(),
        };
        Self {
            domain: plan.domain.clone(),
            folder: output.display().to_string(),
            fingerprint: plan.certificate.fingerprint().to_string(),
            addresses: plan.addresses.iter().map(ToString::to_string).collect(),
            signed_by: announcement.signed_by.as_ref().map(ToString::to_string),
            expires: plan.expires,
            files: files.iter().map(file).collect(),
        }
    }

    fn print(&self, context: &Context<'_>) -> Result<(), Failure> {
        let output = context.output;
        let day = self.expires.strftime("%Y-%m-%d");
        let signed = match &self.signed_by {
            Some(key) => format!("signed by {key}"),
            None => "not signed".to_owned(),
        };
        output.print_fields(&[
            ("folder", self.folder.clone()),
            ("key", self.fingerprint.clone()),
            ("addresses", self.addresses.join(", ")),
            ("security.txt", format!("{signed}, expires {day}")),
        ])?;
        for file in &self.files {
            output.print(format!("  {} ({} bytes)", file.path, file.size))?;
        }
        let domain = &self.domain;
        output.say(format!(
            "copy all of it, .well-known included, onto the web root of https://{domain}/"
        ));
        output.say(
            "serve security.txt and key.asc as text/plain; charset=utf-8, and the files below openpgpkey as application/octet-stream",
        );
        if !self.addresses.is_empty() {
            output.say(format!(
                "if the host openpgpkey.{domain} exists, it must serve the same files; otherwise it is not needed"
            ));
            output.say(format!(
                "if your zone is signed with DNSSEC, put the records of {DANE} there: a second source lets reporters trust the key unasked"
            ));
        }
        output.say(format!("publish anew before {day}, and see that all is well with: sealpost publish --check {domain}"));
        Ok(())
    }
}
