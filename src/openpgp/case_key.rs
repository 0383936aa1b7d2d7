//! The key of a case: signs the report, and is what the vendor answers to.
//!
//! Made from the two seeds of the case secret alone, with the same fingerprints on every machine, so
//! that the words recover it. It carries no name and no time: RFC 9580 sections 5.5.5.5 (Ed25519)
//! and 5.5.5.6 (ECDH), in the version 4 form that GnuPG reads.

use std::time::{Duration, SystemTime};

use sequoia_openpgp::{
    Cert, Packet,
    packet::{
        Key, UserID,
        key::{Key4, PrimaryRole, SecretParts, SubordinateRole},
        signature::SignatureBuilder,
    },
    types::{Features, HashAlgorithm, KeyFlags, SignatureType, SymmetricAlgorithm},
};

use super::{KeyError, SecretKey, secret_key::signer};

/// The case key for the seeds of a case: `signing` for Ed25519, `reply` for X25519.
///
/// # Errors
/// [`KeyError::Library`] when the cryptographic library fails.
pub fn case_key(signing: &[u8; 32], reply: &[u8; 32]) -> Result<SecretKey, KeyError> {
    let cert = build(signing, reply).map_err(KeyError::Library)?;
    Ok(SecretKey::new(cert, "the case key"))
}

fn build(signing: &[u8; 32], reply: &[u8; 32]) -> sequoia_openpgp::Result<Cert> {
    let born = born();
    let primary: Key<SecretParts, PrimaryRole> = Key4::import_secret_ed25519(signing, born)?.into();
    let subkey: Key<SecretParts, SubordinateRole> = Key4::import_secret_cv25519(
        reply,
        HashAlgorithm::SHA256,
        SymmetricAlgorithm::AES256,
        born,
    )?
    .into();
    let mut signer = signer(primary.clone().role_into_unspecified())?;
    let binding = |typ, flags: KeyFlags| {
        SignatureBuilder::new(typ)
            .set_hash_algo(HashAlgorithm::SHA512)
            .set_signature_creation_time(born)?
            .set_key_flags(flags)
    };
    let cert = Cert::try_from(Packet::SecretKey(primary.clone()))?;
    let user_id = UserID::from(USER_ID);
    let certification = binding(
        SignatureType::PositiveCertification,
        KeyFlags::empty().set_certification().set_signing(),
    )?
    .set_features(Features::empty().set_seipdv1())?
    .set_preferred_symmetric_algorithms(vec![
        SymmetricAlgorithm::AES256,
        SymmetricAlgorithm::AES128,
    ])?
    .set_preferred_hash_algorithms(vec![HashAlgorithm::SHA512, HashAlgorithm::SHA256])?
    .set_primary_userid(true)?;
    let certification = user_id.bind(&mut *signer, &cert, certification)?;
    let flags = KeyFlags::empty()
        .set_transport_encryption()
        .set_storage_encryption();
    let subkey_binding = subkey.bind(
        &mut *signer,
        &cert,
        binding(SignatureType::SubkeyBinding, flags)?,
    )?;
    let (cert, _) = cert.insert_packets([
        Packet::from(user_id),
        certification.into(),
        Packet::SecretSubkey(subkey),
        subkey_binding.into(),
    ])?;
    Ok(cert)
}

/// GnuPG imports no certificate without a User ID, so there is one, the same for everybody.
const USER_ID: &str = "Reporter (sealpost case)";

/// The creation time is part of a fingerprint (RFC 9580 section 5.5.4.2), so it is a constant:
/// 1 January 2026, and says nothing of when the case began.
fn born() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(20_454 * 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seeds_make_the_same_key() {
        let now = born() + Duration::from_hours(24 * 300);
        let one = case_key(&[1; 32], &[2; 32]).unwrap();
        let two = case_key(&[1; 32], &[2; 32]).unwrap();
        assert_eq!(keys(&one), keys(&two));
        assert!(one.certificate().verdict(now).recipient().is_ok());
        let other = case_key(&[1; 32], &[3; 32]).unwrap();
        assert_ne!(keys(&one), keys(&other));
    }

    /// Signatures are salted; the keys are what must be the same.
    fn keys(case: &SecretKey) -> Vec<String> {
        let certificate = case.certificate();
        certificate
            .cert()
            .keys()
            .map(|ka| ka.key().fingerprint().to_hex())
            .collect()
    }
}
