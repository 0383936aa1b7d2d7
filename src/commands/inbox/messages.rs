//! `inbox messages`: the letters of a case; those of the reporter are opened and shown.

use std::{
    io::{Cursor, Write},
    path::Path,
};

use anyhow::Context as _;
use serde::Serialize;

use super::desk::{Desk, Role};
use crate::commands::{
    Context,
    open::{Job, Signature, Source, judge, not_opened},
};
use crate::{
    bundle::Letter,
    cli::{InboxMessages, OpeningOptions},
    disk::{Overwrite, PendingFile},
    openpgp::Certificate,
    terminal::{Exit, Failure},
    wire::{Author, MessageView},
};

/// What `--json` prints.
#[derive(Serialize)]
struct Document {
    messages: Vec<Shown>,
}

/// One message.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    message: MessageView,
    /// What the reporter wrote; null for the vendor's own, and where it was not opened.
    text: Option<String>,
    /// Who signed it.
    signature: Option<Signature>,
    /// Why it was not opened.
    error: Option<String>,
    /// Where its sealed bytes were saved.
    file: Option<String>,
}

pub(super) fn run(args: &InboxMessages, context: &Context<'_>) -> Result<Exit, Failure> {
    let desk = Desk::resolve(&args.at, context)?;
    let listing = desk.intake();
    let list = desk.ask(Role::Read, listing.messages(desk.token(), &args.id))?;
    let mut messages = list.messages;
    if !args.message.is_empty() {
        messages.retain(|message| args.message.contains(&message.id));
    }
    if messages.is_empty() {
        context.output.say("no messages");
    }
    let reader = Reader::new(args, &desk, context)?;
    let mut shown = Vec::new();
    let mut worst = Exit::Done;
    for message in messages {
        let (one, exit) = match &args.output {
            Some(folder) => (reader.save(message, folder)?, Exit::Done),
            None => reader.show(message),
        };
        tell(&one, context)?;
        if exit != Exit::Done {
            worst = exit;
        }
        shown.push(one);
    }
    context.output.json(&Document { messages: shown })?;
    Ok(worst)
}

/// Opens messages one after the other.
struct Reader<'a> {
    args: &'a InboxMessages,
    desk: &'a Desk,
    context: &'a Context<'a>,
    job: Job,
    /// Whose signature is expected.
    reporter: Option<Certificate>,
}

impl<'a> Reader<'a> {
    fn new(
        args: &'a InboxMessages,
        desk: &'a Desk,
        context: &'a Context<'_>,
    ) -> Result<Self, Failure> {
        let opening = OpeningOptions {
            key: args.key.clone(),
            signer: Vec::new(),
            to: None,
            checksums: false,
            max_size: None,
        };
        Ok(Self {
            args,
            desk,
            context,
            job: Job::resolve(&opening, false, context)?,
            reporter: context.home.reporters().find(args.id.as_str())?,
        })
    }

    /// A message as far as it can be read: one that cannot does not hide the others.
    fn show(&self, message: MessageView) -> (Shown, Exit) {
        let mut shown = Shown {
            message,
            text: None,
            signature: None,
            error: None,
            file: None,
        };
        if shown.message.from == Author::Vendor {
            return (shown, Exit::Done);
        }
        match self.open(&shown.message) {
            Ok((letter, signature)) => {
                shown.text = Some(letter.text().to_owned());
                shown.signature = Some(signature);
                (shown, Exit::Done)
            }
            Err(failure) => {
                shown.error = Some(format!("{:#}", failure.error()));
                (shown, failure.exit())
            }
        }
    }

    fn open(&self, message: &MessageView) -> Result<(Letter, Signature), Failure> {
        let name = format!("the message {}", message.id);
        let sealed = self.fetch(message)?;
        let source = Source {
            name: name.clone(),
            size: Some(sealed.len() as u64),
            mail: None,
            reader: Box::new(Cursor::new(sealed)),
        };
        let mut opening = self.job.begin(source, self.context)?;
        let letter = Letter::read(&mut opening);
        let authenticated = opening.finish().map_err(|why| not_opened(&name, why))?;
        let reporter = self.reporter.as_slice();
        let signature = authenticated.signature(&[], reporter, self.context.now);
        let signature = judge(&name, &signature)?;
        let letter =
            letter.with_context(|| format!("{name} cannot be shown; save it with -o DIR"))?;
        Ok((letter, signature))
    }

    fn fetch(&self, message: &MessageView) -> Result<Vec<u8>, Failure> {
        let intake = self.desk.intake();
        let bytes = intake.message(self.desk.token(), &self.args.id, message);
        self.desk.ask(Role::Read, bytes)
    }

    fn save(&self, message: MessageView, folder: &Path) -> Result<Shown, Failure> {
        let sealed = self.fetch(&message)?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(format!("{}.pgp", message.id));
        let mut file = PendingFile::create(&path, Overwrite::Refuse)?;
        file.write_all(&sealed)
            .with_context(|| format!("cannot write {}", path.display()))?;
        file.finish()?;
        Ok(Shown {
            message,
            text: None,
            signature: None,
            error: None,
            file: Some(path.display().to_string()),
        })
    }
}

fn tell(shown: &Shown, context: &Context<'_>) -> Result<(), Failure> {
    let message = &shown.message;
    let mut fields = vec![
        ("message", message.id.to_string()),
        (
            "from",
            match message.from {
                Author::Reporter => "the reporter".to_owned(),
                Author::Vendor => "the vendor (sealed to the reporter alone)".to_owned(),
            },
        ),
        ("at", message.at.strftime("%Y-%m-%d %H:%M UTC").to_string()),
    ];
    if let Some(signature) = &shown.signature {
        fields.push(("signature", signature.words.clone()));
    }
    if let Some(file) = &shown.file {
        fields.push(("saved as", file.clone()));
    }
    context.output.print_fields(&fields)?;
    if let Some(text) = &shown.text {
        // Marked, so that none of it can pass for a line of ours.
        let lines = text.lines().map(|line| format!("  | {line}"));
        let marked: Vec<_> = lines.map(|line| line.trim_end().to_owned()).collect();
        context.output.print("")?;
        context.output.print_lines(&marked.join("\n"))?;
    }
    if let Some(error) = &shown.error {
        context.output.warn(error);
    }
    context.output.print("")?;
    Ok(())
}
