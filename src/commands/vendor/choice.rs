//! The key that a report is sealed to: the decision carried out, asked for where it must be, and
//! remembered.

use std::time::Duration;

use anyhow::anyhow;
use jiff::Timestamp;

use crate::{
    cli::FirstUse,
    commands::Context,
    discover::{Standing, trust::Decision},
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
    let (recipient, trusted) = settle(vendor, found, first_use, context)?;
    if let Some(provenance) = trusted {
        pin(vendor, recipient.certificate(), provenance, context)?;
    }
    warn_before_expiry(&recipient, context);
    Ok(recipient)
}

/// The key, or the refusal, as [`choose`] has it; nothing is pinned.
pub(in crate::commands) fn choose_unpinned(
    vendor: &Vendor,
    found: &Investigation,
    first_use: &FirstUse,
    context: &Context<'_>,
) -> Result<Recipient, Failure> {
    let (recipient, _) = settle(vendor, found, first_use, context)?;
    Ok(recipient)
}

/// The key, and what spoke for it where it is to be pinned.
fn settle(
    vendor: &Vendor,
    found: &Investigation,
    first_use: &FirstUse,
    context: &Context<'_>,
) -> Result<(Recipient, Option<Vec<String>>), Failure> {
    let decision = match &found.decision {
        Ok(decision) => decision,
        Err(stop) => return Err(refusal(vendor, found, stop, context)),
    };
    let recipient = decision.recipient();
    let key = recipient.certificate().fingerprint();
    warn_of_failed_lookups(found, &key, context);
    let mut provenance = sources(found, &key);
    match decision {
        Decision::Pinned(_) => {
            warn_of_others(found, &key, context);
            return Ok((recipient.clone(), None));
        }
        Decision::Agreed(_) => {}
        Decision::Typed(_) => provenance.push("its fingerprint was typed".to_owned()),
        Decision::OneSource(_) => {
            let others = others(found, &key);
            if !first_use.yes_trust_first_use || !others.is_empty() {
                ask(vendor, recipient, &provenance, &others, context)?;
            }
            refuse_if_pinned_meanwhile(vendor, found, context)?;
        }
    }
    Ok((recipient.clone(), Some(provenance)))
}

/// Every source that names the key, in words.
fn sources(found: &Investigation, key: &Fingerprint) -> Vec<String> {
    let naming = found.discovery.evidence.naming(key);
    naming
        .filter(|statement| statement.standing != Standing::Carries)
        .map(|statement| format!("{}: {}", statement.kind, statement.at))
        .collect()
}

/// Trusts the key for this vendor from now on, and keeps its certificate. Pins of the key before that
/// were made under another of the vendor's own names follow; no pin of anything around it does.
pub(in crate::commands) fn pin(
    vendor: &Vendor,
    certificate: &Certificate,
    provenance: Vec<String>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    if !context.may_remember() {
        return Ok(());
    }
    let key = certificate.fingerprint();
    context.home.certificates().merge(certificate)?;
    let pins = context.home.pins();
    let before = vendor.own_pin(context)?;
    let mut pin = Pin {
        subject: vendor.subject.name.clone(),
        fingerprint: key.clone(),
        pinned: Timestamp::try_from(context.now)?,
        provenance,
    };
    let same = |one: &Pin| {
        let before = before.as_ref();
        before.is_some_and(|before| before.fingerprint == one.fingerprint)
    };
    for name in vendor.own_names() {
        if name == vendor.subject.name || pins.find(&name)?.as_ref().is_some_and(same) {
            pin.subject = name;
            pins.set(&pin)?;
        }
    }
    context.output.say(format!(
        "{key} is trusted for {} from now on",
        vendor.subject.name
    ));
    Ok(())
}

/// Another run may have pinned a key while the person was asked.
fn refuse_if_pinned_meanwhile(
    vendor: &Vendor,
    found: &Investigation,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let pin = |pin: Option<&Pin>| pin.map(|pin| pin.fingerprint.clone());
    if pin(vendor.pin(context)?.as_ref()) == pin(found.pin.as_ref()) {
        return Ok(());
    }
    let name = &vendor.typed;
    Err(Failure::new(
        Exit::Refused,
        anyhow!("{name}: its pin changed in the meantime; run this again"),
    ))
}

/// Who names another key, in words: with a key that was revoked or expired that is worth knowing.
fn others(found: &Investigation, key: &Fingerprint) -> Vec<String> {
    let statements = found.discovery.evidence.statements.iter();
    let others = statements.filter(|said| !said.keys.is_empty() && !said.keys.contains(key));
    let others = others.filter(|said| said.standing != Standing::Carries);
    others
        .map(|said| format!("{}: {}", said.kind, said.at))
        .collect()
}

fn ask(
    vendor: &Vendor,
    recipient: &Recipient,
    sources: &[String],
    others: &[String],
    context: &Context<'_>,
) -> Result<(), Failure> {
    let name = &vendor.typed;
    let certificate = recipient.certificate();
    let key = certificate.fingerprint();
    let output = context.output;
    output.notice(format!("one voice alone names the key {key} of {name}:"));
    for source in sources {
        output.notice(format!("  named by {source}"));
    }
    for other in others {
        output.notice(format!("  another key is named by {other}"));
    }
    for address in certificate.addresses().iter().take(ADDRESSES_SHOWN) {
        output.notice(format!(
            "  its maker says that it is for \"{}\"",
            brief(address)
        ));
    }
    output.notice("compare the fingerprint with what the vendor says elsewhere, if you can");
    if output.without_progress(|| confirm(&format!("trust {key} for {name} from now on?"))) {
        return Ok(());
    }
    let digits = key.to_string();
    let failure = Failure::new(
        Exit::Refused,
        anyhow!("{name}: one voice alone names the key {key}, and nobody said to trust it"),
    )
    .with_hint(Hint::command(
        "compare the fingerprint with what the vendor says elsewhere, then pin it",
        ["sealpost", "trust", name, "--fingerprint", &digits],
    ));
    // With another key in sight, its word alone is not taken.
    Err(if others.is_empty() {
        failure.with_hint(Hint::words("or add --yes-trust-first-use to take its word"))
    } else {
        failure
    })
}

/// Tells of key servers that were asked about the key, and of which nobody knows what they would have
/// said: a revocation may be there.
fn warn_of_failed_lookups(found: &Investigation, key: &Fingerprint, context: &Context<'_>) {
    for (asked, fault) in found.discovery.failed_lookups(key) {
        context.output.warn(format!(
            "whether {key} was revoked could not be asked at {}: {}",
            asked.at, fault.message
        ));
    }
}

/// Tells of those that publish another key than the pinned one.
fn warn_of_others(found: &Investigation, key: &Fingerprint, context: &Context<'_>) {
    for other in others(found, key) {
        context.output.warn(format!(
            "another key than the pinned one is named by {other}"
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

const ADDRESSES_SHOWN: usize = 4;
const SOON_HOURS: u64 = 30 * 24;
