//! Something new, made once: where GitHub's answer leaves open whether it was made, the list tells.
//!
//! Serves "duplicate-safe after an unknown 5xx" (issue of the channels) and promise 20.

use std::time::Duration;

use super::{api::GitHub, error::GitHubError, view::AdvisoryView};
use crate::{
    advisory::{NewAdvisory, PrivateReport},
    program::Repository,
};

/// What is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filed {
    /// It was made just now.
    New(AdvisoryView),
    /// It had been made before: its answer was lost.
    Found(AdvisoryView),
}

/// Why it is not known to be there.
#[derive(Debug, thiserror::Error)]
pub enum FilingError {
    /// It is not there: GitHub refused it, or was never asked.
    #[error("nothing was filed")]
    Refused(#[source] GitHubError),
    /// Nobody knows.
    #[error("GitHub's answer leaves open whether it was filed")]
    Open(#[source] GitHubError),
}

/// What is to be made.
enum New<'a> {
    Report(&'a PrivateReport),
    Advisory(&'a NewAdvisory),
}

impl Filed {
    /// The advisory, whoever made it.
    #[must_use]
    pub fn advisory(&self) -> &AdvisoryView {
        match self {
            Self::New(advisory) | Self::Found(advisory) => advisory,
        }
    }
}

impl GitHub<'_> {
    /// Files a private vulnerability report, once. Its description holds `mark`, which no other
    /// has. `again`: it may have been filed in an earlier run, so the list is asked first.
    ///
    /// # Errors
    /// [`FilingError`].
    pub async fn file(
        &self,
        repository: &Repository,
        report: &PrivateReport,
        mark: &str,
        again: bool,
    ) -> Result<Filed, FilingError> {
        self.once(repository, &New::Report(report), mark, again)
            .await
    }

    /// Opens a draft advisory, once: as [`GitHub::file`].
    ///
    /// # Errors
    /// [`FilingError`].
    pub async fn open(
        &self,
        repository: &Repository,
        advisory: &NewAdvisory,
        mark: &str,
        again: bool,
    ) -> Result<Filed, FilingError> {
        self.once(repository, &New::Advisory(advisory), mark, again)
            .await
    }

    async fn once(
        &self,
        repository: &Repository,
        new: &New<'_>,
        mark: &str,
        again: bool,
    ) -> Result<Filed, FilingError> {
        if again
            && let Some(found) = self
                .marked(repository, mark)
                .await
                .map_err(FilingError::Open)?
        {
            return Ok(Filed::Found(found));
        }
        let mut earlier = None;
        let mut pause = FIRST_PAUSE;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let made = match new {
                New::Report(report) => self.post_report(repository, report).await,
                New::Advisory(advisory) => self.post_advisory(repository, advisory).await,
            };
            let error = match (made, earlier) {
                (Ok(advisory), _) => return Ok(Filed::New(advisory)),
                // The attempt before may have been made after all.
                (Err(error), Some(earlier)) if !error.leaves_it_open() => {
                    return Err(FilingError::Open(earlier));
                }
                (Err(error), None) if !error.leaves_it_open() => {
                    return Err(FilingError::Refused(error));
                }
                (Err(error), _) => error,
            };
            // What was made may take a moment to show in the list.
            tokio::time::sleep(pause).await;
            match self.marked(repository, mark).await {
                Ok(Some(found)) => return Ok(Filed::Found(found)),
                Ok(None) if attempt < ATTEMPTS => earlier = Some(error),
                _ => return Err(FilingError::Open(error)),
            }
            pause *= 2;
        }
    }
}

/// How often it is tried.
const ATTEMPTS: u32 = 3;

/// How long to wait before the list is asked for the first time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
