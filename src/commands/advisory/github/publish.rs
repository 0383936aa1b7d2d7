//! `publish`, which the embargo has to allow, and `event`, from which it counts.

use anyhow::anyhow;
use serde::Serialize;

use super::{
    Desk,
    events::{Events, moment},
    outcome::Outcome,
    record::Record,
};
use crate::{
    advisory::Vulnerability,
    case::{Embargo, EmbargoTerms, Event, EventKind, MayPublish},
    cli::{GitHubEvent, GitHubPublish},
    client::github::{AdvisoryState, AdvisoryView, Update},
    commands::{
        Context,
        advisory::case::Case,
        embargo::{terms, until},
        github::explain,
        online::Online,
        target,
    },
    terminal::{Exit, Failure, Hint},
};

/// What `event` prints with `--json`.
#[derive(Serialize)]
struct Timeline {
    events: Vec<Event>,
}

/// Notes what happened.
pub(super) fn event(args: &GitHubEvent, context: &Context<'_>) -> Result<Exit, Failure> {
    let until = until(args.kind, args.until)?;
    let at = moment(args.on, context)?;
    if !args.case.is_dir() {
        return Err(anyhow!("{} is not a folder", args.case.display()).into());
    }
    let mut events = Events::read(&args.case)?;
    let kind = args.kind;
    events.add(Event { kind, at, until }, None);
    events.write(&args.case)?;
    let events = events.timeline();
    context.output.say(format!("noted: {}", kind.as_str()));
    context.output.json(&Timeline { events })?;
    Ok(Exit::Done)
}

/// Publishes it.
pub(super) fn run(args: &GitHubPublish, context: &Context<'_>) -> Result<Exit, Failure> {
    let record = Record::existing(&args.case)?;
    let case = Case::open_if_there(&args.case)?;
    let mut events = Events::read(&args.case)?;
    let leave = leave(args, case.as_ref(), &events, context)?;
    let online = Online::new(&args.network, [], context)?;
    let desk = Desk::of(&record, &online, &args.network, context)?;
    let view = desk.now()?;
    let (view, done) = match view.state {
        AdvisoryState::Published => (view, "unchanged"),
        AdvisoryState::Draft => {
            events.intend(leave.reason(), &args.case)?;
            (publish(&desk, &view, case.as_ref(), context)?, "published")
        }
        state => {
            let error = anyhow!(
                "the advisory is {}: only a draft can be published",
                state.as_str()
            );
            return Err(Failure::from(error).with_hint(Hint::words(
                "accept a report first: sealpost advisory github open CASE_DIR --repository OWNER/REPO --report GHSA-ID",
            )));
        }
    };
    if !events.has(EventKind::Disclosed) {
        events.disclosed(context.time()?, leave.reason());
        events.write(&args.case)?;
    }
    Outcome::of(&view, &record, done).tell(context)
}

/// The embargo's leave, by the program's terms, the report's plan and what happened.
fn leave(
    args: &GitHubPublish,
    case: Option<&Case>,
    events: &Events,
    context: &Context<'_>,
) -> Result<MayPublish, Failure> {
    let named = case.and_then(|case| case.report().program());
    let program = match (&args.program, named) {
        (Some(typed), _) => Some(target::resolve(typed, context)?),
        (None, Some(named)) => target::profile(named, context)?,
        (None, None) => None,
    };
    let program = program.as_ref().filter(|target| target.is_known);
    let plan = case.and_then(|case| case.report().disclosure());
    let terms: EmbargoTerms = terms(program.map(|target| &target.program), plan);
    let embargo = Embargo::on(context.today(), &terms, &events.timeline());
    if embargo == Embargo::Unstated {
        context.output.warn("neither a program nor the report says when it may be published; name the program's profile with --program");
    }
    embargo.permit(args.r#override.as_deref()).map_err(|why| {
        Failure::new(Exit::Refused, why)
            .with_hint(Hint::words(
                "note what happened: sealpost advisory github event CASE_DIR security-release --on DATE",
            ))
            .with_hint(Hint::words(
                "if it has to be published before its time, say why with --override REASON, which is kept",
            ))
    })
}

/// Publishes a draft, with the versions that mend it where it names none yet.
fn publish(
    desk: &Desk<'_>,
    view: &AdvisoryView,
    case: Option<&Case>,
    context: &Context<'_>,
) -> Result<AdvisoryView, Failure> {
    let mut update = Update {
        state: Some(AdvisoryState::Published),
        ..Update::default()
    };
    if !view.names_a_patch() {
        let ours = case.map(Case::advisory_as_written).transpose()?;
        let packages = ours.map(|advisory| advisory.vulnerabilities());
        let patched = |one: &Vulnerability| one.patched_versions.is_some();
        update.vulnerabilities = packages.filter(|all| all.iter().any(patched));
        if update.vulnerabilities.is_none() {
            context
                .output
                .warn("the advisory names no version that mends the flaw");
        }
    }
    let github = &desk.github;
    let published = desk
        .online
        .wait(github.update(&desk.repository, &desk.id, &update));
    match published {
        Ok(view) => desk.of_this_one(view),
        // A fault of GitHub's may stand for an advisory that was published.
        Err(error) if error.leaves_it_open() => match desk.now()? {
            now if now.state == AdvisoryState::Published => Ok(now),
            _ => Err(explain(error, "it was not published", github)),
        },
        Err(error) => Err(explain(error, "it was not published", github)),
    }
}
