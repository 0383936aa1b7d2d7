//! `sealpost case reply`: a letter to the vendor, sealed into the outbox and sent from there.

use std::{io::Write, time::Duration};

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::find;
use crate::{
    bundle::Letter,
    cli::CaseReply,
    commands::{
        Context,
        context::read_capped,
        memory::remembered,
        online::{Online, refuse_without_proxy},
        sealing::Author,
        send::{deliver_message, idempotency_key, kept_to_go_on},
        vendor,
    },
    disk::{CaseRecord, Destination, Entry, EntryKind, HeldEntry, Interruption, NoIntake},
    openpgp::Envelope,
    terminal::{Exit, Failure, Hint},
    wire::ReportId,
};

/// What `--json` prints.
#[derive(Serialize)]
struct Sent {
    case: String,
    report: String,
    message: String,
    size: u64,
    sha256: String,
}

pub(super) fn run(args: &CaseReply, context: &Context<'_>) -> Result<Exit, Failure> {
    let name = find(&args.case, &context.home.cases(context.now)?)?;
    let shown = args.message.display();
    let text = read_capped(&args.message, Letter::LIMIT as u64 + 1)
        .with_context(|| format!("cannot read the message {shown}"))?;
    let letter = Letter::from_bytes(&text).with_context(|| format!("{shown} is no message"))?;
    let cases = context.cases()?;
    let record = cases.read(&name)?;
    let (intake, _) = record.intake().map_err(elsewhere)?;
    let intake = intake.clone();
    let Some(delivered) = &record.delivered else {
        let error = anyhow!("case {name} is not delivered yet, so nobody could read a message");
        return Err(Failure::from(error).with_hint(Hint::command(
            "to go on",
            ["sealpost", "send", "--resume", name.as_str()],
        )));
    };
    if record.proxied && !args.direct {
        refuse_without_proxy(&name, context)?;
    }
    let held = seal(&letter, (&record, &delivered.report), args, context)?;
    let online = Online::new(&args.network, [intake.clone()], context)?;
    let patience = Duration::from_secs(args.patience);
    let sent = deliver_message(
        held,
        (&record, &delivered.report),
        (&online, patience, &Interruption::expected()),
        context,
    );
    let sent = sent.map_err(|error| kept_to_go_on(name.as_str(), error))?;
    context.output.json(&Sent {
        case: name.to_string(),
        report: delivered.report.to_string(),
        message: sent.id.to_string(),
        size: sent.size,
        sha256: sent.sha256,
    })?;
    context.output.say(format!("the message is at {intake}"));
    Ok(Exit::Done)
}

/// Where else the vendor reads an answer.
fn elsewhere(why: NoIntake) -> Failure {
    let hint = match &why.destination {
        Destination::Mail(address) => {
            format!("write to {address} with your mail program, encrypted to the vendor's key")
        }
        Destination::Advisory(page) => format!("write on its page, {page}"),
        Destination::Intake(_) => return why.into(),
    };
    Failure::from(why).with_hint(Hint::words(hint))
}

/// An entry of its own in the outbox, so that the same bytes are sent however often it takes.
fn seal(
    letter: &Letter,
    (record, report): (&CaseRecord, &ReportId),
    args: &CaseReply,
    context: &Context<'_>,
) -> Result<HeldEntry, Failure> {
    let (intake, certificate) = record.intake()?;
    let certificate = remembered(certificate, context)?;
    let recipient = certificate.verdict(context.now).recipient();
    let recipient = recipient.map_err(|reason| {
        let key = certificate.fingerprint();
        let error = anyhow!("the vendor's key {key} cannot be used any more: {reason}");
        Failure::new(Exit::Refused, error).with_hint(Hint::words(vendor::about(&reason)))
    })?;
    let author = match &args.sign_with {
        Some(own) => Author::own(own, context)?,
        None => Author::of_case(&record.secret, context)?,
    };
    let envelope = Envelope::to(vec![recipient], None)?;
    let mut sealing = envelope.seal(Vec::new(), author.signer, context.now)?;
    sealing.write_all(&letter.padded()).context("cannot seal")?;
    let sealed = sealing.finish()?;
    let key = idempotency_key()?;
    let name = record.name();
    let own = key.get(..8).unwrap_or_default();
    let pending = context.home.outbox().begin(&format!("{name}-{own}"))?;
    pending
        .writer()?
        .write_all(&sealed)
        .context("cannot write into the outbox")?;
    Ok(pending.publish(Entry {
        case: name,
        kind: EntryKind::Message(report.clone()),
        intake: intake.clone(),
        idempotency_key: key.clone(),
        sha256: Sha256::digest(&sealed).into(),
        size: sealed.len() as u64,
        sealed: Timestamp::try_from(context.now)?,
        upload: None,
        words_shown: true,
        proxied: context.proxy.is_some(),
    })?)
}
