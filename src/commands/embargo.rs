//! The terms of an embargo, as commands know them.

use anyhow::anyhow;
use jiff::civil::Date;

use crate::{
    case::{EmbargoStart, EmbargoTerms, EventKind},
    program::{self, Program},
    report,
    terminal::{Exit, Failure},
};

/// What holds for a report with this plan and a vendor with this program.
pub(super) fn terms(program: Option<&Program>, plan: Option<&report::Disclosure>) -> EmbargoTerms {
    let program = program.map(Program::disclosure);
    let theirs = program.map(|disclosure| EmbargoTerms {
        days: disclosure.embargo_days().map(u32::from),
        starts: disclosure.starts().map(start),
        date: None,
    });
    let yours = plan.map(|plan| EmbargoTerms {
        days: plan.embargo_days(),
        starts: None,
        date: plan.date(),
    });
    EmbargoTerms::of(theirs.unwrap_or_default(), yours.unwrap_or_default())
}

fn start(starts: program::EmbargoStart) -> EmbargoStart {
    match starts {
        program::EmbargoStart::Report => EmbargoStart::Report,
        program::EmbargoStart::Acknowledgement => EmbargoStart::Acknowledgement,
        program::EmbargoStart::SecurityRelease => EmbargoStart::SecurityRelease,
    }
}

/// The day of an event that was typed: with `embargo-until` there is one, with any other there is none.
pub(super) fn until(kind: EventKind, until: Option<Date>) -> Result<Option<Date>, Failure> {
    let what = match (kind, until) {
        (EventKind::EmbargoUntil, None) => "embargo-until needs the day: --until DATE",
        (EventKind::EmbargoUntil, Some(_)) | (_, None) => return Ok(until),
        (_, Some(_)) => "--until goes with embargo-until alone",
    };
    Err(Failure::new(Exit::Usage, anyhow!(what)))
}
