//! One report: its state and timeline, its receipt, events, and its end.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use super::document;
use crate::{
    case::EventKind,
    intake::{
        Intake,
        limits::Arriving,
        receipt,
        receive::too_large,
        refusal::{Answer, Refusal},
        request::{Bearer, Ids, is_of_type},
        store::{Report, Role},
    },
    wire::{NewEvent, ProblemType, ReportView, header::JSON},
};

/// Tell where a report stands, and what happened to it
#[utoipa::path(
    get,
    path = "/reports/{id}",
    operation_id = "view_report",
    tag = "reading",
    security(("token" = [])),
    params(("id" = String, Path, pattern = "^[a-z2-7]{26}$")),
    responses((status = 200, description = "State and timeline", body = ReportView))
)]
pub(super) async fn view_report(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
) -> Answer {
    let (_, report) = intake.open(ids.get("id"), bearer).await?;
    Ok(document(&view(&intake, report).await?))
}

async fn view(intake: &Intake, report: Report) -> Answer<ReportView> {
    let timeline = intake.store.timeline(&report.summary.id).await?;
    Ok(ReportView {
        summary: report.summary,
        timeline,
    })
}

/// Give the receipt of a report, as it was given when the report came
#[utoipa::path(
    get,
    path = "/reports/{id}/receipt",
    operation_id = "view_receipt",
    tag = "reading",
    security(("token" = [])),
    params(("id" = String, Path, pattern = "^[a-z2-7]{26}$")),
    responses((status = 200, description = "The receipt",
        content((String = "text/plain; charset=utf-8"), (Object = "application/json")),
        headers(("Sealpost-Report" = String, description = "The report's id"))))
)]
pub(super) async fn view_receipt(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
) -> Answer {
    let (_, report) = intake.open(ids.get("id"), bearer).await?;
    Ok(receipt::answer(StatusCode::OK, report))
}

/// Add to the timeline of a report
#[utoipa::path(
    post,
    path = "/reports/{id}/events",
    operation_id = "add_event",
    tag = "vendor",
    security(("token" = [])),
    params(("id" = String, Path, pattern = "^[a-z2-7]{26}$")),
    request_body = NewEvent,
    responses((status = 201, description = "State and timeline with it", body = ReportView))
)]
pub(super) async fn add_event(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (viewer, report) = intake.open(ids.get("id"), bearer).await?;
    viewer.vendor(Role::Triage)?;
    if !is_of_type(&headers, JSON) {
        let refusal = Refusal::new(ProblemType::WrongMediaType);
        return Err(refusal.detail("an event is application/json").closing());
    }
    let event = event(&whole(intake.arriving(body)).await?)?;
    let id = report.summary.id.clone();
    intake.store.add_event(&id, &event, intake.now()).await?;
    let report = intake.store.report(&id).await?;
    let mut response = document(&view(&intake, report).await?);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// An event that a vendor may add.
fn event(document: &[u8]) -> Answer<NewEvent> {
    let event: NewEvent = serde_json::from_slice(document)
        .map_err(|why| Refusal::bad(format!("this is not an event: {why}")))?;
    match (event.kind, event.until) {
        (EventKind::Received, _) => Err(Refusal::bad("the intake alone says `received`")),
        (EventKind::EmbargoUntil, None) => Err(Refusal::bad("`embargo-until` needs `until`")),
        (EventKind::EmbargoUntil, Some(_)) | (_, None) => Ok(event),
        (_, Some(_)) => Err(Refusal::bad("`until` belongs to `embargo-until` alone")),
    }
}

/// A small body.
async fn whole(mut arriving: Arriving) -> Answer<Vec<u8>> {
    let mut whole = Vec::new();
    while let Some(bytes) = arriving.next().await? {
        if (whole.len() + bytes.len()) as u64 > LARGEST_EVENT {
            return Err(too_large(LARGEST_EVENT));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole)
}

/// Delete a report with its messages
///
/// Its bytes are removed at once. That there was a report of this id is remembered until the next
/// sweep.
#[utoipa::path(
    delete,
    path = "/reports/{id}",
    operation_id = "delete_report",
    tag = "vendor",
    security(("token" = [])),
    params(("id" = String, Path, pattern = "^[a-z2-7]{26}$")),
    responses((status = 204, description = "It is deleted"))
)]
pub(super) async fn delete_report(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
) -> Answer<Response> {
    let (viewer, report) = intake.open(ids.get("id"), bearer).await?;
    viewer.vendor(Role::Admin)?;
    let deleting = intake.clone();
    let deleted = intake.life.to_the_end(async move {
        let now = deleting.now();
        Ok(deleting.store.delete(&report.summary.id, now).await?)
    });
    let left = deleted.await?.left;
    if left > 0 {
        tracing::warn!(left, "objects of a deleted report could not be removed yet");
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Bytes of an event's document at most.
const LARGEST_EVENT: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_those_that_a_vendor_may_add() {
        for good in [
            r#"{"kind":"acknowledged"}"#,
            r#"{"kind":"embargo-until","until":"2027-01-31"}"#,
        ] {
            assert!(event(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "[]",
            r#"{"kind":"received"}"#,
            r#"{"kind":"embargo-until"}"#,
            r#"{"kind":"fixed","until":"2027-01-31"}"#,
            r#"{"kind":"fixed","note":"x"}"#,
            r#"{"kind":"exploded"}"#,
        ] {
            let refusal = event(bad.as_bytes()).unwrap_err();
            assert_eq!(refusal.kind(), ProblemType::BadRequest, "{bad}");
        }
    }
}
