//! `sealpost advisory github`: the advisory at GitHub, from the draft to its publication.
//!
//! Serves the vendor's side of DESIGN.md, "Commands": a draft advisory, collaborators, a temporary
//! private fork, credits, a CVE id, publication. Each step looks at what is there first, so that
//! doing it twice does it once.

mod events;
mod open;
mod outcome;
mod publish;
mod record;
mod steps;

use anyhow::anyhow;

use self::record::Record;
use crate::{
    advisory::GhsaId,
    cli::{AdvisoryAtGitHub, GitHubStep},
    client::github::{AdvisoryState, AdvisoryView, GitHub},
    commands::{
        Context,
        github::{connect, explain},
        online::Online,
    },
    program::Repository,
    terminal::{Exit, Failure, Hint},
};

/// Does one step.
pub(super) fn run(args: &AdvisoryAtGitHub, context: &Context<'_>) -> Result<Exit, Failure> {
    match &args.step {
        GitHubStep::Open(args) => open::run(args, context),
        GitHubStep::Invite(args) => steps::invite(args, context),
        GitHubStep::Fork(args) => steps::fork(args, context),
        GitHubStep::Credit(args) => steps::credit(args, context),
        GitHubStep::RequestCve(args) => steps::request_cve(args, context),
        GitHubStep::Event(args) => publish::event(args, context),
        GitHubStep::Publish(args) => publish::run(args, context),
    }
}

/// An advisory that is there, and the way to it.
struct Desk<'a> {
    github: GitHub<'a>,
    online: &'a Online,
    repository: Repository,
    id: GhsaId,
}

impl<'a> Desk<'a> {
    /// The advisory of an opened report.
    fn of(
        record: &Record,
        online: &'a Online,
        options: &crate::cli::NetworkOptions,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let Some(id) = &record.advisory else {
            let error = anyhow!("no advisory at GitHub belongs to this report yet");
            return Err(Failure::from(error).with_hint(Hint::words(
                "open one: sealpost advisory github open CASE_DIR --repository OWNER/REPO",
            )));
        };
        Ok(Self {
            github: connect(online, options, context)?,
            online,
            repository: crate::commands::github::repository(&record.repository)?,
            id: id.clone(),
        })
    }

    fn now(&self) -> Result<AdvisoryView, Failure> {
        let asked = self
            .online
            .wait(self.github.advisory(&self.repository, &self.id));
        let view = asked
            .map_err(|error| explain(error, &format!("cannot read {}", self.id), &self.github))?;
        self.of_this_one(view)
    }

    /// An answer about another advisory is not taken.
    fn of_this_one(&self, view: AdvisoryView) -> Result<AdvisoryView, Failure> {
        if view.ghsa_id.parse().as_ref() == Ok(&self.id) {
            return Ok(view);
        }
        let (asked, given) = (&self.id, &view.ghsa_id);
        Err(anyhow!("GitHub was asked about {asked}, and answers about `{given}`").into())
    }

    fn change(
        &self,
        update: &crate::client::github::Update,
        what: &str,
    ) -> Result<AdvisoryView, Failure> {
        let changed = self
            .online
            .wait(self.github.update(&self.repository, &self.id, update));
        self.of_this_one(changed.map_err(|error| explain(error, what, &self.github))?)
    }
}

/// Refuses a state in which a step makes no sense.
fn refuse_unless_open(view: &AdvisoryView) -> Result<(), Failure> {
    match view.state {
        AdvisoryState::Triage | AdvisoryState::Draft => Ok(()),
        AdvisoryState::Published | AdvisoryState::Closed | AdvisoryState::Withdrawn => {
            let state = view.state.as_str();
            Err(anyhow!("the advisory is {state}: only a draft can be worked on").into())
        }
    }
}
