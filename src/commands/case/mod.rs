//! `sealpost case`: the reporter's side after sending.

mod document;
mod letters;
mod list;
mod lock;
mod recover;
mod reply;
mod show;
mod sync;

use anyhow::anyhow;

use super::Context;
use crate::{
    case::CaseName,
    cli::{Case, CaseForget, CaseVerb},
    disk::{Cases, WhichCase},
    terminal::{Exit, Failure, Hint},
};

/// Does what was typed.
pub(super) fn run(args: &Case, context: &Context<'_>) -> Result<Exit, Failure> {
    match &args.verb {
        CaseVerb::List => list::run(context),
        CaseVerb::Show(args) => show::run(args, context),
        CaseVerb::Sync(args) => sync::run(args, context),
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

/// Without the passphrase, and even if it cannot be read.
fn forget(args: &CaseForget, context: &Context<'_>) -> Result<Exit, Failure> {
    let cases = context.home.cases(context.now)?;
    let name = find(&args.case, &cases)?;
    let outbox = context.home.outbox();
    for (entry, of) in outbox.list()? {
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
    Ok(Exit::Done)
}
