//! What the intake publishes: the page, the key, security.txt, the profile, the key directory.
//!
//! RFC 9116 for security.txt, draft-koch-openpgp-webkey-service section 3.1 for the directory.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use url::Url;

use super::plan::Plan;
use crate::{
    discover::{
        security_txt::{Draft, Encryption},
        wkd::Method,
    },
    intake::{File, Landing, Site},
    openpgp::{Certificate, Signer, sign_cleartext},
    program::{Contact, MailAddress, Program},
    wire::path,
};

/// Makes the site, and makes it anew when its dates run out.
pub(super) struct SiteMaker {
    certificate: Certificate,
    expires: Option<Timestamp>,
    addresses: Vec<MailAddress>,
    program: Option<Program>,
    contacts: Vec<Contact>,
    languages: Vec<String>,
    /// Where the page says that it is.
    url: Url,
    /// Whether that is known, and https.
    is_public: bool,
    max_size: u64,
    signer: Option<Signer>,
}

impl SiteMaker {
    /// `at` is where the intake is if nothing else is known.
    pub(super) fn new(plan: &Plan, at: Url, signer: Option<Signer>) -> Self {
        let certificate = plan.recipient.certificate().clone();
        let url = plan.public_url.clone().unwrap_or(at);
        let is_public = plan.public_url.is_some() && url.scheme() == "https";
        let addresses = certificate.addresses();
        let addresses = addresses.iter().filter_map(|text| text.parse().ok());
        let addresses: Vec<MailAddress> = addresses.collect();
        let own = url.as_str().parse().ok().map(Contact::Web);
        let own = own.filter(|_| is_public);
        let contacts = contacts(own, plan.program.as_ref(), &addresses);
        Self {
            program: program(plan, &url, &contacts),
            expires: plan.recipient.encryption_key().expires,
            languages: plan.languages.clone(),
            max_size: plan.limits.max_size,
            certificate,
            addresses,
            contacts,
            url,
            is_public,
            signer,
        }
    }

    /// The site as it is at `now`.
    pub(super) fn make(&mut self, now: SystemTime) -> anyhow::Result<Site> {
        let mut site = Site::default();
        let armored = self.certificate.to_armored()?;
        site.put(path::KEY, File::new(TEXT, armored));
        if let Some(program) = &self.program {
            let mut json = serde_json::to_vec_pretty(program)?;
            json.push(b'\n');
            site.put(path::PROGRAM, File::new("application/json", json));
        }
        if self.is_public {
            let text = self.security_txt(now)?;
            site.put("/.well-known/security.txt", File::new(TEXT, text));
        }
        self.directory(&mut site)?;
        let landing = Landing {
            certificate: &self.certificate,
            expires: self.expires,
            program: self.program.as_ref(),
            url: &self.url,
            max_size: self.max_size,
            languages: &self.languages,
            has_security_txt: self.is_public,
        };
        site.put("/", landing.file()?);
        Ok(site)
    }

    fn security_txt(&mut self, now: SystemTime) -> anyhow::Result<Vec<u8>> {
        let holds = Timestamp::try_from(now + HOLDS)?;
        let program = self.program.as_ref();
        let draft = Draft {
            contacts: self.contacts.clone(),
            expires: self.expires.map_or(holds, |end| holds.min(end)),
            encryption: vec![Encryption::Https(self.url.join("key.asc")?)],
            acknowledgments: Vec::new(),
            languages: self.languages.clone(),
            canonical: vec![
                self.url
                    .join(".well-known/security.txt")?
                    .as_str()
                    .parse()?,
            ],
            policy: program
                .and_then(Program::policy)
                .into_iter()
                .cloned()
                .collect(),
            hiring: Vec::new(),
            csaf: Vec::new(),
        };
        let text = draft.text(Timestamp::try_from(now)?)?;
        match &mut self.signer {
            Some(signer) => sign_cleartext(&text, signer, now),
            None => Ok(text.into_bytes()),
        }
    }

    /// The Web Key Directory of each address, in both layouts.
    fn directory(&self, site: &mut Site) -> anyhow::Result<()> {
        let binary = self.certificate.to_binary()?;
        for address in &self.addresses {
            for method in Method::BOTH {
                let key = format!("/{}", method.key_path(address));
                site.put(key, File::new("application/octet-stream", binary.clone()));
                let policy = format!("/{}", method.policy_path(address.domain()));
                site.put(policy, File::new(TEXT, Vec::new()));
            }
        }
        Ok(())
    }
}

/// The intake first, then the profile's; without a profile, the certificate's addresses.
fn contacts(
    own: Option<Contact>,
    program: Option<&Program>,
    addresses: &[MailAddress],
) -> Vec<Contact> {
    let others: Vec<_> = match program {
        Some(program) => program.contacts().cloned().collect(),
        None => addresses.iter().cloned().map(Contact::Mail).collect(),
    };
    let mut contacts: Vec<_> = own.into_iter().collect();
    for contact in others {
        if contact != Contact::GitHubUnnamed && !contacts.contains(&contact) {
            contacts.push(contact);
        }
    }
    contacts
}

/// The profile with the contacts and the key in it; without one, what is known.
fn program(plan: &Plan, url: &Url, contacts: &[Contact]) -> Option<Program> {
    let name = url.host_str().unwrap_or_default();
    let program = match &plan.program {
        Some(program) => program.clone(),
        None => Program::announced(name, contacts, None)?,
    };
    let key = plan.recipient.certificate().fingerprint();
    program.published(contacts, &key.as_hex().parse().ok()?)
}

/// How long a security.txt holds. It is made anew long before.
const HOLDS: Duration = Duration::from_hours(30 * 24);
const TEXT: &str = "text/plain; charset=utf-8";
