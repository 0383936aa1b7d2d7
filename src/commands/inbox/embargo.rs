//! `sealpost inbox embargo`: when the finding of a report may be published, by the same count as the reporter's.

use super::desk::{Desk, Role};
use crate::{
    cli::InboxEmbargo,
    commands::{
        Context,
        embargo::{self, Calendar, Clock},
        sealing::read_report,
        target,
    },
    terminal::{Exit, Failure},
};

pub(super) fn run(args: &InboxEmbargo, context: &Context<'_>) -> Result<Exit, Failure> {
    let program = args.program.as_deref();
    let program = program
        .map(|name| target::resolve(name, context))
        .transpose()?;
    let report = args.report.as_deref().map(read_report).transpose()?;
    let terms = embargo::terms(
        program.as_ref().map(|target| &target.program),
        report.as_ref().and_then(|report| report.disclosure()),
    );
    let desk = Desk::resolve(&args.at, context)?;
    let asking = desk.intake();
    let view = desk.ask(Role::Read, asking.report(desk.token(), &args.id))?;
    let clock = Clock::new(args.id.to_string(), terms, &view.timeline, context.today());
    let calendar = Calendar {
        path: args.ics.as_deref(),
        force: args.force,
    };
    embargo::show(&[clock], &calendar, context)?;
    Ok(Exit::Done)
}
