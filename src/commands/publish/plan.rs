//! What was typed, resolved into what is published: domain, certificate, addresses, contacts,
//! profile, and until when.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use url::Host;

use crate::{
    cli::Publish,
    commands::{
        Context,
        context::read_capped,
        keygen::lifetime,
        memory::remembered,
        target::{self, KEY_LIMIT},
        vendor::is_soon,
    },
    openpgp::{Certificate, CertificateError, Recipient, read_certificates},
    program::{Contact, MailAddress, Program, host_of},
    terminal::{Exit, Failure, Hint},
};

use super::remedy::remedy;

/// What is published.
pub(super) struct Plan {
    /// In lower case and in its ASCII form.
    pub(super) domain: String,
    pub(super) certificate: Certificate,
    /// The certificate's addresses at the domain.
    pub(super) addresses: Vec<MailAddress>,
    /// With the contacts and the key in it.
    pub(super) program: Program,
    /// What security.txt names.
    pub(super) contacts: Vec<Contact>,
    /// Until when security.txt holds.
    pub(super) expires: Timestamp,
}

impl Plan {
    pub(super) fn resolve(args: &Publish, context: &Context<'_>) -> Result<Self, Failure> {
        let domain = domain(args.domain.as_deref().unwrap_or_default())?;
        let recipient = certificate(args.key.as_deref().unwrap_or(Path::new("")), context)?;
        let expires = expires(&args.expires, &recipient, context)?;
        let certificate = recipient.certificate().clone();
        let addresses = addresses(&certificate, &domain);
        if addresses.is_empty() {
            context.output.warn(format!(
                "no User ID of {} is at {domain}: nobody can look it up by address (WKD is left out)",
                certificate.fingerprint()
            ));
        }
        let own = args.program.as_deref().map(target::from_path).transpose()?;
        let own = own.map(|target| target.program);
        let contacts = contacts(args, own.as_ref(), &addresses)?;
        let program = match own {
            Some(own) => own,
            None => Program::announced(&domain, &contacts, None)
                .ok_or_else(|| anyhow!("{domain} makes no name for a program"))?,
        };
        let home = format!("https://{domain}/").parse().ok();
        let program = published(args, &program, &certificate, &contacts)?
            .with_links(home, args.policy.clone());
        if program.encryption().fingerprints().len() > 1 {
            let words = "the profile names other keys, too, which reporters will also take";
            context.output.warn(words);
        }
        Ok(Self {
            domain,
            certificate,
            addresses,
            program,
            contacts,
            expires,
        })
    }
}

fn domain(text: &str) -> Result<String, Failure> {
    let plain = !text.contains(['/', ':', '@']);
    match host_of(text) {
        Ok(Host::Domain(name)) if plain => Ok(name),
        _ => {
            let error = anyhow!("--domain {text} is not a domain");
            Err(Failure::new(Exit::Usage, error).with_hint(Hint::words("such as example.org")))
        }
    }
}

/// The one certificate of the file that reporters can use now.
pub(in crate::commands) fn certificate(
    path: &Path,
    context: &Context<'_>,
) -> Result<Recipient, Failure> {
    let file = path.display().to_string();
    let bytes = read_capped(path, KEY_LIMIT).with_context(|| format!("cannot read {file}"))?;
    let certificates = read_certificates(&file, &bytes).map_err(|why| match why {
        CertificateError::Secret { .. } => Failure::new(Exit::Refused, why).with_hint(Hint::words(
            "name the file with the certificate alone, such as certificate.asc",
        )),
        why => Failure::new(Exit::Refused, why).with_hint(Hint::words(
            "name the file with your certificate, such as certificate.asc of `keygen`",
        )),
    })?;
    let [certificate] = certificates.as_slice() else {
        let count = certificates.len();
        let error = anyhow!("{file} holds {count} certificates, and one is to be published");
        return Err(Failure::new(Exit::Refused, error).with_hint(Hint::words(
            "write the one that is meant to a file of its own",
        )));
    };
    // A revocation that was seen before counts, though the file may lack it.
    let verdict = remembered(certificate, context)?.verdict(context.now);
    let verdict = verdict
        .recipient()
        .and(certificate.verdict(context.now).recipient());
    verdict.map_err(|reason| {
        let key = certificate.fingerprint();
        let error = anyhow!("{file}: reporters cannot use {key}: {reason}");
        Failure::new(Exit::Refused, error).with_hint(Hint::words(remedy(&reason)))
    })
}

fn expires(text: &str, recipient: &Recipient, context: &Context<'_>) -> Result<Timestamp, Failure> {
    let wanted = lifetime(text)?.filter(|wanted| *wanted <= YEAR);
    let wanted = wanted.ok_or_else(|| {
        let error = anyhow!("--expires {text}: a security.txt holds for a year at most");
        Failure::new(Exit::Usage, error).with_hint(Hint::words("such as 90d, 12w or 6m"))
    })?;
    let wanted = Timestamp::try_from(context.now + wanted.min(LONGEST))?;
    let Some(end) = recipient.encryption_key().expires else {
        return Ok(wanted);
    };
    if is_soon(end, context) {
        let day = end.strftime("%Y-%m-%d");
        let key = recipient.certificate().fingerprint();
        context
            .output
            .warn(format!("{key} expires on {day}: extend it soon"));
    }
    Ok(wanted.min(end))
}

fn addresses(certificate: &Certificate, domain: &str) -> Vec<MailAddress> {
    let all = certificate.addresses();
    let parsed = all
        .iter()
        .filter_map(|text| text.parse::<MailAddress>().ok());
    parsed
        .filter(|address| address.domain() == domain)
        .collect()
}

fn contacts(
    args: &Publish,
    own: Option<&Program>,
    addresses: &[MailAddress],
) -> Result<Vec<Contact>, Failure> {
    let mut contacts = args.contact.clone();
    if contacts.is_empty() {
        let own = own.into_iter().flat_map(Program::contacts);
        contacts.extend(own.cloned());
    }
    if contacts.is_empty() {
        contacts.extend(addresses.iter().cloned().map(Contact::Mail));
    }
    // It names no place to anybody who does not know the repository.
    contacts.retain(|contact| *contact != Contact::GitHubUnnamed);
    if contacts.is_empty() {
        let error = anyhow!("nothing says where reports go");
        return Err(Failure::new(Exit::Usage, error).with_hint(Hint::words(
            "add --contact URI, such as mailto:security@example.org, or --program FILE",
        )));
    }
    Ok(contacts)
}

fn published(
    args: &Publish,
    program: &Program,
    certificate: &Certificate,
    contacts: &[Contact],
) -> Result<Program, Failure> {
    let key = certificate.fingerprint().as_hex().parse()?;
    program.published(contacts, &key).ok_or_else(|| {
        let file = args.program.as_deref().unwrap_or(Path::new("the profile"));
        let error = anyhow!("{} says that encrypted reports are refused", file.display());
        Failure::new(Exit::Usage, error).with_hint(Hint::words(
            "under [encryption], write wanted = \"preferred\" or \"required\"",
        ))
    })
}

const YEAR: Duration = Duration::from_hours(365 * 24);
/// RFC 9116 section 2.5.5 recommends less than a year.
const LONGEST: Duration = Duration::from_hours(364 * 24);
