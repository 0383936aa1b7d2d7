//! `inbox open`: a report straight from the intake into a folder, and the key to answer to kept.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    desk::Desk,
    mine::Mine,
    proof::{self, Proof},
    stream,
};
use crate::commands::{
    Context,
    open::{Job, Opened, tell},
};
use crate::{
    cli::InboxOpen,
    openpgp::read_certificates,
    terminal::{Exit, Failure},
    wire::ReportId,
};

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    id: &'a ReportId,
    /// What its receipt proves: `verified`, `unverified` or `unsigned`.
    receipt: &'static str,
    #[serde(flatten)]
    opened: &'a Opened,
}

pub(super) fn run(args: &InboxOpen, context: &Context<'_>) -> Result<Exit, Failure> {
    let desk = Desk::resolve(&args.at, context)?;
    let job = Job::resolve(&args.opening, false, context)?;
    let report = desk.report(&args.id)?;
    let mine = Mine::of(job.keys(), context);
    let certificates = [mine.certificates(), job.signers()].concat();
    let proof = proof::check(&desk, &report, &certificates, context)?;
    if proof != Proof::Verified {
        context
            .output
            .warn(format!("the receipt is {}", proof.words()));
    }
    let folder = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(args.id.as_str()));
    let opened = stream::read(&desk, &report, |source| {
        job.to_folder(source, &folder, context)
    })?;
    tell(&opened, context)?;
    context
        .output
        .print_fields(&[("receipt", proof.words().to_owned())])?;
    remember(&args.id, &opened, context)?;
    context.output.json(&Document {
        id: &args.id,
        receipt: proof.code(),
        opened: &opened,
    })?;
    Ok(Exit::Done)
}

/// Keeps the certificate to answer to, if one that can be used was enclosed.
fn remember(id: &ReportId, opened: &Opened, context: &Context<'_>) -> Result<(), Failure> {
    let enclosed = opened.reporter.as_deref();
    let certificates = enclosed.and_then(|bytes| read_certificates("reporter.asc", bytes).ok());
    let mut certificates = certificates.unwrap_or_default();
    certificates.retain(|certificate| certificate.verdict(context.now).recipient().is_ok());
    match certificates.first() {
        Some(certificate) => {
            context.home.reporters().keep(id.as_str(), certificate)?;
            context.output.say(format!(
                "answer with: sealpost inbox reply {id} --message FILE --sign-with KEY"
            ));
        }
        None => context
            .output
            .say("no key to answer to is enclosed: answer by events (sealpost inbox event), or over the channel that the report names"),
    }
    Ok(())
}
