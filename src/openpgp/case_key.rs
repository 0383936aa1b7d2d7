//! The key of a case: signs the report, and is what the vendor answers to.
//!
//! Made from the two seeds of the case secret alone, with the same fingerprints on every machine, so
//! that the words recover it. It carries no name and no time: RFC 9580 sections 5.5.5.5 (Ed25519)
//! and 5.5.5.6 (ECDH), in the version 4 form that GnuPG reads.

use std::time::{Duration, SystemTime};

use sequoia_openpgp::{
    Cert, Packet,
    crypto::{Signer, hash::Context, mpi},
    packet::{
        Key, Signature, UserID,
        key::{Key4, PrimaryRole, SecretParts, SubordinateRole},
        signature::{Signature4, SignatureBuilder},
    },
    types::{Features, HashAlgorithm, KeyFlags, SignatureType, SymmetricAlgorithm},
};

use super::{KeyError, SecretKey, secret_key::signer};

/// The case key for the seeds of a case: `signing` for Ed25519, `reply` for X25519.
///
/// # Errors
/// [`KeyError::Library`] when the cryptographic library fails.
pub fn case_key(signing: &[u8; 32], reply: &[u8; 32]) -> Result<SecretKey, KeyError> {
    case_key_named(signing, reply, USER_ID)
}

/// The same key under another User ID, such as the address that a mail comes from, by which mail
/// programs look for keys. Its fingerprint and its words are those of [`case_key`].
///
/// # Errors
/// [`KeyError::Library`] when the cryptographic library fails.
pub fn case_key_named(
    signing: &[u8; 32],
    reply: &[u8; 32],
    user_id: &str,
) -> Result<SecretKey, KeyError> {
    let cert = build(signing, reply, user_id).map_err(KeyError::Library)?;
    Ok(SecretKey::new(cert, "the case key"))
}

fn build(signing: &[u8; 32], reply: &[u8; 32], user_id: &str) -> sequoia_openpgp::Result<Cert> {
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
    let user_id = UserID::from(user_id);
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
    let public = primary.parts_as_public();
    let certification = sign(certification, &mut *signer, |signature, hash| {
        signature.hash_userid_binding(hash, public, &user_id)
    })?;
    let flags = KeyFlags::empty()
        .set_transport_encryption()
        .set_storage_encryption();
    let subkey_binding = binding(SignatureType::SubkeyBinding, flags)?;
    let subkey_binding = sign(subkey_binding, &mut *signer, |signature, hash| {
        signature.hash_subkey_binding(hash, public, subkey.parts_as_public())
    })?;
    let (cert, _) = cert.insert_packets([
        Packet::from(user_id),
        certification.into(),
        Packet::SecretSubkey(subkey),
        subkey_binding.into(),
    ])?;
    Ok(cert)
}

/// Signs what `content` hashes. The library's own way would add a random notation under its name,
/// which everybody on the way of a mail could read in its Autocrypt header (promise 34); without it,
/// every machine makes the same certificate, too.
fn sign(
    builder: SignatureBuilder,
    signer: &mut dyn Signer,
    content: impl FnOnce(&Signature, &mut Context) -> sequoia_openpgp::Result<()>,
) -> sequoia_openpgp::Result<Signature> {
    let (issuer, algorithm) = (signer.public().fingerprint(), signer.public().pk_algo());
    let builder = builder
        .set_issuer(issuer.clone().into())?
        .set_issuer_fingerprint(issuer)?;
    let hash_algorithm = builder.hash_algo();
    let signature = |prefix, values| {
        Signature::from(Signature4::new(
            builder.typ(),
            algorithm,
            hash_algorithm,
            builder.hashed_area().clone(),
            builder.unhashed_area().clone(),
            prefix,
            values,
        ))
    };
    let none = mpi::Signature::Unknown {
        mpis: Box::default(),
        rest: Box::default(),
    };
    let mut hash = hash_algorithm.context()?.for_signature(4);
    content(&signature([0; 2], none), &mut hash)?;
    let digest = hash.into_digest()?;
    let [first, second, ..] = *digest.as_slice() else {
        anyhow::bail!("a digest without bytes");
    };
    let values = signer.sign(hash_algorithm, &digest)?;
    Ok(signature([first, second], values))
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

    /// Promises 33 and 34: everybody on the way of a mail reads this certificate.
    #[test]
    fn p33_p34_the_certificate_is_the_same_everywhere_and_names_no_library() {
        let make = || case_key_named(&[1; 32], &[2; 32], "a@b.example").unwrap();
        let binary = make().certificate().to_binary().unwrap();
        assert_eq!(binary, make().certificate().to_binary().unwrap());
        let text = String::from_utf8_lossy(&binary).to_lowercase();
        assert!(!text.contains("sequoia"), "{text}");
        assert!(!text.contains("sealpost"), "{text}");
    }

    #[test]
    fn p34_another_name_is_another_name_alone() {
        let address = "reporter@example.org";
        let named = case_key_named(&[1; 32], &[2; 32], address).unwrap();
        assert_eq!(keys(&case_key(&[1; 32], &[2; 32]).unwrap()), keys(&named));
        let certificate = named.certificate();
        assert_eq!(certificate.user_ids().collect::<Vec<_>>(), [address]);
        assert!(certificate.names_address(address));
    }

    fn keys(case: &SecretKey) -> Vec<String> {
        let certificate = case.certificate();
        certificate
            .cert()
            .keys()
            .map(|ka| ka.key().fingerprint().to_hex())
            .collect()
    }
}
