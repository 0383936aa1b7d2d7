//! Every key of a certificate, one by one: what it is for, until when, and whether it can be used.
//!
//! RFC 9580 sections 5.2.3.13 (key expiration) and 5.2.3.29 (key flags). This is for people and
//! checks; what is encrypted to is decided by the [verdict](super::Certificate::verdict) alone.

use std::{fmt, time::SystemTime};

use jiff::Timestamp;
use sequoia_openpgp::{
    Cert,
    cert::amalgamation::{
        ValidAmalgamation, ValidateAmalgamation,
        key::{ErasedKeyAmalgamation, PrimaryKey, ValidErasedKeyAmalgamation},
    },
    crypto::mpi::PublicKey,
    packet::{
        Key, Signature,
        key::{PublicParts, UnspecifiedRole},
    },
    policy::{Policy, StandardPolicy},
    types::RevocationStatus,
};

use super::{Certificate, Fingerprint, Verdict, verdict};

/// One key of a certificate, as it is at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Its own fingerprint.
    pub fingerprint: Fingerprint,
    /// Whether it is the primary key, whose fingerprint is the certificate's.
    pub is_primary: bool,
    /// Its algorithm and size, such as `ECDH Curve25519` or `RSA 4096`.
    pub algorithm: String,
    /// What its owner wants it for.
    pub uses: Vec<KeyUse>,
    /// When it was made, as its owner says.
    pub created: Timestamp,
    /// When it, or the certificate, expires.
    pub expires: Option<Timestamp>,
    /// Whether it can be used for that.
    pub condition: KeyCondition,
    /// Whether it is the key that a report would be encrypted to.
    pub is_chosen: bool,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Sign other keys, and what the certificate itself says.
    Certify,
    /// Sign messages and texts.
    Sign,
    /// Decrypt what is encrypted to it.
    Encrypt,
    /// Log in somewhere.
    Authenticate,
}

/// Whether a key can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCondition {
    /// It can.
    Usable,
    /// It will be, later.
    NotYetValid,
    /// It, or the certificate, expired.
    Expired,
    /// It, or the certificate, was revoked.
    Revoked,
    /// Its algorithm, its size or what binds it to the certificate no longer protects.
    Weak,
    /// This build does not compute with its algorithm.
    UnknownAlgorithm,
    /// No valid signature of the owner says that it is theirs.
    Unbound,
}

impl KeyUse {
    /// A stable word for scripts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Certify => "certify",
            Self::Sign => "sign",
            Self::Encrypt => "encrypt",
            Self::Authenticate => "authenticate",
        }
    }
}

impl KeyCondition {
    /// A stable word for scripts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Weak => "weak",
            Self::UnknownAlgorithm => "unknown-algorithm",
            Self::Unbound => "unbound",
        }
    }
}

impl fmt::Display for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for KeyCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Usable => "usable",
            Self::NotYetValid => "not valid yet",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Weak => "too weak",
            Self::UnknownAlgorithm => "of an algorithm that this build cannot use",
            Self::Unbound => "not bound by its owner",
        })
    }
}

type Keys<'a> = ErasedKeyAmalgamation<'a, PublicParts>;
type ValidKey<'a> = ValidErasedKeyAmalgamation<'a, PublicParts>;

/// All keys of `certificate`, the primary key first.
pub(super) fn keys(certificate: &Certificate, now: SystemTime) -> Vec<KeyState> {
    let cert = certificate.cert();
    let chosen = match certificate.verdict(now) {
        Verdict::Usable(recipient) => Some(recipient.encryption_key().fingerprint),
        Verdict::Refused(_) => None,
    };
    let is_revoked = verdict::revocation(cert, now).is_some();
    let lenient = verdict::lenient(now);
    let state = |ka: Keys<'_>| {
        let fingerprint = Fingerprint::from(&ka.key().fingerprint());
        let said = ka.clone().with_policy(&lenient, now).ok();
        let expires = said.as_ref().and_then(expiry);
        let condition = match &said {
            _ if is_revoked => KeyCondition::Revoked,
            _ if !is_supported(ka.key()) => KeyCondition::UnknownAlgorithm,
            None if ka.key().creation_time() > now => KeyCondition::NotYetValid,
            None => KeyCondition::Unbound,
            Some(said) => condition(said, expires, now),
        };
        KeyState {
            is_chosen: chosen.as_ref() == Some(&fingerprint),
            fingerprint,
            is_primary: ka.primary(),
            algorithm: verdict::algorithm(ka.key()),
            uses: said.as_ref().map(uses).unwrap_or_default(),
            created: verdict::timestamp(ka.key().creation_time()).unwrap_or_default(),
            expires: expires.and_then(verdict::timestamp),
            condition,
        }
    };
    cert.keys().map(state).collect()
}

/// The keys of `cert` that messages may be encrypted to, today or at any time before: their owner
/// opens those still. A key that nobody bound counts; one that was only ever bound for something
/// else does not, whatever its algorithm could do.
pub(super) fn ever_for_encryption(cert: &Cert) -> Vec<sequoia_openpgp::Fingerprint> {
    let may = |signature: &Signature| {
        let flags = signature.key_flags();
        flags.is_none_or(|it| it.for_transport_encryption() || it.for_storage_encryption())
    };
    let of_primary = || {
        let ids = cert
            .userids()
            .flat_map(|id| id.self_signatures().collect::<Vec<_>>());
        ids.chain(cert.primary_key().self_signatures()).collect()
    };
    cert.keys()
        .filter(|ka| ka.key().pk_algo().for_encryption())
        .filter(|ka| {
            let bindings: Vec<&Signature> = if ka.primary() {
                of_primary()
            } else {
                ka.self_signatures().collect()
            };
            bindings.is_empty() || bindings.into_iter().any(may)
        })
        .map(|ka| ka.key().fingerprint())
        .collect()
}

/// Whether this build computes with the algorithm and the curve of `key`.
pub(super) fn is_supported(key: &Key<PublicParts, UnspecifiedRole>) -> bool {
    let curve_is_here = match key.mpis() {
        PublicKey::ECDH { curve, .. }
        | PublicKey::ECDSA { curve, .. }
        | PublicKey::EdDSA { curve, .. } => curve.is_supported(),
        _ => true,
    };
    curve_is_here && key.pk_algo().is_supported()
}

fn expiry(key: &ValidKey<'_>) -> Option<SystemTime> {
    let certificate = key.valid_cert().primary_key().key_expiration_time();
    let expires = [key.key_expiration_time(), certificate];
    expires.into_iter().flatten().min()
}

/// The condition of a key that its owner bound, by whatever algorithms.
fn condition(key: &ValidKey<'_>, expires: Option<SystemTime>, now: SystemTime) -> KeyCondition {
    let policy = StandardPolicy::at(now);
    let revoked = matches!(key.revocation_status(), RevocationStatus::Revoked(_));
    let sound = key.amalgamation().clone().with_policy(&policy, now);
    if revoked {
        KeyCondition::Revoked
    } else if key.key().creation_time() > now {
        KeyCondition::NotYetValid
    } else if expires.is_some_and(|at| at <= now) {
        KeyCondition::Expired
    } else if policy.key(key).is_err() || sound.is_err() {
        KeyCondition::Weak
    } else {
        KeyCondition::Usable
    }
}

fn uses(key: &ValidKey<'_>) -> Vec<KeyUse> {
    let encrypts = key.for_transport_encryption() || key.for_storage_encryption();
    [
        (key.for_certification(), KeyUse::Certify),
        (key.for_signing(), KeyUse::Sign),
        (encrypts, KeyUse::Encrypt),
        (key.for_authentication(), KeyUse::Authenticate),
    ]
    .into_iter()
    .filter_map(|(may, this)| may.then_some(this))
    .collect()
}

#[cfg(test)]
mod tests;
