//! A message that is being written: a literal packet and its signature on top, our container
//! below them, and the armour, if any, below that.
//!
//! RFC 9580 sections 5.9 (literal data) and 10.3 (a signed message).

use std::io::{self, BufWriter, Write};

use sequoia_openpgp::{Result as LibraryResult, armor};

use super::{
    SealError, container::ContainerWriter, literal::Literal, seal::explain, signing::Signing,
};

/// A message that is being written. Dropped before [`Sealing::finish`], it is worthless.
pub struct Sealing<W: Write + Send + 'static> {
    literal: Literal<Sink<W>>,
    signing: Option<Signing>,
}

impl<W: Write + Send + 'static> Sealing<W> {
    pub(super) fn new(
        container: ContainerWriter<Sink<W>>,
        signing: Option<Signing>,
    ) -> io::Result<Self> {
        let literal = Literal::begin(container)?;
        Ok(Self { literal, signing })
    }

    /// Lets `read` put the next bytes of the content, `most` of them, where they are encrypted,
    /// which saves a copy of them; says how many it read.
    ///
    /// # Errors
    /// That of `read`, or why writing failed.
    pub fn fill(
        &mut self,
        most: usize,
        read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Self { literal, signing } = self;
        literal.fill(most, |room| {
            let n = read(room)?;
            if let Some(signing) = signing {
                signing.update(room.get(..n).unwrap_or_default());
            }
            Ok(n)
        })
    }

    /// Writes the signature and the end of the container, and gives the output back.
    ///
    /// # Errors
    /// [`SealError`] when writing or signing fails.
    pub fn finish(self) -> Result<W, SealError> {
        let mut container = self.literal.finish().map_err(SealError::Write)?;
        if let Some(signing) = self.signing {
            signing.finish(&mut container).map_err(explain)?;
        }
        container
            .finish()
            .and_then(Sink::finish)
            .map_err(SealError::Write)
    }
}

impl<W: Write + Send + 'static> Write for Sealing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n = self.literal.write(buffer)?;
        if let Some(signing) = &mut self.signing {
            signing.update(&buffer[..n]);
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The output, armoured or not.
pub(super) enum Sink<W: Write> {
    Binary(W),
    Armored(armor::Writer<BufWriter<W>>),
}

impl<W: Write> Sink<W> {
    pub(super) fn new(out: W, armored: bool) -> LibraryResult<Self> {
        if !armored {
            return Ok(Self::Binary(out));
        }
        // The armour comes in single lines.
        let buffered = BufWriter::with_capacity(ARMOR_BUFFER, out);
        Ok(Self::Armored(armor::Writer::new(
            buffered,
            armor::Kind::Message,
        )?))
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Binary(out) => Ok(out),
            Self::Armored(writer) => writer
                .finalize()?
                .into_inner()
                .map_err(io::IntoInnerError::into_error),
        }
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Binary(out) => out.write(buffer),
            Self::Armored(writer) => writer.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Binary(out) => out.flush(),
            Self::Armored(writer) => writer.flush(),
        }
    }
}

const ARMOR_BUFFER: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use sequoia_openpgp::packet::Signature;

    use super::{
        super::{
            Container, DecryptionKeys, Envelope, Opening, SecretKey, SignatureVerdict,
            fixtures::{keys, now},
            lane::PIECE,
            layers::Layers,
            literal::PART,
            open,
            open::unlock,
        },
        *,
    };

    fn decryption(key: &SecretKey) -> DecryptionKeys<'static> {
        DecryptionKeys {
            secret: vec![key.clone()],
            agent: Box::new(|_| Ok(Vec::new())),
            ask: Box::new(|_, _| Ok(None)),
        }
    }

    /// What is read here: the content, and who signed it.
    fn opened(message: Vec<u8>, key: &SecretKey) -> (Vec<u8>, SignatureVerdict) {
        let limits = Opening { max_size: None };
        let mut message = open(io::Cursor::new(message), decryption(key), limits).unwrap();
        let mut content = Vec::new();
        message.read_to_end(&mut content).unwrap();
        let verdict = message
            .finish()
            .unwrap()
            .signature(&[key.certificate()], &[], now());
        (content, verdict)
    }

    /// What the library reads: the content, and whether this key signed it.
    fn opened_by_the_library(message: Vec<u8>, key: &SecretKey) -> (Vec<u8>, bool) {
        let unlocked = unlock(io::Cursor::new(message), decryption(key)).unwrap();
        let limits = Opening { max_size: None };
        let mut layers = Layers::begin(unlocked.contents, &unlocked.input, limits).unwrap();
        let mut content = Vec::new();
        layers.read_to_end(&mut content).unwrap();
        let signatures = layers.end().unwrap();
        let certificate = key.certificate();
        let verifies = |signature: &Signature| {
            let issuers = signature.get_issuers();
            let mut keys = certificate.cert().keys().key_handles(issuers.iter());
            keys.any(|ka| signature.verify_document(ka.key()).is_ok())
        };
        let all = signatures.all.len() == 1 && signatures.all.iter().all(verifies);
        (content, all && signatures.malformed.is_none())
    }

    #[test]
    fn every_length_around_the_boundaries_is_verified_here_and_by_the_library() {
        let keys = keys();
        for boundary in [0, PART - 6, 2 * PART - 6, PIECE, 2 * PIECE] {
            for length in boundary.saturating_sub(2)..boundary + 3 {
                let content: Vec<u8> = (0..=250).cycle().take(length).collect();
                for (key, container) in [
                    (&keys[0], Container::Seipdv1),
                    (&keys[1], Container::Seipdv1),
                    (&keys[1], Container::Seipdv2),
                ] {
                    let recipient = key.certificate().verdict(now()).recipient().unwrap();
                    let envelope = Envelope::to(vec![recipient], Some(container)).unwrap();
                    let signer = key.signer(now(), &mut |_, _| Ok(None)).unwrap();
                    let mut sealing = envelope.seal(Vec::new(), Some(signer), now()).unwrap();
                    for piece in content.chunks(PART / 3) {
                        sealing.write_all(piece).unwrap();
                    }
                    let message = sealing.finish().unwrap();
                    let (theirs, verified) = opened_by_the_library(message.clone(), key);
                    assert!(theirs == content && verified, "{container}, {length} bytes");
                    let (opened, verdict) = opened(message, key);
                    assert!(opened == content, "{container}, {length} bytes");
                    let verified = matches!(verdict, SignatureVerdict::Verified { .. });
                    assert!(verified, "{container}, {length} bytes: {verdict:?}");
                }
            }
        }
    }
}
