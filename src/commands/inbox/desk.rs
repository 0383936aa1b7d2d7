//! The intake as one vendor's person reaches it: with a token, and with words for what it refuses.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use url::Url;

use crate::commands::{
    Context,
    online::{Online, pace},
};
use crate::{
    cli::IntakeOptions,
    client::{Intake, IntakeError, Pace},
    disk::SecretFile,
    terminal::{Exit, Failure, Hint},
    wire::{ReportId, ReportSummary, Token},
};

/// An intake and a token for it.
pub(super) struct Desk {
    online: Online,
    url: Url,
    token: Token,
}

/// What a token must allow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Read,
    Triage,
    Admin,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Admin => "admin",
        }
    }
}

impl Desk {
    pub(super) fn resolve(options: &IntakeOptions, context: &Context<'_>) -> Result<Self, Failure> {
        let url = options.intake.as_ref();
        let url = url.ok_or_else(|| missing("which intake", "--intake URL or SEALPOST_INTAKE"))?;
        let path = options.token_file.as_ref();
        let path = path.ok_or_else(|| {
            missing(
                "with which token",
                "--token-file FILE or SEALPOST_TOKEN_FILE",
            )
        })?;
        let file = SecretFile::read(path, TOKEN_LIMIT)?;
        if let Some(exposure) = file.exposure() {
            context.output.warn(exposure);
        }
        let text = std::str::from_utf8(file.expose()).unwrap_or_default();
        let token = text.trim().parse().with_context(|| {
            let name = path.display();
            format!("{name} does not hold the token of an intake")
        });
        let token: Token = token.map_err(|why| {
            Failure::from(why).with_hint(Hint::words(
                "name the file that holds what `sealpost token add` printed",
            ))
        })?;
        Ok(Self {
            online: Online::new(&options.network, [url.clone()], context)?,
            url: url.clone(),
            token,
        })
    }

    pub(super) fn intake(&self) -> Intake<'_> {
        self.online.intake(&self.url)
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    /// Waits for an exchange.
    pub(super) fn wait<F: Future>(&self, exchange: F) -> F::Output {
        self.online.wait(exchange)
    }

    /// Waits for an exchange that needs this role.
    pub(super) fn ask<T>(
        &self,
        role: Role,
        exchange: impl Future<Output = Result<T, IntakeError>>,
    ) -> Result<T, Failure> {
        self.wait(exchange).map_err(|why| self.failed(why, role))
    }

    /// A report as the list shows it.
    pub(super) fn report(&self, id: &ReportId) -> Result<ReportSummary, Failure> {
        let view = self.ask(Role::Read, self.intake().report(&self.token, id))?;
        if view.summary.id == *id {
            Ok(view.summary)
        } else {
            let what = anyhow!("the intake gives another report than {id}");
            Err(Failure::new(Exit::NotAuthenticated, what))
        }
    }

    /// What went wrong, with a next step.
    pub(super) fn failed(&self, why: IntakeError, role: Role) -> Failure {
        let status = why.refused().map(|refused| refused.status);
        let exit = if matches!(why, IntakeError::Altered) {
            Exit::NotAuthenticated
        } else {
            Exit::Failed
        };
        let hint = match status {
            Some(401) => Some(Hint::words(
                "the token was not taken: is --token-file the right one for this intake?",
            )),
            Some(403) => Some(Hint::words(format!(
                "this needs a token with the role {}: ask for one that `sealpost token add NAME --role {}` makes",
                role.word(),
                role.word()
            ))),
            Some(404) => Some(Hint::words(
                "the token is unknown or revoked, or the id is wrong: the intake answers the same to both",
            )),
            Some(410) => Some(Hint::words("somebody removed it from the intake")),
            Some(429) => Some(Hint::words("wait a minute and try again")),
            _ if why.is_offline() => Some(Hint::words("leave --offline out")),
            _ if why.is_passing() => Some(Hint::words("try again; nothing was lost")),
            _ => None,
        };
        let context = format!("asking the intake at {} failed", self.url);
        let failure = Failure::from(anyhow::Error::new(why).context(context)).with_exit(exit);
        match hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}

fn missing(what: &str, hint: &str) -> Failure {
    Failure::new(Exit::Usage, anyhow!("it is not said {what}"))
        .with_hint(Hint::words(format!("name it: {hint}")))
}

/// How long a broken connection is tried again.
pub(super) fn patience() -> Result<Pace, Failure> {
    pace(Duration::from_mins(1))
}

const TOKEN_LIMIT: usize = 4096;
