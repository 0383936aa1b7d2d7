//! `sealpost find`: where a vendor takes reports, and which key may be trusted.

mod document;
mod lines;

use crate::{
    cli::Find,
    commands::{Context, vendor},
    terminal::{Exit, Failure},
};

use self::document::Document;

/// Finds, and shows everything: what the sources say, and what follows from it. Ends with 3 where
/// somebody may be passing off a key, and with 1 where nothing was found.
pub(super) fn run(args: &Find, context: &Context<'_>) -> Result<Exit, Failure> {
    let vendor = vendor::resolve(&args.target, context)?;
    let found = vendor::investigate(&vendor, &args.network, None, context)?;
    let document = Document::new(&vendor, &found, context);
    if document.is_empty() {
        return Err(vendor::nothing_found(&vendor, &found, context));
    }
    context.output.json(&document)?;
    lines::print(&document, context)?;
    match &found.decision {
        Err(stop) if stop.is_conflict() => Err(vendor::refusal(&vendor, &found, stop, context)),
        _ => Ok(Exit::Done),
    }
}
