//! Two versions of one certificate made one, so that a revocation that was seen once stays seen.
//!
//! RFC 9580 section 10.1. Only signatures that verify are kept, and of these so many that the
//! result can be read again: no stranger's copy can fill a certificate up. Which ones are kept
//! depends on nothing but the signatures themselves, so the order of the versions does not matter.

use std::cmp::Reverse;

use sequoia_openpgp::{
    Cert, Packet, Result as LibraryResult,
    cert::amalgamation::key::PrimaryKey,
    packet::Signature,
    serialize::{Marshal, MarshalInto},
    types::{ReasonForRevocation, RevocationType, SignatureType},
};

use super::{
    MergeError,
    flood::{self, MAX_OWN_BYTES, MAX_OWN_SIGNATURES},
    key_state,
};

/// Everything that both versions hold and that verifies.
pub(super) fn merge(one: Cert, other: Cert) -> Result<Cert, MergeError> {
    let fingerprint = one.fingerprint();
    if other.fingerprint() != fingerprint {
        return Err(MergeError::Different {
            one: (&fingerprint).into(),
            other: (&other.fingerprint()).into(),
        });
    }
    union(one, other).map_err(|source| MergeError::Library {
        fingerprint: (&fingerprint).into(),
        source,
    })
}

fn union(one: Cert, other: Cert) -> LibraryResult<Cert> {
    if key_state::is_supported(one.primary_key().key().role_as_unspecified()) {
        return tidy(&one.merge_public(other)?);
    }
    // Of what cannot be verified here, as much as can be read again. It is never encrypted to.
    let both = one.clone().merge_public(other)?;
    Ok(if fits(&both)? { both } else { one })
}

/// `cert` as it is where it can be read again, and otherwise what verifies of it.
pub(super) fn fitting(cert: Cert) -> LibraryResult<Cert> {
    if fits(&cert)? { Ok(cert) } else { tidy(&cert) }
}

fn fits(cert: &Cert) -> LibraryResult<bool> {
    let mut bytes = Vec::new();
    cert.serialize(&mut bytes)?;
    Ok(flood::fits(&bytes))
}

/// A signature that verifies, and the number of the component that it is about.
struct Kept {
    component: usize,
    signature: Signature,
}

/// `cert` without whatever does not verify, cut to what can be read again.
fn tidy(cert: &Cert) -> LibraryResult<Cert> {
    let mut components = Vec::new();
    let mut kept = Vec::new();
    let mut add = |component: Packet, signatures: Vec<&Signature>| {
        let number = components.len();
        components.push(component);
        kept.extend(signatures.into_iter().map(|signature| Kept {
            component: number,
            signature: authenticated(signature),
        }));
    };
    for ka in cert.keys() {
        let signatures = ka.self_signatures().chain(ka.self_revocations()).collect();
        let key = ka.key().clone();
        let packet = if ka.primary() {
            Packet::PublicKey(key.role_into_primary())
        } else {
            Packet::PublicSubkey(key.role_into_subordinate())
        };
        add(packet, signatures);
    }
    for ua in cert.userids() {
        let signatures = ua.self_signatures().chain(ua.self_revocations()).collect();
        add(ua.userid().clone().into(), signatures);
    }
    let kept = most_telling(kept);
    let mut packets = Vec::new();
    for (number, component) in components.into_iter().enumerate() {
        let mut signatures = kept
            .iter()
            .filter(|kept| kept.component == number)
            .peekable();
        // Nobody vouches for a component without a signature; the first is the primary key.
        if number == 0 || signatures.peek().is_some() {
            packets.push(component);
            packets.extend(signatures.map(|kept| kept.signature.clone().into()));
        }
    }
    Cert::from_packets(packets.into_iter())
}

/// So many signatures that the certificate can be read again: revocations first, for they must
/// never be lost, then the newest.
fn most_telling(mut kept: Vec<Kept>) -> Vec<Kept> {
    kept.sort_by_cached_key(|Kept { signature, .. }| {
        let made = signature.signature_creation_time();
        (
            rank(signature),
            Reverse(made),
            signature.mpis().to_vec().ok(),
        )
    });
    let mut bytes = 0;
    kept.into_iter()
        .take(MAX_OWN_SIGNATURES)
        .take_while(|kept| {
            bytes += flood::weight(&kept.signature);
            bytes <= MAX_OWN_BYTES
        })
        .collect()
}

/// The lower, the more it decides.
fn rank(signature: &Signature) -> u8 {
    match signature.typ() {
        SignatureType::KeyRevocation if is_final(signature) => 0,
        SignatureType::KeyRevocation => 1,
        SignatureType::SubkeyRevocation if is_final(signature) => 2,
        SignatureType::SubkeyRevocation | SignatureType::CertificationRevocation => 3,
        _ => 4,
    }
}

/// Whether nothing undoes this revocation, and it speaks of the past as well.
fn is_final(revocation: &Signature) -> bool {
    let reason = revocation.reason_for_revocation();
    let reason = reason.map_or(ReasonForRevocation::Unspecified, |(reason, _)| reason);
    reason.revocation_type() == RevocationType::Hard
}

/// A signature without what anybody can hang on it: the unhashed subpackets that nothing proves.
fn authenticated(signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    let proven: Vec<_> = signature
        .unhashed_area()
        .iter()
        .filter(|subpacket| subpacket.authenticated())
        .cloned()
        .collect();
    let area = signature.unhashed_area_mut();
    area.clear();
    for subpacket in proven {
        // It came from such an area, so there is room for it.
        let _fits = area.add(subpacket);
    }
    signature
}
