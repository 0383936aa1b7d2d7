//! Certificates with something wrong that `keygen` does not make, armoured.

use std::time::{Duration, SystemTime};

use sequoia_openpgp::{
    Cert, Packet, Profile,
    cert::{CertBuilder, CipherSuite, SubkeyRevocationBuilder},
    packet::{
        Key,
        key::{Key4, SecretParts, SubordinateRole},
        signature::SignatureBuilder,
    },
    serialize::SerializeInto as _,
    types::{Curve, HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType},
};

pub(crate) type Subkey = Key<SecretParts, SubordinateRole>;

/// A primary key for the vendor's address, made at this time.
pub(crate) fn bare(at: SystemTime) -> CertBuilder<'static> {
    CertBuilder::new()
        .set_profile(Profile::RFC4880)
        .unwrap()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(at)
        .add_userid("Example <security@example.test>")
}

pub(crate) fn for_encryption() -> KeyFlags {
    KeyFlags::empty()
        .set_transport_encryption()
        .set_storage_encryption()
}

pub(crate) fn encrypting(builder: CertBuilder<'static>) -> CertBuilder<'static> {
    builder.add_subkey(for_encryption(), None, CipherSuite::Cv25519)
}

pub(crate) fn made(builder: CertBuilder<'static>) -> String {
    armoured(&builder.generate().unwrap().0)
}

pub(crate) fn armoured(cert: &Cert) -> String {
    String::from_utf8(cert.armored().to_vec().unwrap()).unwrap()
}

pub(crate) fn x25519() -> Subkey {
    aged(Key4::generate_ecc(false, Curve::Cv25519).unwrap())
}

pub(crate) fn rsa_1024() -> Subkey {
    aged(Key4::generate_rsa(1024).unwrap())
}

pub(crate) fn aged(mut key: Key4<SecretParts, SubordinateRole>) -> Subkey {
    key.set_creation_time(now() - 400 * DAY).unwrap();
    key.into()
}

/// A certificate of 400 days ago with one encryption subkey, bound in this way.
pub(crate) fn with_subkey(key: Subkey, hash: HashAlgorithm, lifetime: Option<Duration>) -> String {
    let (cert, _) = bare(now() - 400 * DAY).generate().unwrap();
    let mut primary = cert
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap()
        .into_keypair()
        .unwrap();
    let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_hash_algo(hash)
        .set_signature_creation_time(now() - 400 * DAY)
        .unwrap()
        .set_key_flags(for_encryption())
        .unwrap()
        .set_key_validity_period(lifetime)
        .unwrap();
    let binding = key.bind(&mut primary, &cert, binding).unwrap();
    let packets: Vec<Packet> = vec![key.parts_into_public().into(), binding.into()];
    armoured(&cert.insert_packets(packets).unwrap().0)
}

pub(crate) fn revoked_subkey() -> String {
    let (cert, _) = encrypting(bare(now() - DAY)).generate().unwrap();
    let mut primary = cert
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap()
        .into_keypair()
        .unwrap();
    let subkey = cert.keys().subkeys().next().unwrap();
    let revocation = SubkeyRevocationBuilder::new()
        .set_reason_for_revocation(ReasonForRevocation::KeyRetired, b"old")
        .unwrap()
        .build(&mut primary, &cert, subkey.key(), None)
        .unwrap();
    armoured(&cert.clone().insert_packets(revocation).unwrap().0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test reads the clock, too"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

pub(crate) const DAY: Duration = Duration::from_hours(24);
