//! `inbox ack`, `inbox event`, `inbox delete`: what a vendor decides about a report.

use anyhow::anyhow;
use serde::Serialize;

use super::desk::{Desk, Role};
use crate::commands::{Context, embargo::until};
use crate::{
    case::EventKind,
    cli::{InboxAck, InboxDelete, InboxEvent},
    terminal::{Exit, Failure, Hint, confirm},
    wire::{NewEvent, ReportId, ReportView},
};

/// What `--json` prints of events.
#[derive(Serialize)]
struct Documents {
    reports: Vec<ReportView>,
}

/// What `--json` prints of a removal.
#[derive(Serialize)]
struct Deleted<'a> {
    deleted: &'a ReportId,
}

pub(super) fn acknowledge(args: &InboxAck, context: &Context<'_>) -> Result<Exit, Failure> {
    let desk = Desk::resolve(&args.at, context)?;
    let event = NewEvent {
        kind: EventKind::Acknowledged,
        until: None,
    };
    let views = args.id.iter().map(|id| add(&desk, id, &event, context));
    let reports = views.collect::<Result<Vec<_>, _>>()?;
    context.output.json(&Documents { reports })?;
    Ok(Exit::Done)
}

pub(super) fn event(args: &InboxEvent, context: &Context<'_>) -> Result<Exit, Failure> {
    let until = until(args.kind, args.until)?;
    let desk = Desk::resolve(&args.at, context)?;
    let event = NewEvent {
        kind: args.kind,
        until,
    };
    let reports = vec![add(&desk, &args.id, &event, context)?];
    context.output.json(&Documents { reports })?;
    Ok(Exit::Done)
}

fn add(
    desk: &Desk,
    id: &ReportId,
    event: &NewEvent,
    context: &Context<'_>,
) -> Result<ReportView, Failure> {
    let adding = desk.intake();
    let view = desk.ask(Role::Triage, adding.add_event(desk.token(), id, event))?;
    context.output.print(format!(
        "{id}  {}  (state: {})",
        event.kind.as_str(),
        view.summary.state.as_str()
    ))?;
    Ok(view)
}

pub(super) fn delete(args: &InboxDelete, context: &Context<'_>) -> Result<Exit, Failure> {
    let desk = Desk::resolve(&args.at, context)?;
    let report = desk.report(&args.id)?;
    let question = format!(
        "remove the report {} of {} ({} bytes, {}) with its messages, for good?",
        args.id,
        report.received.strftime("%Y-%m-%d"),
        report.size,
        report.state.as_str()
    );
    if !args.yes && !confirm(&question) {
        return Err(Failure::from(anyhow!("nothing was removed"))
            .with_hint(Hint::words("to remove it without being asked, add --yes")));
    }
    let deleting = desk.intake();
    desk.ask(Role::Admin, deleting.delete(desk.token(), &args.id))?;
    context.home.reporters().forget(args.id.as_str())?;
    context.output.print(format!("{} is removed", args.id))?;
    context.output.json(&Deleted { deleted: &args.id })?;
    Ok(Exit::Done)
}
