//! `sealpost case sync --mbox`: the vendor's answers to reports that went by mail, out of a mailbox.
//!
//! A mail belongs to the case whose key opens it. What it says and who signed it is judged whenever it is
//! shown, as with messages of an intake; here it is kept as it came, sealed.

use std::{
    collections::{BTreeMap, HashSet},
    io::{self, Cursor, Read},
    path::Path,
};

use anyhow::Context as _;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    document::{CaseDocument, Document, Unreadable, tell},
    embargo::clock,
    find,
    letters::{LARGEST_MAIL, Reader},
    sync::MAX_MESSAGES,
};
use crate::{
    case::CaseName,
    cli::CaseSync,
    commands::Context,
    disk::{Cases, Destination},
    mail::read::{self, Mailbox},
    openpgp::{self, DecryptionKeys, Fingerprint, Opening, SecretKey},
    terminal::{Exit, Failure},
    wire::{Author, MessageId, MessageView},
};

/// Keeps what is new in the mailbox, and shows it.
pub(super) fn run(path: &Path, args: &CaseSync, context: &Context<'_>) -> Result<Exit, Failure> {
    let cases = context.home.cases(context.now)?;
    let names = match &args.case {
        Some(typed) => vec![find(typed, &cases)?],
        None => cases.names()?,
    };
    let mailbox = Mailbox::open(path);
    let mailbox = mailbox.with_context(|| format!("cannot read the mailbox {}", path.display()))?;
    let cases = if names.is_empty() {
        cases
    } else {
        context.cases()?
    };
    let (keys, unreadable) = Keys::of(&names, (&cases, args), context)?;
    let mut found: BTreeMap<CaseName, Vec<Vec<u8>>> = BTreeMap::new();
    let (mut looked_at, at) = (0, Timestamp::try_from(context.now)?);
    let read = mailbox.each(&mut |mail| {
        looked_at += 1;
        if let Some((name, sealed)) = keys.opens(mail) {
            found.entry(name).or_default().push(sealed);
        }
    });
    let passed_over =
        read.with_context(|| format!("cannot read the mailbox {}", path.display()))?;
    let mut documents = Vec::new();
    for (name, sealed) in found {
        let new = keep(&name, &sealed, (&cases, at))?;
        if new.is_empty() {
            continue;
        }
        let record = cases.read(&name)?;
        let mut document = CaseDocument::new(&record, &context.home.outbox().list()?.whole);
        let reader = Reader::new(&record, &cases, &args.key, context)?;
        document.set_clock(clock(&record, context));
        document.messages = new.iter().map(|view| reader.open(view, context)).collect();
        document.has_news = true;
        tell(&document, context)?;
        documents.push(document);
    }
    let output = context.output;
    if passed_over > 0 {
        output.warn(format!(
            "{passed_over} mails are too large and were passed over"
        ));
    }
    if documents.is_empty() {
        output.say(format!("no new answer among {looked_at} mails"));
    }
    let exit = if unreadable.is_empty() {
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

/// The keys of the cases that went by mail.
struct Keys {
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

    /// The case that a mail belongs to, and the message in it, sealed; nothing of what cannot be
    /// opened to its end.
    fn opens(&self, mail: &[u8]) -> Option<(CaseName, Vec<u8>)> {
        if self.secret.is_empty() {
            return None;
        }
        let mut mail = Cursor::new(mail.to_vec());
        let found = read::find(&mut mail).ok()?;
        let mut sealed = Vec::new();
        let mut content = found.open(mail).ok()?;
        content.read_to_end(&mut sealed).ok()?;
        let keys = DecryptionKeys {
            secret: self.secret.clone(),
            agent: Box::new(|_| Ok(Vec::new())),
            ask: Box::new(|_, _| Ok(None)),
        };
        let limits = Opening {
            max_size: Some(LARGEST_MAIL),
        };
        let mut message = openpgp::open(Cursor::new(sealed.clone()), keys, limits).ok()?;
        io::copy(&mut message, &mut io::sink()).ok()?;
        let opened_by = message.finish().ok()?.opened_by?;
        let fingerprint: Fingerprint = opened_by.fingerprint();
        let name = self.names.get(&fingerprint.to_string())?;
        Some((name.clone(), sealed))
    }
}

/// Keeps those that are not there yet.
fn keep(
    name: &CaseName,
    sealed: &[Vec<u8>],
    (cases, at): (&Cases, Timestamp),
) -> Result<Vec<MessageView>, Failure> {
    let _held = cases.hold(name)?;
    let mut record = cases.read(name)?;
    let mut known: HashSet<MessageId> = record.messages.iter().map(|one| one.id.clone()).collect();
    let mut new = Vec::new();
    for sealed in sealed {
        let digest: [u8; 32] = Sha256::digest(sealed).into();
        // The same mail again is the same message.
        let id = std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default());
        let view = MessageView {
            id: MessageId::from_entropy(id),
            from: Author::Vendor,
            at,
            size: sealed.len() as u64,
            sha256: data_encoding::HEXLOWER.encode(&digest),
        };
        let is_new = known.insert(view.id.clone());
        if is_new && record.messages.len() < MAX_MESSAGES {
            cases.keep_message(name, &view.id, sealed)?;
            record.messages.push(view.clone());
            new.push(view);
        }
    }
    cases.write(&record)?;
    Ok(new)
}
