//! `sealpost case list`: a line for each.

use super::document::{CaseDocument, Document, standing};
use crate::{
    commands::Context,
    terminal::{Exit, Failure, escape::brief},
};

pub(super) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let outbox = context.home.outbox().list()?;
    let cases = context.home.cases(context.now)?;
    let names = cases.names()?;
    // Nobody is asked for a passphrase that nothing needs.
    let cases = if names.is_empty() {
        cases
    } else {
        context.cases()?
    };
    let mut documents = Vec::new();
    for name in names {
        documents.push(CaseDocument::new(&cases.read(&name)?, &outbox));
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
    if documents.is_empty() {
        context
            .output
            .say("there is no case yet; sealpost send begins one");
    }
    context.output.json(&Document { cases: documents })?;
    Ok(Exit::Done)
}
