//! Why no key is used, as a failure with exit code 3 that says what can be done.

use anyhow::anyhow;

use crate::{
    commands::Context,
    discover::{Outcome, trust::Stop},
    openpgp::Reason,
    program::Contact,
    terminal::{Exit, Failure, Hint},
};

use super::{Investigation, Vendor, mail_contacts};

/// The refusal for `stop`.
pub(in crate::commands) fn refusal(
    vendor: &Vendor,
    found: &Investigation,
    stop: &Stop,
    context: &Context<'_>,
) -> Failure {
    let name = &vendor.typed;
    let keyless = matches!(
        stop,
        Stop::NoKey | Stop::NobodyVouches | Stop::Missing { .. }
    );
    let clear = if keyless {
        ", and nothing is sent in the clear"
    } else {
        ""
    };
    let what = format!("{name}: {stop}{clear}");
    let error = match unreached(found).filter(|_| keyless) {
        Some(why) => anyhow!("{why}").context(what),
        None => anyhow!(what),
    };
    let failure = Failure::new(Exit::Refused, error);
    let mut hints = next_steps(name, stop);
    if keyless {
        hints.extend(without_a_key(vendor, found, context));
    }
    hints.into_iter().fold(failure, Failure::with_hint)
}

/// The first that was asked and not reached, with its host: a vendor that is out of reach is not one without
/// a key.
fn unreached(found: &Investigation) -> Option<&str> {
    let asked = found.discovery.asked.iter();
    let faults = asked.filter_map(|asked| match &asked.outcome {
        Outcome::Fault(fault) => Some(fault),
        Outcome::Found(_) | Outcome::Nothing => None,
    });
    let mut unreached = faults.filter(|fault| UNREACHED.contains(&fault.code));
    unreached.next().map(|fault| fault.message.as_str())
}

/// What is left where there is no key.
fn without_a_key(vendor: &Vendor, found: &Investigation, context: &Context<'_>) -> Vec<Hint> {
    let mut hints = Vec::new();
    if context.offline {
        hints.push(Hint::words("nobody was asked, because of --offline"));
    }
    let contacts = contacts(vendor, found);
    if !contacts.is_empty() {
        let list = contacts.join(", ");
        hints.push(Hint::words(format!("it takes reports at {list}")));
    }
    let name = vendor.typed.as_str();
    if !mail_contacts(vendor, Some(found)).is_empty() {
        hints.push(Hint::command(
            "ask for its key, without a word on the finding",
            ["sealpost", "request-key", name],
        ));
    }
    hints.push(Hint::command(
        "or agree on a passphrase over another channel",
        ["sealpost", "seal", "REPORT", "--to", name, "--passphrase"],
    ));
    hints
}

fn next_steps(name: &str, stop: &Stop) -> Vec<Hint> {
    let compare = |key: &dyn std::fmt::Display| {
        let words = "compare the fingerprint with what the vendor says elsewhere, then pin it";
        let key = key.to_string();
        Hint::command(
            words,
            ["sealpost", "trust", name, "--fingerprint", key.as_str()],
        )
    };
    match stop {
        Stop::NoKey | Stop::NobodyVouches | Stop::Missing { .. } => Vec::new(),
        Stop::Unusable { reason, .. } => vec![Hint::words(about(reason))],
        Stop::PinUnusable { reason, .. } => vec![
            Hint::words(about(reason)),
            Hint::command(
                "to forget the pinned key",
                ["sealpost", "trust", "--remove", name],
            ),
        ],
        Stop::Void { .. } => vec![Hint::words(
            "tell the vendor that its security.txt is out of order; until then, compare the key with what the vendor says elsewhere, and pin it with `sealpost trust`",
        )],
        Stop::Disagree { one, other, .. } => vec![
            Hint::words(
                "one of the sources is out of date, or somebody passes off a key: ask the vendor over another channel which one is right",
            ),
            compare(one),
            compare(other),
        ],
        Stop::Ambiguous(keys) => keys.iter().map(|key| compare(key)).collect(),
        Stop::PinChanged { offered, .. } => vec![
            Hint::words("the vendor has a new key, or somebody passes one off as the vendor's"),
            compare(offered),
        ],
        Stop::TypedNotFound(_) => vec![Hint::words(
            "check the digits; if you have the certificate as a file, pin it: sealpost trust TARGET --key CERT",
        )],
    }
}

/// What can be done about a key that must not be used.
pub(in crate::commands) fn about(reason: &Reason) -> &'static str {
    match reason {
        Reason::Expired { .. } | Reason::EncryptionSubkeyExpired { .. } => {
            "ask the vendor for an extended certificate, and tell it what its site still shows"
        }
        Reason::Revoked { .. } | Reason::EncryptionSubkeyRevoked => {
            "ask the vendor for its new certificate; do not use this one"
        }
        Reason::NotYetValid { .. } => "check the clock of this machine",
        Reason::NoEncryptionSubkey => {
            "it can only sign; ask the vendor for the certificate that it takes reports with"
        }
        Reason::WeakBinding { .. } | Reason::WeakAlgorithm { .. } => {
            "ask the vendor for a new certificate: what protects this one can be broken"
        }
        Reason::UnknownAlgorithm { .. } => {
            "ask the vendor for a certificate with a common algorithm, such as X25519"
        }
    }
}

/// Where the vendor takes reports, as text for hints.
fn contacts(vendor: &Vendor, found: &Investigation) -> Vec<String> {
    let own = vendor.target.program.contacts();
    let published = found.discovery.contacts.iter().map(|(contact, _)| contact);
    let mut all: Vec<String> = Vec::new();
    let published: Vec<_> = published.collect();
    // What was typed is no contact that anybody published.
    let own = own.filter(|_| vendor.target.is_known);
    for contact in own
        .chain(published)
        .filter(|c| !matches!(c, Contact::GitHubUnnamed))
    {
        let contact = contact.to_string();
        if !all.contains(&contact) {
            all.push(contact);
        }
    }
    all.truncate(4);
    all
}

/// The codes of faults that say nothing of what the source has.
const UNREACHED: [&str; 4] = ["no-connection", "name-not-resolved", "timed-out", "tls"];
