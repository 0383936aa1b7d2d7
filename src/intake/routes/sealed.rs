//! The sealed report itself, whole or in part, for the vendor.
//!
//! RFC 9110 sections 13 (conditions) and 14 (ranges). The entity tag is the SHA-256 of the bytes.

use std::{io, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            IF_RANGE, RANGE,
        },
    },
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;

use crate::{
    intake::{
        Intake,
        receipt::ascii,
        refusal::{Answer, Chain, Refusal},
        request::{Bearer, Ids, single},
        store::{Role, Sealed},
    },
    wire::{ProblemType, header::SEALED, range::Wanted},
};

/// Give a sealed report, or a range of it
#[utoipa::path(
    get,
    path = "/reports/{id}/sealed",
    operation_id = "download_report",
    tag = "vendor",
    security(("token" = [])),
    params(
        ("id" = String, Path, pattern = "^[a-z2-7]{26}$"),
        ("Range" = Option<String>, Header, description = "One range of bytes"),
        ("If-Range" = Option<String>, Header, description = "The entity tag that the range is of"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tags that are here already"),
    ),
    responses(
        (status = 200, description = "All of it", body = super::openapi::Sealed,
            content_type = "application/pgp-encrypted",
            headers(("ETag" = String, description = "SHA-256, in quotes"))),
        (status = 206, description = "The range", body = super::openapi::Sealed,
            content_type = "application/pgp-encrypted",
            headers(("ETag" = String, description = "SHA-256, in quotes"),
                ("Content-Range" = String, description = "Where it lies"))),
        (status = 304, description = "It has one of the entity tags"),
    )
)]
pub(super) async fn download_report(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
    headers: HeaderMap,
) -> Answer {
    let (viewer, report) = intake.open(ids.get("id"), bearer).await?;
    viewer.vendor(Role::Read)?;
    let sealed = intake.store.sealed(&report.summary.id).await?;
    serve(sealed, &report.summary.sha256, &headers)
}

/// Sealed bytes as an answer to a request with these headers.
pub(super) fn serve(sealed: Sealed, sha256: &str, headers: &HeaderMap) -> Answer {
    let tag = format!("\"{sha256}\"");
    if single(headers, IF_NONE_MATCH.as_str())?.is_some_and(|tags| names(tags, &tag)) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        response.headers_mut().insert(ETAG, ascii(&tag));
        return Ok(response);
    }
    let size = sealed.size();
    let range = single(headers, RANGE.as_str())?;
    let same = single(headers, IF_RANGE.as_str())?.is_none_or(|known| known == tag);
    let wanted = Wanted::from_header(range.filter(|_| same), size);
    let (status, start, length) = match wanted {
        Wanted::All => (StatusCode::OK, 0, size),
        Wanted::Part { start, length } => (StatusCode::PARTIAL_CONTENT, start, length),
        Wanted::Outside => {
            let place = ascii(&format!("bytes */{size}"));
            return Err(Refusal::new(ProblemType::BadRange).header(CONTENT_RANGE, place));
        }
    };
    let mut response = Response::new(stream(sealed, start, length));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(SEALED));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(ETAG, ascii(&tag));
    if status == StatusCode::PARTIAL_CONTENT {
        let place = format!("bytes {start}-{}/{size}", start + length - 1);
        headers.insert(CONTENT_RANGE, ascii(&place));
    }
    Ok(response)
}

/// Whether a list of entity tags has this one; weak ones are the same here.
fn names(tags: &str, tag: &str) -> bool {
    let mut tags = tags.split(',').map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// What cannot be read ends the connection before the announced length: the client notices.
fn stream(sealed: Sealed, start: u64, length: u64) -> Body {
    let bytes = sealed.stream(start..start + length);
    Body::from_stream(bytes.map(|piece| {
        piece.map_err(|error| {
            tracing::error!(cause = %Chain(&error), "a sealed report broke off");
            io::Error::other(error)
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags_are_found_in_a_list() {
        let tag = "\"ab\"";
        for yes in ["\"ab\"", "*", "\"x\", W/\"ab\""] {
            assert!(names(yes, tag), "{yes}");
        }
        for no in ["", "ab", "\"abc\"", "\"x\""] {
            assert!(!names(no, tag), "{no}");
        }
    }
}
