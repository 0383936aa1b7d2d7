//! The verdict on a receipt: whether an intake's word holds, against the very certificate that the
//! report was sealed to, and is about the very bytes that were sent.
//!
//! DESIGN.md, "The intake's HTTP contract". Serves promise 12: nothing is called delivered that did
//! not pass here.

use std::time::SystemTime;

use crate::{
    case::{NotAReceipt, Receipt},
    openpgp::{Certificate, Fingerprint, ReceiptError, VerifiedReceipt, is_cleartext_signed},
    wire::ReportId,
};

/// What the receipt has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The vendor's certificate, which the report was sealed to.
    pub certificate: &'a Certificate,
    /// The report's id, as the intake said.
    pub report: &'a ReportId,
    /// SHA-256 of the sealed report.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size: u64,
}

/// A receipt whose statement is about the very report that was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Attested {
    /// The vendor's key signed it.
    Signed(VerifiedReceipt),
    /// Nobody signed it: the intake's word alone, which proves nothing to others.
    Unsigned(Receipt),
}

/// Why a receipt is refused.
#[derive(Debug, thiserror::Error)]
pub enum NotAttested {
    /// The vendor's key did not sign it.
    #[error(transparent)]
    Signed(#[from] ReceiptError),
    /// It is not signed, and no receipt either.
    #[error("the receipt cannot be read")]
    Unsigned(#[from] NotAReceipt),
    /// For other bytes.
    #[error("the receipt is for another report: its {0} is another one")]
    OtherReport(&'static str),
}

impl Attested {
    /// Judges a receipt as it came from the intake.
    ///
    /// # Errors
    /// [`NotAttested`]: it proves nothing, and nothing may be called delivered because of it.
    pub fn judge(
        bytes: &[u8],
        expected: &Expected<'_>,
        now: SystemTime,
    ) -> Result<Self, NotAttested> {
        let attested = if is_cleartext_signed(bytes) {
            Self::Signed(VerifiedReceipt::verify(bytes, expected.certificate, now)?)
        } else {
            Self::Unsigned(Receipt::from_text(&String::from_utf8_lossy(bytes))?)
        };
        let receipt = attested.receipt();
        let differs = if receipt.report != expected.report.as_str() {
            Some("id")
        } else if !receipt.covers(&expected.sha256, expected.size) {
            Some("SHA-256 or size")
        } else if receipt.key != expected.certificate.fingerprint().as_hex() {
            Some("key")
        } else {
            None
        };
        match differs {
            Some(what) => Err(NotAttested::OtherReport(what)),
            None => Ok(attested),
        }
    }

    /// What it says.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::Signed(verified) => verified.receipt(),
            Self::Unsigned(receipt) => receipt,
        }
    }

    /// The key that signed it, which the intake holds.
    #[must_use]
    pub fn key(&self) -> Option<&Fingerprint> {
        match self {
            Self::Signed(verified) => Some(verified.key()),
            Self::Unsigned(_) => None,
        }
    }
}
