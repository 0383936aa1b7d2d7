//! What the vendor publishes, and the description of all this.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};

use crate::intake::{Intake, refusal::Answer};

/// Makes the route of what is published at one path.
macro_rules! published_at {
    ($(#[doc = $doc:tt])+ $name:ident, $path:tt, $what:tt, $body:ident, $media:tt) => {
        $(#[doc = $doc])+
        #[utoipa::path(
            get,
            path = $path,
            operation_id = stringify!($name),
            tag = "published",
            responses(
                (status = 200, description = $what, body = $body, content_type = $media),
                (status = 304, description = "It is as it was"),
            )
        )]
        pub(super) async fn $name(
            intake: State<Arc<Intake>>,
            uri: Uri,
            headers: HeaderMap,
        ) -> Answer {
            published(&intake, &uri, &headers)
        }
    };
}

published_at!(
    /// Give the page for people
    landing_page, "/", "How to report", String, "text/html; charset=utf-8"
);
published_at!(
    /// Give the certificate to seal to, in the ASCII armour
    certificate, "/key.asc", "The certificate", String, "text/plain; charset=utf-8"
);
published_at!(
    /// Give the program's profile
    program, "/program.json", "The profile", Object, "application/json"
);
published_at!(
    /// Give security.txt (RFC 9116)
    security_txt,
    "/.well-known/security.txt",
    "Contact, key and policy",
    String,
    "text/plain; charset=utf-8"
);

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
