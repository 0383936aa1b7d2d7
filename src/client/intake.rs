//! An intake: where it stands, how one is told from a web form, and how its answers are read.
//!
//! DESIGN.md, "The intake's HTTP contract" (`OPTIONS /reports`); tus 1.0.0, "OPTIONS". Ids are taken
//! out of what a server answers, never its URLs: nothing that it says leads anywhere else.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use url::Url;

use super::{IntakeError, Refused};
use crate::{
    network::{FetchError, Method, Network, Request, Streamed},
    wire::{header, path},
};

/// An intake, as it is reached through one network policy.
#[derive(Clone)]
pub struct Intake<'n> {
    pub(super) network: &'n Network,
    /// Where its `/reports` is.
    endpoint: Url,
}

/// What an intake says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The largest report that it takes, in bytes.
    pub max_size: Option<u64>,
    /// Whether uploads can be resumed (tus 1.0.0).
    pub resumable: bool,
    /// Whether an upload may begin before its length is known.
    pub defer_length: bool,
}

impl Offer {
    /// What an intake that does not answer just now is taken to offer.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            max_size: None,
            resumable: true,
            defer_length: true,
        }
    }
}

impl<'n> Intake<'n> {
    /// The intake at a contact or base URL: the contact itself if it ends in `/reports`, else
    /// `reports` below it. Nobody is asked.
    #[must_use]
    pub fn at(network: &'n Network, contact: &Url) -> Self {
        let mut endpoint = contact.clone();
        endpoint.set_query(None);
        endpoint.set_fragment(None);
        let stem = endpoint.path().trim_end_matches('/');
        let stem = stem.strip_suffix(path::REPORTS).unwrap_or(stem);
        endpoint.set_path(&format!("{stem}{}", path::REPORTS));
        Self { network, endpoint }
    }

    /// The URL of its `/reports`, by which it is remembered.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// Asks whether it is an intake at all; `None` for a web form or anything else.
    ///
    /// # Errors
    /// [`FetchError`] when nobody answers.
    pub async fn offer(&self) -> Result<Option<Offer>, FetchError> {
        let request = Request::new(Method::Options, self.endpoint.clone());
        let answer = self.network.send(request).await?;
        let lists = |name: &str, wanted: &str| {
            answer.header(name).is_some_and(|list| {
                list.split(',')
                    .any(|one| one.trim().eq_ignore_ascii_case(wanted))
            })
        };
        let takes = (200..300).contains(&answer.status());
        if !takes || !lists(header::ACCEPT_POST, header::SEALED) {
            return Ok(None);
        }
        let resumable = lists(header::TUS_VERSION, header::TUS_1_0_0)
            && lists(header::TUS_EXTENSION, "creation");
        let max_size = answer.header(header::TUS_MAX_SIZE);
        Ok(Some(Offer {
            max_size: max_size.and_then(|size| size.parse().ok()),
            resumable,
            defer_length: resumable && lists(header::TUS_EXTENSION, "creation-defer-length"),
        }))
    }

    /// The URL of a path of the contract.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.endpoint.clone();
        let stem = url.path().strip_suffix(path::REPORTS).unwrap_or_default();
        url.set_path(&format!("{stem}{path}"));
        url
    }

    /// Sends, and gives the answer if its status is one of those `hoped` for.
    pub(super) async fn ask(
        &self,
        request: Request<'_>,
        hoped: &[u16],
    ) -> Result<Streamed, IntakeError> {
        let answer = self.network.send(request).await?;
        if hoped.contains(&answer.status()) {
            Ok(answer)
        } else {
            Err(Refused::read(answer).await.into())
        }
    }
}

/// The document in an answer.
pub(super) async fn document<T: DeserializeOwned>(answer: Streamed) -> Result<T, IntakeError> {
    let body = answer.whole(LARGEST_DOCUMENT).await?;
    serde_json::from_slice(&body).map_err(IntakeError::Document)
}

/// The id at the end of what `Location` says.
pub(super) fn located<T: FromStr>(answer: &Streamed) -> Option<T> {
    path::id_at(answer.header("location")?)
}

/// A page of a thousand reports, and then some.
const LARGEST_DOCUMENT: usize = 4 << 20;

/// The largest receipt, in bytes.
pub(super) const LARGEST_RECEIPT: usize = 64 << 10;
