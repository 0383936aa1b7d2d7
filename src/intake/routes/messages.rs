//! Sealed messages of a case, in both directions.
//!
//! The reporter's are sealed to the intake's key; the vendor's to whatever key the report named
//! inside, which nobody here knows.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::LOCATION},
};

use super::{
    document,
    sealed::{Conditions, Given},
};
use crate::{
    intake::{
        Intake,
        limits::Counted,
        receipt::ascii,
        refusal::{Answer, Refusal},
        request::{Bearer, Ids, is_of_type, message_key},
        state::Fresh,
        store::{AddedMessage, NewMessage, Role},
    },
    wire::{
        Author, MessageId, MessageList, MessageView, ProblemType,
        header::{ACCEPT_POST, SEALED},
        path,
    },
};

/// List the messages of a report, oldest first
#[utoipa::path(
    get,
    path = "/reports/{id}/messages",
    operation_id = "list_messages",
    tag = "reading",
    security(("token" = [])),
    params(("id" = String, Path, pattern = "^[a-z2-7]{26}$")),
    responses((status = 200, description = "All of them", body = MessageList))
)]
pub(super) async fn list_messages(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
) -> Answer {
    let (_, report) = intake.open(ids.get("id"), bearer).await?;
    let messages = intake.store.messages(&report.summary.id).await?;
    Ok(document(&MessageList { messages }))
}

/// Send a sealed message
///
/// A reporter's must be sealed to the key at `/key.asc`.
#[utoipa::path(
    post,
    path = "/reports/{id}/messages",
    operation_id = "post_message",
    tag = "reading",
    security(("token" = [])),
    params(
        ("id" = String, Path, pattern = "^[a-z2-7]{26}$"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
            description = "The same key again is the same message"),
    ),
    request_body(content = super::openapi::Sealed, content_type = "application/pgp-encrypted",
        description = "A binary OpenPGP message of at most 16 MiB"),
    responses(
        (status = 200, description = "It was kept before", body = MessageView,
            headers(("Location" = String, description = "The message"))),
        (status = 201, description = "It is kept", body = MessageView,
            headers(("Location" = String, description = "The message"))),
    )
)]
pub(super) async fn post_message(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (viewer, report) = intake.open(ids.get("id"), bearer).await?;
    viewer.reporter_or(Role::Triage)?;
    if !is_of_type(&headers, SEALED) {
        let accepted = HeaderValue::from_static(SEALED);
        return Err(Refusal::new(ProblemType::WrongMediaType)
            .header(HeaderName::from_static(ACCEPT_POST), accepted)
            .closing());
    }
    let (id, from) = (report.summary.id, viewer.author());
    let key = message_key(&headers, &id, from)?;
    intake.rates.count(Counted::Creation, bearer.client.0)?;
    let cap = LARGEST_MESSAGE.min(intake.limits.max_size);
    intake.fits(&headers, cap)?;
    let (keeping, report) = (intake.clone(), id.clone());
    let kept = intake.life.to_the_end(async move {
        let door = match from {
            Author::Reporter => &keeping.ours,
            Author::Vendor => &keeping.anyone,
        };
        let (arrived, segments) = keeping.take_whole(body, door, cap).await?;
        let new = NewMessage {
            id: MessageId::fresh()?,
            from,
            at: keeping.now(),
            sha256: arrived.sha256,
            key,
        };
        Ok(keeping.store.add_message(&report, new, segments).await?)
    });
    let (status, view) = match kept.await? {
        AddedMessage::Fresh(view) => (StatusCode::CREATED, view),
        AddedMessage::Known(view) => (StatusCode::OK, view),
    };
    let mut response = document(&view);
    *response.status_mut() = status;
    let place = ascii(&path::message(&id, &view.id));
    response.headers_mut().insert(LOCATION, place);
    Ok(response)
}

/// Give one sealed message
#[utoipa::path(
    get,
    path = "/reports/{id}/messages/{message}",
    operation_id = "download_message",
    tag = "reading",
    security(("token" = [])),
    params(
        ("id" = String, Path, pattern = "^[a-z2-7]{26}$"),
        ("message" = String, Path, pattern = "^[a-z2-7]{26}$"),
        Conditions,
    ),
    responses(Given)
)]
pub(super) async fn download_message(
    State(intake): State<Arc<Intake>>,
    bearer: Bearer,
    ids: Ids,
    conditions: Conditions,
) -> Answer {
    let (_, report) = intake.open(ids.get("id"), bearer).await?;
    let (id, message) = (report.summary.id, ids.required("message")?);
    let view = intake.store.message(&id, &message).await?;
    let sealed = intake.store.sealed_message(&id, &message).await?;
    conditions.serve(sealed, &view.sha256)
}

/// Bytes of a message at most.
const LARGEST_MESSAGE: u64 = 16 << 20;
