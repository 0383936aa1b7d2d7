//! `sealpost case`: the reporter's side after sending.

mod answer;
mod document;
mod embargo;
mod letters;
mod list;
mod lock;
mod mailbox;
mod recover;
mod reply;
mod show;
mod sorted;
mod sync;

use anyhow::anyhow;

use super::Context;
use crate::{
    case::CaseName,
    cli::{Case, CaseForget, CaseVerb},
    disk::{Cases, WhichCase},
    terminal::{Exit, Failure, Hint, confirm, escape::brief},
};

/// Does what was typed.
pub(super) fn run(args: &Case, context: &Context<'_>) -> Result<Exit, Failure> {
    match &args.verb {
        CaseVerb::List => list::run(context),
        CaseVerb::Show(args) => show::run(args, context),
        CaseVerb::Sync(args) => match &args.mbox {
            Some(path) => mailbox::run(path, args, context),
            None => sync::run(args, context),
        },
        CaseVerb::Event(args) => embargo::note(args, context),
        CaseVerb::Embargo(args) => embargo::run(args, context),
        CaseVerb::Reply(args) => reply::run(args, context),
        CaseVerb::Recover(args) => recover::run(args, context),
        CaseVerb::Forget(args) => forget(args, context),
        CaseVerb::Lock(args) => lock::set(args, context),
        CaseVerb::Unlock => lock::remove(context),
    }
}

/// The case that was typed.
fn find(typed: &str, cases: &Cases) -> Result<CaseName, Failure> {
    cases.find(typed).map_err(|why| {
        let unknown = matches!(why, WhichCase::None(_));
        let failure = Failure::from(why);
        if unknown {
            failure.with_hint(Hint::command(
                "to see all cases",
                ["sealpost", "case", "list"],
            ))
        } else {
            failure
        }
    })
}

/// The case that was typed, or all of them.
fn chosen(typed: Option<&str>, context: &Context<'_>) -> Result<(Cases, Vec<CaseName>), Failure> {
    let cases = context.home.cases(context.now)?;
    let names = match typed {
        Some(typed) => vec![find(typed, &cases)?],
        None => cases.names()?,
    };
    Ok((cases, names))
}

/// The same cases with their records open: nobody is asked for a passphrase that nothing needs.
fn unlocked(cases: Cases, names: &[CaseName], context: &Context<'_>) -> Result<Cases, Failure> {
    if names.is_empty() {
        Ok(cases)
    } else {
        context.cases()
    }
}

/// Without the passphrase, and even if it cannot be read.
fn forget(args: &CaseForget, context: &Context<'_>) -> Result<Exit, Failure> {
    let cases = context.home.cases(context.now)?;
    let name = find(&args.case, &cases)?;
    let outbox = context.home.outbox();
    // Where nobody needs a passphrase for it.
    let vendor = cases.read(&name).ok().map(|record| record.vendor);
    ask(args, (&name, vendor.as_deref()), context)?;
    let entries = outbox.list()?;
    for (entry, _) in entries.unreadable {
        if entry.starts_with(name.as_str()) {
            outbox.discard(&entry)?;
        }
    }
    for (entry, of) in entries.whole {
        if of.case == name {
            let Some(held) = outbox.take(&entry)? else {
                let error = anyhow!("another sealpost is sending something of case {name}");
                return Err(error.into());
            };
            held.remove()?;
        }
    }
    let held = cases.hold(&name)?;
    cases.forget(&name)?;
    drop(held);
    context.output.json(&document::Names {
        forgotten: vec![name.to_string()],
    })?;
    context
        .output
        .say(format!("case {name} is forgotten on this machine"));
    let pin = vendor.and_then(|vendor| context.home.pins().find(&vendor).ok().flatten());
    if let Some(pin) = pin {
        context.output.say(format!(
            "the key of {} stays trusted; to remove it: sealpost trust --remove {}",
            brief(&pin.subject),
            pin.subject
        ));
    }
    Ok(Exit::Done)
}

fn ask(
    args: &CaseForget,
    (name, vendor): (&CaseName, Option<&str>),
    context: &Context<'_>,
) -> Result<(), Failure> {
    let of = vendor.map(|vendor| format!(" ({})", brief(vendor)));
    let question = format!(
        "wipe case {name}{} from this machine, with what waits in the outbox?",
        of.unwrap_or_default()
    );
    if args.yes || context.output.without_progress(|| confirm(&question)) {
        return Ok(());
    }
    Err(
        Failure::from(anyhow!("nothing was forgotten")).with_hint(Hint::command(
            "to forget it without being asked",
            ["sealpost", "case", "forget", name.as_str(), "--yes"],
        )),
    )
}
