//! What the intake answers instead of doing it: a problem document, and what belongs to it.
//!
//! RFC 9457. One way from every error to an answer: a stable type and a public detail for the
//! client, the cause for the log alone.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};

use crate::wire::{
    ProblemType,
    header::{PROBLEM_JSON, TUS_1_0_0, TUS_VERSION},
    tus::TusHeaderError,
};

use super::store::StoreError;

/// An answer that says no. Carried as an error, turned into a response at the end.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ProblemType,
    detail: Option<String>,
    headers: HeaderMap,
}

/// What refuses or answers.
pub(crate) type Answer<T = Response> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(kind: ProblemType) -> Self {
        let mut headers = HeaderMap::new();
        match kind {
            ProblemType::NoToken => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            ProblemType::VersionMismatch => {
                headers.insert(TUS_VERSION, HeaderValue::from_static(TUS_1_0_0));
            }
            ProblemType::Unavailable | ProblemType::NoSpace => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static(TRY_AGAIN_AFTER));
            }
            // Whoever is too slow is not waited for.
            ProblemType::TooSlow => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        Self(Box::new(Inner {
            kind,
            detail: None,
            headers,
        }))
    }

    /// What it is in this case, for the client to read: never what the client sent.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.0.headers.insert(name, value.into());
        self
    }

    /// The rest of the request is not wanted: the connection ends after the answer.
    pub(crate) fn closing(self) -> Self {
        self.header(CONNECTION, HeaderValue::from_static("close"))
    }

    pub(crate) fn kind(&self) -> ProblemType {
        self.0.kind
    }

    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::BadRequest).detail(detail)
    }

    /// A fault of ours: the client learns nothing of it, the log all.
    pub(crate) fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(cause = %Chain(cause), "a request failed");
        Self::new(ProblemType::Internal)
    }
}

impl From<ProblemType> for Refusal {
    fn from(kind: ProblemType) -> Self {
        Self::new(kind)
    }
}

impl From<TusHeaderError> for Refusal {
    fn from(error: TusHeaderError) -> Self {
        let kind = match error {
            TusHeaderError::UnknownAlgorithm => ProblemType::UnknownChecksum,
            _ => ProblemType::BadRequest,
        };
        Self::new(kind).detail(error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Inner {
            kind,
            detail,
            headers,
        } = *self.0;
        // A document of texts and a number: this cannot fail.
        let document = serde_json::to_vec(&kind.document(detail)).unwrap_or_default();
        let mut response = Response::new(Body::from(document));
        *response.status_mut() =
            StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(kind);
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::NotFound => ProblemType::NotFound,
            StoreError::Gone => ProblemType::Gone,
            StoreError::Conflict { .. } | StoreError::Finished(_) => ProblemType::WrongOffset,
            StoreError::KeyReused => ProblemType::KeyReused,
            StoreError::WrongLength => {
                return Self::bad("the upload has another length than is now said");
            }
            StoreError::NoSpace(_) => ProblemType::NoSpace,
            // The same again does it once, whatever became of this.
            StoreError::Unsure(_) | StoreError::Swept | StoreError::Away(_) => {
                ProblemType::Unavailable
            }
            _ => return Self::internal(&error),
        };
        if kind.status() >= 500 {
            tracing::error!(cause = %Chain(&error), "a request failed");
        }
        Self::new(kind)
    }
}

/// An error with its causes, on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Seconds after which to try again where nothing better is known.
const TRY_AGAIN_AFTER: &str = "30";
