//! `open`: a draft advisory of an opened report, or the private report that was filed at GitHub,
//! accepted.

use anyhow::anyhow;

use super::{Desk, events::Events, outcome::Outcome, record::Record};
use crate::{
    advisory::{MAX_DESCRIPTION, NewAdvisory},
    case::EventKind,
    cli::GitHubOpen,
    client::github::{AdvisoryState, AdvisoryView, Filed, FilingError, Mark, Update},
    commands::{
        Context,
        advisory::case::Case,
        github::{advisories, connect, explain, page, repository},
        online::Online,
    },
    disk::PendingFolder,
    program::Repository,
    terminal::{Exit, Failure, Hint},
};

/// Opens it, unless it is open.
pub(super) fn run(args: &GitHubOpen, context: &Context<'_>) -> Result<Exit, Failure> {
    let wanted = repository(&args.repository)?;
    let before = Record::read(&args.case)?;
    let again = before.is_some();
    let record = match before {
        Some(record) => refuse_another(record, &wanted, args)?,
        None => Record::new(wanted.to_string())?,
    };
    let online = Online::new(&args.network, [], context)?;
    match args.report.as_ref().or(record.advisory.as_ref()) {
        Some(id) => {
            let advisory = Some(id.clone());
            accept(Record { advisory, ..record }, args, &online, context)
        }
        None => make((record, again), &wanted, (args, &online), context),
    }
}

/// A record that is about something else than what was typed.
fn refuse_another(
    record: Record,
    wanted: &Repository,
    args: &GitHubOpen,
) -> Result<Record, Failure> {
    let folder = args.case.display();
    let is_same = repository(&record.repository)?.is_same(wanted);
    let of = match (&record.advisory, &args.report) {
        (Some(kept), Some(typed)) if kept != typed => kept.to_string(),
        _ if is_same => return Ok(record),
        _ => format!("an advisory of {}", record.repository),
    };
    let error = anyhow!("{folder} belongs to {of} already");
    Err(Failure::from(error).with_hint(Hint::words(
        "one report has one advisory; remove github.toml from the folder if that was a mistake",
    )))
}

/// Makes a draft, unless an earlier run did, whose answer was lost.
fn make(
    (mut record, again): (Record, bool),
    wanted: &Repository,
    (args, online): (&GitHubOpen, &Online),
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let case = Case::open(&args.case)?;
    let advisory = case.advisory(&args.triage)?;
    let mut left_out = advisory.left_out();
    let mut draft = advisory
        .new_advisory(&mut left_out)
        .map_err(|why| case.explain(why))?;
    mark(&mut draft, &record.mark)?;
    for left_out in &left_out {
        context.output.warn(format!("left out: {left_out}"));
    }
    let github = connect(online, &args.network, context)?;
    // Before anything is sent: whatever happens then, the next run recognises it.
    record.write(&args.case)?;
    let filed = online.wait(github.open(wanted, &draft, &record.mark, again));
    let filed = filed.map_err(|error| match error {
        FilingError::Refused(error) => explain(error, "GitHub has no such advisory", &github),
        FilingError::Open(error) => {
            let what = if error.leaves_it_open() {
                "GitHub's answer leaves open whether the advisory was made"
            } else {
                "nothing was made this time, but an attempt before may have made it"
            };
            explain(error, what, &github).with_hint(Hint::words(
                "the same command again looks before it makes another",
            ))
        }
    })?;
    let view = filed.advisory();
    remember(&mut record, view, args, context)?;
    let done = if matches!(filed, Filed::New(_)) {
        "opened"
    } else {
        "found"
    };
    Outcome::of(view, &record, done).tell(context)
}

/// Puts the mark under the description.
fn mark(draft: &mut NewAdvisory, mark: &Mark) -> Result<(), Failure> {
    draft.description = mark.put_under(&draft.description);
    let length = draft.description.chars().count();
    if length > MAX_DESCRIPTION {
        return Err(anyhow!(
            "description: has {length} characters, and GitHub takes {MAX_DESCRIPTION}"
        )
        .into());
    }
    Ok(())
}

/// The advisory is there: one that waits for somebody to accept it becomes a draft.
fn accept(
    mut record: Record,
    args: &GitHubOpen,
    online: &Online,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let desk = Desk::of(&record, online, &args.network, context)?;
    let mut view = desk.now()?;
    let mut done = "found";
    if view.state == AdvisoryState::Triage {
        let update = Update {
            state: Some(AdvisoryState::Draft),
            ..Update::default()
        };
        view = desk.change(&update, "the report cannot be accepted")?;
        done = "accepted";
    }
    if !args.case.exists() {
        // What was filed at GitHub need not have been opened here.
        PendingFolder::create(&args.case)?.finish()?;
    }
    remember(&mut record, &view, args, context)?;
    Outcome::of(&view, &record, done).tell(context)
}

fn remember(
    record: &mut Record,
    view: &AdvisoryView,
    args: &GitHubOpen,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let folder = advisories(&args.network.github_api, &repository(&record.repository)?)?;
    record.page = Some(page(view, &folder)?.to_string());
    record.advisory = view.ghsa_id.parse().ok();
    record.write(&args.case)?;
    // The embargo of some programs counts from the report, or from when it was taken up.
    let created = view.created_at.as_ref().and_then(|time| time.parse().ok());
    let mut events = Events::read(&args.case)?;
    events.add_once(EventKind::Received, created.unwrap_or(context.time()?));
    events.add_once(EventKind::Acknowledged, context.time()?);
    events.write(&args.case)
}
