//! Something new, made once: where GitHub's answer leaves open whether it was made, the list tells.
//!
//! Serves "duplicate-safe after an unknown 5xx" (issue of the channels) and promise 20.

use std::time::Duration;

use super::{api::GitHub, error::GitHubError, mark::Mark, view::AdvisoryView};
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
    /// Files a private vulnerability report, once. Its description has `mark`, which no other has.
    /// `again`: it may have been filed in an earlier run, so the list is asked first.
    ///
    /// # Errors
    /// [`FilingError`].
    pub async fn file(
        &self,
        repository: &Repository,
        report: &PrivateReport,
        mark: &Mark,
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
        mark: &Mark,
        again: bool,
    ) -> Result<Filed, FilingError> {
        self.once(repository, &New::Advisory(advisory), mark, again)
            .await
    }

    async fn once(
        &self,
        repository: &Repository,
        new: &New<'_>,
        mark: &Mark,
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
        let mut may_be_there = again;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let made = match new {
                New::Report(report) => self.post_report(repository, report).await,
                New::Advisory(advisory) => self.post_advisory(repository, advisory).await,
            };
            let error = match made {
                Ok(advisory) => return Ok(Filed::New(advisory)),
                Err(error) if error.leaves_it_open() => error,
                // An attempt before may have made it after all.
                Err(error) if may_be_there => return Err(FilingError::Open(error)),
                Err(error) => return Err(FilingError::Refused(error)),
            };
            may_be_there = true;
            // What was made may take a moment to show in the list.
            for pause in PAUSES {
                tokio::time::sleep(pause).await;
                match self.marked(repository, mark).await {
                    Ok(Some(found)) => return Ok(Filed::Found(found)),
                    Ok(None) => {}
                    Err(_) => return Err(FilingError::Open(error)),
                }
            }
            // Without an answer, GitHub may be at work on it still.
            if attempt == ATTEMPTS || !error.is_a_fault_of_its_own() {
                return Err(FilingError::Open(error));
            }
        }
    }
}

/// How often it is tried.
const ATTEMPTS: u32 = 2;

/// How long to wait before each look into the list, after an attempt that may have made it.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];
