//! `sealpost case show`: everything about one case, and the proof of when its report arrived.

use std::{io::Write, path::Path};

use anyhow::{Context as _, anyhow};

use super::{
    document::{CaseDocument, Document, tell},
    embargo::clock,
    find,
    letters::{Reader, attested},
};
use crate::{
    cli::CaseShow,
    commands::{Context, context::is_dash},
    disk::{CaseRecord, Overwrite, PendingFile},
    terminal::{Exit, Failure},
};

pub(super) fn run(args: &CaseShow, context: &Context<'_>) -> Result<Exit, Failure> {
    // First whether it is there: a passphrase for nothing would be in vain.
    let name = find(&args.case, &context.home.cases(context.now)?)?;
    let cases = context.cases()?;
    let record = cases.read(&name)?;
    let (outbox, _) = context.outbox()?;
    let attested = attested(&record, context)?;
    if let Some(path) = &args.receipt {
        write_receipt(&record, path, context)?;
        if is_dash(path) {
            return Ok(Exit::Done);
        }
    }
    let mut document = CaseDocument::new(&record, &outbox);
    if let Some(attested) = &attested {
        document.attest(attested);
    }
    document.set_clock(clock(&record, context));
    let reader = Reader::new(&record, &cases, &args.key, context)?;
    let messages = record.messages.iter();
    document.messages = messages.map(|view| reader.open(view, context)).collect();
    if args.words {
        document.case_words = Some(record.secret.words().to_string());
    }
    tell(&document, context)?;
    if let Some(words) = &document.case_words {
        context.output.print(format!("case words: {words}"))?;
    }
    context.output.json(&Document::one(document))?;
    Ok(Exit::Done)
}

fn write_receipt(record: &CaseRecord, path: &Path, context: &Context<'_>) -> Result<(), Failure> {
    let delivered = record.delivered.as_ref();
    let delivered = delivered.ok_or_else(|| anyhow!("there is no receipt yet"))?;
    let receipt = delivered.receipt.as_bytes();
    if is_dash(path) {
        if context.output.is_json() {
            let error = anyhow!("--json and the receipt both want stdout");
            return Err(Failure::new(Exit::Usage, error));
        }
        context.output.print_lines(&delivered.receipt)?;
        return Ok(());
    }
    let mut file = PendingFile::create(path, Overwrite::Refuse)?;
    file.write_all(receipt)
        .context("cannot write the receipt")?;
    file.finish()?;
    Ok(())
}
