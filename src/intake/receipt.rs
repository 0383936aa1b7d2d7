//! The intake's word that it holds a report: made when all of it is here, kept with it, and the
//! same whenever it is asked for.
//!
//! DESIGN.md, "The intake's HTTP contract". RFC 9580 section 7 for the signature around it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, LOCATION},
    },
    response::Response,
};

use super::{
    Intake,
    arrival::Arrived,
    refusal::{Answer, Refusal},
    state::Fresh,
    store::{Accepted, NewReport, Report},
};
use crate::{
    case::Receipt,
    openpgp::{Signer, sign_receipt},
    wire::{
        ReportId,
        header::{JSON, RECEIPT, REPORT},
        path,
    },
};

/// The key that signs receipts.
#[derive(Clone)]
pub(crate) struct Signing {
    key: Arc<Mutex<Signer>>,
    /// Others take milliseconds, in which no other request would be served.
    is_quick: bool,
}

impl Signing {
    pub(crate) fn new(signer: Signer) -> Self {
        Self {
            is_quick: signer.is_quick(),
            key: Arc::new(Mutex::new(signer)),
        }
    }
}

impl Intake {
    /// The report that has arrived, with its receipt.
    ///
    /// # Errors
    /// 500 where it cannot be signed: nothing may be kept without a receipt.
    pub(crate) async fn new_report(&self, arrived: &Arrived) -> Answer<NewReport> {
        let (id, received) = (ReportId::fresh()?, self.now());
        let receipt = Receipt::new(
            id.to_string(),
            &arrived.sha256,
            arrived.size,
            received,
            self.fingerprint.to_string(),
        );
        let named = self.ours.named(&arrived.recipients);
        Ok(NewReport {
            receipt: self.signed(receipt).await?,
            id,
            received,
            size: arrived.size,
            sha256: arrived.sha256,
            recipients: named.iter().map(ToString::to_string).collect(),
        })
    }

    /// Its text with a signature, where the intake has a key for that.
    async fn signed(&self, receipt: Receipt) -> Answer<String> {
        let Some(Signing { key, is_quick }) = self.signing.clone() else {
            return Ok(receipt.to_text());
        };
        let now = self.clock.system_time();
        let sign = move || {
            let mut signer = key.lock().unwrap_or_else(PoisonError::into_inner);
            sign_receipt(&receipt, &mut signer, now)
        };
        let text = if is_quick {
            sign()
        } else {
            let signed = tokio::task::spawn_blocking(sign).await;
            signed.map_err(|why| Refusal::internal(&why))?
        };
        let text = text.map_err(|why| Refusal::internal(why.as_ref()))?;
        String::from_utf8(text).map_err(|why| Refusal::internal(&why))
    }

    /// Counts what is new.
    pub(crate) fn taken(&self, accepted: Accepted) -> (StatusCode, Report) {
        match accepted {
            Accepted::Fresh(report) => {
                self.metrics.report_taken();
                (StatusCode::CREATED, report)
            }
            Accepted::Known(report) => (StatusCode::OK, report),
        }
    }
}

/// The receipt of a report as an answer.
pub(crate) fn answer(status: StatusCode, report: Report) -> Response {
    let media = if report
        .receipt
        .starts_with("-----BEGIN PGP SIGNED MESSAGE-----")
    {
        RECEIPT
    } else {
        JSON
    };
    let mut response = Response::new(Body::from(report.receipt));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(REPORT, ascii(report.summary.id.as_str()));
    if status == StatusCode::CREATED || status == StatusCode::OK {
        headers.insert(LOCATION, ascii(&path::report(&report.summary.id)));
    }
    response
}

/// A header's value from a text that we made, of letters, digits and the like.
pub(crate) fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
