//! `/reports`: whole reports come in, uploads begin, reports are listed, and a client learns that
//! this is an intake.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, ALLOW},
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::document;
use crate::{
    case::State as CaseState,
    intake::{
        Intake,
        access::Reader,
        limits::Counted,
        receipt,
        refusal::{Answer, Refusal},
        request::{Asked, Bearer, Client, is_of_type, origin},
        store::{Page, Selection},
        uploads,
    },
    wire::{
        ProblemType, ReportList,
        header::{
            ACCEPT_POST, SEALED, TUS_1_0_0, TUS_CHECKSUM_ALGORITHM, TUS_EXTENSION, TUS_MAX_SIZE,
            TUS_RESUMABLE, TUS_VERSION,
        },
        tus::ChecksumAlgorithm,
    },
};

/// Take a sealed report, or begin an upload of one
///
/// The body is a binary OpenPGP message, sealed to the key at `/key.asc` or to a hidden recipient.
/// With `Tus-Resumable` it is a creation as tus 1.0 describes it, and the report follows with
/// `PATCH`. The same submission again is answered with the first one's receipt: the same content of
/// the same case, or of none. An idempotency key is that of its case; of no case, the content is the
/// key, and each creation begins another upload.
#[utoipa::path(
    post,
    path = "/reports",
    operation_id = "post_report",
    tag = "reporting",
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
            description = "With Sealpost-Case: the same key again is the same report"),
        ("Sealpost-Case" = Option<String>, Header, pattern = "^[A-Za-z0-9_-]{43}$",
            description = "base64url of the SHA-256 of the case token"),
        ("Tus-Resumable" = Option<String>, Header, description = "1.0.0: begin an upload"),
        ("Upload-Length" = Option<u64>, Header, description = "With Tus-Resumable"),
        ("Upload-Defer-Length" = Option<u64>, Header, description = "1: the length follows"),
        ("Upload-Metadata" = Option<String>, Header, description = "Never stored"),
        ("Upload-Checksum" = Option<String>, Header, description = "Of the body, with Tus-Resumable"),
    ),
    request_body(content(
        (super::openapi::Sealed = "application/pgp-encrypted"),
        (super::openapi::Sealed = "application/offset+octet-stream"),
    ), description = "The sealed report, or the beginning of an upload"),
    responses(
        (status = 200, description = "The report was taken before: its receipt",
            content((String = "text/plain; charset=utf-8"), (Object = "application/json")),
            headers(("Location" = String, description = "The report"),
                ("Sealpost-Report" = String, description = "The report's id"))),
        (status = 201, description = "The report is taken, and this is its receipt; or the upload has begun",
            content((String = "text/plain; charset=utf-8"), (Object = "application/json")),
            headers(("Location" = String, description = "The report, or the upload"),
                ("Sealpost-Report" = String, description = "The report's id, once there is one"),
                ("Upload-Offset" = u64, description = "How much of the upload is here"),
                ("Upload-Expires" = String, description = "When the upload is removed"))),
    )
)]
pub(super) async fn post_report(
    State(intake): State<Arc<Intake>>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    if headers.contains_key(TUS_RESUMABLE) {
        return uploads::create(intake, client, headers, body).await;
    }
    if !is_of_type(&headers, SEALED) {
        let accepted = HeaderValue::from_static(SEALED);
        return Err(Refusal::new(ProblemType::WrongMediaType)
            .header(HeaderName::from_static(ACCEPT_POST), accepted)
            .closing());
    }
    let origin = origin(&headers)?;
    intake.rates.count(Counted::Creation, client.0)?;
    let cap = intake.limits.max_size;
    intake.fits(&headers, cap)?;
    let taking = intake.clone();
    let taken = intake.life.to_the_end(async move {
        let (arrived, segments) = taking.take_whole(body, &taking.ours, cap).await?;
        let report = match taking.new_report(&arrived).await {
            Ok(report) => report,
            Err(refusal) => {
                taking.store.discard(segments).await;
                return Err(refusal);
            }
        };
        let accepted = taking.store.accept(report, origin, segments).await?;
        Ok(taking.taken(accepted))
    });
    let (status, report) = taken.await?;
    Ok(receipt::answer(status, report))
}

/// What `GET /reports` may ask for.
#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    state: Option<CaseState>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// List reports, newest first
///
/// All of them with a vendor's token, those of one case with its own.
#[utoipa::path(
    get,
    path = "/reports",
    operation_id = "list_reports",
    tag = "reading",
    security(("token" = [])),
    params(
        ("state" = Option<CaseState>, Query, description = "Those in this state alone"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000,
            description = "How many at most; 100 if not given"),
    ),
    responses((status = 200, description = "A page", body = ReportList))
)]
pub(super) async fn list_reports(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    Asked(query): Asked<ListQuery>,
) -> Answer {
    let limit = query.limit.unwrap_or(DEFAULT_PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Refusal::bad("limit is a number from 1 to 1000"));
    }
    let cursor = query.cursor.as_deref().map(str::parse).transpose();
    let cursor =
        cursor.map_err(|_| Refusal::bad("the cursor is not one that a list ended with"))?;
    let selection = Selection {
        state: query.state,
        cursor,
        case: None,
    };
    let page = match intake.reader(bearer).await? {
        Reader::Vendor => intake.store.list(&selection, limit).await?,
        Reader::Case(case) => {
            let selection = Selection {
                case: Some(case),
                ..selection
            };
            let page = intake.store.list(&selection, limit).await?;
            if page.reports.is_empty() && !has_reports(&intake, &selection).await? {
                return Err(intake.failed(bearer.client));
            }
            page
        }
    };
    Ok(document(&listed(page)))
}

/// Whether there is any report of the case, whatever else was asked for.
async fn has_reports(intake: &Intake, selection: &Selection) -> Answer<bool> {
    let any = Selection {
        case: selection.case,
        ..Selection::default()
    };
    Ok(!intake.store.list(&any, 1).await?.reports.is_empty())
}

fn listed(page: Page) -> ReportList {
    ReportList {
        reports: page.reports,
        next: page.next.map(|cursor| cursor.to_string()),
    }
}

/// Tell what may be posted here
#[utoipa::path(
    options,
    path = "/reports",
    operation_id = "options_reports",
    tag = "reporting",
    responses((status = 204, description = "This is an intake",
        headers(("Accept-Post" = String, description = "application/pgp-encrypted"),
            ("Tus-Version" = String, description = "1.0.0"),
            ("Tus-Extension" = String, description = "What it knows of tus"),
            ("Tus-Max-Size" = u64, description = "The largest report"),
            ("Tus-Checksum-Algorithm" = String, description = "What Upload-Checksum may use"))))
)]
pub(super) async fn options_reports(State(intake): State<Arc<Intake>>) -> Response {
    let mut response = abilities(&intake);
    let headers = response.headers_mut();
    headers.insert(ACCEPT_POST, HeaderValue::from_static(SEALED));
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS, POST"));
    // Sealed reports do not compress.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    response
}

/// What the intake knows of tus (core protocol, `OPTIONS`).
pub(super) fn abilities(intake: &Intake) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (TUS_RESUMABLE, TUS_1_0_0),
        (TUS_VERSION, TUS_1_0_0),
        (TUS_EXTENSION, EXTENSIONS),
        (TUS_CHECKSUM_ALGORITHM, ChecksumAlgorithm::LIST),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(TUS_MAX_SIZE, HeaderValue::from(intake.limits.max_size));
    response
}

const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1000;
const EXTENSIONS: &str =
    "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination";
