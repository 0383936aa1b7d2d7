//! A sealed report as a mail: PGP/MIME around a protected payload.
//!
//! RFC 3156 section 4 (exactly two parts), RFC 9788 section 4.1: outside stands what carries the
//! mail and nothing else, the same for everybody.

use std::{io::Write, time::SystemTime};

use super::{
    Autocrypt, ComposeError, Stamp,
    crlf::{Counted, Crlf},
    field::Field,
    payload::Payload,
};
use crate::{
    bundle::Bundle,
    openpgp::{Envelope, Signer},
    program::MailAddress,
};

/// Who writes to whom.
#[derive(Clone, Debug)]
pub struct Parties {
    /// The sender; left out, whoever sends the mail puts an address in.
    pub from: Option<MailAddress>,
    /// The vendor.
    pub to: MailAddress,
    /// The key to answer to, for everybody to see; only with a sender.
    pub autocrypt: Option<Autocrypt>,
}

/// Who can open a mail, and who signs it when.
pub struct Sealer<'a> {
    /// Whom it is for; armoured.
    pub envelope: &'a Envelope,
    /// Who signs.
    pub signer: Option<Signer>,
    /// The time of the signature.
    pub now: SystemTime,
}

/// A report as a mail, before it is sealed.
pub struct ReportMail<'a> {
    outside: Vec<Field>,
    boundary: String,
    payload: Payload<'a>,
}

impl<'a> ReportMail<'a> {
    /// The mail that carries `bundle`. `subject` is told to the recipient alone.
    #[must_use]
    pub fn new(bundle: &'a Bundle, subject: &str, parties: &Parties, stamp: &Stamp) -> Self {
        let outside = common(parties, stamp, Field::fixed("Subject", OUTER_SUBJECT));
        let inside = common(parties, stamp, Field::text("Subject", subject));
        let as_sent = outside.iter().map(Field::as_sent_outside);
        Self {
            boundary: stamp.outer_boundary(),
            payload: Payload {
                header: inside.into_iter().chain(as_sent).collect(),
                boundary: stamp.inner_boundary(),
                bundle,
            },
            outside,
        }
    }

    /// The size of what will be encrypted, in bytes: the next Padmé length.
    ///
    /// # Errors
    /// [`ComposeError`] when the bundle cannot be read.
    pub fn payload_size(&self) -> Result<u64, ComposeError> {
        self.payload.size()
    }

    /// The size of the whole mail, in bytes, before it is sealed: never too small, and at most a few
    /// kilobytes too large, since the exact size of a signature is known only once it was made.
    ///
    /// # Errors
    /// [`ComposeError`] when the bundle cannot be read, or the rehearsal of sealing fails.
    pub fn size(&self, sealer: &Sealer<'_>) -> Result<u64, ComposeError> {
        let gauge = Crlf(Counted::new(std::io::sink()));
        let payload = self.payload_size()?;
        let (signer, now) = (sealer.signer.as_ref(), sealer.now);
        let Crlf(counted) = sealer.envelope.rehearse(gauge, payload, signer, now)?;
        let around = self.head().len() + self.tail().len();
        Ok(counted.written + around as u64)
    }

    /// Writes the mail, sealed, and gives the output back; `progress` is told how much of the
    /// payload was written.
    ///
    /// # Errors
    /// [`ComposeError`] when an attachment changed, or writing or sealing fails.
    pub fn seal<W: Write + Send + 'static>(
        &self,
        mut out: W,
        sealer: Sealer<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<W, ComposeError> {
        out.write_all(&self.head())?;
        let Sealer {
            envelope,
            signer,
            now,
        } = sealer;
        let mut sealing = envelope.seal(Crlf(out), signer, now)?;
        self.payload.write_to(&mut sealing, progress)?;
        let Crlf(mut out) = sealing.finish()?;
        out.write_all(self.tail().as_bytes())?;
        Ok(out)
    }

    fn head(&self) -> Vec<u8> {
        let boundary = &self.boundary;
        let content_type = Field::fixed("Content-Type", "multipart/encrypted")
            .with("protocol", "application/pgp-encrypted")
            .with("boundary", boundary);
        let mut head = Vec::new();
        let structure = [Field::fixed("MIME-Version", "1.0"), content_type];
        for field in self.outside.iter().chain(&structure) {
            field.write_to(&mut head);
        }
        let control = format!(
            "\r\n--{boundary}\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        );
        let message = format!(
            "\r\n--{boundary}\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n\
             Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n"
        );
        head.extend_from_slice(control.as_bytes());
        head.extend_from_slice(message.as_bytes());
        head
    }

    fn tail(&self) -> String {
        format!("\r\n--{}--\r\n", self.boundary)
    }
}

/// The fields that a mail has outside and inside.
pub(super) fn common(parties: &Parties, stamp: &Stamp, subject: Field) -> Vec<Field> {
    let from = parties.from.as_ref();
    let autocrypt = parties.autocrypt.as_ref().filter(|_| from.is_some());
    let mut fields = vec![stamp.date()];
    fields.extend(from.map(|from| Field::address("From", from)));
    fields.extend([
        Field::address("To", &parties.to),
        subject,
        stamp.message_id(from),
    ]);
    fields.extend(autocrypt.map(Autocrypt::field));
    fields
}

/// RFC 9788 section 3.2.1: never translated, so that it tells nobody's language.
const OUTER_SUBJECT: &str = "[...]";
