//! `inbox list`: the reports, page by page, newest first.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::Serialize;

use super::{
    desk::{Desk, Role},
    mine::{Mine, Opens},
};
use crate::commands::{
    Context,
    embargo::{self, Clock},
    open::Keys,
    target,
};
use crate::{
    case::{EmbargoTerms, State},
    cli::InboxList,
    client::Query,
    terminal::{Exit, Failure},
    wire::{ReportId, ReportSummary},
};

/// What `--json` prints.
#[derive(Serialize)]
struct Listed {
    reports: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    summary: ReportSummary,
    /// Whether one of the keys at hand opens it: `yes`, `no`, or `perhaps` for a hidden recipient.
    opens: &'static str,
    /// The fingerprints of those keys.
    opens_with: Vec<String>,
    /// Other reports with the same bytes, the first few: sent again, or captured and sent by somebody
    /// else.
    same_as: Vec<ReportId>,
    /// How many others have them.
    same_as_count: usize,
    /// The first day on which the finding may be published; null without `--program`.
    embargo_ends: Option<Date>,
}

impl Row {
    fn new(summary: ReportSummary, same: &Same, mine: &Mine) -> Self {
        let (opens, opens_with) = match mine.opens(&summary) {
            Opens::With(keys) => ("yes", keys.iter().map(ToString::to_string).collect()),
            Opens::Perhaps => ("perhaps", Vec::new()),
            Opens::No => ("no", Vec::new()),
        };
        let others = same.first.iter().filter(|id| **id != summary.id);
        Self {
            same_as: others.take(Same::SHOWN).cloned().collect(),
            same_as_count: same.count.saturating_sub(1),
            summary,
            opens,
            opens_with,
            embargo_ends: None,
        }
    }

    fn is_open(&self) -> bool {
        self.summary.state != State::Closed
    }

    /// Asks when its embargo ends, and warns where that is soon.
    fn look_at_the_clock(
        &mut self,
        terms: EmbargoTerms,
        desk: &Desk,
        context: &Context<'_>,
    ) -> Result<(), Failure> {
        let id = &self.summary.id;
        let view = desk.ask(Role::Read, desk.intake().report(desk.token(), id))?;
        let clock = Clock::new(id.to_string(), terms, &view.timeline, context.today());
        self.embargo_ends = clock.embargo().ends();
        if let Some(warning) = clock.warning() {
            context.output.warn(warning);
        }
        Ok(())
    }

    fn line(&self) -> String {
        let summary = &self.summary;
        let opens = match self.opens_with.first() {
            // The end of a fingerprint is what people know a key by.
            Some(key) => key
                .get(key.len().saturating_sub(16)..)
                .unwrap_or_default()
                .to_owned(),
            None => self.opens.to_owned(),
        };
        let same = match self.same_as.as_slice() {
            [] => String::new(),
            [other, ..] if self.same_as_count == 1 => format!("  the same bytes as {other}"),
            [other, ..] => format!(
                "  the same bytes as {other} and {} more",
                self.same_as_count - 1
            ),
        };
        format!(
            "{}  {:<12}  {}  {:>12}  {:>3} {:>3}  {opens}{same}",
            summary.id,
            summary.state.as_str(),
            summary.received.strftime("%Y-%m-%d %H:%M"),
            summary.size,
            summary.messages_from_reporter,
            summary.messages_from_vendor,
        )
    }
}

/// Reports with the same bytes. Anybody can send one a thousand times, so not all of them are kept for
/// each.
#[derive(Default)]
struct Same {
    first: Vec<ReportId>,
    count: usize,
}

impl Same {
    /// How many others a report shows.
    const SHOWN: usize = 16;

    fn add(&mut self, id: &ReportId) {
        self.count += 1;
        // One more, since each leaves out itself.
        if self.first.len() <= Self::SHOWN {
            self.first.push(id.clone());
        }
    }
}

pub(super) fn run(args: &InboxList, context: &Context<'_>) -> Result<Exit, Failure> {
    let program = args.program.as_deref();
    let program = program
        .map(|name| target::resolve(name, context))
        .transpose()?;
    let desk = Desk::resolve(&args.at, context)?;
    let mine = Mine::of(&Keys::resolve(&args.key, false, context)?, context);
    let mut rows = rows(reports(args, &desk, context)?, &mine);
    if rows.is_empty() {
        context.output.say("no reports");
    } else {
        context.output.print(HEAD)?;
    }
    for row in &rows {
        context.output.print(row.line())?;
    }
    if let Some(target) = &program {
        let terms = embargo::terms(Some(&target.program), None);
        for row in rows.iter_mut().filter(|row| row.is_open()) {
            row.look_at_the_clock(terms, &desk, context)?;
        }
    }
    context.output.json(&Listed { reports: rows })?;
    Ok(Exit::Done)
}

fn rows(reports: Vec<ReportSummary>, mine: &Mine) -> Vec<Row> {
    let mut same: HashMap<String, Same> = HashMap::new();
    for report in &reports {
        let same = same.entry(report.sha256.clone()).or_default();
        same.add(&report.id);
    }
    let none = Same::default();
    let rows = reports.into_iter().map(|summary| {
        let same = same.get(&summary.sha256).unwrap_or(&none);
        Row::new(summary, same, mine)
    });
    rows.collect()
}

/// As many as are wanted, over as many pages as it takes. Whoever runs the intake may have no end of
/// pages, or the same ones again and again.
fn reports(
    args: &InboxList,
    desk: &Desk,
    context: &Context<'_>,
) -> Result<Vec<ReportSummary>, Failure> {
    let limit = args.limit.unwrap_or(MOST);
    let mut query = Query {
        state: args.state,
        cursor: None,
        limit: Some(PAGE.min(u16::try_from(limit).unwrap_or(PAGE)).max(1)),
    };
    let (mut reports, mut known) = (Vec::new(), HashSet::new());
    loop {
        let page = desk.ask(Role::Read, desk.intake().list(desk.token(), &query))?;
        // A page that brings nothing is the last, whatever it says.
        let is_last = page.next.is_none() || page.reports.is_empty();
        for report in page.reports {
            if !known.insert(report.id.clone()) {
                context.output.warn(format!(
                    "the intake gives {} twice: what follows is left out",
                    report.id
                ));
                return Ok(reports);
            }
            reports.push(report);
        }
        let is_enough = reports.len() >= limit;
        if is_enough && args.limit.is_none() && !(is_last && reports.len() == limit) {
            context.output.warn(format!(
                "the intake has more than {limit} reports, and these are the first: name --limit for more"
            ));
        }
        if is_last || is_enough {
            reports.truncate(limit);
            return Ok(reports);
        }
        query.cursor = page.next;
    }
}

/// How many reports are listed where nobody says how many.
const MOST: usize = 100_000;

/// Reports in a page.
const PAGE: u16 = 1000;

const HEAD: &str = "ID                          STATE         RECEIVED (UTC)            BYTES  MESSAGES  OPENS WITH";
