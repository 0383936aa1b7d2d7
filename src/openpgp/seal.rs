//! Sealing: a stream in, an OpenPGP message out that only the recipients read.
//!
//! RFC 9580 sections 5.13 (containers), 5.9 (literal), 10.3. Never compressed; the literal has no
//! name and no date. The type of the addressee is the proof that its certificate was judged.

use std::{
    fmt,
    io::{self, Read, Write},
    time::{Duration, SystemTime},
};

use sequoia_openpgp::{
    Packet, Result as LibraryResult,
    crypto::{self, S2K, SessionKey},
    packet::{
        PKESK, SKESK,
        pkesk::{PKESK3, PKESK6},
        skesk::{SKESK4, SKESK6},
    },
    serialize::MarshalInto,
    types::{AEADAlgorithm, HashAlgorithm, PublicKeyAlgorithm},
};

use super::{
    Certificate, Fingerprint, Passphrase, Recipient, SealError, Sealing,
    container::{CIPHER, ContainerWriter},
    sealing::Sink,
    signing::Signing,
};

/// The encrypted container of a message (RFC 9580 section 5.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Version 1, AES-256 with a modification detection code: everyone reads it.
    Seipdv1,
    /// Version 2, AES-256 in OCB mode: RFC 9580.
    Seipdv2,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seipdv1 => "SEIPDv1",
            Self::Seipdv2 => "SEIPDv2",
        })
    }
}

/// Who can open the message.
#[derive(Debug)]
enum Addressee {
    Recipients(Vec<Recipient>),
    Passphrase(Passphrase),
}

/// Something that signs: a certificate and its unlocked key.
pub struct Signer {
    certificate: Certificate,
    key: Box<dyn crypto::Signer + Send + Sync>,
    round_to_day: bool,
}

impl Signer {
    pub(super) fn new(
        certificate: Certificate,
        key: Box<dyn crypto::Signer + Send + Sync>,
    ) -> Self {
        Self {
            certificate,
            key,
            round_to_day: false,
        }
    }

    /// States the day of signing alone, and not the hour at which the reporter works.
    #[must_use]
    pub fn rounded_to_day(mut self) -> Self {
        self.round_to_day = true;
        self
    }

    /// The certificate that verifies what this signs.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The very key that signs, a subkey as a rule.
    #[must_use]
    pub fn signing_key(&self) -> Fingerprint {
        (&self.key.public().fingerprint()).into()
    }

    /// Whether to sign takes less time than to have another thread do it: with Ed25519, and not with RSA.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        let algorithm = self.key.public().pk_algo();
        matches!(
            algorithm,
            PublicKeyAlgorithm::Ed25519 | PublicKeyAlgorithm::EdDSA
        )
    }

    /// The most bytes that a signature and what announces it take.
    fn room(&self, recipients: usize) -> u64 {
        let mpis = self.key.public().mpis().serialized_len() as u64;
        SIGNATURE_ROOM + 2 * mpis + INTENDED_ROOM * recipients as u64
    }

    pub(super) fn key(&mut self) -> &mut dyn crypto::Signer {
        &mut self.key
    }

    /// Never before the key was made: a clock that is wrong must not make the signature bad.
    pub(super) fn time(&self, now: SystemTime) -> SystemTime {
        let mut time = now;
        if self.round_to_day {
            let seconds = now
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs();
            time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds - seconds % 86_400);
        }
        time.max(self.key.public().creation_time())
    }

    /// SHA-256 where the key allows it: half the time of SHA-512 on today's processors.
    pub(super) fn hash(&self) -> HashAlgorithm {
        let acceptable = self.key.acceptable_hashes();
        let strong_curve = matches!(
            self.key.public().pk_algo(),
            PublicKeyAlgorithm::Ed25519
                | PublicKeyAlgorithm::EdDSA
                | PublicKeyAlgorithm::RSAEncryptSign
        );
        if strong_curve && acceptable.contains(&HashAlgorithm::SHA256) {
            HashAlgorithm::SHA256
        } else {
            HashAlgorithm::SHA512
        }
    }
}

/// Everything about a sealed report but its content.
#[derive(Debug)]
pub struct Envelope {
    addressee: Addressee,
    container: Container,
    hidden: bool,
    armored: bool,
}

impl Envelope {
    /// To one or more certificates. One is named in the message; several are all hidden, so that
    /// none of them learns of the others.
    ///
    /// The container is the newest that all recipients read, or the one that is `wanted`.
    ///
    /// # Errors
    /// [`SealError::NotAdvertised`] if version 2 is wanted and a recipient does not read it.
    pub fn to(recipients: Vec<Recipient>, wanted: Option<Container>) -> Result<Self, SealError> {
        let unable = recipients
            .iter()
            .find(|recipient| !recipient.reads_seipdv2());
        let container = match (wanted, unable) {
            (Some(Container::Seipdv2), Some(recipient)) => {
                let fingerprint = recipient.certificate().fingerprint().to_string();
                return Err(SealError::NotAdvertised { fingerprint });
            }
            (Some(wanted), _) => wanted,
            (None, Some(_)) => Container::Seipdv1,
            (None, None) => Container::Seipdv2,
        };
        let hidden = recipients.len() > 1;
        Ok(Self {
            addressee: Addressee::Recipients(recipients),
            container,
            hidden,
            armored: false,
        })
    }

    /// To whoever knows `passphrase`: derived with Argon2id for version 2, and with the iterated
    /// and salted S2K that everyone reads for version 1.
    #[must_use]
    pub fn with_passphrase(passphrase: Passphrase, container: Container) -> Self {
        Self {
            addressee: Addressee::Passphrase(passphrase),
            container,
            hidden: false,
            armored: false,
        }
    }

    /// Without naming the recipient, even if there is one alone: whoever passes the message on shall not
    /// learn who reads it.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// In the ASCII armour.
    #[must_use]
    pub fn armored(mut self, armored: bool) -> Self {
        self.armored = armored;
        self
    }

    /// The container that will be used.
    #[must_use]
    pub fn container(&self) -> Container {
        self.container
    }

    /// Whether the message will not say whom it is for.
    #[must_use]
    pub fn hides_recipients(&self) -> bool {
        self.hidden
    }

    /// The recipients, none for a passphrase.
    #[must_use]
    pub fn recipients(&self) -> &[Recipient] {
        match &self.addressee {
            Addressee::Recipients(recipients) => recipients,
            Addressee::Passphrase(_) => &[],
        }
    }

    /// Starts the message on `out`; what is written to the result is sealed.
    ///
    /// # Errors
    /// [`SealError`] when writing or the cryptographic library fails.
    pub fn seal<W: Write + Send + 'static>(
        &self,
        out: W,
        signer: Option<Signer>,
        now: SystemTime,
    ) -> Result<Sealing<W>, SealError> {
        self.start(out, signer, now).map_err(explain)
    }

    /// Writes what sealing `content` bytes would write, with zeros in their place and without a
    /// signature, for which room is left: to learn the size. It is never smaller than that of the
    /// real message, and larger by 4 KiB at most.
    ///
    /// # Errors
    /// As [`Envelope::seal`].
    pub fn rehearse<W: Write + Send + 'static>(
        &self,
        out: W,
        content: u64,
        signer: Option<&Signer>,
        now: SystemTime,
    ) -> Result<W, SealError> {
        let room = signer.map_or(0, |signer| signer.room(self.recipients().len()));
        let mut sealing = self.seal(out, None, now)?;
        let mut zeros = io::repeat(0).take(content.saturating_add(room + MPI_ROOM));
        io::copy(&mut zeros, &mut sealing).map_err(SealError::Write)?;
        sealing.finish()
    }

    fn start<W: Write + Send + 'static>(
        &self,
        out: W,
        signer: Option<Signer>,
        now: SystemTime,
    ) -> LibraryResult<Sealing<W>> {
        let mut sink = Sink::new(out, self.armored)?;
        let session_key = SessionKey::new(CIPHER.key_size()?)?;
        for packet in self.session_key_packets(&session_key)? {
            // Not straight into the sink, which would get it octet by octet.
            sink.write_all(&packet.to_vec()?)?;
        }
        let mut container = ContainerWriter::new(sink, self.container, &session_key)?;
        // Among several, each would learn of the others, and the vendor who the reporter is.
        let intended = match self.recipients() {
            [recipient] => vec![recipient.certificate().cert().fingerprint()],
            _ => Vec::new(),
        };
        let signing = signer
            .map(|signer| Signing::begin(signer, intended, now, &mut container))
            .transpose()?;
        Ok(Sealing::new(container, signing)?)
    }

    /// The session key once for each recipient, or for the passphrase.
    fn session_key_packets(&self, session_key: &SessionKey) -> LibraryResult<Vec<Packet>> {
        let recipients = match &self.addressee {
            Addressee::Recipients(recipients) => recipients,
            Addressee::Passphrase(passphrase) => {
                return Ok(vec![
                    self.passphrase_packet(session_key, passphrase)?.into(),
                ]);
            }
        };
        recipients
            .iter()
            .map(|recipient| {
                let key = recipient.key();
                let name = (!self.hidden).then(|| key.key_handle());
                let pkesk: PKESK = match self.container {
                    Container::Seipdv1 => {
                        let mut pkesk = PKESK3::for_recipient(CIPHER, session_key, key)?;
                        pkesk.set_recipient(name.map(Into::into));
                        pkesk.into()
                    }
                    Container::Seipdv2 => {
                        let mut pkesk = PKESK6::for_recipient(session_key, key)?;
                        pkesk.set_recipient(name.map(TryInto::try_into).transpose()?);
                        pkesk.into()
                    }
                };
                Ok(pkesk.into())
            })
            .collect()
    }

    fn passphrase_packet(
        &self,
        session_key: &SessionKey,
        passphrase: &Passphrase,
    ) -> LibraryResult<SKESK> {
        let password = passphrase.as_password();
        Ok(match self.container {
            Container::Seipdv1 => {
                SKESK4::with_password(CIPHER, CIPHER, iterated()?, session_key, password)?.into()
            }
            Container::Seipdv2 => SKESK6::with_password(
                CIPHER,
                CIPHER,
                AEADAlgorithm::OCB,
                argon2id()?,
                session_key,
                password,
            )?
            .into(),
        })
    }
}

pub(super) fn explain(error: anyhow::Error) -> SealError {
    match error.downcast::<io::Error>() {
        Ok(error) => SealError::Write(error),
        Err(error) => SealError::Library(error),
    }
}

/// The S2K for everything that GnuPG must read: its own highest count (RFC 9580 section 3.7.1.3).
pub(super) fn iterated() -> LibraryResult<S2K> {
    S2K::new_iterated(HashAlgorithm::SHA256, 65_011_712)
}

/// Argon2id with 32 MiB, six passes, four lanes (RFC 9580 section 3.7.1.4): as costly as the
/// second recommendation of RFC 9106, in half its memory, which the whole program must fit in.
pub(super) fn argon2id() -> LibraryResult<S2K> {
    let mut salt = [0; 16];
    crypto::random(&mut salt)?;
    Ok(S2K::Argon2 {
        salt,
        t: 6,
        p: 4,
        m: 15,
    })
}

/// The packets of a signature without its arithmetic: a one-pass signature and some subpackets.
const SIGNATURE_ROOM: u64 = 512;

/// One intended recipient.
const INTENDED_ROOM: u64 = 40;

/// Leading zeros of the numbers in a session key packet are left out, so it may be shorter once.
const MPI_ROOM: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use sequoia_openpgp::cert::{CertBuilder, CipherSuite};

    #[test]
    fn other_curves_than_that_of_ed25519_are_not_quick() {
        for (suite, is) in [(CipherSuite::Cv25519, true), (CipherSuite::P256, false)] {
            let builder = CertBuilder::new().set_cipher_suite(suite);
            let (cert, _) = builder.generate().unwrap();
            let key = cert.primary_key().key().clone();
            let key = key.parts_into_secret().unwrap().into_keypair().unwrap();
            let signer = Signer::new(Certificate::new(cert), Box::new(key));
            assert_eq!(signer.is_quick(), is, "{suite:?}");
        }
    }
}
