//! The keys of the people in these tests, made once in a process.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
use sequoia_openpgp::crypto::KeyPair;
use sequoia_openpgp::packet::UserID;
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::serialize::SerializeInto;
use sequoia_openpgp::types::{Features, KeyFlags};
use sequoia_openpgp::{Cert, Profile};

/// Whom reports are sealed to.
pub(crate) fn vendor() -> &'static Cert {
    static KEY: OnceLock<Cert> = OnceLock::new();
    KEY.get_or_init(|| make(key("Vendor <vendor@example.org>")))
}

/// The same, with a certificate that reads SEIPDv2.
pub(crate) fn new_vendor() -> &'static Cert {
    static KEY: OnceLock<Cert> = OnceLock::new();
    KEY.get_or_init(|| {
        let both = Features::empty().set_seipdv1().set_seipdv2();
        let builder = key("New vendor <vendor@example.org>").set_profile(Profile::RFC9580);
        make(builder.unwrap().set_features(both).unwrap())
    })
}

/// Who writes reports.
pub(crate) fn reporter() -> &'static Cert {
    static KEY: OnceLock<Cert> = OnceLock::new();
    KEY.get_or_init(|| make(key("Reporter <reporter@example.org>")))
}

/// Who wants to be taken for the reporter, or to read what is not for them.
pub(crate) fn stranger() -> &'static Cert {
    static KEY: OnceLock<Cert> = OnceLock::new();
    KEY.get_or_init(|| make(key("Stranger <stranger@example.org>")))
}

/// A version 4 key with a subkey for signatures and one for encryption, a year old.
pub(crate) fn key(user_id: &str) -> CertBuilder<'static> {
    key_without_encryption(user_id).add_subkey(for_encryption(), None, CipherSuite::Cv25519)
}

/// The same without the subkey for encryption.
pub(crate) fn key_without_encryption(user_id: &str) -> CertBuilder<'static> {
    CertBuilder::new()
        .set_profile(Profile::RFC4880)
        .unwrap()
        .set_features(Features::empty().set_seipdv1())
        .unwrap()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(now() - YEAR)
        .add_userid(UserID::from(user_id))
        .set_primary_key_flags(KeyFlags::empty().set_certification())
        .add_signing_subkey()
}

pub(crate) fn for_encryption() -> KeyFlags {
    KeyFlags::empty()
        .set_transport_encryption()
        .set_storage_encryption()
}

pub(crate) fn make(builder: CertBuilder<'_>) -> Cert {
    builder.generate().unwrap().0
}

/// The primary key.
pub(crate) fn primary(cert: &Cert) -> KeyPair {
    let key = cert.primary_key().key().clone().parts_into_secret();
    key.unwrap().into_keypair().unwrap()
}

/// The key that signs messages, whatever its certificate says of it today.
pub(crate) fn signing(cert: &Cert) -> KeyPair {
    let mut keys = cert.keys().subkeys().map(|ka| ka.key().clone());
    let key = keys.find(|key| key.pk_algo().for_signing()).unwrap();
    key.parts_into_secret().unwrap().into_keypair().unwrap()
}

/// The key that opens messages.
pub(crate) fn decryption(cert: &Cert) -> KeyPair {
    let policy = StandardPolicy::new();
    let mut keys = cert
        .keys()
        .with_policy(&policy, None)
        .for_transport_encryption();
    let key = keys.next().unwrap().key().clone();
    key.parts_into_secret().unwrap().into_keypair().unwrap()
}

pub(crate) fn public(cert: &Cert) -> Vec<u8> {
    cert.clone()
        .strip_secret_key_material()
        .armored()
        .to_vec()
        .unwrap()
}

pub(crate) fn secret(cert: &Cert) -> Vec<u8> {
    cert.as_tsk().armored().to_vec().unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test reads the clock, too"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const YEAR: Duration = Duration::from_hours(24 * 365);
