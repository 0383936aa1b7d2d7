//! The routes: which path and method does what, and what everything else is told.

mod health;
mod messages;
mod openapi;
mod report;
mod reports;
mod sealed;
mod site;
mod uploads;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, header::CONTENT_TYPE},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing,
};
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Intake, limits::Counted, observe::observe, refusal::Refusal, request::Client};
use crate::wire::{ProblemType, header::JSON};

/// Everything that the world may ask.
pub(crate) fn public(intake: Arc<Intake>) -> Router {
    let (router, _) = described().split_for_parts();
    finished(router, intake)
}

/// What whoever runs it may ask.
pub(crate) fn admin(intake: Arc<Intake>) -> Router {
    let router = Router::new()
        .route("/metrics", routing::get(health::metrics))
        .route("/healthz", routing::get(health::healthz))
        .route("/readyz", routing::get(health::readyz));
    finished(router, intake)
}

/// The routes with their descriptions.
fn described() -> OpenApiRouter<Arc<Intake>> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(site::landing_page))
        .routes(routes!(site::certificate))
        .routes(routes!(site::program))
        .routes(routes!(site::security_txt))
        .routes(routes!(site::key_directory))
        .route(
            "/.well-known/openpgpkey/{path}/{*rest}",
            routing::get(site::key_directory),
        )
        .routes(routes!(site::openapi))
        .routes(routes!(
            reports::list_reports,
            reports::post_report,
            reports::options_reports
        ))
        .routes(routes!(report::view_report, report::delete_report))
        .routes(routes!(report::view_receipt))
        .routes(routes!(report::add_event))
        .routes(routes!(sealed::download_report))
        .routes(routes!(messages::list_messages, messages::post_message))
        .routes(routes!(messages::download_message))
        .routes(routes!(
            uploads::upload_offset,
            uploads::upload_append,
            uploads::upload_terminate,
            uploads::options_upload
        ))
        .route("/reports/uploads/{id}", routing::post(uploads::overridden))
        .routes(routes!(uploads::upload_receipt))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
}

fn finished(router: Router<Arc<Intake>>, intake: Arc<Intake>) -> Router {
    router
        .fallback(nothing)
        .method_not_allowed_fallback(not_this_way)
        .layer(from_fn_with_state(intake.clone(), limited))
        .layer(from_fn_with_state(intake.clone(), observe))
        .with_state(intake)
}

async fn nothing() -> Refusal {
    ProblemType::NotFound.into()
}

async fn not_this_way() -> Refusal {
    ProblemType::MethodNotAllowed.into()
}

/// Counts requests of a client.
async fn limited(
    State(intake): State<Arc<Intake>>,
    client: Client,
    request: Request,
    next: Next,
) -> Response {
    match intake.rates.count(Counted::Request, client.0) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.closing().into_response(),
    }
}

/// A document of the contract. Texts, numbers and lists of them: this cannot fail.
fn document(content: &impl Serialize) -> Response {
    let content = serde_json::to_vec(content).unwrap_or_default();
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}
