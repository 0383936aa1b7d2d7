//! The header that carries the sender's key, so that answers come encrypted.
//!
//! Autocrypt Level 1, section 1.1 (the header) and 1.1.1 (the key data).

use data_encoding::BASE64;

use super::field::Field;
use crate::{openpgp::Certificate, program::MailAddress};

/// An address with the certificate to answer to.
#[derive(Clone, Debug)]
pub struct Autocrypt {
    address: MailAddress,
    key_data: String,
}

impl Autocrypt {
    /// The header for `certificate`, which should hold one User ID and one key to encrypt to:
    /// everybody on the way can read it.
    ///
    /// # Errors
    /// When the certificate cannot be exported.
    pub fn new(address: MailAddress, certificate: &Certificate) -> anyhow::Result<Self> {
        let key_data = BASE64.encode(&certificate.to_binary()?);
        Ok(Self { address, key_data })
    }

    /// Its field. The key is always the last attribute.
    pub(super) fn field(&self) -> Field {
        let mut pieces = vec![
            format!("addr={};", self.address),
            "prefer-encrypt=mutual;".to_owned(),
            "keydata=".to_owned(),
        ];
        let mut rest = self.key_data.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.floor_char_boundary(LINE));
            pieces.push(line.to_owned());
            rest = after;
        }
        Field::ours("Autocrypt", &pieces)
    }
}

const LINE: usize = 72;
