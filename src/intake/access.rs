//! Who may see and do what: a token opens one thing, and a wrong one learns nothing.
//!
//! Promises 17, 42 and 44: a token that is unknown, one that opens another report, and a report
//! that is not there are the same answer, after the same questions to the database.

use super::{
    Intake,
    limits::Counted,
    refusal::{Answer, Refusal},
    request::{Bearer, Client},
    state::Fresh,
    store::{Report, Role, StoreError},
};
use crate::wire::{Author, ProblemType, ReportId, TokenHash};

/// Who looks at a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Viewer {
    /// Whoever holds the case token of this report.
    Reporter,
    /// Somebody of the vendor.
    Vendor(Role),
}

/// Whose reports are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reader {
    /// Those of one case, if there are any.
    Case(TokenHash),
    /// All.
    Vendor,
}

impl Viewer {
    /// What this viewer is called in messages.
    pub(crate) fn author(self) -> Author {
        match self {
            Self::Reporter => Author::Reporter,
            Self::Vendor(_) => Author::Vendor,
        }
    }

    /// Lets in the vendor's people from a role on.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn vendor(self, least: Role) -> Answer<()> {
        match self {
            Self::Vendor(role) if role >= least => Ok(()),
            _ => Err(ProblemType::NotAllowed.into()),
        }
    }

    /// Lets in the reporter, and the vendor's people from a role on.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn reporter_or(self, least: Role) -> Answer<()> {
        match self {
            Self::Reporter => Ok(()),
            Self::Vendor(_) => self.vendor(least),
        }
    }
}

impl Intake {
    /// The report of an id, for a token that opens it.
    ///
    /// # Errors
    /// 404 whatever does not fit; 410 for the vendor where it was deleted; 429 after too many
    /// wrong tokens.
    pub(crate) async fn open(
        &self,
        id: Option<ReportId>,
        bearer: Bearer,
    ) -> Answer<(Viewer, Report)> {
        let hash = bearer.token.unwrap_or(NOBODY);
        let vendor = self.store.vendor(&hash).await?;
        let id = id.map_or_else(ReportId::fresh, Ok)?;
        if let Some(vendor) = vendor {
            return Ok((Viewer::Vendor(vendor.role), self.store.report(&id).await?));
        }
        // Nothing of a report is read before it is known that the asker may see it: how long it took would
        // tell that it is there.
        if self.store.case_of(&id, ABSENT).await? != hash {
            return Err(self.failed(bearer.client));
        }
        match self.store.report(&id).await {
            Ok(report) => Ok((Viewer::Reporter, report)),
            Err(StoreError::NotFound | StoreError::Gone) => Err(self.failed(bearer.client)),
            Err(error) => Err(error.into()),
        }
    }

    /// Whose reports a token lists.
    ///
    /// # Errors
    /// 404 for what is no token.
    pub(crate) async fn reader(&self, bearer: Bearer) -> Answer<Reader> {
        let hash = bearer.token.ok_or_else(|| self.failed(bearer.client))?;
        Ok(match self.store.vendor(&hash).await? {
            Some(_) => Reader::Vendor,
            None => Reader::Case(hash),
        })
    }

    /// A token opened nothing.
    pub(crate) fn failed(&self, client: Client) -> Refusal {
        match self.rates.count(Counted::FailedToken, client.0) {
            Ok(()) => ProblemType::NotFound.into(),
            Err(too_many) => too_many,
        }
    }
}

/// The digest of no token, and another: neither has a known token.
const NOBODY: TokenHash = TokenHash::from_bytes([0; 32]);
const ABSENT: TokenHash = TokenHash::from_bytes([0xff; 32]);
