//! What is wrong with the sources themselves: security.txt and its signature, links, directories.

use url::Url;

use crate::{
    commands::vendor::Investigation,
    discover::{
        Asked, Fault, Kind, Outcome, SecurityTxtFile,
        security_txt::{self, Code},
        wkd::Method,
    },
    openpgp::SignatureVerdict,
    program::{Contact, MailAddress},
};

use super::findings::{Findings, SECRET_KEY, Severity};

/// What is wrong with everything that was asked.
pub(super) fn judge(found: &Investigation, findings: &mut Findings) {
    let asked = &found.discovery.asked;
    for one in asked {
        answer(one, findings);
    }
    match &found.discovery.security_txt {
        Some(file) => {
            security_txt(file, &found.signature, findings);
            for address in addresses(file) {
                directory(&address, asked, findings);
            }
        }
        None => no_security_txt(asked, findings),
    }
}

/// The mail addresses that a security.txt names.
pub(super) fn addresses(file: &SecurityTxtFile) -> Vec<MailAddress> {
    let contacts = file.content.contacts().iter();
    let mails = contacts.filter_map(|entry| match entry.value() {
        Some(Contact::Mail(address)) => Some(address.clone()),
        _ => None,
    });
    mails.collect()
}

/// The policy files that belong beside the keys that were found (draft-koch-openpgp-webkey-service
/// section 4.5).
pub(super) fn policies(found: &Investigation) -> Vec<Url> {
    let mut policies: Vec<Url> = Vec::new();
    let files = found.discovery.security_txt.iter();
    for address in files.flat_map(addresses) {
        for method in Method::BOTH {
            let question = of(&address, method, &found.discovery.asked);
            let is_there = question.is_some_and(|one| matches!(one.outcome, Outcome::Found(_)));
            if let (true, Ok(url)) = (is_there, method.policy_url(address.domain()))
                && !policies.contains(&url)
            {
                policies.push(url);
            }
        }
    }
    policies
}

/// One answer that is wrong whatever else was found.
fn answer(asked: &Asked, findings: &mut Findings) {
    let at = asked.at.as_str();
    match (&asked.outcome, asked.kind) {
        (Outcome::Fault(fault), _) if fault.code == "secret-key" => findings.error(
            SECRET_KEY,
            "a secret key is published here: take it down, revoke the key, and make a new one; whoever has it reads every report",
            at,
        ),
        (Outcome::Nothing, Kind::EncryptionLink) => findings.error(
            "encryption-link-missing",
            "security.txt links to this key, and nothing is there: put the certificate there, or mend the link",
            at,
        ),
        (Outcome::Fault(fault), Kind::EncryptionLink) => findings.error(
            coded(asked.kind, fault),
            format!(
                "security.txt links to this, and it leads to no key: {}; serve the certificate itself there",
                fault.message
            ),
            at,
        ),
        // Whether the resolver of this machine can prove anything is not the vendor's matter.
        (Outcome::Fault(fault), Kind::Dane) if !is_of_network(fault) => findings.warning(
            coded(asked.kind, fault),
            format!("the DNS record cannot be used: {}; correct or remove it", fault.message),
            at,
        ),
        (Outcome::Fault(fault), Kind::Csaf | Kind::ProgramJson) => findings.add(
            Severity::Advice,
            coded(asked.kind, fault),
            format!("{} cannot be read: {}; correct or remove it", asked.kind, fault.message),
            Some(at),
        ),
        _ => {}
    }
}

fn no_security_txt(asked: &[Asked], findings: &mut Findings) {
    let Some(first) = asked.iter().find(|one| one.kind == Kind::SecurityTxt) else {
        return;
    };
    match &first.outcome {
        Outcome::Fault(fault) => findings.error(
            coded(first.kind, fault),
            format!(
                "there is no security.txt that can be read: {}; serve one as text/plain; charset=utf-8 (`sealpost publish` writes it)",
                fault.message
            ),
            &first.at,
        ),
        _ => findings.error(
            "security-txt-missing",
            "there is no security.txt, so reporters do not learn where to write: `sealpost publish` writes one",
            &first.at,
        ),
    }
}

fn security_txt(file: &SecurityTxtFile, signature: &SignatureVerdict, findings: &mut Findings) {
    let at = file.retrieved.as_str();
    for finding in file.content.findings() {
        let severity = severity(finding);
        let code = format!("security-txt-{}", finding.code().as_str());
        let message = match finding.line() {
            Some(line) => format!("line {line} of security.txt: {}", finding.message()),
            None => format!("security.txt: {}", finding.message()),
        };
        findings.add(severity, code, message, Some(at));
    }
    if file.content.encryption().is_empty() && !findings.contains("security-txt-encryption-missing")
    {
        findings.warning(
            "security-txt-encryption-missing",
            "security.txt: no Encryption says which key to use: add it",
            at,
        );
    }
    match signature {
        SignatureVerdict::Bad { why } => findings.error(
            "signature-bad",
            format!("the signature of security.txt is bad ({why}), so it is not believed: sign the file anew, and see that nothing changes it on its way"),
            at,
        ),
        SignatureVerdict::UnknownSigner { .. } => findings.warning(
            "signature-unknown-signer",
            "security.txt is signed by a key that no source publishes, so nobody can verify it: sign it with the key that Encryption links to, or publish the other one, too",
            at,
        ),
        SignatureVerdict::Unsigned | SignatureVerdict::Verified { .. } => {}
    }
}

/// What the reader recommends weighs more where a reporter is worse off for it.
fn severity(finding: &security_txt::Finding) -> Severity {
    match (finding.severity(), finding.code()) {
        (security_txt::Severity::Error, _) => Severity::Error,
        (
            _,
            Code::Unsigned
            | Code::ExpiresSoon
            | Code::EncryptionMissing
            | Code::EncryptionUnusable
            | Code::ContactUnusable
            | Code::MisspeltField
            | Code::Placeholder
            | Code::CanonicalMissing,
        ) => Severity::Warning,
        _ => Severity::Advice,
    }
}

/// Whether the key of a contact can be looked up by its address.
fn directory(address: &MailAddress, asked: &[Asked], findings: &mut Findings) {
    let [advanced, direct] = Method::BOTH.map(|method| of(address, method, asked));
    let is_found =
        |one: Option<&Asked>| one.is_some_and(|one| matches!(one.outcome, Outcome::Found(_)));
    if is_found(advanced) {
        return;
    }
    if let (Some(first), true) = (advanced, is_found(direct)) {
        findings.warning(
            "wkd-hidden",
            format!(
                "the host {} exists and does not serve the key of {address}, so most programs never see the one on {}: serve the same files there, or remove the host from the DNS",
                Method::Advanced.host(address.domain()),
                address.domain()
            ),
            &first.at,
        );
        return;
    }
    let mut told = direct.is_some_and(|one| is_found(Some(one)));
    for one in [advanced, direct].into_iter().flatten() {
        if let Outcome::Fault(fault) = &one.outcome {
            told = true;
            findings.warning(
                coded(one.kind, fault),
                format!(
                    "the key of {address} cannot be looked up: {}",
                    fault.message
                ),
                &one.at,
            );
        }
    }
    if let (Some(last), false) = (direct.or(advanced), told) {
        findings.warning(
            "wkd-missing",
            format!("the key of {address} cannot be looked up by its address: publish a Web Key Directory (`sealpost publish` writes it)"),
            &last.at,
        );
    }
}

/// The question that was asked for an address by one method.
fn of<'a>(address: &MailAddress, method: Method, asked: &'a [Asked]) -> Option<&'a Asked> {
    let url = method.key_url(address).ok()?;
    asked
        .iter()
        .find(|one| one.kind == Kind::Wkd && one.at == url.as_str())
}

/// Whether a fault lies on the way rather than at its end.
pub(super) fn is_of_network(fault: &Fault) -> bool {
    ON_THE_WAY.contains(&fault.code)
}

fn coded(kind: Kind, fault: &Fault) -> String {
    format!("{}-{}", kind.code(), fault.code)
}

const ON_THE_WAY: [&str; 6] = [
    "offline",
    "private-address",
    "not-through-proxy",
    "name-not-resolved",
    "timed-out",
    "no-connection",
];
