//! The ways of a mail: into a file, to stdout, or through the outbox to whoever takes it.

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::Context as _;
use jiff::Timestamp;

use super::{
    Dispatch,
    outcome::{Mailed, finish, words},
    sealed::{Sealed, rewound, seal},
};
use crate::{
    case::CaseName,
    cli::Send,
    commands::{
        Context,
        online::Online,
        post::{Line, Mail, Post, submit},
        send::kept,
    },
    disk::{
        CaseRecord, Destination, Entry, EntryKind, HeldEntry, Interruption, Overwrite, PendingFile,
    },
    mail::compose::{ReportMail, Sealer},
    program::MailAddress,
    terminal::{Exit, Failure},
};

/// A mail and what seals it.
pub(super) type Unsealed<'a> = (&'a ReportMail<'a>, Sealer<'a>);

pub(super) fn into_file(
    path: &Path,
    (mail, sealer): Unsealed<'_>,
    dispatch: &Dispatch,
    args: &Send,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let file = PendingFile::create(path, Overwrite::Refuse)?;
    let Sealed { out, size, sha256 } = seal(mail, sealer, file, context)?;
    let kept = keep(dispatch, (size, sha256), args, context)?;
    if let Err(error) = out.finish() {
        forget(kept.as_ref(), context);
        return Err(error.into());
    }
    finish(Mailed::new(dispatch, (size, sha256), kept), context)
}

pub(super) fn to_stdout(
    (mail, sealer): Unsealed<'_>,
    dispatch: &Dispatch,
    args: &Send,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let spool = tempfile::tempfile().context("cannot make a temporary file")?;
    let Sealed { out, size, sha256 } = seal(mail, sealer, spool, context)?;
    let kept = keep(dispatch, (size, sha256), args, context)?;
    let mut stdout = context.output.bytes();
    let copied = rewound(out).and_then(|mut mail| io::copy(&mut mail, &mut stdout));
    if let Err(error) = copied.and_then(|_| stdout.flush()) {
        forget(kept.as_ref(), context);
        return Err(anyhow::Error::new(error)
            .context("cannot write to standard output")
            .into());
    }
    finish(Mailed::new(dispatch, (size, sha256), kept), context)
}

/// The record of the case, unless nothing is to stay.
fn keep(
    dispatch: &Dispatch,
    sealed: (u64, [u8; 32]),
    args: &Send,
    context: &Context<'_>,
) -> Result<Option<CaseName>, Failure> {
    if args.leave_no_trace {
        return Ok(None);
    }
    let record = record(dispatch, sealed, context)?;
    context.home.cases(context.now)?.write(&record)?;
    Ok(Some(record.name()))
}

fn forget(kept: Option<&CaseName>, context: &Context<'_>) {
    if let (Some(name), Ok(cases)) = (kept, context.home.cases(context.now)) {
        let _gone = cases.forget(name);
    }
}

fn record(
    dispatch: &Dispatch,
    (size, sha256): (u64, [u8; 32]),
    context: &Context<'_>,
) -> Result<CaseRecord, Failure> {
    Ok(CaseRecord {
        secret: dispatch.case.clone(),
        vendor: dispatch.vendor.clone(),
        destination: Destination::Mail(dispatch.to.clone()),
        certificate: Some(dispatch.certificate.clone()),
        signed_by: dispatch.signed_by.clone(),
        sha256,
        size,
        sealed: Timestamp::try_from(context.now)?,
        embargo: dispatch.embargo,
        delivered: None,
        handed_over: None,
        seen: None,
        noted: Vec::new(),
        messages: Vec::new(),
        by_strangers: Vec::new(),
        proxied: context.proxy.is_some(),
    })
}

/// Sealed into the outbox first: what cannot be handed over now goes on from there.
pub(super) fn through_outbox(
    (mail, sealer): Unsealed<'_>,
    dispatch: &Dispatch,
    (online, from): (&Online, &MailAddress),
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let cases = context.home.cases(context.now)?;
    let name = CaseName::of(&dispatch.case);
    let pending = context.home.outbox().begin(name.as_str())?;
    let Sealed { size, sha256, .. } = seal(mail, sealer, pending.writer()?, context)?;
    let mut record = record(dispatch, (size, sha256), context)?;
    cases.write(&record)?;
    let entry = Entry {
        case: name.clone(),
        kind: EntryKind::Mail {
            from: from.to_string(),
            to: dispatch.to.to_string(),
        },
        intake: dispatch.post.url()?,
        idempotency_key: String::new(),
        sha256,
        size,
        sealed: record.sealed,
        upload: None,
        words_shown: false,
        proxied: context.proxy.is_some(),
    };
    let mut held = pending.publish(entry).inspect_err(|_| {
        let _gone = cases.forget(&name);
    })?;
    let interruption = Interruption::expected();
    let line = (online, &interruption);
    let parties = (from, &dispatch.to);
    if let Err(failure) = hand_over(&held, &dispatch.post, parties, (line, context)) {
        words(&dispatch.case, context);
        held.set_words_shown()?;
        return Err(not_delivered(name.as_str(), failure));
    }
    record.handed_over = Some(Timestamp::try_from(context.now)?);
    cases.write(&record)?;
    finish(Mailed::new(dispatch, (size, sha256), Some(name)), context)?;
    // Not before the words were shown: `send --resume` shows them otherwise.
    held.remove()?;
    Ok(Exit::Done)
}

/// From a file without a name, and with nothing that stays.
pub(super) fn without_trace(
    (mail, sealer): Unsealed<'_>,
    dispatch: &Dispatch,
    (online, from): (&Online, &MailAddress),
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let spool = tempfile::tempfile().context("cannot make a temporary file")?;
    let Sealed { out, size, sha256 } = seal(mail, sealer, spool, context)?;
    let mail = Mail {
        from,
        to: &dispatch.to,
        size,
        content: &mut rewound(out).context("cannot read a temporary file")?,
    };
    let interruption = Interruption::expected();
    submit(&dispatch.post, mail, (online, &interruption), context)
        .inspect_err(|_| words(&dispatch.case, context))?;
    finish(Mailed::new(dispatch, (size, sha256), None), context)
}

/// It waits in the outbox, and what helps stands with it.
pub(super) fn not_delivered(case: &str, failure: Failure) -> Failure {
    let hints = failure.hints().to_vec();
    let kept = kept(case, failure.into_error());
    hints.into_iter().fold(kept, Failure::with_hint)
}

/// Hands over what lies in the outbox.
pub(super) fn hand_over(
    held: &HeldEntry,
    post: &Post,
    (from, to): (&MailAddress, &MailAddress),
    (line, context): (Line<'_>, &Context<'_>),
) -> Result<(), Failure> {
    let mail = Mail {
        from,
        to,
        size: held.entry().size,
        content: &mut held.sealed()?,
    };
    submit(post, mail, line, context)
}
