//! Reports at an intake: posting one whole, its receipt, its state, the list, events, removal.
//!
//! DESIGN.md, "The intake's HTTP contract"; draft-ietf-httpapi-idempotency-key-header for the key of
//! a submission.

use std::io::Read;

use super::{
    Intake, IntakeError,
    intake::{LARGEST_RECEIPT, document, located},
};
use crate::{
    case::State,
    network::{Body, Method, Request},
    wire::{
        NewEvent, ReportId, ReportList, ReportSummary, ReportView, Token, TokenHash, header, path,
    },
};

/// Whose a report or message is, and which one: sent twice with the same key, it is there once.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// What opens the case later, as the intake may know it.
    pub case: Option<TokenHash>,
    /// Letters, digits and hyphens; another one for each report.
    pub idempotency_key: &'a str,
}

/// A report that an intake took.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Its id there.
    pub report: ReportId,
    /// The receipt as it came; nothing in it is verified.
    pub receipt: Vec<u8>,
}

/// Which reports of a list.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only those in this state.
    pub state: Option<State>,
    /// Where the page begins ([`ReportList::next`] of the one before).
    pub cursor: Option<String>,
    /// At most as many a page.
    pub limit: Option<u16>,
}

impl Submission<'_> {
    /// The headers of a submission on a request.
    pub(super) fn on<'r>(&self, request: Request<'r>) -> Request<'r> {
        // A string of structured fields (RFC 8941), as the draft wants it.
        let key = format!("\"{}\"", self.idempotency_key);
        let request = request.header(header::IDEMPOTENCY_KEY, key);
        match &self.case {
            Some(case) => request.header(header::CASE, case.to_header()),
            None => request,
        }
    }
}

impl Intake<'_> {
    /// Posts a whole sealed report of `length` bytes.
    ///
    /// # Errors
    /// [`IntakeError`]; after one that is passing, the same may be posted again with the same key.
    pub async fn post(
        &self,
        submission: &Submission<'_>,
        length: u64,
        reader: &mut (dyn Read + Send),
    ) -> Result<Posted, IntakeError> {
        let request = Request::new(Method::Post, self.url(path::REPORTS))
            .header("content-type", header::SEALED)
            .body(Body::Reader { length, reader });
        let answer = self.ask(submission.on(request), &[200, 201]).await?;
        let report = located(&answer).ok_or(IntakeError::Senseless("no place of the report"))?;
        Ok(Posted {
            report,
            receipt: answer.whole(LARGEST_RECEIPT).await?,
        })
    }

    /// The receipt of a report.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn receipt(&self, token: &Token, report: &ReportId) -> Result<Vec<u8>, IntakeError> {
        let answer = self.get(token, &path::receipt(report)).await?;
        Ok(answer.whole(LARGEST_RECEIPT).await?)
    }

    /// State and timeline of a report.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn report(
        &self,
        token: &Token,
        report: &ReportId,
    ) -> Result<ReportView, IntakeError> {
        document(self.get(token, &path::report(report)).await?).await
    }

    /// One page of the reports that a token opens: those of one case, or for a vendor's token all.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn list(&self, token: &Token, query: &Query) -> Result<ReportList, IntakeError> {
        let mut url = self.url(path::REPORTS);
        {
            let mut pairs = url.query_pairs_mut();
            if let Some(state) = query.state {
                pairs.append_pair("state", state.as_str());
            }
            if let Some(cursor) = &query.cursor {
                pairs.append_pair("cursor", cursor);
            }
            if let Some(limit) = query.limit {
                pairs.append_pair("limit", &limit.to_string());
            }
        }
        if url.query() == Some("") {
            url.set_query(None);
        }
        let request = Request::new(Method::Get, url).bearer(token.expose());
        document(self.ask(request, &[200]).await?).await
    }

    /// All reports that a token opens, page by page.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn all(
        &self,
        token: &Token,
        state: Option<State>,
    ) -> Result<Vec<ReportSummary>, IntakeError> {
        let mut query = Query {
            state,
            cursor: None,
            limit: Some(1000),
        };
        let mut reports = Vec::new();
        loop {
            let page = self.list(token, &query).await?;
            let before = reports.len();
            reports.extend(page.reports);
            // A page that brings nothing is the last, whatever it says.
            if page.next.is_none() || reports.len() == before {
                return Ok(reports);
            }
            query.cursor = page.next;
        }
    }

    /// Adds to the timeline of a report, as its vendor.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn add_event(
        &self,
        token: &Token,
        report: &ReportId,
        event: &NewEvent,
    ) -> Result<ReportView, IntakeError> {
        let body = serde_json::to_vec(event).map_err(IntakeError::Document)?;
        let request = Request::new(Method::Post, self.url(&path::events(report)))
            .header("content-type", header::JSON)
            .bearer(token.expose())
            .body(Body::Whole(body));
        document(self.ask(request, &[200, 201]).await?).await
    }

    /// Removes a report for good.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn delete(&self, token: &Token, report: &ReportId) -> Result<(), IntakeError> {
        let request =
            Request::new(Method::Delete, self.url(&path::report(report))).bearer(token.expose());
        self.ask(request, &[200, 204]).await?;
        Ok(())
    }

    pub(super) async fn get(
        &self,
        token: &Token,
        path: &str,
    ) -> Result<crate::network::Streamed, IntakeError> {
        let request = Request::new(Method::Get, self.url(path)).bearer(token.expose());
        self.ask(request, &[200]).await
    }
}
