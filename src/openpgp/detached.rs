//! A signature beside a text that is too large to hold in memory: the signed part of a mail.
//!
//! RFC 9580 section 10.4 (detached signatures), RFC 3156 section 5 (the text ends its lines with
//! CRLF, whatever became of them on the way).

use std::{
    io::{self, Read},
    time::SystemTime,
};

use sequoia_openpgp::{
    Result as LibraryResult, armor,
    crypto::hash::Context,
    packet::{
        Key, Signature,
        key::{PublicParts, UnspecifiedRole},
    },
    types::SignatureType,
};

use super::{
    Authenticated, Certificate, SignatureVerdict, SignerOrigin,
    signature::{self, Matches},
};

/// Whether one of the certificates made the armoured `signature` over the text that `content`
/// starts to read, as often as it is called. `message` is the encryption around both.
///
/// What cannot be read, be it the signature or the text, is a bad signature.
#[must_use]
pub fn verify_text(
    signature: &[u8],
    content: &dyn Fn() -> io::Result<Box<dyn Read>>,
    (given, enclosed): (&[Certificate], &[Certificate]),
    message: &Authenticated,
    now: SystemTime,
) -> SignatureVerdict {
    let signatures = match dearmor(signature) {
        Ok(signatures) if !signatures.is_empty() => signatures,
        Ok(_) => return unknown(),
        Err(why) => {
            let why = format!("it cannot be read: {why:#}");
            return SignatureVerdict::Bad { why };
        }
    };
    let given = given.iter().map(|one| (one, SignerOrigin::Given));
    let enclosed = enclosed.iter().map(|one| (one, SignerOrigin::Enclosed));
    let certificates: Vec<_> = given.chain(enclosed).collect();
    let matches: &Matches<'_> = &|signature, key| matches(signature, key, content()?);
    let opened_by = message.opened_by.as_ref();
    match signature::judge(&signatures, &certificates, opened_by, now, matches) {
        SignatureVerdict::Unsigned => unknown(),
        verdict => verdict,
    }
}

/// A signature of an unknown version is somebody's signature still.
fn unknown() -> SignatureVerdict {
    SignatureVerdict::UnknownSigner {
        issuers: Vec::new(),
    }
}

fn matches(
    signature: &Signature,
    key: &Key<PublicParts, UnspecifiedRole>,
    content: Box<dyn Read>,
) -> LibraryResult<()> {
    let of_documents = matches!(signature.typ(), SignatureType::Binary | SignatureType::Text);
    anyhow::ensure!(of_documents, "it is made for something else than a text");
    let mut hash = signature
        .hash_algo()
        .context()?
        .for_signature(signature.version());
    if let Some(salt) = signature.salt() {
        hash.update(salt);
    }
    digest(&mut hash, content)?;
    signature.verify_hash(key, hash)
}

/// Digests a text with CRLF for each LF that has no CR.
fn digest(hash: &mut Context, mut content: Box<dyn Read>) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    let mut after_return = false;
    loop {
        let count = match content.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        if count == 0 {
            return Ok(());
        }
        let text = buffer.get(..count).unwrap_or_default();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(before) => {
                    let ends = before.last().map_or(after_return, |last| *last == b'\r');
                    hash.update(before);
                    hash.update(if ends { b"\n" } else { b"\r\n" });
                }
                None => hash.update(line),
            }
            after_return = line.ends_with(b"\r");
        }
    }
}

fn dearmor(block: &[u8]) -> LibraryResult<Vec<Signature>> {
    let mode = armor::ReaderMode::Tolerant(Some(armor::Kind::Signature));
    let mut binary = Vec::new();
    armor::Reader::from_bytes(block, mode).read_to_end(&mut binary)?;
    signature::read(&binary)
}
