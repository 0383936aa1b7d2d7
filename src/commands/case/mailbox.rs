//! `sealpost case sync --mbox`: the vendor's answers to reports that went by mail, out of a mailbox.
//!
//! A mail belongs to the case whose key opens it. What it says and who signed it is judged whenever it is
//! shown, as with messages of an intake; here it is kept as it came, sealed, each before the next is read.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Cursor, Read as _},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use super::{
    chosen,
    document::{CaseDocument, Document, Unreadable, tell},
    embargo::clock,
    letters::{LARGEST_MAIL, Reader},
    sorted::{Answer, Sorted},
    unlocked,
};
use crate::{
    case::CaseName,
    cli::CaseSync,
    commands::Context,
    disk::{Cases, Destination},
    mail::read::{self, Mailbox},
    openpgp::{self, DecryptionKeys, Fingerprint, Message, OpenError, Opening, SecretKey},
    terminal::{Exit, Failure},
    wire::MessageView,
};

/// Keeps what is new in the mailbox, and shows it.
pub(super) fn run(path: &Path, args: &CaseSync, context: &Context<'_>) -> Result<Exit, Failure> {
    let (cases, names) = chosen(args.case.as_deref(), context)?;
    let mailbox = Mailbox::open(path);
    let mailbox = mailbox.with_context(|| format!("cannot read the mailbox {}", path.display()))?;
    let cases = unlocked(cases, &names, context)?;
    let (keys, unreadable) = Keys::of(&names, (&cases, args), context)?;
    let mut sorted = Sorted::new(&cases, context)?;
    let (mut looked_at, mut kept) = (0, Ok(()));
    let read = mailbox.each(&mut |mail| {
        looked_at += 1;
        if kept.is_ok()
            && let Some(answer) = keys.opens(mail)
        {
            kept = sorted.keep(&answer, &keys);
        }
    });
    let Sorted { new, left_out, .. } = sorted;
    let documents = show(&new, (&cases, args), context)?;
    kept?;
    let passed_over =
        read.with_context(|| format!("cannot read the mailbox {}", path.display()))?;
    let output = context.output;
    for (name, mails) in &left_out {
        output.warn(format!(
            "case {name} has no room for {mails} more mails; they stay in the mailbox: sealpost open --words reads them"
        ));
    }
    if passed_over > 0 {
        output.warn(format!(
            "{passed_over} mails are too large and were passed over"
        ));
    }
    if documents.is_empty() {
        output.say(format!("no new answer among {looked_at} mails"));
    }
    let exit = if unreadable.is_empty() && left_out.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    };
    output.json(&Document {
        cases: documents,
        unreadable,
    })?;
    Ok(exit)
}

/// Shows the new messages of each case.
fn show(
    new: &BTreeMap<CaseName, Vec<MessageView>>,
    (cases, args): (&Cases, &CaseSync),
    context: &Context<'_>,
) -> Result<Vec<CaseDocument>, Failure> {
    let mut documents = Vec::new();
    for (name, new) in new {
        let record = cases.read(name)?;
        let mut document = CaseDocument::new(&record, &context.home.outbox().list()?.whole);
        let reader = Reader::new(&record, cases, &args.key, context)?;
        document.set_clock(clock(&record, context));
        document.messages = new.iter().map(|view| reader.open(view, context)).collect();
        document.has_news = true;
        tell(&document, context)?;
        documents.push(document);
    }
    Ok(documents)
}

/// The keys of the cases that went by mail.
pub(super) struct Keys {
    names: BTreeMap<String, CaseName>,
    secret: Vec<SecretKey>,
}

impl Keys {
    /// Those of the cases, and which of these cannot be read.
    fn of(
        names: &[CaseName],
        (cases, args): (&Cases, &CaseSync),
        context: &Context<'_>,
    ) -> Result<(Self, Vec<Unreadable>), Failure> {
        let mut unreadable = Vec::new();
        let mut keys = Self {
            names: BTreeMap::new(),
            secret: Vec::new(),
        };
        for name in names {
            let record = match cases.read(name) {
                Ok(record) => record,
                Err(why) if args.case.is_some() => return Err(why.into()),
                Err(why) => {
                    unreadable.push(Unreadable::tell(name, why, context));
                    continue;
                }
            };
            if !matches!(record.destination, Destination::Mail(_)) {
                continue;
            }
            let secret = &record.secret;
            let key = openpgp::case_key(&secret.signing_seed(), &secret.reply_seed())?;
            let fingerprint = key.certificate().fingerprint();
            keys.names.insert(fingerprint.to_string(), name.clone());
            keys.secret.push(key);
        }
        Ok((keys, unreadable))
    }

    /// The answer in a mail, and its case; nothing of what cannot be opened to its end.
    fn opens(&self, mail: &[u8]) -> Option<Answer> {
        if self.secret.is_empty() {
            return None;
        }
        let mut mail = Cursor::new(mail.to_vec());
        let found = read::find(&mut mail).ok()?;
        let mut sealed = Vec::new();
        let mut content = found.open(mail).ok()?;
        content.read_to_end(&mut sealed).ok()?;
        drop(content);
        let sealed: Arc<[u8]> = sealed.into();
        let mut message = BufReader::new(self.open(&sealed).ok()?);
        let mut content = Sha256::new();
        while let piece @ [_, ..] = message.fill_buf().ok()? {
            content.update(piece);
            let count = piece.len();
            message.consume(count);
        }
        let authenticated = message.into_inner().finish().ok()?;
        let opened_by: Fingerprint = authenticated.opened_by.as_ref()?.fingerprint();
        let digest = Sha256::new()
            .chain_update(content.finalize())
            .chain_update(authenticated.signature_bytes());
        Some(Answer {
            case: self.names.get(&opened_by.to_string())?.clone(),
            content: digest.finalize().into(),
            sealed,
        })
    }

    /// The message of an answer.
    pub(super) fn open(&self, sealed: &Arc<[u8]>) -> Result<Message, OpenError> {
        let keys = DecryptionKeys {
            secret: self.secret.clone(),
            agent: Box::new(|_| Ok(Vec::new())),
            ask: Box::new(|_, _| Ok(None)),
        };
        let limits = Opening {
            max_size: Some(LARGEST_MAIL),
        };
        openpgp::open(Cursor::new(sealed.clone()), keys, limits)
    }
}
