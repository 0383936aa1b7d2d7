//! Messages that sealpost itself would never write, put together packet by packet.

use std::fs;
use std::io::Write;
use std::time::Duration;

use sealpost::bundle::{Bundle, BundleHeader};
use sequoia_openpgp::crypto::KeyPair;
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::{Literal, OnePassSig, Signature, one_pass_sig::OnePassSig3};
use sequoia_openpgp::serialize::stream::{Encryptor, Message, Recipient};
use sequoia_openpgp::serialize::{Serialize, SerializeInto};
use sequoia_openpgp::types::{DataFormat, HashAlgorithm, SignatureType};
use sequoia_openpgp::{Cert, Packet};
use tempfile::TempDir;

use crate::vendor;

/// Whatever `inner` is, encrypted to a certificate (SEIPDv1).
pub(crate) fn encrypted(recipient: &Cert, inner: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    let mut writer = encrypting(recipient, &mut sealed);
    writer.write_all(inner).unwrap();
    writer.finalize().unwrap();
    sealed
}

/// The same for what is too large to have in memory.
pub(crate) fn encrypting<'a>(
    recipient: &'a Cert,
    out: impl Write + Send + Sync + 'a,
) -> Message<'a> {
    let mut keys = recipient.keys().subkeys().map(|ka| ka.key());
    let key = keys.find(|key| key.pk_algo().for_encryption()).unwrap();
    let to = Recipient::new(None, key.key_handle(), key);
    let mut encryptor = Encryptor::for_recipients(Message::new(out), [to]);
    if recipient.primary_key().key().version() == 4 {
        encryptor = encryptor.symmetric_algo(sequoia_openpgp::types::SymmetricAlgorithm::AES256);
    }
    encryptor.build().unwrap()
}

/// The text `text`, encrypted to a certificate.
pub(crate) fn encrypted_text(recipient: &Cert) -> Vec<u8> {
    encrypted(recipient, &bytes(&[literal(b"text")]))
}

/// A literal packet with this content, and no name.
pub(crate) fn literal(content: &[u8]) -> Packet {
    named_literal(b"", content)
}

pub(crate) fn named_literal(name: &[u8], content: &[u8]) -> Packet {
    let mut literal = Literal::new(DataFormat::Binary);
    literal.set_body(content.to_vec());
    if !name.is_empty() {
        literal.set_filename(name).unwrap();
    }
    literal.into()
}

/// A signature over `content`, made a minute ago, with whatever `change` does to it before.
pub(crate) fn signature(
    mut by: KeyPair,
    content: &[u8],
    change: impl FnOnce(SignatureBuilder) -> SignatureBuilder,
) -> Signature {
    let builder = SignatureBuilder::new(SignatureType::Binary)
        .set_hash_algo(HashAlgorithm::SHA512)
        .set_signature_creation_time(vendor::now() - Duration::from_mins(1))
        .unwrap();
    change(builder).sign_message(&mut by, content).unwrap()
}

/// The packet that announces a signature.
pub(crate) fn one_pass(signature: &Signature) -> OnePassSig {
    let mut announced = OnePassSig3::try_from(signature).unwrap();
    announced.set_last(true);
    announced.into()
}

/// A literal within a signature.
pub(crate) fn signed(signature: Signature, content: &[u8]) -> Vec<u8> {
    bytes(&[
        one_pass(&signature).into(),
        literal(content),
        signature.into(),
    ])
}

pub(crate) fn bytes(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        packet.serialize(&mut bytes).unwrap();
    }
    bytes
}

/// A bundle that encloses these certificates to answer to.
pub(crate) fn bundle(enclosed: &[&Cert], attachments: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let mut binary = Vec::new();
    for cert in enclosed {
        cert.export(&mut binary).unwrap();
    }
    let mut bundle = Bundle::new(BundleHeader {
        report_md: b"# Report\n".to_vec(),
        report_json: b"{}\n".to_vec(),
        reporter: (!enclosed.is_empty()).then_some(binary),
        program: None,
        created: jiff::civil::date(2026, 11, 22),
    })
    .unwrap();
    for (name, content) in attachments {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        bundle.attach(&path).unwrap();
    }
    let mut bytes = Vec::new();
    bundle.write_to(&mut bytes, &mut |_| {}).unwrap();
    bytes
}

/// A certificate with more packets.
pub(crate) fn with(cert: &Cert, packets: Vec<Packet>) -> Cert {
    cert.clone().insert_packets(packets).unwrap().0
}

/// One certificate as it is, unsorted and unjudged.
pub(crate) fn binary(cert: &Cert) -> Vec<u8> {
    cert.clone().strip_secret_key_material().to_vec().unwrap()
}
