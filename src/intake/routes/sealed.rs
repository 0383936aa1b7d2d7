//! Sealed bytes on their way out, whole or in part: how a report or a message is asked for, given and
//! described.
//!
//! RFC 9110 sections 13 (conditions) and 14 (ranges). The entity tag is the SHA-256 of the bytes.

use std::{collections::BTreeMap, io, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            IF_RANGE, RANGE,
        },
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use utoipa::{
    IntoParams, IntoResponses, PartialSchema,
    openapi::{ContentBuilder, HeaderBuilder, Ref, RefOr, ResponseBuilder},
};

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
    params(("id" = String, Path, pattern = "^[a-z2-7]{26}$"), Conditions),
    responses(Given)
)]
pub(super) async fn download_report(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
    conditions: Conditions,
) -> Answer {
    let (viewer, report) = intake.open(ids.get("id"), bearer).await?;
    viewer.vendor(Role::Read)?;
    let sealed = intake.store.sealed(&report.summary.id).await?;
    conditions.serve(sealed, &report.summary.sha256)
}

/// What of the bytes is wanted, and when.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Conditions {
    /// One range of bytes
    #[param(rename = "Range")]
    range: Option<String>,
    /// The entity tag that the range is of
    #[param(rename = "If-Range")]
    if_range: Option<String>,
    /// Entity tags that are here already
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let read = |name: HeaderName| {
            let value = single(&parts.headers, name.as_str())?;
            Ok::<_, Refusal>(value.map(str::to_owned))
        };
        Ok(Self {
            range: read(RANGE)?,
            if_range: read(IF_RANGE)?,
            if_none_match: read(IF_NONE_MATCH)?,
        })
    }
}

impl Conditions {
    /// Sealed bytes as an answer to a request under these conditions.
    pub(super) fn serve(&self, sealed: Sealed, sha256: &str) -> Answer {
        let tag = format!("\"{sha256}\"");
        let known = self.if_none_match.as_deref();
        if known.is_some_and(|tags| names(tags, &tag)) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            response.headers_mut().insert(ETAG, ascii(&tag));
            return Ok(response);
        }
        let size = sealed.size();
        let same = self.if_range.as_ref().is_none_or(|known| *known == tag);
        let range = self.range.as_deref().filter(|_| same);
        let (status, start, length) = match Wanted::from_header(range, size) {
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
}

/// What is answered, for the description.
pub(super) struct Given;

impl IntoResponses for Given {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let bytes = |what: &str| {
            let schema = Ref::from_schema_name("Sealed");
            let content = ContentBuilder::new().schema(Some(schema)).build();
            ResponseBuilder::new()
                .description(what)
                .content(SEALED, content)
                .header("ETag", header("SHA-256, in quotes"))
        };
        let part = bytes("The range").header("Content-Range", header("Where it lies"));
        let known = ResponseBuilder::new().description("It has one of the entity tags");
        let given = [("200", bytes("All of it")), ("206", part), ("304", known)];
        given
            .map(|(status, response)| (status.to_owned(), response.build().into()))
            .into()
    }
}

fn header(what: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(String::schema()))
        .description(Some(what))
        .build()
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
