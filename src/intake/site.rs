//! What the vendor publishes, ready to be sent: pages and files from memory.
//!
//! DESIGN.md, "The intake's HTTP contract", first row.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            ETAG, IF_NONE_MATCH,
        },
    },
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::{
    Intake,
    refusal::{Answer, Refusal},
};
use crate::wire::ProblemType;

/// Paths, each beginning with a slash, and what stands there.
#[derive(Clone, Debug, Default)]
pub struct Site(HashMap<String, File>);

/// A page or file.
#[derive(Clone, Debug)]
pub struct File {
    media: &'static str,
    content: Bytes,
    tag: HeaderValue,
    policy: HeaderValue,
}

/// Publishes anew every so often, as long as the intake runs: what is published has a date.
pub async fn renew<E>(
    intake: Arc<Intake>,
    every: Duration,
    mut make: impl FnMut(SystemTime) -> Result<Site, E>,
) where
    E: std::fmt::Display,
{
    loop {
        tokio::time::sleep(every).await;
        match make(intake.clock.system_time()) {
            Ok(site) => intake.publish(site),
            Err(why) => tracing::error!(cause = %why, "what is published cannot be renewed"),
        }
    }
}

impl File {
    /// A file that loads and runs nothing.
    #[must_use]
    pub fn new(media: &'static str, content: Vec<u8>) -> Self {
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&content)[..16]);
        Self {
            media,
            content: content.into(),
            tag: HeaderValue::from_str(&format!("\"{digest}\""))
                .unwrap_or(HeaderValue::from_static("\"\"")),
            policy: HeaderValue::from_static(NOTHING),
        }
    }

    /// The same with the one style that stands in it: `hash` as in a Content-Security-Policy.
    #[must_use]
    pub fn with_style(mut self, hash: &str) -> Self {
        let policy = format!("{NOTHING}; style-src '{hash}'");
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            self.policy = policy;
        }
        self
    }
}

impl Site {
    /// Puts a file at a path.
    pub fn put(&mut self, path: impl Into<String>, file: File) {
        self.0.insert(path.into(), file);
    }

    /// The file at a path.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn answer(&self, path: &str, headers: &HeaderMap) -> Answer {
        let file = self.0.get(path);
        let file = file.ok_or_else(|| Refusal::new(ProblemType::NotFound))?;
        let known = headers.get(IF_NONE_MATCH) == Some(&file.tag);
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(file.content.clone()))
        };
        let headers = response.headers_mut();
        headers.insert(ETAG, file.tag.clone());
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        );
        headers.insert(CONTENT_SECURITY_POLICY, file.policy.clone());
        // What is public may be read from any page (WKD section 3.1 asks for it).
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if !known {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.media));
        }
        Ok(response)
    }
}

const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_sent_once_and_then_known() {
        let mut site = Site::default();
        site.put("/key.asc", File::new("text/plain", b"key".to_vec()));
        let mut headers = HeaderMap::new();
        let first = site.answer("/key.asc", &headers).unwrap();
        assert_eq!(first.status(), StatusCode::OK);
        headers.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
        let second = site.answer("/key.asc", &headers).unwrap();
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        let none = site.answer("/key", &headers).unwrap_err();
        assert_eq!(none.kind(), ProblemType::NotFound);
    }
}
