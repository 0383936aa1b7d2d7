//! `sealpost case list`: a line for each.

use super::{
    chosen,
    document::{CaseDocument, Document, Unreadable, standing},
    embargo::clock,
    unlocked,
};
use crate::{
    commands::Context,
    terminal::{Exit, Failure, escape::brief},
};

pub(super) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let (outbox, damaged) = context.outbox()?;
    let (cases, names) = chosen(None, context)?;
    let cases = unlocked(cases, &names, context)?;
    let (mut documents, mut unreadable) = (Vec::new(), Vec::new());
    for name in names {
        match cases.read(&name) {
            Ok(record) => {
                let mut document = CaseDocument::new(&record, &outbox);
                document.set_clock(clock(&record, context));
                documents.push(document);
            }
            Err(why) => unreadable.push(Unreadable::tell(&name, why, context)),
        }
    }
    documents.sort_by_key(|case| case.sealed);
    for case in &documents {
        let day = case.sealed.strftime("%Y-%m-%d");
        context.output.print(format!(
            "{}  {day}  {}  {}",
            case.case,
            brief(&case.vendor),
            standing(case)
        ))?;
    }
    for case in &documents {
        case.warn(context);
    }
    if documents.is_empty() && unreadable.is_empty() {
        context
            .output
            .say("there is no case yet; sealpost send begins one");
    }
    let exit = if unreadable.is_empty() && damaged.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    };
    context.output.json(&Document {
        cases: documents,
        unreadable,
    })?;
    Ok(exit)
}
