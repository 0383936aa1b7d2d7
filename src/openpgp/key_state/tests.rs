//! Keys of every condition.

use std::time::Duration;

use sequoia_openpgp::{
    Cert, Packet,
    cert::{CertBuilder, CipherSuite},
    crypto::{Signer, mpi::MPI},
    packet::{key::Key4, key::SubordinateRole, signature::SignatureBuilder},
    types::{
        Curve, HashAlgorithm, KeyFlags, PublicKeyAlgorithm, ReasonForRevocation, SignatureType,
        SymmetricAlgorithm,
    },
};

use super::*;
use crate::openpgp::secret_key::signer;

fn born() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(20_000 * 24)
}

const DAY: Duration = Duration::from_hours(24);

fn for_encryption() -> KeyFlags {
    KeyFlags::empty()
        .set_transport_encryption()
        .set_storage_encryption()
}

fn vendor() -> Cert {
    let builder = CertBuilder::new()
        .set_creation_time(born())
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_validity_period(100 * DAY)
        .add_userid("Vendor <security@example.org>")
        .set_primary_key_flags(KeyFlags::empty().set_certification())
        .add_signing_subkey()
        .add_authentication_subkey()
        .add_subkey(for_encryption(), 50 * DAY, None);
    builder.generate().unwrap().0
}

fn primary(cert: &Cert) -> Box<dyn Signer + Send + Sync> {
    let key = cert.primary_key().key().clone().parts_into_secret();
    signer(key.unwrap().role_into_unspecified()).unwrap()
}

type Subkey = Key<PublicParts, SubordinateRole>;

fn with(
    cert: &Cert,
    subkey: Subkey,
    change: impl FnOnce(SignatureBuilder) -> SignatureBuilder,
) -> Cert {
    let builder = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_signature_creation_time(born() + DAY)
        .and_then(|builder| builder.set_key_flags(for_encryption()))
        .unwrap();
    let binding = subkey
        .bind(&mut primary(cert), cert, change(builder))
        .unwrap();
    let packets: [Packet; 2] = [subkey.into(), binding.into()];
    cert.clone().insert_packets(packets).unwrap().0
}

fn x25519() -> Subkey {
    let mut key: Key4<_, SubordinateRole> = Key4::generate_ecc(false, Curve::Cv25519).unwrap();
    key.set_creation_time(born() + DAY).unwrap();
    Key::from(key).parts_into_public()
}

fn at(cert: &Cert, days: u32) -> Vec<KeyState> {
    keys(&Certificate::new(cert.clone()), born() + days * DAY)
}

/// The condition of the one key that `cert` has and `vendor` has not.
fn added(cert: &Cert, vendor: &Cert, days: u32) -> KeyCondition {
    let known: Vec<_> = at(vendor, days)
        .into_iter()
        .map(|key| key.fingerprint)
        .collect();
    let mut keys = at(cert, days).into_iter();
    keys.find(|key| !known.contains(&key.fingerprint))
        .unwrap()
        .condition
}

#[test]
fn each_key_tells_what_it_is_for_and_until_when() {
    let cert = vendor();
    let keys = at(&cert, 1);
    assert!(keys[0].is_primary && keys[1..].iter().all(|key| !key.is_primary));
    let fingerprint = Certificate::new(cert.clone()).fingerprint();
    assert_eq!(keys[0].fingerprint, fingerprint);
    let timestamp = |days: u32| verdict::timestamp(born() + days * DAY);
    for (uses, expires, algorithm) in [
        (KeyUse::Certify, 100, "Ed25519"),
        (KeyUse::Sign, 100, "Ed25519"),
        (KeyUse::Authenticate, 100, "Ed25519"),
        (KeyUse::Encrypt, 50, "25519"),
    ] {
        let key = keys.iter().find(|key| key.uses == [uses]).unwrap();
        assert_eq!(key.expires, timestamp(expires), "{uses}");
        assert_eq!(Some(key.created), timestamp(0));
        assert!(key.algorithm.contains(algorithm), "{}", key.algorithm);
        assert_eq!(key.condition, KeyCondition::Usable);
        assert_eq!(key.is_chosen, uses == KeyUse::Encrypt);
    }
}

#[test]
fn time_passes() {
    use KeyCondition::{Expired, Usable};
    let cert = vendor();
    let conditions = |days| -> Vec<_> {
        let chosen = at(&cert, days)
            .into_iter()
            .filter(|key| key.is_chosen)
            .count();
        let conditions = at(&cert, days)
            .into_iter()
            .map(|key| (key.uses, key.condition));
        let encrypts = |uses: &[KeyUse]| uses.contains(&KeyUse::Encrypt);
        let (ours, others): (Vec<_>, Vec<_>) = conditions.partition(|(uses, _)| encrypts(uses));
        assert!(
            others
                .iter()
                .all(|(_, condition)| *condition == others[0].1)
        );
        vec![(ours[0].1, others[0].1, chosen)]
    };
    assert_eq!(conditions(49), [(Usable, Usable, 1)]);
    assert_eq!(conditions(51), [(Expired, Usable, 0)]);
    assert_eq!(conditions(101), [(Expired, Expired, 0)]);
    let before = keys(&Certificate::new(cert), born() - DAY);
    assert!(
        before
            .iter()
            .all(|key| key.condition == KeyCondition::NotYetValid)
    );
}

#[test]
fn what_cannot_be_used_says_why() {
    let cert = vendor();
    let sound = with(&cert, x25519(), |builder| builder);
    assert_eq!(added(&sound, &cert, 2), KeyCondition::Usable);
    let newest = at(&sound, 2).into_iter().find(|key| key.is_chosen).unwrap();
    assert_eq!(
        added(&sound, &cert, 2),
        newest.condition,
        "the newest is chosen"
    );
    assert!(
        at(&cert, 2)
            .iter()
            .all(|key| key.fingerprint != newest.fingerprint)
    );
    let sha1 = with(&cert, x25519(), |b| b.set_hash_algo(HashAlgorithm::SHA1));
    assert_eq!(added(&sha1, &cert, 2), KeyCondition::Weak);
    let mut rsa: Key4<_, SubordinateRole> = Key4::generate_rsa(1024).unwrap();
    rsa.set_creation_time(born() + DAY).unwrap();
    let rsa = with(&cert, Key::from(rsa).parts_into_public(), |builder| builder);
    assert_eq!(added(&rsa, &cert, 2), KeyCondition::Weak);
    let unbound = cert
        .clone()
        .insert_packets([Packet::from(x25519())])
        .unwrap()
        .0;
    assert_eq!(added(&unbound, &cert, 2), KeyCondition::Unbound);
    let brainpool = PublicKey::ECDH {
        curve: Curve::BrainpoolP256,
        q: MPI::new(&[4; 65]),
        hash: HashAlgorithm::SHA256,
        sym: SymmetricAlgorithm::AES256,
    };
    let brainpool = Key4::new(born() + DAY, PublicKeyAlgorithm::ECDH, brainpool).unwrap();
    let brainpool = with(&cert, brainpool.into(), |builder| builder);
    if !Curve::BrainpoolP256.is_supported() {
        assert_eq!(added(&brainpool, &cert, 2), KeyCondition::UnknownAlgorithm);
        let mut chosen = at(&brainpool, 2).into_iter().filter(|key| key.is_chosen);
        assert_eq!(chosen.next().unwrap().condition, KeyCondition::Usable);
    }
}

#[test]
fn a_revocation_is_told_of_the_subkey_or_of_all() {
    let cert = vendor();
    let subkey = cert.keys().subkeys().next().unwrap();
    let revocation = SignatureBuilder::new(SignatureType::SubkeyRevocation)
        .set_signature_creation_time(born() + DAY)
        .unwrap();
    let revocation = subkey
        .key()
        .bind(&mut primary(&cert), &cert, revocation)
        .unwrap();
    let one = cert
        .clone()
        .insert_packets([Packet::from(revocation)])
        .unwrap()
        .0;
    let revoked = |cert: &Cert| -> Vec<_> {
        let keys = at(cert, 2).into_iter();
        keys.filter(|key| key.condition == KeyCondition::Revoked)
            .map(|key| key.fingerprint)
            .collect()
    };
    assert_eq!(revoked(&one), [(&subkey.key().fingerprint()).into()]);
    let code = ReasonForRevocation::KeyCompromised;
    let revocation = cert.revoke(&mut primary(&cert), code, b"").unwrap();
    let all = cert
        .clone()
        .insert_packets([Packet::from(revocation)])
        .unwrap()
        .0;
    assert_eq!(revoked(&all).len(), 4);
    assert!(at(&all, 2).iter().all(|key| !key.is_chosen));
}
