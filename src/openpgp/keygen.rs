//! A vendor's key: an offline primary, a subkey that decrypts, one that signs answers, and one that
//! signs receipts.
//!
//! RFC 9580 section 10.1.1 (structure), RFC 9980 (post-quantum). The intake holds the secret for
//! receipts alone: it can read no report, and an answer that the other subkey signed is not its own.

use std::time::{Duration, SystemTime};

use sequoia_openpgp::{
    Cert, Packet, Profile, Result as LibraryResult,
    armor::{self, Kind},
    cert::{CertBuilder, CipherSuite, amalgamation::key::PrimaryKey},
    crypto::S2K,
    packet::{
        Key, Signature, UserID,
        key::{SecretParts, UnspecifiedRole},
    },
    serialize::{Serialize, SerializeInto},
    types::{AEADAlgorithm, Features, KeyFlags, SymmetricAlgorithm},
};
use zeroize::Zeroizing;

use super::{Fingerprint, KeyError, Passphrase, seal};

/// Which generation of OpenPGP a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProfile {
    /// Version 4, Ed25519 and X25519 as GnuPG reads them.
    Rfc4880,
    /// Version 6, Ed25519 and X25519, SEIPDv2; secrets protected with Argon2id.
    Rfc9580,
    /// As RFC 9580, and encryption with ML-KEM-768 and X25519 together.
    PostQuantum,
}

/// How long a key is valid; `None` is for ever.
pub type Lifetime = Option<Duration>;

/// What a new key is to be.
#[derive(Debug)]
pub struct GeneratedKey {
    /// The name and address in its User ID.
    user_id: UserID,
    /// Its generation.
    pub profile: KeyProfile,
    /// How long it is valid.
    pub lifetime: Lifetime,
    /// What protects the offline secrets.
    pub passphrase: Option<Passphrase>,
}

impl GeneratedKey {
    /// A key for `name` and `email`, by the default profile, valid for ever and unprotected.
    ///
    /// # Errors
    /// When `name` or `email` cannot stand in a User ID.
    pub fn new(name: &str, email: &str) -> anyhow::Result<Self> {
        Ok(Self {
            user_id: UserID::from_address(name, None, email)?,
            profile: KeyProfile::Rfc4880,
            lifetime: None,
            passphrase: None,
        })
    }
}

/// The files of a new vendor key, armoured.
pub struct VendorKey {
    /// The fingerprint of the certificate.
    pub fingerprint: Fingerprint,
    /// Public: what reporters encrypt to.
    pub certificate: Vec<u8>,
    /// Secret: the primary key and the subkeys that decrypt and sign answers, under the passphrase.
    pub secret: Zeroizing<Vec<u8>>,
    /// Secret: the subkey that signs receipts. Without a passphrase, since the intake starts
    /// unattended.
    pub receipts: Zeroizing<Vec<u8>>,
    /// The revocation certificate: whoever holds it can end the key.
    pub revocation: Vec<u8>,
}

/// Makes a key at the time `now`.
///
/// # Errors
/// [`KeyError::Library`] when the cryptographic library fails.
pub fn generate(wanted: &GeneratedKey, now: SystemTime) -> Result<VendorKey, KeyError> {
    make(wanted, now).map_err(KeyError::Library)
}

fn make(wanted: &GeneratedKey, now: SystemTime) -> LibraryResult<VendorKey> {
    let (cert, revocation) = builder(wanted, now)?.generate()?;
    // Of two alike; the other one comes last, which is what others prefer.
    let receipts = cert
        .keys()
        .subkeys()
        .find(|ka| ka.key().pk_algo().for_signing())
        .map(|ka| ka.key().fingerprint())
        .ok_or_else(|| anyhow::anyhow!("no signing subkey"))?;
    let stubs = wanted.profile == KeyProfile::Rfc4880;
    let receipts_file = tsk(&cert, |key| key.fingerprint() == receipts, stubs)?;
    let locked = match &wanted.passphrase {
        Some(passphrase) => lock(cert.clone(), wanted.profile, passphrase)?,
        None => cert.clone(),
    };
    Ok(VendorKey {
        fingerprint: (&cert.fingerprint()).into(),
        certificate: cert.armored().export_to_vec()?,
        secret: tsk(&locked, |key| key.fingerprint() != receipts, stubs)?,
        receipts: receipts_file,
        revocation: armored_revocation(revocation)?,
    })
}

fn builder(wanted: &GeneratedKey, now: SystemTime) -> LibraryResult<CertBuilder<'static>> {
    let (profile, features, encryption) = match wanted.profile {
        KeyProfile::Rfc4880 => (
            Profile::RFC4880,
            Features::empty().set_seipdv1(),
            CipherSuite::Cv25519,
        ),
        KeyProfile::Rfc9580 => (Profile::RFC9580, both_containers(), CipherSuite::Cv25519),
        KeyProfile::PostQuantum => (
            Profile::RFC9580,
            both_containers(),
            CipherSuite::MLDSA65_Ed25519,
        ),
    };
    encryption.is_supported()?;
    let for_encryption = KeyFlags::empty()
        .set_transport_encryption()
        .set_storage_encryption();
    Ok(CertBuilder::new()
        .set_creation_time(now)
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_profile(profile)?
        .set_features(features)?
        .set_validity_period(wanted.lifetime)
        .set_primary_key_flags(KeyFlags::empty().set_certification())
        .add_userid(wanted.user_id.clone())
        .add_subkey(for_encryption, None, encryption)
        .add_signing_subkey()
        .add_signing_subkey())
}

fn both_containers() -> Features {
    Features::empty().set_seipdv1().set_seipdv2()
}

/// Every secret of `cert` under `passphrase`, in the form that the profile's readers know.
fn lock(cert: Cert, profile: KeyProfile, passphrase: &Passphrase) -> LibraryResult<Cert> {
    let mut locked: Vec<Packet> = Vec::new();
    for ka in cert.keys().secret() {
        let (public, mut secret) = ka.key().clone().take_secret();
        let (s2k, aead): (S2K, _) = match profile {
            KeyProfile::Rfc4880 => (seal::iterated()?, None),
            KeyProfile::Rfc9580 | KeyProfile::PostQuantum => {
                (seal::argon2id()?, Some(AEADAlgorithm::OCB))
            }
        };
        let cipher = SymmetricAlgorithm::AES256;
        secret.encrypt_in_place_with(&public, s2k, cipher, aead, passphrase.as_password())?;
        let key = public.add_secret(secret).0;
        locked.push(if ka.primary() {
            key.role_into_primary().into()
        } else {
            key.role_into_subordinate().into()
        });
    }
    Ok(cert.insert_packets(locked)?.0)
}

/// The key with the secrets for which `holds` is true; `stubs` mark the others for GnuPG.
fn tsk<'a>(
    cert: &'a Cert,
    holds: impl Fn(&Key<SecretParts, UnspecifiedRole>) -> bool + Send + Sync + 'a,
    stubs: bool,
) -> LibraryResult<Zeroizing<Vec<u8>>> {
    cert.as_tsk()
        .set_filter(holds)
        .emit_secret_key_stubs(stubs)
        .armored()
        .to_vec()
        .map(Zeroizing::new)
}

fn armored_revocation(revocation: Signature) -> LibraryResult<Vec<u8>> {
    let comment = [(
        "Comment",
        "Revocation certificate: publish it only when the key is lost or stolen",
    )];
    let mut writer = armor::Writer::with_headers(Vec::new(), Kind::PublicKey, comment)?;
    Packet::from(revocation).serialize(&mut writer)?;
    Ok(writer.finalize()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::{
        SecretKey, SignatureVerdict, read_certificates, read_cleartext, read_secret_keys,
        sign_cleartext,
    };

    #[test]
    fn the_vendor_and_the_intake_sign_with_keys_of_their_own() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(20_779 * 24);
        let mut profiles = vec![KeyProfile::Rfc4880, KeyProfile::Rfc9580];
        // OpenSSL has had ML-DSA since 3.5, and may be older.
        if cfg!(not(feature = "openssl")) {
            profiles.push(KeyProfile::PostQuantum);
        }
        for profile in profiles {
            let mut wanted = GeneratedKey::new("Example", "security@example.org").unwrap();
            wanted.profile = profile;
            let made = generate(&wanted, now).unwrap();
            let certificate = read_certificates("certificate", &made.certificate).unwrap();
            let secret = |bytes: &[u8]| read_secret_keys("secret", bytes).unwrap().remove(0);
            let (vendor, intake) = (secret(&made.secret), secret(&made.receipts));
            assert!(vendor.can_decrypt() && !intake.can_decrypt());
            let signed_by = |key: &SecretKey| {
                let mut ask = |_: &_, _| Ok(None);
                let mut signer = key.signer_for(&certificate[0], now, &mut ask).unwrap();
                assert!(signer.is_quick());
                let text = sign_cleartext("a text", &mut signer, now).unwrap();
                let text = read_cleartext(&text).unwrap();
                let verdict = text.verify(&[&certificate[0]], now);
                let SignatureVerdict::Verified { signer, key, .. } = verdict else {
                    panic!("{verdict:?}");
                };
                assert_eq!(signer, made.fingerprint);
                key
            };
            assert_ne!(signed_by(&vendor), signed_by(&intake));
        }
    }
}
