//! Header names and media types of the contract, in the lower case that HTTP/2 wants.

/// `Sealpost-Case: base64url(SHA-256(token))`: whose case a report begins ([`super::TokenHash`]).
pub const CASE: &str = "sealpost-case";
/// On answers about an upload that has become a report: the report's id.
pub const REPORT: &str = "sealpost-report";
/// Repeating a request with the same key does it once (draft-ietf-httpapi-idempotency-key-header).
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Which media types may be posted (RFC 7230's registry; W3C LDP section 7.1).
pub const ACCEPT_POST: &str = "accept-post";

/// tus: the protocol's version, on everything but OPTIONS.
pub const TUS_RESUMABLE: &str = "tus-resumable";
/// tus: the versions that the server speaks.
pub const TUS_VERSION: &str = "tus-version";
/// tus: the extensions that the server has.
pub const TUS_EXTENSION: &str = "tus-extension";
/// tus: the largest upload, in bytes.
pub const TUS_MAX_SIZE: &str = "tus-max-size";
/// tus: the digests that `Upload-Checksum` may use.
pub const TUS_CHECKSUM_ALGORITHM: &str = "tus-checksum-algorithm";
/// tus: how many bytes the server has.
pub const UPLOAD_OFFSET: &str = "upload-offset";
/// tus: how many bytes there will be.
pub const UPLOAD_LENGTH: &str = "upload-length";
/// tus: `1` while the length is not known.
pub const UPLOAD_DEFER_LENGTH: &str = "upload-defer-length";
/// tus: never stored, whatever is in it.
pub const UPLOAD_METADATA: &str = "upload-metadata";
/// tus: when an unfinished upload is removed (an HTTP date).
pub const UPLOAD_EXPIRES: &str = "upload-expires";
/// tus: the digest of a chunk.
pub const UPLOAD_CHECKSUM: &str = "upload-checksum";

/// The version of tus that is spoken.
pub const TUS_1_0_0: &str = "1.0.0";
/// A sealed report or message: a binary OpenPGP message (RFC 3156 section 7).
pub const SEALED: &str = "application/pgp-encrypted";
/// A piece of an upload, with tus.
pub const CHUNK: &str = "application/offset+octet-stream";
/// A document of this contract.
pub const JSON: &str = "application/json";
/// A problem (RFC 9457 section 6.1).
pub const PROBLEM_JSON: &str = "application/problem+json";
/// A signed receipt: JSON in an OpenPGP cleartext signature.
pub const RECEIPT: &str = "text/plain; charset=utf-8";
