//! The receipt of a report, held against what the intake gives out: promise 12.

use anyhow::anyhow;

use super::desk::{Desk, Role};
use crate::commands::Context;
use crate::{
    case::Receipt,
    openpgp::{Certificate, KeyName, Signer, VerifiedReceipt, is_cleartext_signed},
    terminal::{Exit, Failure, Hint},
    wire::{ReportId, ReportSummary},
};

/// What a receipt proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The vendor's certificate signed it, for these very bytes.
    Verified,
    /// It is for these bytes, and signed; the certificate to verify it with is not at hand.
    Unverified,
    /// It is for these bytes, and nobody signed it.
    Unsigned,
}

impl Proof {
    /// A stable word for scripts.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::Unsigned => "unsigned",
        }
    }

    /// In words for a person.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Verified => "verified: signed by your certificate, for these bytes",
            Self::Unverified => {
                "for these bytes; NOT verified: the certificate that it names is not at hand"
            }
            Self::Unsigned => {
                "for these bytes; NOT signed: whoever can write to the intake's disk could have exchanged both"
            }
        }
    }
}

/// Fetches the receipt of a report, and compares it with what the intake says of the report.
///
/// Of the `certificates` at hand one counts that the receipt names, or that the report is sealed to.
pub(super) fn check(
    desk: &Desk,
    report: &ReportSummary,
    certificates: &[Certificate],
    context: &Context<'_>,
) -> Result<Proof, Failure> {
    judge(report, &fetch(desk, &report.id)?, certificates, context)
}

/// Fetches the receipt of a report, unread.
pub(super) fn fetch(desk: &Desk, id: &ReportId) -> Result<Vec<u8>, Failure> {
    desk.ask(Role::Read, desk.intake().receipt(desk.token(), id))
}

/// Compares a receipt with what the intake says of the report.
pub(super) fn judge(
    report: &ReportSummary,
    text: &[u8],
    certificates: &[Certificate],
    context: &Context<'_>,
) -> Result<Proof, Failure> {
    let (receipt, proof) = read(text, &addressed(report, text, certificates), context)?;
    let is_for_it = receipt.report == report.id.as_str()
        && receipt.sha256 == report.sha256
        && receipt.size == report.size;
    if is_for_it {
        return Ok(proof);
    }
    let what = anyhow!(
        "the receipt of {} is for other bytes than the intake has now",
        report.id
    );
    Err(Failure::new(Exit::NotAuthenticated, what).with_hint(Hint::words(
        "somebody exchanged the report, or the receipt: ask the reporter for theirs, and look at the intake",
    )))
}

/// Refuses a receipt by a certificate that is not at hand, where the report does not say for whom it is:
/// then the receipt's own word is all that names the certificate, and anybody can sign with one of theirs.
pub(super) fn refuse_hidden(report: &ReportSummary, proof: Proof) -> Result<(), Failure> {
    if !report.recipients.is_empty() || proof != Proof::Unverified {
        return Ok(());
    }
    let error = anyhow!(
        "{} hides for whom it is, and none of the certificates at hand signed its receipt",
        report.id
    );
    Err(
        Failure::new(Exit::NotAuthenticated, error).with_hint(Hint::words(
            "name the certificate of the intake with --signer CERT",
        )),
    )
}

/// Refuses a signature that the reporter would take for anybody's, because it is not of the key that the
/// report was sealed to; warns of one that whoever runs the intake could have made.
pub(super) fn judge_signer(
    desk: &Desk,
    id: &ReportId,
    signer: &Signer,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let text = fetch(desk, id)?;
    let certificate = signer.certificate();
    let own = certificate.fingerprint();
    let (receipt, _) = read(&text, &[], context)?;
    if receipt.key != own.as_hex() {
        let error = anyhow!(
            "{own} signs, and the report was sealed to {}: to the reporter, anybody could have written this",
            receipt.key
        );
        return Err(Failure::new(Exit::Refused, error).with_hint(Hint::words(
            "sign with that key: secret.pgp of `keygen`, or its fingerprint if gpg-agent holds it; or send it with --unsigned",
        )));
    }
    let proof = VerifiedReceipt::verify(&text, certificate, context.now);
    if proof.is_ok_and(|proof| *proof.key() == signer.signing_key()) {
        context.output.warn(format!(
            "the intake holds the key that signs here, {}: to the reporter, whoever runs the intake could have written this; sign with secret.pgp of `keygen` instead",
            signer.signing_key()
        ));
    }
    Ok(())
}

/// Those that must have signed the receipt: the one that it names, and those that the report is
/// sealed to, whatever the receipt says.
fn addressed<'a>(
    report: &ReportSummary,
    text: &[u8],
    certificates: &'a [Certificate],
) -> Vec<&'a Certificate> {
    let claimed = VerifiedReceipt::dangerous_unverified(text).map(|receipt| receipt.key);
    let claimed = claimed.unwrap_or_default();
    let names: Vec<KeyName> = report
        .recipients
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    certificates
        .iter()
        .filter(|certificate| {
            certificate.fingerprint().as_hex() == claimed
                || names.iter().any(|name| certificate.has_key(name))
        })
        .collect()
}

fn read(
    text: &[u8],
    certificates: &[&Certificate],
    context: &Context<'_>,
) -> Result<(Receipt, Proof), Failure> {
    let refused = |why: anyhow::Error| {
        Failure::new(
            Exit::NotAuthenticated,
            why.context("the intake's receipt proves nothing"),
        )
    };
    if !is_cleartext_signed(text) {
        let text = String::from_utf8_lossy(text);
        let receipt = Receipt::from_text(&text).map_err(|why| refused(why.into()))?;
        return Ok((receipt, Proof::Unsigned));
    }
    let mut failed = None;
    for certificate in certificates {
        match VerifiedReceipt::verify(text, certificate, context.now) {
            Ok(verified) => return Ok((verified.receipt().clone(), Proof::Verified)),
            Err(why) => failed = Some(why),
        }
    }
    match failed {
        Some(why) => Err(refused(why.into())),
        None => VerifiedReceipt::dangerous_unverified(text)
            .map(|receipt| (receipt, Proof::Unverified))
            .map_err(|why| refused(why.into())),
    }
}
