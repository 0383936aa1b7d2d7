//! The verdict on the signature inside a sealed report. "Verified" is a value that only this file
//! makes.
//!
//! RFC 9580 sections 5.2 and 5.2.3.36 (intended recipient). A signature counts when its key could
//! sign at that time, was not revoked, the algorithms hold, it is not from the future, and it was
//! made for the certificate that opened the message.

use std::{fmt, time::SystemTime};

use jiff::Timestamp;
use sequoia_openpgp::{
    Cert, KeyHandle,
    cert::amalgamation::{
        ValidAmalgamation, ValidateAmalgamation, key::ValidErasedKeyAmalgamation,
    },
    packet::{Signature, key::PublicParts, signature::subpacket::CLOCK_SKEW_TOLERANCE},
    policy::{Policy, StandardPolicy},
    types::RevocationStatus,
};

use super::{Certificate, Fingerprint, KeyName};

/// What is known of who signed a message.
#[derive(Clone, Debug, PartialEq)]
pub enum SignatureVerdict {
    /// It is not signed.
    Unsigned,
    /// It was signed by this certificate, and nothing was changed since.
    Verified {
        /// The fingerprint of the signer's certificate.
        signer: Fingerprint,
        /// Where the certificate came from, which is all that it proves.
        origin: SignerOrigin,
        /// When it was signed, as the signer said.
        at: Timestamp,
    },
    /// It was signed by keys whose certificates are not at hand.
    UnknownSigner {
        /// What the signatures call them; empty where they do not.
        issuers: Vec<KeyName>,
    },
    /// A signature is there and must not be believed.
    Bad {
        /// What is wrong with it.
        why: String,
    },
}

/// Where the signer's certificate came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerOrigin {
    /// The person who opens the message named it.
    Given,
    /// It was enclosed: whoever signed this is who reads the answers, and nothing more is known.
    Enclosed,
}

impl fmt::Display for SignerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "a certificate that you named",
            Self::Enclosed => "the key enclosed to answer to; who holds it is not known",
        })
    }
}

/// Judges all signatures over one literal. A single bad one makes the message bad.
pub(super) fn judge(
    signatures: &[Signature],
    certificates: &[(&Certificate, SignerOrigin)],
    opened_by: Option<&Certificate>,
    now: SystemTime,
) -> SignatureVerdict {
    let mut verdict = SignatureVerdict::Unsigned;
    for signature in signatures {
        match judge_one(signature, certificates, opened_by, now) {
            bad @ SignatureVerdict::Bad { .. } => return bad,
            good @ SignatureVerdict::Verified { .. } => {
                if !matches!(verdict, SignatureVerdict::Verified { .. }) {
                    verdict = good;
                }
            }
            unknown => {
                if verdict == SignatureVerdict::Unsigned {
                    verdict = unknown;
                }
            }
        }
    }
    verdict
}

fn judge_one(
    signature: &Signature,
    certificates: &[(&Certificate, SignerOrigin)],
    opened_by: Option<&Certificate>,
    now: SystemTime,
) -> SignatureVerdict {
    let issuers = signature.get_issuers();
    for (certificate, origin) in certificates {
        let cert = certificate.cert();
        let Some(key) = cert
            .keys()
            .key_handles(issuers.iter())
            .next()
            .filter(|_| !issuers.is_empty())
        else {
            continue;
        };
        let checked = checks(signature, cert, opened_by, now).and_then(|()| {
            signature
                .verify_document(key.key())
                .map_err(|_| "it does not match the content".to_owned())
        });
        let at = signature
            .signature_creation_time()
            .and_then(|at| Timestamp::try_from(at).ok());
        return match (checked, at) {
            (Ok(()), Some(at)) => SignatureVerdict::Verified {
                signer: certificate.fingerprint(),
                origin: *origin,
                at,
            },
            (Ok(()), None) => SignatureVerdict::Bad {
                why: "it has no time".to_owned(),
            },
            (Err(why), _) => SignatureVerdict::Bad { why },
        };
    }
    SignatureVerdict::UnknownSigner {
        issuers: without_aliases(issuers),
    }
}

/// Each issuer once: a key ID goes where its fingerprint is there as well.
fn without_aliases(mut issuers: Vec<KeyHandle>) -> Vec<KeyName> {
    issuers.sort_by_key(|issuer| matches!(issuer, KeyHandle::KeyID(_)));
    let mut names: Vec<KeyName> = Vec::new();
    for issuer in issuers {
        if !names.iter().any(|name| name.handle().aliases(&issuer)) {
            names.push(issuer.into());
        }
    }
    names
}

/// Everything about a signature but its arithmetic.
fn checks(
    signature: &Signature,
    cert: &Cert,
    opened_by: Option<&Certificate>,
    now: SystemTime,
) -> Result<(), String> {
    let policy = StandardPolicy::at(now);
    let made = signature
        .signature_creation_time()
        .ok_or("it has no time")?;
    let key = cert
        .keys()
        .key_handles(signature.get_issuers().iter())
        .next()
        .ok_or("its key is not in the certificate")?
        .with_policy(&policy, made)
        .map_err(|why| format!("its key was not valid when it was made: {why:#}"))?;
    may_sign(&key)?;
    signature
        .signature_alive(now, CLOCK_SKEW_TOLERANCE)
        .map_err(|why| format!("{why:#}"))?;
    policy
        .signature(
            signature,
            sequoia_openpgp::policy::HashAlgoSecurity::CollisionResistance,
        )
        .map_err(|why| format!("it is too weak: {why:#}"))?;
    let mut intended = signature.intended_recipients().peekable();
    if intended.peek().is_some() {
        let ours = opened_by.map(|certificate| certificate.cert().fingerprint());
        if !intended.any(|fingerprint| Some(fingerprint) == ours.as_ref()) {
            return Err("it was made for another recipient, who may have passed it on".to_owned());
        }
    }
    Ok(())
}

fn may_sign(key: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> Result<(), String> {
    let certificate = key.valid_cert();
    certificate
        .alive()
        .and_then(|()| key.alive())
        .map_err(|why| format!("{why:#}"))?;
    for status in [certificate.revocation_status(), key.revocation_status()] {
        if let RevocationStatus::Revoked(_) = status {
            return Err("its key is revoked".to_owned());
        }
    }
    if key.for_signing() {
        Ok(())
    } else {
        Err("its key may not sign".to_owned())
    }
}
