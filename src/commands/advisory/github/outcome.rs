//! What a step says: the JSON document, and the lines for a person.

use serde::Serialize;

use super::record::Record;
use crate::{
    client::github::{AdvisoryView, Fork},
    commands::Context,
    terminal::{Exit, Failure, escape::brief},
};

/// What `--json` prints after each step.
#[derive(Serialize)]
pub(super) struct Outcome {
    /// What the step did.
    done: &'static str,
    repository: String,
    /// The GHSA id.
    advisory: String,
    url: String,
    state: &'static str,
    cve: Option<String>,
    collaborators: Vec<String>,
    credits: Vec<Credited>,
    private_fork: Option<PrivateFork>,
}

#[derive(Serialize)]
struct Credited {
    login: String,
    #[serde(rename = "type")]
    role: String,
}

#[derive(Serialize)]
struct PrivateFork {
    name: String,
    url: String,
}

impl From<&Fork> for PrivateFork {
    fn from(fork: &Fork) -> Self {
        Self {
            name: fork.full_name.clone(),
            url: fork.html_url.clone(),
        }
    }
}

impl Outcome {
    pub(super) fn of(view: &AdvisoryView, record: &Record, done: &'static str) -> Self {
        let credited = |(login, role): (&str, &str)| Credited {
            login: login.to_owned(),
            role: role.to_owned(),
        };
        Self {
            done,
            repository: record.repository.clone(),
            advisory: view.ghsa_id.clone(),
            url: record.page.clone().unwrap_or_default(),
            state: view.state.as_str(),
            cve: view.cve_id.clone(),
            collaborators: view.collaborators().map(str::to_owned).collect(),
            credits: view.credits().map(credited).collect(),
            private_fork: view.private_fork().map(PrivateFork::from),
        }
    }

    /// With a fork that was made after the advisory was read.
    pub(super) fn with_fork(mut self, fork: &Fork) -> Self {
        self.private_fork = Some(fork.into());
        self
    }

    pub(super) fn tell(&self, context: &Context<'_>) -> Result<Exit, Failure> {
        let output = context.output;
        output.json(self)?;
        output.say(format!(
            "{}: {} ({}, {})",
            self.done, self.advisory, self.repository, self.state
        ));
        output.say(format!("  page:          {}", brief(&self.url)));
        if !self.collaborators.is_empty() {
            output.say(format!(
                "  collaborators: {}",
                brief(&self.collaborators.join(", "))
            ));
        }
        if !self.credits.is_empty() {
            let credits = self
                .credits
                .iter()
                .map(|one| format!("{} ({})", one.login, one.role));
            output.say(format!(
                "  credits:       {}",
                brief(&credits.collect::<Vec<_>>().join(", "))
            ));
        }
        if let Some(fork) = &self.private_fork {
            output.say(format!("  private fork:  {}", brief(&fork.url)));
        }
        if let Some(cve) = &self.cve {
            output.say(format!("  CVE id:        {}", brief(cve)));
        }
        Ok(Exit::Done)
    }
}
