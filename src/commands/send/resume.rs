//! Going on with what is in the outbox: the same bytes, with the same key, from where they were.

use std::{
    fs::File,
    io::{self, Read},
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use sha2::{Digest, Sha256};

use super::{
    by_mail,
    delivery::{Parcel, Shared, attest, deliver, locked, receive},
    outcome::{Delivered, Delivery, Document, Kept, kept, kept_to_go_on, tell},
    route::Route,
};
use crate::{
    case::CaseName,
    cli::Send,
    client::{IntakeError, Offer, Source},
    commands::{
        Context,
        memory::remembered,
        online::{Online, pace, refuse_without_proxy, shuffle},
        vendor,
    },
    disk::{CaseRecord, Cases, Entry, EntryKind, HeldEntry, Interruption},
    network::policy::PATIENCE,
    terminal::{Exit, Failure, Hint},
    wire::{MessageView, ReportId, Token},
};

/// Goes on with everything, or with what belongs to one case.
pub(super) fn run(which: &str, args: &Send, context: &Context<'_>) -> Result<Exit, Failure> {
    let (mut entries, mut damaged) = context.outbox()?;
    entries.retain(|(_, entry)| entry.case.as_str().starts_with(which));
    damaged.retain(|name| name.starts_with(which));
    if entries.is_empty() && damaged.is_empty() && !which.is_empty() {
        let error = anyhow!("nothing of a case {which} is in the outbox");
        return Err(Failure::from(error).with_hint(Hint::command(
            "to see all cases",
            ["sealpost", "case", "list"],
        )));
    }
    if entries.is_empty() && damaged.is_empty() {
        context.output.say("the outbox is empty");
        context.output.json(&Document { deliveries: vec![] })?;
        return Ok(Exit::Done);
    }
    let cases = context.cases()?;
    let interruption = Interruption::expected();
    let mut deliveries = Vec::new();
    let mut told = Vec::new();
    let mut exit = if damaged.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    };
    let alone = entries.len() == 1 && damaged.is_empty();
    shuffle(&mut entries)?;
    for (name, entry) in entries {
        if interruption.came().is_some() {
            break;
        }
        match one(&name, (&cases, &interruption), args, context) {
            Ok((done, held)) => {
                match &done {
                    Delivery::Delivered(done) => tell(done, context),
                    Delivery::Mailed(done) => done.tell(context),
                    Delivery::Kept(_) => {}
                }
                told.extend(held);
                deliveries.push(done);
            }
            Err(failure) if alone => return Err(failure),
            Err(failure) => {
                exit = failure.exit();
                deliveries.push(Delivery::Kept(Kept {
                    case: entry.case.to_string(),
                    what: what(&entry),
                    error: format!("{:#}", failure.error()),
                    exit: failure.exit().code(),
                }));
                if !context.output.is_json() {
                    let _shown = failure.report(context.output);
                }
            }
        }
    }
    context.output.json(&Document { deliveries })?;
    // Not before the words of each case were shown.
    for held in told {
        held.remove()?;
    }
    Ok(exit)
}

fn what(entry: &Entry) -> &'static str {
    match entry.kind {
        EntryKind::Report | EntryKind::Mail { .. } => "report",
        EntryKind::Message(_) => "message",
    }
}

/// What was delivered, and its entry where that is still to be removed.
type Done = (Delivery, Option<HeldEntry>);

fn one(
    name: &str,
    (cases, interruption): (&Cases, &Interruption),
    args: &Send,
    context: &Context<'_>,
) -> Result<Done, Failure> {
    let Some(held) = context.home.outbox().take(name)? else {
        let error = anyhow!("another sealpost is working at {name}, or has just delivered it");
        return Err(Failure::new(Exit::NotDelivered, error));
    };
    let entry = held.entry();
    let record = cases.read(&entry.case).map_err(Failure::from)?;
    if (entry.proxied || record.proxied) && !args.direct {
        refuse_without_proxy(&entry.case, context)?;
    }
    refuse_if_revoked(entry, &record, context)?;
    if let EntryKind::Mail { .. } = entry.kind {
        let (again, held) = by_mail::again(held, (&record, cases), (args, interruption), context)?;
        return Ok((Delivery::Mailed(Box::new(again)), Some(held)));
    }
    let online = Online::new(&args.network, [entry.intake.clone()], context)?;
    let way = (&online, Duration::from_secs(args.patience), interruption);
    match entry.kind.clone() {
        EntryKind::Report | EntryKind::Mail { .. } => {
            let (done, held) = report(held, (record, cases), way, context)?;
            Ok((Delivery::Delivered(Box::new(done)), held))
        }
        EntryKind::Message(report) => {
            let (entry, name) = (held.entry().clone(), record.name());
            let (_, certificate) = record.intake()?;
            let sent = message(held, (&record, &report), way, context);
            let sent = sent.map_err(|error| kept_to_go_on(name.as_str(), error))?;
            let done = Delivered {
                case: Some(name.to_string()),
                what: "message",
                vendor: record.vendor.clone(),
                intake: entry.intake.to_string(),
                report: report.to_string(),
                size: sent.size,
                sha256: data_encoding::HEXLOWER.encode(&entry.sha256),
                key: certificate.fingerprint().to_string(),
                receipt: None,
                case_words: None,
            };
            Ok((Delivery::Delivered(Box::new(done)), None))
        }
    }
}

/// What was learnt since it was sealed counts: whoever stole the key would read it. It stays where it is.
fn refuse_if_revoked(
    entry: &Entry,
    record: &CaseRecord,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let Some(certificate) = &record.certificate else {
        return Ok(());
    };
    let certificate = remembered(certificate, context)?;
    let Err(reason) = certificate.verdict(context.now).recipient() else {
        return Ok(());
    };
    if !reason.is_revocation() {
        return Ok(());
    }
    let (key, case) = (certificate.fingerprint(), entry.case.as_str());
    let error = anyhow!("the key that it is sealed to was revoked meanwhile: {key}: {reason}");
    let failure = Failure::new(
        Exit::Refused,
        error.context(format!("nothing of case {case} was sent")),
    );
    Err(match entry.kind {
        EntryKind::Report | EntryKind::Mail { .. } => failure.with_hint(Hint::command(
            "give it up, and send the report again, to the vendor's new key",
            ["sealpost", "case", "forget", case],
        )),
        EntryKind::Message(_) => failure.with_hint(Hint::words(vendor::about(&reason))),
    })
}

fn report(
    held: HeldEntry,
    (record, cases): (CaseRecord, &Cases),
    (online, patience, interruption): Way<'_>,
    context: &Context<'_>,
) -> Result<(Delivered, Option<HeldEntry>), Failure> {
    let entry = held.entry().clone();
    let name = entry.case.clone();
    let keep = |error: anyhow::Error| kept(name.as_str(), error);
    refuse_if_another(&entry, &record)?;
    let mut file = held.sealed()?;
    refuse_if_changed(&mut file, &entry)?;
    let intake = online.intake(&entry.intake);
    let offer = offer(&intake, online).map_err(keep)?;
    let shared = Shared::default();
    locked(&shared).held = Some(held);
    let token = Token::from_bytes(&record.secret.token_bytes());
    let parcel = Parcel {
        route: &Route { intake, offer },
        token: &token,
        idempotency_key: &entry.idempotency_key,
        source: Source::whole(file, entry.size, entry.sha256),
        upload: entry.upload.clone(),
        again: true,
        patience,
    };
    let line = (online, interruption);
    let posted = deliver(parcel, (&shared, entry.size), line, context.output).map_err(keep)?;
    let attested =
        attest(&record, &posted, context).map_err(|failure| keep(failure.into_error()))?;
    let record = update(cases, &name, |record| receive(record, &posted))?;
    let mut done = Delivered::report(&record, posted.report.as_str(), &attested)?;
    if !entry.words_shown {
        done.case_words = Some(record.secret.words().to_string());
    }
    let held = locked(&shared).held.take();
    Ok((done, held))
}

/// Changes a record while nobody else does.
fn update(
    cases: &Cases,
    name: &CaseName,
    change: impl FnOnce(&mut CaseRecord) -> Result<(), Failure>,
) -> Result<CaseRecord, Failure> {
    let _held = cases.hold(name)?;
    let mut record = cases.read(name)?;
    change(&mut record)?;
    cases.write(&record)?;
    Ok(record)
}

/// The network, how long to go on trying, and what ends it before.
pub(in crate::commands) type Way<'a> = (&'a Online, Duration, &'a Interruption);

/// Sends a sealed message that waits in the outbox, and removes it from there.
pub(in crate::commands) fn message(
    held: HeldEntry,
    (record, report): (&CaseRecord, &ReportId),
    (online, patience, interruption): Way<'_>,
    context: &Context<'_>,
) -> anyhow::Result<MessageView> {
    let mut sealed = Vec::new();
    held.sealed()?
        .read_to_end(&mut sealed)
        .context("cannot read the outbox")?;
    let token = Token::from_bytes(&record.secret.token_bytes());
    let intake = online.intake(&held.entry().intake);
    let key = held.entry().idempotency_key.clone();
    let mut pace = pace(patience).map_err(Failure::into_error)?;
    let sent = online.wait_unless(interruption, async {
        loop {
            match intake.send_message(&token, report, (&key, &sealed)).await {
                Ok(sent) => return Ok(sent),
                Err(error) if pace.wait(&error).await => {
                    context.output.say(format!("{error}; trying again"));
                }
                Err(error) => return Err(error),
            }
        }
    })??;
    held.remove()?;
    Ok(sent)
}

/// What the intake says today; where it does not answer at once, the upload will go on asking.
fn offer(intake: &crate::client::Intake<'_>, online: &Online) -> anyhow::Result<Offer> {
    let asked = online.wait(async { tokio::time::timeout(PATIENCE, intake.offer()).await });
    match asked {
        Ok(Ok(Some(offer))) => Ok(offer),
        Ok(Ok(None)) => Err(anyhow!("{} is no intake any more", intake.endpoint())),
        Ok(Err(error)) if !IntakeError::Fetch(error.clone()).is_passing() => Err(error.into()),
        Ok(Err(_)) | Err(_) => Ok(Offer::unknown()),
    }
}

fn refuse_if_another(entry: &Entry, record: &CaseRecord) -> Result<(), Failure> {
    if entry.sha256 == record.sha256 && entry.size == record.size {
        return Ok(());
    }
    let name = &entry.case;
    Err(anyhow!("the outbox and the record of case {name} are about different reports").into())
}

/// What fell to a failing disk would be refused, or worse, taken.
pub(super) fn refuse_if_changed(file: &mut File, entry: &Entry) -> Result<(), Failure> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => digest.update(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(anyhow!(error).context("cannot read the outbox").into()),
        }
    }
    if <[u8; 32]>::from(digest.finalize()) == entry.sha256 {
        return Ok(());
    }
    let name = entry.case.to_string();
    Err(Failure::from(anyhow!(
        "the sealed report of case {name} in the outbox is damaged (its SHA-256 is another one)"
    ))
    .with_hint(Hint::command(
        "give it up, and send the report again",
        ["sealpost", "case", "forget", name.as_str()],
    )))
}
