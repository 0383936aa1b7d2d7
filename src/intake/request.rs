//! What a request says, as typed values; what cannot be read is a problem, never plain text.
//!
//! RFC 6750 section 2.1 (bearer tokens), draft-ietf-httpapi-idempotency-key-header section 2.

use std::{collections::HashMap, str::FromStr};

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::{
        HeaderMap,
        header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
        request::Parts,
    },
};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{
    limits::ClientKey,
    refusal::{Answer, Refusal},
    store::{KeyHash, Origin},
};
use crate::wire::{
    Author, ProblemType, ReportId, Token, TokenHash,
    header::{CASE, IDEMPOTENCY_KEY},
};

/// Whoever asks, as the limits know them; absent where no server stands before the router.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(pub(crate) Option<ClientKey>);

/// Whoever asks with a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bearer {
    /// The digest of the token; of a text that is no token there is none.
    pub(crate) token: Option<TokenHash>,
    pub(crate) client: Client,
}

/// The ids in the path, as text.
pub(crate) struct Ids(HashMap<String, String>);

/// The query, as a document.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        Ok(Self(parts.extensions.get::<ClientKey>().copied()))
    }
}

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let value = parts.headers.get(AUTHORIZATION);
        let value = value.and_then(|value| value.to_str().ok());
        let bearer = value.and_then(|value| value.split_once(' '));
        match bearer {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                let token: Option<Token> = token.trim().parse().ok();
                Ok(Self {
                    token: token.map(|token| token.hash()),
                    client: Client(parts.extensions.get::<ClientKey>().copied()),
                })
            }
            _ => Err(ProblemType::NoToken.into()),
        }
    }
}

impl<S: Sync + Send> FromRequestParts<S> for Ids {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let path = Path::from_request_parts(parts, state).await;
        let Path(ids) = path.map_err(|_| Refusal::from(ProblemType::NotFound))?;
        Ok(Self(ids))
    }
}

impl Ids {
    /// The id of this name, if it is one.
    pub(crate) fn get<T: FromStr>(&self, name: &str) -> Option<T> {
        self.0.get(name)?.parse().ok()
    }

    /// The id of this name.
    ///
    /// # Errors
    /// 404: what is no id is nowhere.
    pub(crate) fn required<T: FromStr>(&self, name: &str) -> Answer<T> {
        self.get(name).ok_or(ProblemType::NotFound.into())
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let query = Query::try_from_uri(&parts.uri);
        let Query(asked) = query.map_err(|_| Refusal::bad("the query cannot be read"))?;
        Ok(Self(asked))
    }
}

/// The value of a header that may be there once.
///
/// # Errors
/// 400 where it is there twice, or is not ASCII.
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &str) -> Answer<Option<&'h str>> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else {
        return Ok(None);
    };
    let text = first.to_str().ok().filter(|_| values.next().is_none());
    let bad = || Refusal::bad(format!("the header {name} cannot be read"));
    text.map(Some).ok_or_else(bad)
}

/// Whether the body is of this media type, whatever its parameters.
pub(crate) fn is_of_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let essence = value.map(|value| value.split(';').next().unwrap_or_default().trim());
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case(wanted))
}

/// How long the body says that it is.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

/// Whether a body may come.
pub(crate) fn has_body(headers: &HeaderMap) -> bool {
    match declared_length(headers) {
        Some(length) => length > 0,
        None => headers.contains_key(TRANSFER_ENCODING),
    }
}

/// Whose a new report is, and the digest of its idempotency key. A key counts within a case alone:
/// whoever guesses or sees one without knowing the case gets nothing for it, and keeps nobody from
/// using it. Of no case, the same content is the same report with any key or none.
///
/// # Errors
/// 400 where a header cannot be read.
pub(crate) fn origin(headers: &HeaderMap) -> Answer<Origin> {
    let case = single(headers, CASE)?.map(TokenHash::from_header);
    let case = case.transpose().map_err(|_| {
        Refusal::bad("Sealpost-Case is not the base64url of a SHA-256, without padding")
    })?;
    let key = idempotency_key(headers)?.zip(case.as_ref());
    let key = key.map(|(key, case)| digest(&[b"report", case.as_bytes(), key]));
    Ok(Origin { case, key })
}

/// The digest of the idempotency key of a message: of one report, from one side.
///
/// # Errors
/// 400 where the header cannot be read.
pub(crate) fn message_key(
    headers: &HeaderMap,
    report: &ReportId,
    from: Author,
) -> Answer<Option<KeyHash>> {
    let key = idempotency_key(headers)?;
    Ok(key.map(|key| {
        let parts = [
            b"message",
            report.as_str().as_bytes(),
            from.as_str().as_bytes(),
            key,
        ];
        digest(&parts)
    }))
}

fn idempotency_key(headers: &HeaderMap) -> Answer<Option<&[u8]>> {
    let Some(key) = single(headers, IDEMPOTENCY_KEY)? else {
        return Ok(None);
    };
    let fits = (1..=255).contains(&key.len());
    if fits
        && key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ')
    {
        Ok(Some(key.as_bytes()))
    } else {
        Err(Refusal::bad(
            "Idempotency-Key has 1 to 255 visible characters",
        ))
    }
}

/// Of parts that cannot run into one another.
fn digest(parts: &[&[u8]]) -> KeyHash {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_that_of_one_case() {
        let case = TokenHash::from_bytes([1; 32]).to_header();
        let of = |pairs: &[(&'static str, &str)]| origin(&headers(pairs)).unwrap().key;
        let key = (IDEMPOTENCY_KEY, "\"k\"");
        let other = TokenHash::from_bytes([2; 32]).to_header();
        assert!(of(&[key, (CASE, &case)]).is_some());
        assert_eq!(of(&[key, (CASE, &case)]), of(&[key, (CASE, &case)]));
        assert_ne!(of(&[key, (CASE, &case)]), of(&[key, (CASE, &other)]));
        assert_eq!(of(&[key]), None);
        assert_eq!(of(&[(CASE, &case)]), None);
        for bad in [
            vec![(IDEMPOTENCY_KEY, "")],
            vec![key, key],
            vec![(CASE, "x")],
        ] {
            let refusal = origin(&headers(&bad)).unwrap_err();
            assert_eq!(refusal.kind(), ProblemType::BadRequest);
        }
    }

    #[test]
    fn media_types_are_compared_without_their_parameters() {
        for (value, is) in [
            ("application/pgp-encrypted", true),
            ("Application/PGP-Encrypted; x=y", true),
            ("application/pgp-encrypted-x", false),
            ("text/plain", false),
        ] {
            let headers = headers(&[("content-type", value)]);
            assert_eq!(
                is_of_type(&headers, "application/pgp-encrypted"),
                is,
                "{value}"
            );
        }
        assert!(!is_of_type(&HeaderMap::new(), "application/pgp-encrypted"));
    }
}
