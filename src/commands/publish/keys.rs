//! What is wrong with the keys that the sources name, and with what they say together.

use jiff::Timestamp;

use crate::{
    commands::{
        Context,
        vendor::{Investigation, is_soon},
    },
    discover::{
        Evidence, Kind, Standing, Statement,
        trust::{Decision, Stop},
    },
    openpgp::{Certificate, Fingerprint, Recipient},
};

use super::{
    findings::{Findings, Severity},
    remedy::remedy,
    sources::addresses,
};

/// What is wrong with every key that somebody names who speaks for the vendor, and with the whole.
pub(super) fn judge(found: &Investigation, context: &Context<'_>, findings: &mut Findings) {
    let evidence = &found.discovery.evidence;
    for said in spoken(evidence) {
        for key in &said.keys {
            match evidence.certificate(key) {
                Some(certificate) => self::certificate(certificate, said, (evidence, context), findings),
                None => findings.error(
                    "certificate-missing",
                    format!("{key} is named, and no source has the certificate: publish it, and link to it with Encryption"),
                    &said.at,
                ),
            }
        }
    }
    unnamed_addresses(found, context, findings);
    together(found, findings);
}

/// Statements of those who speak for the vendor, also of those who are not believed now.
fn spoken(evidence: &Evidence) -> impl Iterator<Item = &Statement> {
    let statements = evidence.statements.iter();
    statements.filter(|said| said.standing != Standing::Carries)
}

fn certificate(
    certificate: &Certificate,
    said: &Statement,
    (evidence, context): (&Evidence, &Context<'_>),
    findings: &mut Findings,
) {
    let key = certificate.fingerprint();
    match certificate.verdict(context.now).recipient() {
        Ok(recipient) => expiry(&recipient, said, context, findings),
        Err(reason) => {
            // Beside a key that can be used, an old one is passed over.
            let severity = if said
                .keys
                .iter()
                .any(|key| is_usable(key, evidence, context))
            {
                Severity::Warning
            } else {
                Severity::Error
            };
            let code = format!("key-{}", reason.code());
            let message = format!("{key} must not be used: {reason}; {}", remedy(&reason));
            findings.add(severity, code, message, Some(&said.at));
        }
    }
}

fn is_usable(key: &Fingerprint, evidence: &Evidence, context: &Context<'_>) -> bool {
    let certificate = evidence.certificate(key);
    certificate.is_some_and(|it| it.verdict(context.now).recipient().is_ok())
}

fn expiry(recipient: &Recipient, said: &Statement, context: &Context<'_>, findings: &mut Findings) {
    let key = recipient.certificate().fingerprint();
    let soon = |at: &Timestamp| is_soon(*at, context);
    let day = |at: Timestamp| at.strftime("%Y-%m-%d");
    let keys = recipient.certificate().keys(context.now);
    let primary = keys.iter().find(|key| key.is_primary);
    if let Some(at) = primary.and_then(|key| key.expires).filter(soon) {
        findings.warning(
            "key-expires-soon",
            format!(
                "{key} expires on {}: extend it, and publish it again",
                day(at)
            ),
            &said.at,
        );
    } else if let Some(at) = recipient.encryption_key().expires.filter(soon) {
        findings.warning(
            "encryption-subkey-expires-soon",
            format!("the encryption subkey of {key} expires on {}: extend it or add a new one, and publish the certificate again", day(at)),
            &said.at,
        );
    }
}

/// A key that security.txt names should say that it is for the addresses there.
fn unnamed_addresses(found: &Investigation, context: &Context<'_>, findings: &mut Findings) {
    let evidence = &found.discovery.evidence;
    let Some(file) = &found.discovery.security_txt else {
        return;
    };
    let mut statements = evidence.statements.iter();
    let Some(said) = statements.find(|said| said.kind == Kind::SecurityTxt) else {
        return;
    };
    let usable = said
        .keys
        .iter()
        .filter(|key| is_usable(key, evidence, context));
    let certificates: Vec<_> = usable.filter_map(|key| evidence.certificate(key)).collect();
    if certificates.is_empty() {
        return;
    }
    for address in addresses(file) {
        let text = address.to_string();
        if !certificates
            .iter()
            .any(|certificate| certificate.names_address(&text))
        {
            findings.warning(
                "address-not-in-key",
                format!("no User ID of the linked key is for {address}, so mail programs do not take it: add one, and publish the certificate again"),
                &said.at,
            );
        }
    }
}

/// What the sources say together.
fn together(found: &Investigation, findings: &mut Findings) {
    match &found.decision {
        Ok(decision) => {
            if let Decision::OneSource(_) = decision {
                findings.add(
                    Severity::Advice,
                    "one-source",
                    "one server alone vouches for the key, so reporters are asked to compare its fingerprint: upload it to keys.openpgp.org and confirm your address there, or put it into the DNS (DANE, in a signed zone)",
                    None,
                );
            }
            other_key(found, &decision.recipient().certificate().fingerprint(), findings);
        }
        Err(Stop::Disagree { one, one_at, other, other_at }) => findings.error(
            "sources-disagree",
            format!("{one_at} says {one}, and {other_at} says {other}: reporters stop here; publish the same key in both places"),
            other_at,
        ),
        Err(stop @ Stop::Ambiguous(_)) => findings.add(
            Severity::Error,
            stop.code(),
            format!("{stop}; reporters cannot choose: publish one, everywhere"),
            None,
        ),
        Err(stop @ Stop::NoKey) => findings.add(
            Severity::Error,
            stop.code(),
            format!("{stop}: link to your certificate with Encryption in security.txt, and publish a Web Key Directory"),
            None,
        ),
        // The key, or the source, was told of by itself.
        Err(_) => {}
    }
}

/// The profile that is published should name the key that reporters take.
fn other_key(found: &Investigation, key: &Fingerprint, findings: &mut Findings) {
    let Some(program) = &found.discovery.program else {
        return;
    };
    let named = program.encryption().fingerprints();
    if !named.is_empty() && !named.iter().any(|named| named.as_hex() == key.as_hex()) {
        findings.add(
            Severity::Warning,
            "program-json-other-key",
            format!("program.json names other keys than {key}: correct it"),
            None,
        );
    }
}
