//! The verdict on a receipt: whether an intake's word holds, against the very certificate that the
//! report was sealed to.
//!
//! DESIGN.md, "The intake's HTTP contract"; RFC 9580 section 7. Serves promise 12, and "delivered"
//! is said of nothing that did not pass here.

use std::time::SystemTime;

use jiff::Timestamp;

use crate::{
    case::{NotAReceipt, Receipt},
    openpgp::{
        Certificate, CleartextError, Fingerprint, SignatureVerdict, is_cleartext_signed,
        read_cleartext,
    },
};

/// What the receipt has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The vendor's certificate, which the report was sealed to.
    pub certificate: &'a Certificate,
    /// SHA-256 of the sealed report.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size: u64,
}

/// A receipt whose statement is about the very bytes that were sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Attested {
    /// The vendor's key signed it.
    Signed {
        /// What it says.
        receipt: Receipt,
        /// When it was signed, as the signer said.
        at: Timestamp,
    },
    /// Nobody signed it: the intake's word alone, which proves nothing to others.
    Unsigned {
        /// What it says.
        receipt: Receipt,
    },
}

/// Why a receipt is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// It cannot be read.
    #[error("it is not UTF-8 text")]
    NotText,
    /// Not one signed text.
    #[error("its signed text cannot be read")]
    Frame(#[from] CleartextError),
    /// Words that nobody signed stand around what is signed.
    #[error("there is text around what is signed")]
    Outside,
    /// Signed by somebody else.
    #[error("it is signed by another key than the vendor's ({0})")]
    OtherKey(String),
    /// The signature does not hold.
    #[error("its signature does not hold: {0}")]
    BadSignature(String),
    /// The text is no receipt.
    #[error(transparent)]
    Form(#[from] NotAReceipt),
    /// For other bytes.
    #[error("it is for another report (its {0} is another one)")]
    OtherReport(&'static str),
}

impl Attested {
    /// What it says.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::Signed { receipt, .. } | Self::Unsigned { receipt } => receipt,
        }
    }

    /// Whether the vendor's key signed it.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        matches!(self, Self::Signed { .. })
    }
}

/// Judges a receipt as it came from the intake.
///
/// # Errors
/// [`ReceiptError`]: it proves nothing, and nothing may be called delivered because of it.
pub fn verify_receipt(
    bytes: &[u8],
    expected: &Expected<'_>,
    now: SystemTime,
) -> Result<Attested, ReceiptError> {
    let attested = if is_cleartext_signed(bytes) {
        signed(bytes, expected.certificate, now)?
    } else {
        let text = std::str::from_utf8(bytes).map_err(|_| ReceiptError::NotText)?;
        let receipt = Receipt::from_text(text)?;
        Attested::Unsigned { receipt }
    };
    let receipt = attested.receipt();
    let sha256 = data_encoding::HEXLOWER.encode(&expected.sha256);
    let key = receipt.key.parse::<Fingerprint>().ok();
    if receipt.sha256 != sha256 {
        return Err(ReceiptError::OtherReport("SHA-256"));
    }
    if receipt.size != expected.size {
        return Err(ReceiptError::OtherReport("size"));
    }
    if key != Some(expected.certificate.fingerprint()) {
        return Err(ReceiptError::OtherReport("key"));
    }
    Ok(attested)
}

fn signed(
    bytes: &[u8],
    certificate: &Certificate,
    now: SystemTime,
) -> Result<Attested, ReceiptError> {
    let text = read_cleartext(bytes)?;
    if text.outside() {
        return Err(ReceiptError::Outside);
    }
    match text.verify(&[certificate], now) {
        SignatureVerdict::Verified { at, .. } => Ok(Attested::Signed {
            receipt: Receipt::from_text(text.text())?,
            at,
        }),
        SignatureVerdict::Unsigned => Err(ReceiptError::BadSignature("there is none".to_owned())),
        SignatureVerdict::UnknownSigner { issuers } => {
            let issuers: Vec<_> = issuers.iter().map(ToString::to_string).collect();
            Err(ReceiptError::OtherKey(issuers.join(", ")))
        }
        SignatureVerdict::Bad { why } => Err(ReceiptError::BadSignature(why)),
    }
}
