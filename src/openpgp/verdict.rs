//! The verdict on a certificate: whether it may be encrypted to now, and if not, why not.
//!
//! RFC 9580 sections 5.2.3.13 (key expiration), 5.2.3.29 (key flags), 5.2.3.31 (revocation) and
//! 10.1. Weak algorithms are judged by sequoia's standard policy at the time of asking, so that a
//! binding by SHA-1 does not count once SHA-1 could be broken.

use std::{fmt, time::SystemTime};

use jiff::Timestamp;
use sequoia_openpgp::{
    Cert,
    cert::{
        Preferences, ValidCert,
        amalgamation::{ValidAmalgamation, ValidateAmalgamation, key::ValidErasedKeyAmalgamation},
    },
    packet::{Key, key},
    policy::{AsymmetricAlgorithm, Policy, StandardPolicy},
    types::{HashAlgorithm, PublicKeyAlgorithm, RevocationStatus},
};

use super::{Certificate, Fingerprint, key_state};

/// What a certificate may be used for at a given time.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It may be encrypted to.
    Usable(Box<Recipient>),
    /// It must not be encrypted to. All reasons that apply, the most telling one first; never
    /// empty.
    Refused(Vec<Reason>),
}

impl Reason {
    /// Whether the owner revoked the certificate, or the key in it that is for encryption.
    #[must_use]
    pub fn is_revocation(&self) -> bool {
        matches!(self, Self::Revoked { .. } | Self::EncryptionSubkeyRevoked)
    }
}

impl Verdict {
    /// The recipient, or the first reason against it.
    ///
    /// # Errors
    /// The first [`Reason`] of a refused certificate.
    pub fn recipient(self) -> Result<Recipient, Reason> {
        match self {
            Self::Usable(recipient) => Ok(*recipient),
            Self::Refused(mut reasons) => Err(reasons.swap_remove(0)),
        }
    }
}

/// Why a certificate must not be encrypted to. Times are those that the certificate states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its owner revoked it; with the owner's own words, which are hostile text.
    Revoked {
        /// Why, as far as the owner said.
        why: String,
    },
    /// It expired.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It is not valid yet.
    NotYetValid {
        /// From when on it will be.
        from: Timestamp,
    },
    /// The signatures that bind its parts together are missing or made with broken algorithms.
    WeakBinding {
        /// What is wrong with them.
        detail: String,
    },
    /// Its encryption subkey expired.
    EncryptionSubkeyExpired {
        /// When.
        at: Timestamp,
    },
    /// Its encryption subkey was revoked.
    EncryptionSubkeyRevoked,
    /// Its encryption subkey uses an algorithm or size that no longer protects.
    WeakAlgorithm {
        /// Which.
        detail: String,
    },
    /// Its encryption subkey uses an algorithm that this build does not know.
    UnknownAlgorithm {
        /// Which.
        detail: String,
    },
    /// It can sign and cannot be encrypted to.
    NoEncryptionSubkey,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked { why } => write!(f, "revoked by its owner ({why})"),
            Self::Expired { at } => write!(f, "expired on {}", day(*at)),
            Self::NotYetValid { from } => write!(f, "not valid before {}", day(*from)),
            Self::WeakBinding { detail } => write!(f, "not soundly bound together ({detail})"),
            Self::EncryptionSubkeyExpired { at } => {
                write!(f, "its encryption subkey expired on {}", day(*at))
            }
            Self::EncryptionSubkeyRevoked => f.write_str("its encryption subkey is revoked"),
            Self::WeakAlgorithm { detail } => {
                write!(f, "its encryption subkey is too weak ({detail})")
            }
            Self::UnknownAlgorithm { detail } => {
                write!(
                    f,
                    "its encryption subkey uses {detail}, which this build cannot use"
                )
            }
            Self::NoEncryptionSubkey => f.write_str("it has no encryption subkey"),
        }
    }
}

impl Reason {
    /// A stable word for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Revoked { .. } => "revoked",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::WeakBinding { .. } => "weak-binding",
            Self::EncryptionSubkeyExpired { .. } => "encryption-subkey-expired",
            Self::EncryptionSubkeyRevoked => "encryption-subkey-revoked",
            Self::WeakAlgorithm { .. } => "weak-algorithm",
            Self::UnknownAlgorithm { .. } => "unknown-algorithm",
            Self::NoEncryptionSubkey => "no-encryption-subkey",
        }
    }
}

fn day(at: Timestamp) -> impl fmt::Display {
    at.strftime("%Y-%m-%d")
}

/// A certificate that was judged usable, with the one key in it that will be encrypted to. Only
/// [`Certificate::verdict`] makes it, so nothing can be sealed to a certificate that was not
/// judged.
#[derive(Clone, Debug)]
pub struct Recipient {
    certificate: Certificate,
    key: Key<key::PublicParts, key::UnspecifiedRole>,
    expires: Option<SystemTime>,
    reads_seipdv2: bool,
    primary_user_id: Option<String>,
}

/// What there is to say about the key that will be encrypted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionKey {
    /// Its own fingerprint, that of a subkey as a rule.
    pub fingerprint: Fingerprint,
    /// Its algorithm and size, such as `ECDH Curve25519` or `RSA 4096`.
    pub algorithm: String,
    /// When it, or the certificate, expires.
    pub expires: Option<Timestamp>,
}

impl Recipient {
    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The User ID that its owner made the primary one: hostile text, and `None` where there is no
    /// valid one.
    #[must_use]
    pub fn primary_user_id(&self) -> Option<&str> {
        self.primary_user_id.as_deref()
    }

    /// Whether the certificate says that its owner reads the container of RFC 9580 (SEIPDv2).
    #[must_use]
    pub fn reads_seipdv2(&self) -> bool {
        self.reads_seipdv2
    }

    /// Whether that key withstands quantum computers.
    #[must_use]
    pub fn is_post_quantum(&self) -> bool {
        is_post_quantum(self.key.pk_algo())
    }

    /// The key in it that will be encrypted to.
    #[must_use]
    pub fn encryption_key(&self) -> EncryptionKey {
        EncryptionKey {
            fingerprint: (&self.key.fingerprint()).into(),
            algorithm: algorithm(&self.key),
            expires: self.expires.and_then(timestamp),
        }
    }

    pub(super) fn key(&self) -> &Key<key::PublicParts, key::UnspecifiedRole> {
        &self.key
    }
}

pub(super) fn judge(certificate: &Certificate, now: SystemTime) -> Verdict {
    let cert = certificate.cert();
    let policy = StandardPolicy::at(now);
    let mut reasons = Vec::new();
    if let Some(why) = revocation(cert, now) {
        reasons.push(Reason::Revoked { why });
    }
    match cert.with_policy(&policy, now) {
        Ok(valid) => {
            reasons.extend(lifetime(&valid));
            let chosen = encryption_key(&valid);
            match chosen {
                Some((key, expires)) if reasons.is_empty() => {
                    return Verdict::Usable(Box::new(Recipient {
                        certificate: certificate.clone(),
                        key,
                        expires,
                        reads_seipdv2: valid.features().is_some_and(|f| f.supports_seipdv2()),
                        primary_user_id: valid
                            .primary_userid()
                            .ok()
                            .map(|id| String::from_utf8_lossy(id.userid().value()).into_owned()),
                    }));
                }
                Some(_) => {}
                None => reasons.push(no_encryption_key(cert, &policy, now)),
            }
        }
        Err(error) => reasons.extend(unbound(cert, now, &error)),
    }
    Verdict::Refused(reasons)
}

/// The owner's reason for revoking. Revocations made with weak algorithms count, too: a forged one
/// denies service, an ignored one betrays the report.
pub(super) fn revocation(cert: &Cert, now: SystemTime) -> Option<String> {
    let lenient = lenient(now);
    let RevocationStatus::Revoked(signatures) = cert.revocation_status(&lenient, now) else {
        return None;
    };
    let why = signatures.iter().find_map(|signature| {
        let (code, message) = signature.reason_for_revocation()?;
        let message = String::from_utf8_lossy(message);
        Some(match message.trim() {
            "" => code.to_string(),
            message => format!("{code}: {message}"),
        })
    });
    Some(why.unwrap_or_else(|| "no reason given".to_owned()))
}

/// Whether the owner revoked this key of theirs, with weak algorithms or with sound ones.
pub(super) fn is_revoked(ka: &ValidErasedKeyAmalgamation<'_, key::PublicParts>) -> bool {
    let lenient = lenient(ka.time());
    let leniently = ka.amalgamation().clone();
    let leniently = leniently.with_policy(&lenient, ka.time());
    let is_revoked = |ka: &ValidErasedKeyAmalgamation<'_, key::PublicParts>| {
        matches!(ka.revocation_status(), RevocationStatus::Revoked(_))
    };
    is_revoked(ka) || leniently.is_ok_and(|ka| is_revoked(&ka))
}

fn lifetime(valid: &ValidCert<'_>) -> Option<Reason> {
    valid.alive().err()?;
    let created = valid.primary_key().key().creation_time();
    if created > valid.time() {
        return Some(Reason::NotYetValid {
            from: timestamp(created)?,
        });
    }
    let at = valid.primary_key().key_expiration_time()?;
    Some(Reason::Expired { at: timestamp(at)? })
}

/// Why a certificate has no valid binding at `now`: it is too new, or its signatures do not count.
fn unbound(cert: &Cert, now: SystemTime, error: &anyhow::Error) -> Vec<Reason> {
    let lenient = lenient(now);
    let mut reasons = Vec::new();
    if let Ok(valid) = cert.with_policy(&lenient, now) {
        reasons.extend(lifetime(&valid));
    } else if let Some(from) = first_valid(cert)
        .filter(|from| *from > now)
        .and_then(timestamp)
    {
        reasons.push(Reason::NotYetValid { from });
    }
    if !matches!(reasons.first(), Some(Reason::NotYetValid { .. })) {
        reasons.push(Reason::WeakBinding {
            detail: format!("{error:#}"),
        });
    }
    reasons
}

fn first_valid(cert: &Cert) -> Option<SystemTime> {
    let bindings = cert
        .userids()
        .flat_map(|id| id.self_signatures().collect::<Vec<_>>())
        .chain(cert.primary_key().self_signatures())
        .filter_map(|signature| signature.signature_creation_time());
    bindings
        .min()
        .map(|first| first.max(cert.primary_key().key().creation_time()))
}

type ChosenKey = (
    Key<key::PublicParts, key::UnspecifiedRole>,
    Option<SystemTime>,
);

/// The key to encrypt to: post-quantum before classical, then the newest, as GnuPG chooses. One
/// alone, since a second would add nothing but a second way to lose the report.
fn encryption_key(valid: &ValidCert<'_>) -> Option<ChosenKey> {
    let certificate_expires = valid.primary_key().key_expiration_time();
    valid
        .keys()
        .alive()
        .for_transport_encryption()
        .for_storage_encryption()
        .filter(|ka| !is_revoked(ka) && key_state::is_supported(ka.key()))
        .max_by_key(|ka| {
            (
                is_post_quantum(ka.key().pk_algo()),
                ka.key().creation_time(),
            )
        })
        .map(|ka| {
            let expires = [ka.key_expiration_time(), certificate_expires]
                .into_iter()
                .flatten()
                .min();
            (ka.key().clone(), expires)
        })
}

fn no_encryption_key(cert: &Cert, policy: &StandardPolicy<'_>, now: SystemTime) -> Reason {
    let lenient = lenient(now);
    let mut best = Reason::NoEncryptionSubkey;
    for ka in cert
        .keys()
        .with_policy(&lenient, now)
        .for_transport_encryption()
        .for_storage_encryption()
    {
        let detail = || algorithm(ka.key());
        let sound = ka.clone().with_policy(policy, now);
        best = if let RevocationStatus::Revoked(_) = ka.revocation_status() {
            Reason::EncryptionSubkeyRevoked
        } else if let Some(at) = ka
            .key_expiration_time()
            .filter(|at| *at <= now)
            .and_then(timestamp)
        {
            Reason::EncryptionSubkeyExpired { at }
        } else if policy.key(&ka).is_err() {
            Reason::WeakAlgorithm { detail: detail() }
        } else if let Err(error) = sound {
            Reason::WeakBinding {
                detail: format!("{error:#}"),
            }
        } else if !key_state::is_supported(ka.key()) {
            Reason::UnknownAlgorithm { detail: detail() }
        } else {
            continue;
        };
    }
    best
}

/// A policy that believes even broken algorithms: to tell what a certificate says of itself, never
/// to accept it.
pub(super) fn lenient(now: SystemTime) -> StandardPolicy<'static> {
    let mut policy = StandardPolicy::at(now);
    for hash in [
        HashAlgorithm::MD5,
        HashAlgorithm::SHA1,
        HashAlgorithm::RipeMD,
    ] {
        policy.accept_hash(hash);
    }
    for algorithm in AsymmetricAlgorithm::variants() {
        policy.accept_asymmetric_algo(algorithm);
    }
    policy
}

fn is_post_quantum(algorithm: PublicKeyAlgorithm) -> bool {
    matches!(
        algorithm,
        PublicKeyAlgorithm::MLKEM768_X25519 | PublicKeyAlgorithm::MLKEM1024_X448
    )
}

/// The algorithm with its curve or size.
pub(super) fn algorithm(key: &Key<key::PublicParts, key::UnspecifiedRole>) -> String {
    use sequoia_openpgp::crypto::mpi::PublicKey;
    let name = match key.pk_algo() {
        PublicKeyAlgorithm::RSAEncryptSign => "RSA".to_owned(),
        other => other.to_string(),
    };
    match key.mpis() {
        PublicKey::ECDH { curve, .. }
        | PublicKey::ECDSA { curve, .. }
        | PublicKey::EdDSA { curve, .. } => format!("{name} {curve}"),
        mpis => match mpis.bits() {
            Some(bits) => format!("{name} {bits}"),
            None => name,
        },
    }
}

pub(super) fn timestamp(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}
