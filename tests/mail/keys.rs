//! The keys of the people in these tests, and what they write with them.

use std::{
    io::{Read, Write},
    sync::OnceLock,
};

use sequoia_openpgp::{
    Cert,
    cert::{CertBuilder, CipherSuite},
    crypto::KeyPair,
    parse::Parse,
    policy::StandardPolicy,
    serialize::{
        SerializeInto,
        stream::{Armorer, Encryptor, LiteralWriter, Message, Signer},
    },
};

/// Whom mails are for.
pub(crate) fn vendor() -> &'static Cert {
    static KEY: OnceLock<Cert> = OnceLock::new();
    KEY.get_or_init(|| make("Vendor <security@vendor.example>"))
}

/// Who answers.
pub(crate) fn writer() -> &'static Cert {
    static KEY: OnceLock<Cert> = OnceLock::new();
    KEY.get_or_init(|| make("Writer <writer@example.org>"))
}

fn make(user_id: &str) -> Cert {
    let builder = CertBuilder::general_purpose(Some(user_id));
    let builder = builder.set_cipher_suite(CipherSuite::Cv25519);
    builder.generate().unwrap().0
}

pub(crate) fn public(cert: &Cert) -> String {
    let public = cert.clone().strip_secret_key_material();
    String::from_utf8(public.armored().to_vec().unwrap()).unwrap()
}

pub(crate) fn secret(cert: &Cert) -> Vec<u8> {
    cert.as_tsk().armored().to_vec().unwrap()
}

fn signing(cert: &Cert) -> KeyPair {
    let policy = StandardPolicy::new();
    let keys = cert.keys().with_policy(&policy, None).for_signing();
    let key = keys.secret().next().unwrap().key().clone();
    key.into_keypair().unwrap()
}

/// An armoured message to the vendor, perhaps signed.
pub(crate) fn sealed(content: &[u8], signer: Option<&Cert>) -> String {
    encrypted(vendor(), content, signer)
}

/// An armoured message to whoever has the key of this certificate.
pub(crate) fn sealed_to(certificate: &[u8], content: &[u8]) -> String {
    encrypted(&Cert::from_bytes(certificate).unwrap(), content, None)
}

/// The same, signed by an armoured secret key, for whoever has the key of the certificate.
pub(crate) fn sealed_by(certificate: &[u8], content: &[u8], signing: &str) -> String {
    let to = Cert::from_bytes(certificate).unwrap();
    message(
        &to,
        content,
        Some(&Cert::from_bytes(signing).unwrap()),
        true,
    )
}

/// The same, signed for nobody in particular.
pub(crate) fn passed_on(certificate: &[u8], content: &[u8], signing: &str) -> String {
    let to = Cert::from_bytes(certificate).unwrap();
    encrypted(&to, content, Some(&Cert::from_bytes(signing).unwrap()))
}

fn encrypted(to: &Cert, content: &[u8], signer: Option<&Cert>) -> String {
    message(to, content, signer, false)
}

fn message(to: &Cert, content: &[u8], signer: Option<&Cert>, addressed: bool) -> String {
    let policy = StandardPolicy::new();
    let mut out = Vec::new();
    let message = Armorer::new(Message::new(&mut out)).build().unwrap();
    let recipients = to.keys().with_policy(&policy, None);
    let recipients = recipients.for_transport_encryption();
    let mut message = Encryptor::for_recipients(message, recipients)
        .build()
        .unwrap();
    if let Some(signer) = signer {
        let mut layer = Signer::new(message, signing(signer)).unwrap();
        if addressed {
            layer = layer.add_intended_recipient(to);
        }
        message = layer.build().unwrap();
    }
    let mut message = LiteralWriter::new(message).build().unwrap();
    message.write_all(content).unwrap();
    message.finalize().unwrap();
    String::from_utf8(out).unwrap()
}

/// The same message with another header before its first packet, armoured anew.
pub(crate) fn reframed(armored: &str) -> String {
    use sequoia_openpgp::armor::{Kind, Reader, Writer};
    let mut packets = Vec::new();
    let mut reader = Reader::from_bytes(armored.as_bytes(), None);
    reader.read_to_end(&mut packets).unwrap();
    // RFC 9580 section 4.2: a session key of less than 192 bytes, in the new form and in the old.
    assert!(packets[0] == 0xc1 && packets[1] < 192);
    packets[0] = 0x84;
    let mut writer = Writer::new(Vec::new(), Kind::Message).unwrap();
    writer.write_all(&packets).unwrap();
    String::from_utf8(writer.finalize().unwrap()).unwrap()
}

/// An armoured signature beside a text.
pub(crate) fn detached(content: &[u8], signer: &Cert) -> String {
    let mut out = Vec::new();
    let message = Armorer::new(Message::new(&mut out))
        .kind(sequoia_openpgp::armor::Kind::Signature)
        .build()
        .unwrap();
    let signer = Signer::new(message, signing(signer)).unwrap();
    let mut message = signer.detached().build().unwrap();
    message.write_all(content).unwrap();
    message.finalize().unwrap();
    String::from_utf8(out).unwrap()
}
