//! The record of a case: everything that the reporter's side remembers of it.
//!
//! Serves `case`. Nothing of the finding is in it, not even a title: the messages lie beside it as
//! they came, sealed. One JSON document of a version of its own; what cannot be read is an error and
//! never an absent case.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use super::Destination;
use crate::{
    case::{CaseName, CaseSecret, EmbargoTerms, Event, State},
    openpgp::{Certificate, Fingerprint, read_certificates},
    wire::{MessageId, MessageView, ReportId},
};

/// A case, as this machine knows it.
#[derive(Clone, Debug)]
pub struct CaseRecord {
    /// What everything else of it is derived from.
    pub secret: CaseSecret,
    /// The vendor, as in a pin.
    pub vendor: String,
    /// Where the report goes.
    pub destination: Destination,
    /// The vendor's certificate that the report was sealed to; `None` for one that went in clear.
    pub certificate: Option<Certificate>,
    /// The reporter's own key, where that signed the report instead of the key of the case.
    pub signed_by: Option<Fingerprint>,
    /// SHA-256 of the sealed report.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size: u64,
    /// When it was sealed.
    pub sealed: Timestamp,
    /// What was agreed on publication when it was sealed.
    pub embargo: EmbargoTerms,
    /// What the intake gave for it.
    pub delivered: Option<Delivered>,
    /// When somebody took it who gives no receipt, such as a mail server.
    pub handed_over: Option<Timestamp>,
    /// What was seen of it there.
    pub seen: Option<Seen>,
    /// What happened elsewhere, as the reporter noted it.
    pub noted: Vec<Event>,
    /// The messages that were fetched, oldest first.
    pub messages: Vec<MessageView>,
    /// Those of them that came out of a mailbox, and that the vendor did not sign.
    pub by_strangers: Vec<MessageId>,
    /// Whether it was begun through a proxy: which one is not kept.
    pub proxied: bool,
}

/// What an intake gave for a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivered {
    /// The report's id there.
    pub report: ReportId,
    /// The receipt, as it came.
    pub receipt: String,
}

/// The last look at a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// Where it stood.
    pub state: State,
    /// What had happened.
    pub timeline: Vec<Event>,
}

/// A case that no intake knows of.
#[derive(Debug, thiserror::Error)]
#[error("case {case} went {destination}: no intake knows of it")]
pub struct NoIntake {
    /// The case.
    pub case: CaseName,
    /// Where it went.
    pub destination: Destination,
}

/// Why bytes are not a record.
#[derive(Debug, thiserror::Error)]
pub enum NotARecord {
    /// Not JSON of this shape.
    #[error("it does not have the form of a record")]
    Form(#[from] serde_json::Error),
    /// Made by another version.
    #[error("it is a record of version {0}, not {VERSION}")]
    Version(u32),
    /// A value that is none.
    #[error("its {0} cannot be read")]
    Value(&'static str),
}

impl CaseRecord {
    /// Its local name.
    #[must_use]
    pub fn name(&self) -> CaseName {
        CaseName::of(&self.secret)
    }

    /// The intake's `/reports`, and the certificate whose keys answer for it.
    ///
    /// # Errors
    /// [`NoIntake`]: the report went another way.
    pub fn intake(&self) -> Result<(&Url, &Certificate), NoIntake> {
        match (&self.destination, &self.certificate) {
            (Destination::Intake(url), Some(certificate)) => Ok((url, certificate)),
            _ => Err(NoIntake {
                case: self.name(),
                destination: self.destination.clone(),
            }),
        }
    }

    /// The document.
    ///
    /// # Errors
    /// When the certificate cannot be written.
    pub fn to_json(&self) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        let armored = self.certificate.as_ref().map(Certificate::to_armored);
        let (intake, mail, advisory) = match &self.destination {
            Destination::Intake(url) => (Some(url.clone()), None, None),
            Destination::Mail(address) => (None, Some(address.to_string()), None),
            Destination::Advisory(page) => (None, None, Some(page.clone())),
        };
        let written = Written {
            version: VERSION,
            secret: data_encoding::HEXLOWER.encode(self.secret.expose()),
            vendor: self.vendor.clone(),
            intake,
            mail,
            advisory,
            certificate: armored.transpose()?.map(String::from_utf8).transpose()?,
            signed_by: self.signed_by.as_ref().map(ToString::to_string),
            sha256: data_encoding::HEXLOWER.encode(&self.sha256),
            size: self.size,
            sealed: self.sealed,
            embargo: self.embargo,
            delivered: self.delivered.clone(),
            handed_over: self.handed_over,
            seen: self.seen.clone(),
            noted: self.noted.clone(),
            messages: self.messages.clone(),
            by_strangers: self.by_strangers.clone(),
            proxied: self.proxied,
        };
        // Grown at once: growing step by step would leave copies of the secret in freed memory.
        let mut json = Zeroizing::new(Vec::with_capacity(USUAL));
        serde_json::to_writer_pretty(&mut *json, &written)?;
        drop(Zeroizing::new(written.secret));
        json.push(b'\n');
        Ok(json)
    }

    /// Reads the document.
    ///
    /// # Errors
    /// [`NotARecord`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, NotARecord> {
        let written: Written = serde_json::from_slice(bytes)?;
        let secret = Zeroizing::new(written.secret);
        if written.version != VERSION {
            return Err(NotARecord::Version(written.version));
        }
        let certificate = written.certificate.as_deref().map(only).transpose()?;
        let destination = destination(written.intake, written.mail, written.advisory)?;
        if certificate.is_none() && !matches!(destination, Destination::Advisory(_)) {
            return Err(NotARecord::Value("certificate"));
        }
        let signed_by = written.signed_by.as_deref().map(str::parse).transpose();
        Ok(Self {
            secret: CaseSecret::from_entropy(hex(&secret).ok_or(NotARecord::Value("secret"))?),
            vendor: written.vendor,
            destination,
            certificate,
            signed_by: signed_by.map_err(|_| NotARecord::Value("signer"))?,
            sha256: hex(&written.sha256).ok_or(NotARecord::Value("SHA-256"))?,
            size: written.size,
            sealed: written.sealed,
            embargo: written.embargo,
            delivered: written.delivered,
            handed_over: written.handed_over,
            seen: written.seen,
            noted: written.noted,
            messages: written.messages,
            by_strangers: written.by_strangers,
            proxied: written.proxied,
        })
    }
}

fn only(armored: &str) -> Result<Certificate, NotARecord> {
    let certificates = read_certificates("record", armored.as_bytes()).ok();
    let only = certificates.and_then(|all| <[Certificate; 1]>::try_from(all).ok());
    let [certificate] = only.ok_or(NotARecord::Value("certificate"))?;
    Ok(certificate)
}

fn destination(
    intake: Option<Url>,
    mail: Option<String>,
    advisory: Option<Url>,
) -> Result<Destination, NotARecord> {
    match (intake, mail, advisory) {
        (Some(url), None, None) => Ok(Destination::Intake(url)),
        (None, Some(address), None) => address
            .parse()
            .map(Destination::Mail)
            .map_err(|_| NotARecord::Value("address")),
        (None, None, Some(page)) => Ok(Destination::Advisory(page)),
        _ => Err(NotARecord::Value("destination")),
    }
}

/// Exactly as many bytes as there have to be.
pub(super) fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = Zeroizing::new(data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?);
    bytes.as_slice().try_into().ok()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    secret: String,
    vendor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intake: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advisory: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_by: Option<String>,
    sha256: String,
    size: u64,
    sealed: Timestamp,
    #[serde(default, skip_serializing_if = "EmbargoTerms::is_empty")]
    embargo: EmbargoTerms,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivered: Option<Delivered>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handed_over: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Seen>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    noted: Vec<Event>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    messages: Vec<MessageView>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    by_strangers: Vec<MessageId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    proxied: bool,
}

const VERSION: u32 = 1;
const USUAL: usize = 64 << 10;
