//! One log line and some counts for each request: method, route, status, time, sizes.
//!
//! Promise 41: an address, a user agent, a token, an id, a file name or the value of a header is in
//! neither. The route is the template, as the router knows it.

use std::{sync::Arc, time::Instant};

use axum::{
    body::HttpBody,
    extract::{MatchedPath, Request, State},
    http::{
        HeaderName, HeaderValue, Method,
        header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::Next,
    response::Response,
};
use prometheus_client::metrics::counter::Counter;

use super::{Intake, counted::Counted, metrics::Answered};
use crate::wire::ProblemType;

/// Around every request.
pub(crate) async fn observe(
    State(intake): State<Arc<Intake>>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let (received, own) = (intake.metrics.received(), Counter::<u64>::default());
    let bytes_in = own.clone();
    let request = request.map(|body| Counted::body(body, vec![received, own]));
    let mut response = next.run(request).await;
    harmless(&mut response);
    let problem = response.extensions().get::<ProblemType>();
    let problem = problem.map(|problem| problem.word());
    let (status, took) = (response.status().as_u16(), began.elapsed());
    let bytes_out = response.body().size_hint().exact();
    tracing::info!(
        method,
        route,
        status,
        problem,
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        bytes_in = bytes_in.get(),
        bytes_out,
        "request"
    );
    intake.metrics.answered(&Answered {
        method,
        route: &route,
        status,
        problem,
        took,
    });
    let sent = intake.metrics.sent();
    response.map(|body| Counted::body(body, vec![sent]))
}

/// What every answer carries; what must be kept by nobody unless it says otherwise.
fn harmless(response: &mut Response) {
    let fixed: [(HeaderName, &str); 2] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Methods that somebody made up are one to us.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        _ => "other",
    }
}
