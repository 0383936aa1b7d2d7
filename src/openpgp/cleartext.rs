//! Signed texts that people can read: a signed security.txt, a receipt; and signatures in a file
//! of their own.
//!
//! RFC 9580 section 7 (cleartext signature framework) and section 10.4 (detached signatures).
//! The text that is handed out is the very text that the signature is checked against.

use std::{io::Read, time::SystemTime};

use sequoia_openpgp::{
    Packet, Result as LibraryResult, armor,
    packet::{Signature, signature::SignatureBuilder},
    serialize::Serialize,
    types::SignatureType,
};

use super::{
    Certificate, CleartextError, KeyName, SignatureVerdict, Signer, SignerOrigin,
    frame::{self, Surroundings},
    signature::{self, Matches},
};

/// A text with signatures over it, which are not yet verified.
#[derive(Clone, Debug)]
pub struct SignedText {
    text: String,
    first_line: usize,
    surroundings: Surroundings,
    /// Those of known versions, or why they cannot be read.
    signatures: Result<Vec<Signature>, String>,
}

impl SignedText {
    /// What the signatures cover: lines that end with `\n`, the last one without, as they were
    /// before they were escaped. White space at the end of a line is not covered, and not here.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number, in the file, of the first line of the text; the first line of a file is 1.
    #[must_use]
    pub fn first_line(&self) -> usize {
        self.first_line
    }

    /// What stands around it.
    #[must_use]
    pub fn surroundings(&self) -> Surroundings {
        self.surroundings
    }

    /// Whether text stands before or behind it: nobody signed that.
    #[must_use]
    pub fn outside(&self) -> bool {
        self.surroundings == Surroundings::Text
    }

    /// What the signatures call their keys; empty where they do not, cannot be read, or are of
    /// versions that are not known here.
    #[must_use]
    pub fn issuers(&self) -> Vec<KeyName> {
        signature::issuers(self.signatures.iter().flatten())
    }

    /// Whether one of `certificates` signed the text: with a key that was valid then, whatever
    /// became of it since ([`Certificate::keys`] tells). The first copy of a certificate decides
    /// for it, so merge copies before.
    #[must_use]
    pub fn verify(&self, certificates: &[&Certificate], now: SystemTime) -> SignatureVerdict {
        let content = frame::canonical(self.text.as_bytes());
        let matches: &Matches<'_> = &|signature, key| signature.verify_message(key, &content);
        judge(self.signatures.as_deref(), certificates, now, matches)
    }
}

/// Reads a file with one signed text in it. What cannot be read of the signature itself makes the
/// verdict bad, and not the text unreadable.
///
/// # Errors
/// [`CleartextError`] when there is none or more than one, or readers could disagree about it.
pub fn read_cleartext(bytes: &[u8]) -> Result<SignedText, CleartextError> {
    let frame = frame::read(bytes)?;
    Ok(SignedText {
        signatures: dearmor(&frame.armored).map_err(unreadable),
        text: frame.text,
        first_line: frame.first_line,
        surroundings: frame.surroundings,
    })
}

/// `text` in a frame, signed. The line end behind it is not part of what is signed, nor is white
/// space at the end of its lines, which is left out.
///
/// # Errors
/// When the text cannot stand in a frame, or signing fails.
pub fn sign_cleartext(text: &str, signer: &mut Signer, now: SystemTime) -> anyhow::Result<Vec<u8>> {
    let text = frame::covered(text)?;
    let (time, hash) = (signer.time(now), signer.hash());
    let signature = SignatureBuilder::new(SignatureType::Text)
        .set_hash_algo(hash)
        .set_signature_creation_time(time)?
        .sign_message(signer.key(), frame::canonical(text.as_bytes()))?;
    // Old readers need the name of the hash, and those of version 6 need it not to be there.
    let name = (signature.version() < 6).then(|| hash.text_name());
    let begun = frame::write(&text, name.transpose()?);
    let mut armored = armor::Writer::new(begun.into_bytes(), armor::Kind::Signature)?;
    Packet::from(signature).serialize(&mut armored)?;
    Ok(armored.finalize()?)
}

/// Whether one of `certificates` signed `content`, as `signature` says: a file of its own, armoured
/// or binary. As [`SignedText::verify`].
#[must_use]
pub fn verify_detached(
    signature: &[u8],
    content: &[u8],
    certificates: &[&Certificate],
    now: SystemTime,
) -> SignatureVerdict {
    let signatures = if signature.len() > frame::MAX_FILE {
        Err(anyhow::anyhow!(
            "the signature has {} bytes",
            signature.len()
        ))
    } else if signature.first().is_some_and(|octet| octet & 0x80 != 0) {
        signature::read(signature)
    } else {
        dearmor(signature)
    };
    let signatures = signatures.map_err(unreadable);
    let matches: &Matches<'_> = &|signature, key| {
        if signature.typ() == SignatureType::Text {
            signature.verify_message(key, frame::canonical(content))
        } else {
            signature.verify_message(key, content)
        }
    };
    judge(signatures.as_deref(), certificates, now, matches)
}

/// A signature of an unknown version is somebody's signature still.
fn judge(
    signatures: Result<&[Signature], &String>,
    certificates: &[&Certificate],
    now: SystemTime,
    matches: &Matches<'_>,
) -> SignatureVerdict {
    let signatures = match signatures {
        Ok(signatures) => signatures,
        Err(why) => return SignatureVerdict::Bad { why: why.clone() },
    };
    let given: Vec<_> = certificates
        .iter()
        .map(|certificate| (*certificate, SignerOrigin::Given))
        .collect();
    match signature::judge(signatures, &given, None, now, matches) {
        SignatureVerdict::Unsigned => SignatureVerdict::UnknownSigner {
            issuers: Vec::new(),
        },
        verdict => verdict,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn unreadable(why: anyhow::Error) -> String {
    format!("it cannot be read: {why:#}")
}

fn dearmor(block: &[u8]) -> LibraryResult<Vec<Signature>> {
    let mode = armor::ReaderMode::Tolerant(Some(armor::Kind::Signature));
    let mut binary = Vec::new();
    armor::Reader::from_bytes(block, mode).read_to_end(&mut binary)?;
    signature::read(&binary)
}

#[cfg(test)]
mod tests;
