//! The receipt: the intake's word that it holds a sealed report, as the JSON text that is signed.
//!
//! DESIGN.md, "The intake's HTTP contract". The signature around it is `openpgp`'s business; its
//! first member says what the text is, so that a signature over anything else cannot be taken for
//! one over a receipt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// What this is: [`Receipt::PURPOSE`], nothing else is read as a receipt.
    purpose: String,
    /// The report's id at the intake.
    pub report: String,
    /// SHA-256 of the sealed report, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// When the intake had all of it.
    pub received: Timestamp,
    /// The fingerprint of the certificate that the intake takes reports for.
    pub key: String,
}

/// A text that is not a receipt.
#[derive(Debug, thiserror::Error)]
pub enum NotAReceipt {
    /// Not JSON of this shape.
    #[error("it does not have the form of a receipt")]
    Form(#[from] serde_json::Error),
    /// Something else that was signed.
    #[error("it was signed for another purpose than a receipt")]
    Purpose,
}

impl Receipt {
    /// The value of the member `purpose`.
    pub const PURPOSE: &str = "sealpost receipt 1";

    /// A receipt for the sealed report with this digest and size.
    #[must_use]
    pub fn new(
        report: String,
        sha256: &[u8; 32],
        size: u64,
        received: Timestamp,
        key: String,
    ) -> Self {
        Self {
            purpose: Self::PURPOSE.to_owned(),
            report,
            sha256: data_encoding::HEXLOWER.encode(sha256),
            size,
            received,
            key,
        }
    }

    /// Whether it is for a sealed report with this digest and size.
    #[must_use]
    pub fn covers(&self, sha256: &[u8; 32], size: u64) -> bool {
        self.sha256 == data_encoding::HEXLOWER.encode(sha256) && self.size == size
    }

    /// The text that is signed: JSON, one member a line.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Strings and numbers alone: this cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads the text that was signed.
    ///
    /// # Errors
    /// [`NotAReceipt`].
    pub fn from_text(text: &str) -> Result<Self, NotAReceipt> {
        let receipt: Self = serde_json::from_str(text)?;
        if receipt.purpose == Self::PURPOSE {
            Ok(receipt)
        } else {
            Err(NotAReceipt::Purpose)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_reads_back_and_nothing_else_does() {
        let received = "2026-11-26T10:00:00Z".parse().unwrap();
        let receipt = Receipt::new("id".into(), &[7; 32], 4096, received, "AB".repeat(20));
        let text = receipt.to_text();
        assert_eq!(Receipt::from_text(&text).unwrap(), receipt);
        let other = text.replace("receipt 1", "greeting");
        assert!(matches!(
            Receipt::from_text(&other),
            Err(NotAReceipt::Purpose)
        ));
        assert!(Receipt::from_text("{}").is_err());
        assert!(Receipt::from_text(&text.replace("\"size\"", "\"length\"")).is_err());
    }
}
