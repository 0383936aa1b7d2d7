//! `sealpost case sync`: what the intake says of a case by now, and its new messages.

use std::collections::HashSet;

use anyhow::anyhow;
use jiff::Timestamp;

use super::{
    chosen,
    document::{CaseDocument, Document, Unreadable, standing, tell},
    embargo::clock,
    letters::{Reader, attested},
    unlocked,
};
use crate::{
    case::{CaseName, State},
    cli::CaseSync,
    client::IntakeError,
    commands::{
        Context,
        online::{Online, refuse_without_proxy, shuffle},
    },
    disk::{CaseRecord, Cases, Destination, NoIntake, Seen},
    terminal::{Exit, Failure, Hint, escape::brief},
    wire::{Author, MessageId, MessageView, Token},
};

pub(super) fn run(args: &CaseSync, context: &Context<'_>) -> Result<Exit, Failure> {
    let (cases, mut names) = chosen(args.case.as_deref(), context)?;
    let cases = unlocked(cases, &names, context)?;
    shuffle(&mut names)?;
    let (mut documents, mut unreadable) = (Vec::new(), Vec::new());
    let mut failed = None;
    for name in &names {
        let record = match cases.read(name) {
            Ok(record) => record,
            Err(why) if args.case.is_some() => return Err(why.into()),
            Err(why) => {
                unreadable.push(Unreadable::tell(name, why, context));
                failed = Some(Exit::Failed);
                continue;
            }
        };
        if args.case.is_none() && !is_open(&record) {
            if let Err(elsewhere) = record.intake() {
                context.output.say(elsewhere);
            }
            continue;
        }
        match one(name, &cases, args, context) {
            Ok(document) => documents.push(document),
            Err(failure) if args.case.is_some() => return Err(failure),
            Err(failure) => {
                let mut document = CaseDocument::new(&record, &context.home.outbox().list()?.whole);
                document.error = Some(format!("{:#}", failure.error()));
                documents.push(document);
                failed = Some(failure.exit());
                if !context.output.is_json() {
                    let _shown = failure.report(context.output);
                }
            }
        }
    }
    documents.sort_by(|one, other| one.case.cmp(&other.case));
    let asked = documents.iter().filter(|document| document.error.is_none());
    match asked.collect::<Vec<_>>().as_slice() {
        [] if names.is_empty() => context.output.say("there is no case yet"),
        [] => {}
        [one] => {
            tell(one, context)?;
            if one.messages.is_empty() {
                context.output.say("no new message");
            }
        }
        several => tell_news(several, context)?,
    }
    context.output.json(&Document {
        cases: documents,
        unreadable,
    })?;
    Ok(failed.unwrap_or(Exit::Done))
}

/// A line for each case with news, and one for all others.
fn tell_news(cases: &[&CaseDocument], context: &Context<'_>) -> Result<(), Failure> {
    let (news, rest): (Vec<&CaseDocument>, Vec<_>) = cases.iter().partition(|case| case.has_news);
    for case in &news {
        let messages = match case.messages.len() {
            0 => String::new(),
            1 => ", a new message".to_owned(),
            several => format!(", {several} new messages"),
        };
        context.output.print(format!(
            "{}  {}  {}{messages}",
            case.case,
            brief(&case.vendor),
            standing(case)
        ))?;
    }
    if !news.is_empty() {
        let show = ["sealpost", "case", "show", "CASE"];
        context.output.suggest(&Hint::command("to read it", show));
    }
    match rest.len() {
        0 => {}
        1 => context.output.say("1 case without news"),
        several => context.output.say(format!("{several} cases without news")),
    }
    for case in cases {
        case.warn(context);
    }
    Ok(())
}

fn is_open(record: &CaseRecord) -> bool {
    let state = record.seen.as_ref().map(|seen| seen.state);
    record.delivered.is_some() && state != Some(State::Closed)
}

fn one(
    name: &CaseName,
    cases: &Cases,
    args: &CaseSync,
    context: &Context<'_>,
) -> Result<CaseDocument, Failure> {
    let _held = cases.hold(name)?;
    let mut record = cases.read(name)?;
    let intake = record.intake().map_err(elsewhere)?.0.clone();
    let Some(delivered) = record.delivered.clone() else {
        let error = anyhow!("case {name} is not delivered yet");
        return Err(Failure::from(error).with_hint(Hint::command(
            "to go on",
            ["sealpost", "send", "--resume", name.as_str()],
        )));
    };
    if record.proxied && !args.direct {
        refuse_without_proxy(name, context)?;
    }
    let online = Online::new(&args.network, [intake.clone()], context)?;
    let intake = online.intake(&intake);
    let token = Token::from_bytes(&record.secret.token_bytes());
    let report = &delivered.report;
    let view = online.wait(intake.report(&token, report));
    let view = view.map_err(|error| unknown(name, error))?;
    let list = online.wait(intake.messages(&token, report));
    let list = list.map_err(|error| unknown(name, error))?;
    let seen = record.seen.take();
    let known_events = seen.map_or(1, |seen| seen.timeline.len());
    let has_events = view.timeline.len() > known_events;
    record.seen = Some(Seen {
        at: Timestamp::try_from(context.now)?,
        state: view.summary.state,
        timeline: view.timeline,
    });
    let mut known: HashSet<MessageId> = record.messages.iter().map(|one| one.id.clone()).collect();
    let new = list
        .messages
        .into_iter()
        .filter(|view| known.insert(view.id.clone()));
    let new: Vec<MessageView> = new.collect();
    if record.messages.len() + new.len() > MAX_MESSAGES {
        let error = anyhow!("the intake has more than {MAX_MESSAGES} messages for case {name}");
        return Err(Failure::from(error).with_hint(Hint::words(
            "no vendor writes so many: nothing of them was kept",
        )));
    }
    for view in &new {
        // One's own are sealed to the vendor alone.
        if view.from == Author::Vendor {
            let sealed = online.wait(intake.message(&token, report, view));
            let sealed = sealed.map_err(|error| unknown(name, error))?;
            cases.keep_message(name, &view.id, &sealed)?;
        }
        record.messages.push(view.clone());
    }
    cases.write(&record)?;
    let mut document = CaseDocument::new(&record, &context.home.outbox().list()?.whole);
    if let Some(attested) = attested(&record, context)? {
        document.attest(&attested);
    }
    let reader = Reader::new(&record, cases, &args.key, context)?;
    document.set_clock(clock(&record, context));
    document.messages = new.iter().map(|view| reader.open(view, context)).collect();
    document.has_news = has_events || !new.is_empty();
    Ok(document)
}

fn elsewhere(why: NoIntake) -> Failure {
    let by_mail = matches!(why.destination, Destination::Mail(_));
    let case = why.case.to_string();
    let failure = Failure::from(why);
    if by_mail {
        failure.with_hint(Hint::command(
            "to look for answers in a mailbox",
            ["sealpost", "case", "sync", &case, "--mbox", "PATH"],
        ))
    } else {
        failure
    }
}

fn unknown(name: &CaseName, error: IntakeError) -> Failure {
    let gone = error.is_gone();
    let error = anyhow::Error::new(error).context(format!("cannot ask about case {name}"));
    let failure = Failure::from(error);
    if gone {
        failure.with_hint(Hint::words(
            "the intake does not know the case any more: the vendor may have removed it; its receipt is kept here",
        ))
    } else {
        failure
    }
}

/// The most messages of one case: whoever runs the intake must not fill this disk.
pub(super) const MAX_MESSAGES: usize = 1000;
