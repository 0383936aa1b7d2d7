//! The signature around a content.
//!
//! RFC 9580 sections 5.4 (one-pass signature), 5.2 (signature) and 5.2.4 (over a document, only
//! the body of the literal packet is hashed; version 6 puts its salt first).

use std::{io::Write, time::SystemTime};

use sequoia_openpgp::{
    Fingerprint, Packet, Result as LibraryResult,
    crypto::{self, hash::Context},
    packet::{
        Key,
        key::{PublicParts, UnspecifiedRole},
        one_pass_sig::{OnePassSig3, OnePassSig6},
        signature::SignatureBuilder,
    },
    serialize::Serialize,
    types::{HashAlgorithm, SignatureType},
};

use super::{Signer, hashing};

/// A content that is being signed.
pub(super) struct Signing {
    signer: Signer,
    template: SignatureBuilder,
    hash: Context,
}

impl Signing {
    /// Announces the signature on `sink`.
    pub(super) fn begin(
        mut signer: Signer,
        intended: Vec<Fingerprint>,
        now: SystemTime,
        sink: &mut dyn Write,
    ) -> LibraryResult<Self> {
        let algorithm = signer.hash();
        let mut template = SignatureBuilder::new(SignatureType::Binary)
            .set_signature_creation_time(signer.time(now))?;
        if !intended.is_empty() {
            template = template.set_intended_recipients(intended)?;
        }
        let key = signer.key().public();
        if key.version() == 6 {
            let mut salt = vec![0; algorithm.salt_size()?];
            crypto::random(&mut salt)?;
            template = template.set_prefix_salt(salt).0;
        }
        let hash = hashing::begin(algorithm, key.version(), template.prefix_salt())?;
        announcement(key, algorithm, template.prefix_salt()).serialize(sink)?;
        Ok(Self {
            signer,
            template,
            hash,
        })
    }

    /// Takes the next bytes of the content.
    pub(super) fn update(&mut self, content: &[u8]) {
        self.hash.update(content);
    }

    /// Signs, and writes the signature to `sink`.
    pub(super) fn finish(mut self, sink: &mut dyn Write) -> LibraryResult<()> {
        let signature = self.template.sign_hash(self.signer.key(), self.hash)?;
        Packet::from(signature).serialize(sink)
    }
}

/// Version 6 keys make version 6 signatures, older ones version 4, announced by version 3.
fn announcement(
    key: &Key<PublicParts, UnspecifiedRole>,
    algorithm: HashAlgorithm,
    salt: Option<&[u8]>,
) -> Packet {
    if let Some(salt) = salt {
        let mut announced = OnePassSig6::new(SignatureType::Binary, key.fingerprint());
        announced.set_pk_algo(key.pk_algo());
        announced.set_hash_algo(algorithm);
        announced.set_salt(salt.to_vec());
        announced.set_last(true);
        return announced.into();
    }
    let mut announced = OnePassSig3::new(SignatureType::Binary);
    announced.set_pk_algo(key.pk_algo());
    announced.set_hash_algo(algorithm);
    announced.set_issuer(key.keyid());
    announced.set_last(true);
    announced.into()
}
