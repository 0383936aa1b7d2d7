//! The mail that asks a vendor for its key: in the clear, so it says nothing of any finding.
//!
//! RFC 2046 section 5.1.3 (multipart/mixed), RFC 3156 section 7 (`application/pgp-keys`).

use std::io::Write;

use super::{
    ComposeError, Parties, Stamp, field::Field, quoted::QuotedPrintable, report_mail::common,
};

/// The question for a key, with the key to answer to.
pub struct KeyRequest {
    fields: Vec<Field>,
    boundary: String,
    /// The certificate to answer to, armoured.
    key: Vec<u8>,
}

impl KeyRequest {
    /// The question to `parties.to`, with `key`, an armoured certificate.
    #[must_use]
    pub fn new(parties: &Parties, stamp: &Stamp, key: Vec<u8>) -> Self {
        Self {
            fields: common(parties, stamp, Field::fixed("Subject", SUBJECT)),
            boundary: stamp.outer_boundary(),
            key,
        }
    }

    /// The whole mail, with CRLF.
    ///
    /// # Errors
    /// None that memory gives.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ComposeError> {
        let boundary = &self.boundary;
        let mut mail = Vec::new();
        let structure = [
            Field::fixed("MIME-Version", "1.0"),
            Field::fixed("Content-Type", "multipart/mixed").with("boundary", boundary),
        ];
        for field in self.fields.iter().chain(&structure) {
            field.write_to(&mut mail);
        }
        write!(
            mail,
            "\r\n--{boundary}\r\nContent-Type: text/plain; charset=\"us-ascii\"\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        )?;
        let mut text = QuotedPrintable::new(mail);
        text.write_all(TEXT.as_bytes())?;
        let mut mail = text.finish()?;
        write!(
            mail,
            "\r\n--{boundary}\r\nContent-Type: application/pgp-keys\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\
             Content-Disposition: attachment; filename=\"reporter.asc\"\r\n\r\n"
        )?;
        let mut key = QuotedPrintable::new(mail);
        key.write_all(&self.key)?;
        let mut mail = key.finish()?;
        write!(mail, "\r\n--{boundary}--\r\n")?;
        Ok(mail)
    }
}

/// The same for everybody.
const SUBJECT: &str = "Your OpenPGP key";

/// Says why a key is wanted, and nothing else. The same for everybody.
const TEXT: &str = "\
Hello,

I would like to write to you about the security of something that you are
responsible for, so that nobody but you can read it. I could not find an
OpenPGP key of yours that I can trust.

Please answer with your public OpenPGP key, and tell me where I can compare
its fingerprint: on your own website, for example in security.txt
(RFC 9116), or in Web Key Directory.

My public key is attached. Please encrypt your answer to it.

If you would rather not use OpenPGP, tell me which other way of writing to
you in confidence you offer. I will send no details in the clear.
";
