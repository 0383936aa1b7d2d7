//! `/reports/uploads/ID`: the routes of an upload in progress. What they do stands in
//! [`crate::intake::uploads`].

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header::ALLOW},
    response::{IntoResponse, Response},
};

use super::reports::abilities;
use crate::{
    intake::{
        Intake,
        refusal::{Answer, Refusal},
        request::Ids,
        uploads,
    },
    wire::ProblemType,
};

/// Tell how much of an upload is here
#[utoipa::path(
    head,
    path = "/reports/uploads/{id}",
    operation_id = "upload_offset",
    tag = "uploads",
    params(
        ("id" = String, Path, pattern = "^[a-z2-7]{26}$"),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
    ),
    responses((status = 200, description = "Where it goes on",
        headers(("Upload-Offset" = u64, description = "How much is here"),
            ("Upload-Length" = u64, description = "How much there will be, if that is known"),
            ("Upload-Expires" = String, description = "When it is removed"),
            ("Sealpost-Report" = String, description = "The report that it has become"))))
)]
pub(super) async fn upload_offset(
    State(intake): State<Arc<Intake>>,
    ids: Ids,
    headers: HeaderMap,
) -> Response {
    let answer: Answer = async {
        let id = ids.required("id")?;
        uploads::offset(intake, &id, &headers).await
    }
    .await;
    uploads::tus(answer.into_response())
}

/// Go on with an upload
///
/// What came of a request that broke off is kept. The answer to the last one names the report.
#[utoipa::path(
    patch,
    path = "/reports/uploads/{id}",
    operation_id = "upload_append",
    tag = "uploads",
    params(
        ("id" = String, Path, pattern = "^[a-z2-7]{26}$"),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = u64, Header, description = "Where the body begins"),
        ("Upload-Length" = Option<u64>, Header, description = "Once, where it was deferred"),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1, sha256 or sha512, and the digest in base64"),
    ),
    request_body(content = super::openapi::Sealed, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "It is kept",
        headers(("Upload-Offset" = u64, description = "How much is here now"),
            ("Upload-Expires" = String, description = "When it is removed"),
            ("Sealpost-Report" = String, description = "The report that it has become"),
            ("Location" = String, description = "With Sealpost-Report: the receipt"))))
)]
pub(super) async fn upload_append(
    State(intake): State<Arc<Intake>>,
    ids: Ids,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answer: Answer = async {
        let id = ids.required("id")?;
        uploads::append(intake, &id, headers, body).await
    }
    .await;
    uploads::tus(answer.into_response())
}

/// Give an upload up
#[utoipa::path(
    delete,
    path = "/reports/uploads/{id}",
    operation_id = "upload_terminate",
    tag = "uploads",
    params(
        ("id" = String, Path, pattern = "^[a-z2-7]{26}$"),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
    ),
    responses((status = 204, description = "It is removed"))
)]
pub(super) async fn upload_terminate(
    State(intake): State<Arc<Intake>>,
    ids: Ids,
    headers: HeaderMap,
) -> Response {
    let answer: Answer = async {
        let id = ids.required("id")?;
        uploads::terminate(intake, id, &headers).await
    }
    .await;
    uploads::tus(answer.into_response())
}

/// `X-HTTP-Method-Override` for clients that cannot send these methods (tus, core protocol).
pub(super) async fn overridden(
    intake: State<Arc<Intake>>,
    ids: Ids,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let method = headers.get("x-http-method-override");
    match method.map(HeaderValue::as_bytes) {
        Some(b"PATCH") => upload_append(intake, ids, headers, body).await,
        Some(b"HEAD") => upload_offset(intake, ids, headers).await,
        Some(b"DELETE") => upload_terminate(intake, ids, headers).await,
        _ => {
            let methods = HeaderValue::from_static("DELETE, HEAD, OPTIONS, PATCH");
            let refusal = Refusal::new(ProblemType::MethodNotAllowed);
            refusal.header(ALLOW, methods).closing().into_response()
        }
    }
}

/// Tell what is known of tus
#[utoipa::path(
    options,
    path = "/reports/uploads/{id}",
    operation_id = "options_upload",
    tag = "uploads",
    params(("id" = String, Path)),
    responses((status = 204, description = "As for /reports"))
)]
pub(super) async fn options_upload(State(intake): State<Arc<Intake>>) -> Response {
    let mut response = abilities(&intake);
    let methods = HeaderValue::from_static("DELETE, HEAD, OPTIONS, PATCH");
    response.headers_mut().insert(ALLOW, methods);
    response
}

/// Give the receipt of an upload that is finished
///
/// For whoever knows the upload's id, until it expires.
#[utoipa::path(
    get,
    path = "/reports/uploads/{id}/receipt",
    operation_id = "upload_receipt",
    tag = "uploads",
    params(("id" = String, Path, pattern = "^[a-z2-7]{26}$")),
    responses((status = 200, description = "The receipt",
        content((String = "text/plain; charset=utf-8"), (Object = "application/json")),
        headers(("Sealpost-Report" = String, description = "The report's id"))))
)]
pub(super) async fn upload_receipt(State(intake): State<Arc<Intake>>, ids: Ids) -> Answer {
    uploads::receipt(&intake, &ids.required("id")?).await
}
