//! The keys of vendors, made by the program's own `keygen` once in a process.

use std::{
    fs,
    io::Write as _,
    process::Command,
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use sequoia_openpgp::{
    Cert, Packet, Profile,
    cert::{CertBuilder, CipherSuite},
    parse::Parse as _,
    policy::StandardPolicy,
    serialize::{
        SerializeInto as _,
        stream::{Message, Signer},
    },
    types::KeyFlags,
};

/// A vendor's key.
pub(crate) struct Vendor {
    /// The certificate as it is published, armoured.
    pub(crate) certificate: String,
    /// The same, as WKD serves it.
    pub(crate) binary: Vec<u8>,
    /// Uppercase, without spaces.
    pub(crate) fingerprint: String,
    /// `secret.pgp`, armoured: the primary key and what opens reports.
    pub(crate) secret: String,
    /// `receipts.pgp`, armoured: what signs.
    pub(crate) signing: String,
    revocation: String,
}

/// Of security@example.test.
pub(crate) fn vendor() -> &'static Vendor {
    static KEY: LazyLock<Vendor> = LazyLock::new(|| Vendor::generate("security@example.test"));
    &KEY
}

/// Another one with the same address: what an impersonator publishes, or the vendor after a change.
pub(crate) fn other() -> &'static Vendor {
    static KEY: LazyLock<Vendor> = LazyLock::new(|| Vendor::generate("security@example.test"));
    &KEY
}

/// The certificate of security@example.test that ended a year ago, armoured. `keygen` makes no such
/// thing, so it is made here.
pub(crate) fn expired() -> &'static str {
    static CERTIFICATE: LazyLock<String> = LazyLock::new(|| {
        let encryption = KeyFlags::empty()
            .set_transport_encryption()
            .set_storage_encryption();
        let (cert, _) = CertBuilder::new()
            .set_profile(Profile::RFC4880)
            .unwrap()
            .set_cipher_suite(CipherSuite::Cv25519)
            .set_creation_time(now() - 2 * YEAR)
            .set_validity_period(YEAR)
            .add_userid("Example <security@example.test>")
            .add_signing_subkey()
            .add_subkey(encryption, None, CipherSuite::Cv25519)
            .generate()
            .unwrap();
        armoured(&cert)
    });
    &CERTIFICATE
}

impl Vendor {
    /// Makes a key for an address.
    pub(crate) fn generate(email: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        command
            .args(["keygen", "--profile", "rfc4880", "--no-passphrase"])
            .args(["--name", "Example", "--email", email, "-o"])
            .arg(&keys)
            .env("SEALPOST_HOME", folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let read = |name| fs::read_to_string(keys.join(name)).unwrap();
        let certificate = read("certificate.asc");
        let cert = Cert::from_bytes(&certificate).unwrap();
        Self {
            binary: cert.to_vec().unwrap(),
            fingerprint: cert.fingerprint().to_hex(),
            secret: read("secret.pgp"),
            signing: read("receipts.pgp"),
            revocation: read("revocation.asc"),
            certificate,
        }
    }

    /// The certificate with the vendor's own revocation in it, armoured.
    pub(crate) fn revoked(&self) -> String {
        let cert = Cert::from_bytes(&self.certificate).unwrap();
        let revocation = Packet::from_bytes(&self.revocation).unwrap();
        let (revoked, changed) = cert.insert_packets(revocation).unwrap();
        assert!(changed);
        armoured(&revoked)
    }

    /// A text in the cleartext form, signed: RFC 9116 §2.3.
    pub(crate) fn sign(&self, text: &str) -> String {
        let policy = StandardPolicy::new();
        let cert = Cert::from_bytes(&self.signing).unwrap();
        let valid = cert.with_policy(&policy, None).unwrap();
        let key = valid.keys().for_signing().secret().next().unwrap();
        let key = key.key().clone().into_keypair().unwrap();
        let mut written = Vec::new();
        let signer = Signer::new(Message::new(&mut written), key).unwrap();
        let mut writer = signer.cleartext().build().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.finalize().unwrap();
        String::from_utf8(written).unwrap()
    }
}

fn armoured(cert: &Cert) -> String {
    String::from_utf8(cert.armored().to_vec().unwrap()).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test reads the clock, too"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

const YEAR: Duration = Duration::from_hours(24 * 365);
