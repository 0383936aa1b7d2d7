//! `sealpost case embargo`: when the finding of a case may be published; `case event`: what moves that day and reached
//! the reporter another way than through an intake.

use anyhow::anyhow;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    chosen,
    document::{CaseDocument, Document, Unreadable, tell},
    find,
    letters::attested,
    unlocked,
};
use crate::{
    case::{Event, EventKind, State},
    cli::{CaseEmbargo, CaseEvent},
    commands::{
        Context,
        embargo::{self, Calendar, Clock, until},
    },
    disk::CaseRecord,
    terminal::{Exit, Failure},
};

pub(super) fn run(args: &CaseEmbargo, context: &Context<'_>) -> Result<Exit, Failure> {
    let (cases, names) = chosen(args.case.as_deref(), context)?;
    let cases = unlocked(cases, &names, context)?;
    let (mut clocks, mut exit) = (Vec::new(), Exit::Done);
    for name in &names {
        let record = match cases.read(name) {
            Ok(record) => record,
            Err(why) if args.case.is_some() => return Err(why.into()),
            Err(why) => {
                Unreadable::tell(name, why, context);
                exit = Exit::Failed;
                continue;
            }
        };
        if args.case.is_some() || is_pending(&record) {
            clocks.push(clock(&record, context));
        }
    }
    if clocks.is_empty() {
        context.output.say("there is no open case");
    }
    let calendar = Calendar {
        path: args.ics.as_deref(),
        force: args.force,
    };
    embargo::show(&clocks, &calendar, context)?;
    Ok(exit)
}

pub(super) fn note(args: &CaseEvent, context: &Context<'_>) -> Result<Exit, Failure> {
    let until = until(args.kind, args.until)?;
    let on = args.on.unwrap_or(context.today());
    if on > context.today() {
        return Err(Failure::new(Exit::Usage, anyhow!("{on} is yet to come")));
    }
    let name = find(&args.case, &context.home.cases(context.now)?)?;
    let cases = context.cases()?;
    let _held = cases.hold(&name)?;
    let mut record = cases.read(&name)?;
    if record.noted.len() >= MAX_NOTED {
        return Err(anyhow!("case {name} has {MAX_NOTED} notes already").into());
    }
    record.noted.push(Event {
        kind: args.kind,
        at: moment(on, context)?,
        until,
    });
    cases.write(&record)?;
    let mut document = CaseDocument::new(&record, &context.home.outbox().list()?.whole);
    document.set_clock(clock(&record, context));
    tell(&document, context)?;
    context.output.json(&Document::one(document))?;
    Ok(Exit::Done)
}

/// Now, or the beginning of a day that is over: of two notes on one day, that which was made later counts.
fn moment(on: Date, context: &Context<'_>) -> Result<Timestamp, Failure> {
    if on == context.today() {
        return Ok(context.time()?);
    }
    let begins = on.to_zoned(TimeZone::UTC).map(|day| day.timestamp());
    begins.map_err(|why| Failure::new(Exit::Usage, why))
}

/// Whether there is anything to wait for: somebody has the report, and nobody closed the case.
fn is_pending(record: &CaseRecord) -> bool {
    let is_sent = record.delivered.is_some() || record.handed_over.is_some();
    let state = record.seen.as_ref().map(|seen| seen.state);
    let is_over = |event: &Event| matches!(event.kind, EventKind::Closed);
    is_sent && state != Some(State::Closed) && !record.noted.iter().any(is_over)
}

/// The clock of a case, by what this machine saw and its user noted. When the report came, its receipt says; where there
/// is none, the intake does, else whoever handed it over.
pub(super) fn clock(record: &CaseRecord, context: &Context<'_>) -> Clock {
    let attested = attested(record, context).ok().flatten();
    let received = attested.map(|attested| attested.receipt().received);
    let seen = record.seen.as_ref();
    let seen = seen.map_or(&[][..], |seen| &seen.timeline);
    let mut events = believed(seen, &record.noted, received, context.today());
    if !events.iter().any(|event| event.kind == EventKind::Received) {
        events.extend(record.handed_over.map(arrival));
    }
    let name = record.name().to_string();
    let clock = Clock::new(name, record.embargo, &events, context.today());
    if is_pending(record) {
        clock
    } else {
        clock.silent()
    }
}

/// What counts of an intake's timeline, which nobody signed, and of the user's notes: a note goes before whatever the
/// intake says of the same kind, the receipt before its time of arrival, and nothing happened on a day that is to come.
fn believed(
    seen: &[Event],
    noted: &[Event],
    received: Option<Timestamp>,
    today: Date,
) -> Vec<Event> {
    let is_known_better = |kind: EventKind| {
        let is_attested = kind == EventKind::Received && received.is_some();
        is_attested || noted.iter().any(|note| note.kind == kind)
    };
    let has_come = |event: &Event| event.at.to_zoned(TimeZone::UTC).date() <= today;
    let seen = seen.iter();
    seen.filter(|event| has_come(event) && !is_known_better(event.kind))
        .chain(noted)
        .cloned()
        .chain(received.map(arrival))
        .collect()
}

fn arrival(at: Timestamp) -> Event {
    Event {
        kind: EventKind::Received,
        at,
        until: None,
    }
}

/// The most notes of one case.
const MAX_NOTED: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, at: &str, until: Option<&str>) -> Event {
        Event {
            kind,
            at: at.parse().unwrap(),
            until: until.map(|until| until.parse().unwrap()),
        }
    }

    #[test]
    fn an_intake_outranks_neither_the_receipt_nor_a_note_nor_the_calendar() {
        let today = "2026-11-26".parse().unwrap();
        let early = event(EventKind::Received, "2020-01-01T00:00:00Z", None);
        let acknowledged = event(EventKind::Acknowledged, "2026-11-02T00:00:00Z", None);
        let moved = EventKind::EmbargoUntil;
        let seen = [
            early.clone(),
            acknowledged.clone(),
            event(moved, "2026-11-26T12:00:00Z", Some("2026-11-01")),
            event(EventKind::Disclosed, "2026-11-27T00:00:00Z", None),
        ];
        let noted = [event(moved, "2026-11-10T00:00:00Z", Some("2027-02-01"))];
        let received = "2026-11-01T08:00:00Z".parse().unwrap();
        assert_eq!(
            believed(&seen, &noted, Some(received), today),
            [acknowledged, noted[0].clone(), arrival(received)]
        );
        // Without a receipt and notes there is nothing better.
        assert_eq!(believed(&seen, &[], None, today), seen[..3]);
    }
}
