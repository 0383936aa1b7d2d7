//! Certificates flooded with other people's signatures, made small before they are judged.
//!
//! Anyone can attach certifications to a certificate on a key server. What decides whether it may
//! be encrypted to are the owner's own signatures and revocations (RFC 9580 section 10.1), so
//! everything else is dropped before anything is verified.

use sequoia_openpgp::{
    Cert, Packet, Result,
    cert::raw::RawCert,
    packet::{Signature, Tag},
    parse::Parse,
    types::SignatureType,
};

/// More own signatures than any owner makes in the life of a certificate: keys are extended,
/// rotated and renamed some hundred times at the most.
const MAX_OWN_SIGNATURES: usize = 500;

/// The largest key packet, in bytes: RSA of 16,384 bits and every post-quantum key fit. Verifying
/// takes time with the cube of a number's length, for every signature.
const MAX_KEY: usize = 3 << 10;

/// Why a certificate was not taken.
pub(super) enum Rejected {
    /// More than [`MAX_OWN_SIGNATURES`] signatures claim to be the owner's.
    Flooded,
    /// It cannot be parsed.
    Damaged(anyhow::Error),
}

/// Parses `raw` without the signatures that cannot matter.
pub(super) fn parse(raw: &RawCert<'_>) -> std::result::Result<Cert, Rejected> {
    let owner = raw.primary_key().role_into_unspecified();
    let mut kept = Vec::new();
    let mut own_signatures = 0;
    for packet in raw.packets() {
        match packet.tag() {
            Tag::Signature => {
                let matters = signature(packet.as_bytes()).is_ok_and(|signature| {
                    let issuers = signature.get_issuers();
                    let owner = owner.key_handle();
                    issuers.is_empty() || issuers.iter().any(|issuer| issuer.aliases(&owner))
                });
                if !matters {
                    continue;
                }
                own_signatures += 1;
                if own_signatures > MAX_OWN_SIGNATURES {
                    return Err(Rejected::Flooded);
                }
            }
            Tag::PublicKey | Tag::PublicSubkey if packet.body().len() > MAX_KEY => {
                let error = anyhow::anyhow!("a key of {} bytes in it", packet.body().len());
                return Err(Rejected::Damaged(error));
            }
            Tag::PublicKey
            | Tag::PublicSubkey
            | Tag::SecretKey
            | Tag::SecretSubkey
            | Tag::UserID => {}
            // Photographs and whatever else hangs on it say nothing about encryption.
            _ => continue,
        }
        kept.extend_from_slice(packet.as_bytes());
    }
    Cert::from_bytes(&kept).map_err(Rejected::Damaged)
}

/// Revocations of keys in `raw`, wherever they stand.
pub(super) fn revocations(raw: &RawCert<'_>) -> Vec<Signature> {
    raw.packets()
        .filter(|packet| packet.tag() == Tag::Signature)
        .filter_map(|packet| signature(packet.as_bytes()).ok())
        .filter(|signature| signature.typ() == SignatureType::KeyRevocation)
        .take(MAX_OWN_SIGNATURES)
        .collect()
}

fn signature(packet: &[u8]) -> Result<Signature> {
    match Packet::from_bytes(packet)? {
        Packet::Signature(signature) => Ok(signature),
        other => Err(anyhow::anyhow!(
            "{} where a signature was expected",
            other.tag()
        )),
    }
}
