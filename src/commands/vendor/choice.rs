//! The key that a report is sealed to: the decision carried out, asked for where it must be, and
//! remembered.

use std::time::Duration;

use anyhow::anyhow;
use jiff::Timestamp;

use crate::{
    cli::FirstUse,
    commands::Context,
    discover::trust::Decision,
    disk::Pin,
    openpgp::{Certificate, Fingerprint, Recipient},
    terminal::{Exit, Failure, Hint, confirm, escape::brief},
};

use super::{Investigation, Vendor, refusal};

/// The key, or the refusal. A key that becomes trusted here is pinned.
pub(in crate::commands) fn choose(
    vendor: &Vendor,
    found: &Investigation,
    first_use: &FirstUse,
    context: &Context<'_>,
) -> Result<Recipient, Failure> {
    let decision = match &found.decision {
        Ok(decision) => decision,
        Err(stop) => return Err(refusal(vendor, found, stop, context)),
    };
    let recipient = decision.recipient();
    let key = recipient.certificate().fingerprint();
    let mut provenance = sources(found, &key);
    match decision {
        Decision::Pinned(_) => warn_of_others(found, &key, context),
        Decision::Agreed(_) => pin(vendor, recipient.certificate(), provenance, context)?,
        Decision::Typed(_) => {
            provenance.push("its fingerprint was typed".to_owned());
            pin(vendor, recipient.certificate(), provenance, context)?;
        }
        Decision::OneSource(_) => {
            if !first_use.yes_trust_first_use {
                ask(vendor, recipient, &provenance, context)?;
            }
            pin(vendor, recipient.certificate(), provenance, context)?;
        }
    }
    warn_before_expiry(recipient, context);
    Ok(recipient.clone())
}

/// Every source that names the key, in words.
fn sources(found: &Investigation, key: &Fingerprint) -> Vec<String> {
    let naming = found.discovery.evidence.naming(key);
    naming
        .map(|statement| format!("{}: {}", statement.kind, statement.at))
        .collect()
}

/// Trusts the key for this vendor from now on, and keeps its certificate.
pub(in crate::commands) fn pin(
    vendor: &Vendor,
    certificate: &Certificate,
    provenance: Vec<String>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let key = certificate.fingerprint();
    context.home.certificates().merge(certificate)?;
    context.home.pins().set(&Pin {
        subject: vendor.subject.name.clone(),
        fingerprint: key.clone(),
        pinned: Timestamp::try_from(context.now)?,
        provenance,
    })?;
    context.output.say(format!(
        "{key} is trusted for {} from now on",
        vendor.subject.name
    ));
    Ok(())
}

fn ask(
    vendor: &Vendor,
    recipient: &Recipient,
    sources: &[String],
    context: &Context<'_>,
) -> Result<(), Failure> {
    let name = &vendor.subject.name;
    let key = recipient.certificate().fingerprint();
    let output = context.output;
    output.notice(format!("one source alone names the key of {name}:"));
    output.notice(format!("  {key}"));
    for user_id in recipient.certificate().user_ids() {
        output.notice(format!("  {}", brief(&user_id)));
    }
    for source in sources {
        output.notice(format!("  by {source}"));
    }
    output.notice("compare the fingerprint with what the vendor says elsewhere, if you can");
    if output.without_progress(|| confirm(&format!("trust this key for {name} from now on?"))) {
        return Ok(());
    }
    let digits = key.to_string();
    Err(Failure::new(
        Exit::Refused,
        anyhow!("{name}: one source alone names the key {key}, and nobody said to trust it"),
    )
    .with_hint(Hint::command(
        "compare the fingerprint with what the vendor says elsewhere, then pin it",
        ["sealpost", "trust", name, "--fingerprint", &digits],
    ))
    .with_hint(Hint::words(
        "or add --yes-trust-first-use to take that source's word",
    )))
}

/// Tells of those that publish another key than the pinned one.
fn warn_of_others(found: &Investigation, key: &Fingerprint, context: &Context<'_>) {
    let statements = found.discovery.evidence.statements.iter();
    let others = statements.filter(|said| said.vouches() && !said.keys.contains(key));
    for said in others.filter(|said| !said.keys.is_empty()) {
        context.output.warn(format!(
            "{} at {} names another key than the pinned one",
            said.kind, said.at
        ));
    }
}

fn warn_before_expiry(recipient: &Recipient, context: &Context<'_>) {
    let key = recipient.encryption_key();
    if let Some(at) = key.expires.filter(|at| is_soon(*at, context)) {
        context.output.warn(format!(
            "the key {} expires on {}",
            key.fingerprint,
            at.strftime("%Y-%m-%d")
        ));
    }
}

/// Whether a time is within 30 days.
pub(in crate::commands) fn is_soon(at: Timestamp, context: &Context<'_>) -> bool {
    let soon = context.now + Duration::from_hours(SOON_HOURS);
    Timestamp::try_from(soon).is_ok_and(|soon| at <= soon)
}

const SOON_HOURS: u64 = 30 * 24;
