//! The embargo of a case, as both sides see it: `case embargo` and `inbox embargo`.

use std::{io::Write, path::Path};

use anyhow::{Context as _, anyhow};
use jiff::civil::Date;
use serde::Serialize;

use super::{Context, context::is_dash};
use crate::{
    case::{CalendarEntry, Embargo, EmbargoStart, EmbargoTerms, Event, EventKind},
    disk::{Overwrite, PendingFile},
    program::{self, Program},
    report,
    terminal::{Exit, Failure, Hint, OrFail},
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

/// One case with its clock.
pub(super) struct Clock {
    case: String,
    terms: EmbargoTerms,
    embargo: Embargo,
    /// How often the end was moved.
    moved: usize,
    /// Nobody waits for the end any more.
    is_silent: bool,
}

impl Clock {
    pub(super) fn new(case: String, terms: EmbargoTerms, events: &[Event], today: Date) -> Self {
        let moves = events
            .iter()
            .filter(|event| event.kind == EventKind::EmbargoUntil);
        Self {
            case,
            terms,
            embargo: Embargo::on(today, &terms, events),
            moved: moves.count(),
            is_silent: false,
        }
    }

    /// The same, without a warning.
    pub(super) fn silent(self) -> Self {
        Self {
            is_silent: true,
            ..self
        }
    }

    pub(super) fn embargo(&self) -> &Embargo {
        &self.embargo
    }

    /// A warning, where the end is near.
    pub(super) fn warning(&self) -> Option<String> {
        let soon = self.embargo.ends_soon() && !self.is_silent;
        soon.then(|| format!("the embargo of {} {}", self.case, self.embargo))
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

/// What `--json` prints.
#[derive(Serialize)]
struct Document {
    embargoes: Vec<Row>,
    /// The file of `--ics`; null without it.
    calendar: Option<String>,
}

#[derive(Serialize)]
struct Row {
    case: String,
    /// `unstated`, `not-started`, `running`, `over` or `published`.
    state: &'static str,
    /// What the days count from; null where nothing counts.
    starts: Option<&'static str>,
    days: Option<u32>,
    /// The first day on which it may be published; null where that is not known.
    ends: Option<Date>,
    days_left: Option<u32>,
    ends_soon: bool,
    /// Whether both sides agreed on the end while the case ran.
    agreed: bool,
}

impl From<&Clock> for Row {
    fn from(clock: &Clock) -> Self {
        let left = match clock.embargo {
            Embargo::Running { left, .. } => Some(left),
            _ => None,
        };
        Self {
            case: clock.case.clone(),
            state: clock.embargo.as_str(),
            starts: clock.terms.starts.map(EmbargoStart::as_str),
            days: clock.terms.days,
            ends: clock.embargo.ends(),
            days_left: left,
            ends_soon: clock.embargo.ends_soon(),
            agreed: clock.moved > 0,
        }
    }
}

/// Where a calendar goes.
pub(super) struct Calendar<'a> {
    pub(super) path: Option<&'a Path>,
    pub(super) force: bool,
}

/// Shows the clocks, and writes those that have an end into a calendar.
pub(super) fn show(
    clocks: &[Clock],
    calendar: &Calendar<'_>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let output = context.output;
    let to_stdout = calendar.path.is_some_and(is_dash);
    if to_stdout && output.is_json() {
        let error = anyhow!("--json and the calendar both want stdout");
        return Err(Failure::new(Exit::Usage, error));
    }
    if let Some(path) = calendar.path {
        write(clocks, path, calendar.force, context)?;
    }
    if !to_stdout {
        for clock in clocks {
            output.print(format!("{}  {}", clock.case, clock.embargo))?;
        }
    }
    for warning in clocks.iter().filter_map(Clock::warning) {
        output.warn(warning);
    }
    output.json(&Document {
        embargoes: clocks.iter().map(Row::from).collect(),
        calendar: calendar.path.map(|path| path.display().to_string()),
    })?;
    Ok(())
}

fn write(clocks: &[Clock], path: &Path, force: bool, context: &Context<'_>) -> Result<(), Failure> {
    let entry = |clock: &Clock| {
        Some(CalendarEntry {
            case: clock.case.clone(),
            ends: clock.embargo.ends()?,
            moved: clock.moved,
        })
    };
    let entries: Vec<CalendarEntry> = clocks.iter().filter_map(entry).collect();
    if entries.is_empty() {
        return Err(
            Failure::from(anyhow!("no embargo has an end yet")).with_hint(Hint::words(
                "it gets one when its days begin, or when both sides agree on one",
            )),
        );
    }
    let file = CalendarEntry::file(&entries, context.time()?);
    if is_dash(path) {
        return Ok(context.output.document(file.as_bytes())?);
    }
    let overwrite = if force {
        Overwrite::Replace
    } else {
        Overwrite::Refuse
    };
    let mut pending = PendingFile::create(path, overwrite)
        .hint(Hint::words("name another file, or add --force"))?;
    pending
        .write_all(file.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(pending.finish()?)
}
