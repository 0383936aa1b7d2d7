//! What goes wrong between client and intake, as problem documents (RFC 9457): one table for both
//! directions.

use serde::{Deserialize, Serialize};

/// A problem as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:sealpost:problem:` and the word of a [`ProblemType`].
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is, the same for every problem of a type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What it is in this case, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $status:literal, $title:literal;)*) => {
        /// The kinds of problems, each with its word, status and title.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemType {
            $($(#[$doc])* $name,)*
        }

        impl ProblemType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The last part of its URI.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The HTTP status that it comes with.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// What it is, in plain words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

problems! {
    /// A header, query or document that cannot be read.
    BadRequest = "bad-request", 400, "the request cannot be understood";
    /// `Upload-Checksum` names a digest that is not known here (tus, checksum extension).
    UnknownChecksum = "unknown-checksum", 400, "this checksum algorithm is not supported";
    /// There is no token, and one is needed.
    NoToken = "no-token", 401, "a token is needed";
    /// The token does not have the role for this.
    NotAllowed = "not-allowed", 403, "the token does not allow this";
    /// It is not here, or not for this token: the same answer for both.
    NotFound = "not-found", 404, "there is nothing here for this token";
    /// The path does not take this method.
    MethodNotAllowed = "method-not-allowed", 405, "this method does not work here";
    /// The client took too long.
    TooSlow = "too-slow", 408, "the request came too slowly";
    /// The upload's offset is another one.
    WrongOffset = "wrong-offset", 409, "the upload is at another offset";
    /// The same idempotency key came with another content.
    KeyReused = "key-reused", 409, "this idempotency key was used for another report";
    /// The upload expired or was removed.
    Gone = "gone", 410, "the upload is gone";
    /// An `If-Match` or tus version that does not fit.
    VersionMismatch = "version-mismatch", 412, "this version of tus is not spoken here";
    /// Larger than the intake takes.
    TooLarge = "too-large", 413, "this is larger than the intake takes";
    /// Not the media type of a sealed report.
    WrongMediaType = "wrong-media-type", 415, "only sealed reports are taken (application/pgp-encrypted)";
    /// `Range` lies outside.
    BadRange = "bad-range", 416, "the range lies outside the report";
    /// Not an encrypted message, or not for this intake's key.
    NotSealed = "not-sealed", 422, "this is not a report sealed to this intake's key";
    /// Too many requests.
    TooMany = "too-many", 429, "too many requests; wait as long as Retry-After says";
    /// The chunk is not the one that was digested (tus, checksum extension).
    ChecksumMismatch = "checksum-mismatch", 460, "the chunk does not match its checksum";
    /// Something broke here.
    Internal = "internal", 500, "the intake failed; nothing of this request was kept";
    /// Not ready, or going down.
    Unavailable = "unavailable", 503, "the intake cannot take this now; try again";
    /// The disk is full.
    NoSpace = "no-space", 507, "the intake has no space left; try again later";
}

impl ProblemType {
    /// Its URI.
    #[must_use]
    pub fn uri(self) -> String {
        format!("{PREFIX}{}", self.word())
    }

    /// The type that a URI names.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        let word = uri.strip_prefix(PREFIX)?;
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// The document, with what is particular about this case.
    #[must_use]
    pub fn document(self, detail: Option<String>) -> Problem {
        Problem {
            kind: self.uri(),
            title: self.title().to_owned(),
            status: self.status(),
            detail,
        }
    }
}

const PREFIX: &str = "urn:sealpost:problem:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_told_by_its_uri() {
        for kind in ProblemType::ALL {
            assert_eq!(ProblemType::from_uri(&kind.uri()), Some(*kind));
        }
        assert_eq!(ProblemType::from_uri("about:blank"), None);
    }
}
