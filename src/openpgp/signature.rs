//! The verdict on a signature: inside a sealed report, over a signed text, or beside a file.
//! "Verified" is a value that only this file makes.
//!
//! RFC 9580 sections 5.2 and 5.2.3.36 (intended recipient). A signature counts when its key could
//! sign at that time, was not revoked, the algorithms hold, it is not from the future, and it was
//! made for the certificate that opened the message.

use std::{collections::HashSet, fmt, time::SystemTime};

use jiff::Timestamp;
use sequoia_openpgp::{
    Cert, KeyHandle, Packet, Result as LibraryResult,
    cert::amalgamation::{
        ValidAmalgamation, ValidateAmalgamation, key::ValidErasedKeyAmalgamation,
    },
    packet::{
        Key, Signature, Tag,
        key::{PublicParts, UnspecifiedRole},
        signature::subpacket::CLOCK_SKEW_TOLERANCE,
    },
    parse::{Dearmor, PacketParserBuilder, PacketParserResult, Parse},
    policy::{Policy, StandardPolicy},
};

use super::{Certificate, Fingerprint, KeyName, verdict};

/// What is known of who signed a message.
#[derive(Clone, Debug, PartialEq)]
pub enum SignatureVerdict {
    /// It is not signed.
    Unsigned,
    /// It was signed by this certificate, and nothing was changed since.
    Verified {
        /// The fingerprint of the signer's certificate.
        signer: Fingerprint,
        /// The fingerprint of the key of it that signed, a subkey as a rule.
        key: Fingerprint,
        /// Where the certificate came from, which is all that it proves.
        origin: SignerOrigin,
        /// When it was signed, as the signer said.
        at: Timestamp,
        /// Whether it says that it is for whoever opened it (RFC 9580 section 5.2.3.36). Else somebody may
        /// have passed on what was signed for others, or for everybody.
        addressed: bool,
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

/// Whether a signature matches what it was made over, by this key.
pub(super) type Matches<'a> =
    dyn Fn(&Signature, &Key<PublicParts, UnspecifiedRole>) -> LibraryResult<()> + 'a;

/// Judges all signatures over one content. A single bad one makes all of it bad.
pub(super) fn judge(
    signatures: &[Signature],
    certificates: &[(&Certificate, SignerOrigin)],
    opened_by: Option<&Certificate>,
    now: SystemTime,
    matches: &Matches<'_>,
) -> SignatureVerdict {
    let mut verdict = SignatureVerdict::Unsigned;
    for signature in signatures {
        match judge_one(signature, certificates, opened_by, now, matches) {
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

/// The first certificate of each fingerprint decides for it. One that merely claims the signer's
/// key makes nothing bad that another one verifies.
fn judge_one(
    signature: &Signature,
    certificates: &[(&Certificate, SignerOrigin)],
    opened_by: Option<&Certificate>,
    now: SystemTime,
    matches: &Matches<'_>,
) -> SignatureVerdict {
    let mut judged = HashSet::new();
    let mut bad = None;
    for (certificate, origin) in certificates {
        let cert = certificate.cert();
        let Some(key) = signing_key(signature, cert) else {
            continue;
        };
        if !judged.insert(cert.fingerprint()) {
            continue;
        }
        let checked = checks(signature, cert, opened_by, now).and_then(|at| {
            matches(signature, key).map_err(|_| "it does not match the content".to_owned())?;
            Ok(at)
        });
        match checked {
            Ok((at, addressed)) => {
                return SignatureVerdict::Verified {
                    signer: certificate.fingerprint(),
                    key: (&key.fingerprint()).into(),
                    origin: *origin,
                    at,
                    addressed,
                };
            }
            Err(why) => bad = bad.or(Some(SignatureVerdict::Bad { why })),
        }
    }
    bad.unwrap_or_else(|| SignatureVerdict::UnknownSigner {
        issuers: issuers([signature]),
    })
}

/// The key of `cert` that `signature` says it was made by.
fn signing_key<'a>(
    signature: &Signature,
    cert: &'a Cert,
) -> Option<&'a Key<PublicParts, UnspecifiedRole>> {
    let issuers = signature.get_issuers();
    if issuers.is_empty() {
        return None;
    }
    let key = cert.keys().key_handles(issuers.iter()).next();
    key.map(|ka| ka.key())
}

/// Whom the signatures name: each once, without the key ID where its fingerprint is there as well.
pub(super) fn issuers<'a>(signatures: impl IntoIterator<Item = &'a Signature>) -> Vec<KeyName> {
    let issuers = signatures.into_iter().flat_map(Signature::get_issuers);
    without_aliases(issuers.collect())
}

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

/// Everything about a signature but its arithmetic; tells when it was made, and whether for whoever opened it.
fn checks(
    signature: &Signature,
    cert: &Cert,
    opened_by: Option<&Certificate>,
    now: SystemTime,
) -> Result<(Timestamp, bool), String> {
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
    let addressed = intended.peek().is_some();
    if addressed {
        let ours = opened_by.map(|certificate| certificate.cert().fingerprint());
        if !intended.any(|fingerprint| Some(fingerprint) == ours.as_ref()) {
            return Err("it was made for another recipient, who may have passed it on".to_owned());
        }
    }
    let made = Timestamp::try_from(made).map_err(|_| "it has no time".to_owned())?;
    Ok((made, addressed))
}

fn may_sign(key: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> Result<(), String> {
    let certificate = key.valid_cert();
    certificate
        .alive()
        .and_then(|()| key.alive())
        .map_err(|why| format!("{why:#}"))?;
    if verdict::is_revoked(&certificate.primary_key().into()) || verdict::is_revoked(key) {
        return Err("its key is revoked".to_owned());
    }
    if key.for_signing() {
        Ok(())
    } else {
        Err("its key may not sign".to_owned())
    }
}

/// The signature packets of `packets`, which hold nothing else; those of versions that are not
/// known here are left out.
///
/// # Errors
/// Another packet is among them, one is damaged, there is none, or there are too many.
pub(super) fn read(packets: &[u8]) -> LibraryResult<Vec<Signature>> {
    let mut next = PacketParserBuilder::from_bytes(packets)?
        .dearmor(Dearmor::Disabled)
        .max_recursion_depth(0)
        .buffer_unread_content()
        .build()?;
    let (mut signatures, mut seen) = (Vec::new(), 0);
    while let PacketParserResult::Some(parser) = next {
        let tag = parser.packet.tag();
        anyhow::ensure!(
            tag == Tag::Signature,
            "{tag} where a signature was expected"
        );
        seen += 1;
        anyhow::ensure!(
            seen <= MAX_SIGNATURES,
            "more than {MAX_SIGNATURES} signatures"
        );
        let (packet, after) = parser.next()?;
        match packet {
            Packet::Signature(signature) => signatures.push(signature),
            Packet::Unknown(unknown) => {
                let version = unknown.body().first();
                anyhow::ensure!(
                    version.is_some_and(|version| !KNOWN_VERSIONS.contains(version)),
                    "a signature in it is damaged"
                );
            }
            _ => {}
        }
        next = after;
    }
    anyhow::ensure!(seen > 0, "no signature in it");
    Ok(signatures)
}

/// Each may cost a digest of the whole content and a public key operation.
const MAX_SIGNATURES: usize = 16;

const KNOWN_VERSIONS: [u8; 3] = [3, 4, 6];
