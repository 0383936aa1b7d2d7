//! What the vendor publishes, and the description of all this.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};

use crate::intake::{Intake, refusal::Answer};

/// Give the page for people
#[utoipa::path(
    get,
    path = "/",
    operation_id = "landing_page",
    tag = "published",
    responses(
        (status = 200, description = "How to report", body = String, content_type = "text/html; charset=utf-8"),
        (status = 304, description = "It is as it was"),
    )
)]
pub(super) async fn landing_page(
    intake: State<Arc<Intake>>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    published(&intake, &uri, &headers)
}

/// Give the certificate to seal to, in the ASCII armour
#[utoipa::path(
    get,
    path = "/key.asc",
    operation_id = "certificate",
    tag = "published",
    responses(
        (status = 200, description = "The certificate", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 304, description = "It is as it was"),
    )
)]
pub(super) async fn certificate(
    intake: State<Arc<Intake>>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    published(&intake, &uri, &headers)
}

/// Give the program's profile
#[utoipa::path(
    get,
    path = "/program.json",
    operation_id = "program",
    tag = "published",
    responses(
        (status = 200, description = "The profile", body = Object, content_type = "application/json"),
        (status = 304, description = "It is as it was"),
    )
)]
pub(super) async fn program(intake: State<Arc<Intake>>, uri: Uri, headers: HeaderMap) -> Answer {
    published(&intake, &uri, &headers)
}

/// Give security.txt (RFC 9116)
#[utoipa::path(
    get,
    path = "/.well-known/security.txt",
    operation_id = "security_txt",
    tag = "published",
    responses(
        (status = 200, description = "Contact, key and policy", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 304, description = "It is as it was"),
    )
)]
pub(super) async fn security_txt(
    intake: State<Arc<Intake>>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    published(&intake, &uri, &headers)
}

/// Give a certificate by the hash of an address (Web Key Directory)
#[utoipa::path(
    get,
    path = "/.well-known/openpgpkey/{path}",
    operation_id = "key_directory",
    tag = "published",
    params(("path" = String, Path)),
    responses(
        (status = 200, description = "The certificate, binary; or the directory's policy",
            content((super::openapi::Sealed = "application/octet-stream"), (String = "text/plain; charset=utf-8"))),
        (status = 304, description = "It is as it was"),
    )
)]
pub(super) async fn key_directory(
    intake: State<Arc<Intake>>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    published(&intake, &uri, &headers)
}

/// Give this description
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "published",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"),
        (status = 304, description = "It is as it was"),
    )
)]
pub(super) async fn openapi(headers: HeaderMap) -> Answer {
    super::openapi::site().answer("/openapi.json", &headers)
}

pub(super) fn published(intake: &Intake, uri: &Uri, headers: &HeaderMap) -> Answer {
    intake.site().answer(uri.path(), headers)
}
