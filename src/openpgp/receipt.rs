//! Signed receipts: the intake's word that it holds a report, believed only when the vendor's
//! certificate says so.
//!
//! RFC 9580 section 7. Serves promises 8 and 12: a [`VerifiedReceipt`] exists only for a text that
//! says it is a receipt, is signed by a key of the certificate, and names that certificate.

use std::time::SystemTime;

use jiff::Timestamp;

use super::{
    Certificate, CleartextError, Fingerprint, SignatureVerdict, Signer, Surroundings,
    read_cleartext, sign_cleartext,
};
use crate::case::{NotAReceipt, Receipt};

/// A receipt whose signature was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedReceipt {
    receipt: Receipt,
    key: Fingerprint,
    signed: Timestamp,
}

/// Why a text proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// It is not a signed text.
    #[error("the receipt cannot be read")]
    Frame(#[from] CleartextError),
    /// Something stands around the signed text.
    #[error("something that is not signed stands around the receipt")]
    Surrounded,
    /// No key of the vendor's signed it.
    #[error("the receipt is not signed by {certificate}: {why}")]
    Signature {
        /// The certificate that should have.
        certificate: Fingerprint,
        /// What there is instead.
        why: String,
    },
    /// The signature is good, and the text is none of a receipt.
    #[error("what was signed is no receipt")]
    Text(#[from] NotAReceipt),
    /// It was made for reports to another certificate.
    #[error("the receipt is for reports to {named}, not to {certificate}")]
    OtherKey {
        /// The certificate that it names.
        named: String,
        /// The certificate that it should name.
        certificate: Fingerprint,
    },
}

/// Signs a receipt.
///
/// # Errors
/// When signing fails.
pub fn sign_receipt(
    receipt: &Receipt,
    signer: &mut Signer,
    now: SystemTime,
) -> anyhow::Result<Vec<u8>> {
    sign_cleartext(&receipt.to_text(), signer, now)
}

impl VerifiedReceipt {
    /// Reads the signed text of a receipt, and believes it if `certificate` signed it.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(
        text: &[u8],
        certificate: &Certificate,
        now: SystemTime,
    ) -> Result<Self, ReceiptError> {
        let signed_text = read_cleartext(text)?;
        if signed_text.surroundings() != Surroundings::None {
            return Err(ReceiptError::Surrounded);
        }
        let not_signed = |why| ReceiptError::Signature {
            certificate: certificate.fingerprint(),
            why,
        };
        let (key, signed) = match signed_text.verify(&[certificate], now) {
            SignatureVerdict::Verified { key, at, .. } => (key, at),
            SignatureVerdict::Bad { why } => return Err(not_signed(why)),
            SignatureVerdict::Unsigned | SignatureVerdict::UnknownSigner { .. } => {
                return Err(not_signed("another key signed it".to_owned()));
            }
        };
        let receipt = Receipt::from_text(signed_text.text())?;
        if receipt.key != certificate.fingerprint().as_hex() {
            return Err(ReceiptError::OtherKey {
                named: receipt.key,
                certificate: certificate.fingerprint(),
            });
        }
        Ok(Self {
            receipt,
            key,
            signed,
        })
    }

    /// What a receipt says that nobody verified, for want of the certificate: it proves nothing.
    ///
    /// # Errors
    /// [`ReceiptError`] when it cannot be read.
    pub fn dangerous_unverified(text: &[u8]) -> Result<Receipt, ReceiptError> {
        Ok(Receipt::from_text(read_cleartext(text)?.text())?)
    }

    /// What it says.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The key that signed it: the one that the intake holds.
    #[must_use]
    pub fn key(&self) -> &Fingerprint {
        &self.key
    }

    /// When it was signed, as the intake says.
    #[must_use]
    pub fn signed(&self) -> Timestamp {
        self.signed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::{SecretKey, case_key, fixtures::now};

    fn key(seed: u8) -> SecretKey {
        case_key(&[seed; 32], &[2; 32]).unwrap()
    }

    fn receipt(key: &SecretKey) -> Receipt {
        let received = "2026-11-22T10:00:00Z".parse().unwrap();
        let fingerprint = key.certificate().fingerprint().to_string();
        Receipt::new("id".into(), &[7; 32], 4096, received, fingerprint)
    }

    fn signer(key: &SecretKey) -> Signer {
        key.signer(now(), &mut |_, _| Ok(None)).unwrap()
    }

    fn verify(text: &[u8], key: &SecretKey) -> Result<VerifiedReceipt, ReceiptError> {
        VerifiedReceipt::verify(text, &key.certificate(), now())
    }

    #[test]
    fn p12_one_signer_signs_many_and_each_is_believed() {
        let intake = key(1);
        let mut signer = signer(&intake);
        for size in 1..4 {
            let mut wanted = receipt(&intake);
            wanted.size = size;
            let text = sign_receipt(&wanted, &mut signer, now()).unwrap();
            let verified = verify(&text, &intake).unwrap();
            assert_eq!(verified.receipt(), &wanted);
            assert_eq!(verified.key(), &intake.certificate().fingerprint());
            assert!(wanted.covers(&[7; 32], size) && !wanted.covers(&[8; 32], size));
            assert!(!wanted.covers(&[7; 32], size + 1));
        }
    }

    #[test]
    fn p08_nothing_else_is_a_receipt() {
        let (intake, other) = (key(1), key(3));
        let good = sign_receipt(&receipt(&intake), &mut signer(&intake), now()).unwrap();
        let text = String::from_utf8(good.clone()).unwrap();
        assert!(verify(&good, &intake).is_ok());
        // Another key, another size, something around it, no signature at all.
        let by_other = sign_receipt(&receipt(&intake), &mut signer(&other), now()).unwrap();
        for (file, key) in [
            (good.clone(), &other),
            (by_other, &intake),
            (text.replace("4096", "4097").into(), &intake),
            (receipt(&intake).to_text().into(), &intake),
        ] {
            assert!(verify(&file, key).is_err());
        }
        for around in [format!("{{}}\n{text}"), format!("{text}\n{{}}")] {
            assert!(matches!(
                verify(around.as_bytes(), &intake),
                Err(ReceiptError::Surrounded)
            ));
        }
        // A good signature over something that is no receipt, or one of another intake.
        let greeting = receipt(&intake).to_text().replace("receipt 1", "greeting");
        let greeting = sign_cleartext(&greeting, &mut signer(&intake), now()).unwrap();
        assert!(matches!(
            verify(&greeting, &intake),
            Err(ReceiptError::Text(NotAReceipt::Purpose))
        ));
        let elsewhere = sign_receipt(&receipt(&other), &mut signer(&intake), now()).unwrap();
        assert!(matches!(
            verify(&elsewhere, &intake),
            Err(ReceiptError::OtherKey { .. })
        ));
    }
}
