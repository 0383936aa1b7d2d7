//! For whoever runs it: is it alive, is it ready, what did it count.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::Response,
};

use crate::{
    intake::{
        Intake,
        lifecycle::Phase,
        refusal::{Answer, Chain, Refusal},
    },
    wire::ProblemType,
};

/// Tell that the process answers
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "operations",
    responses((status = 200, description = "It does", body = String, content_type = "text/plain; charset=utf-8"))
)]
pub(super) async fn healthz() -> Response {
    text("ok\n", "text/plain; charset=utf-8")
}

/// Tell whether reports can be taken now: database and objects are asked
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "operations",
    responses((status = 200, description = "They can", body = String, content_type = "text/plain; charset=utf-8"))
)]
pub(super) async fn readyz(State(intake): State<Arc<Intake>>) -> Answer {
    if intake.life.phase() != Phase::Serving {
        return Err(Refusal::new(ProblemType::Unavailable).detail("going down"));
    }
    match tokio::time::timeout(PATIENCE, intake.store.ready()).await {
        Ok(Ok(())) => Ok(text("ready\n", "text/plain; charset=utf-8")),
        Ok(Err(error)) => {
            tracing::error!(cause = %Chain(&error), "not ready");
            Err(Refusal::new(ProblemType::Unavailable).detail("the store does not work"))
        }
        Err(_) => {
            tracing::error!("not ready: the store does not answer");
            Err(Refusal::new(ProblemType::Unavailable).detail("the store does not answer"))
        }
    }
}

/// The counters, on the admin listener.
pub(super) async fn metrics(State(intake): State<Arc<Intake>>) -> Response {
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    text(intake.metrics.text(), media)
}

fn text(content: impl Into<Body>, media: &'static str) -> Response {
    let mut response = Response::new(content.into());
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// How long the store may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(5);
