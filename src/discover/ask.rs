//! All sources at once: each costs its own time-out at the most, and none of them the answer.
//!
//! DESIGN.md, "Discovery and trust". The results stand in the order of asking, so that the same
//! answers give the same output whichever came first.

use std::time::SystemTime;

use futures_util::future::{join, join_all, join4};
use url::Url;

use super::{
    Asked, Evidence, Fault, Kind, Outcome, SecurityTxtFile, Standing, Statement,
    evidence::short,
    key_server::{Hkp, Vks},
    lookup::Wanted,
    origin::Origin,
};
use crate::{
    network::{Answer, Get, Network},
    openpgp::{Certificate, Fingerprint, SignatureVerdict},
    program::{Contact, MailAddress, Program, Repository, registrable},
};

/// Whom to ask about: what TARGET and the profile say before anything is asked.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The name for people and for the pin.
    pub name: String,
    /// The site that speaks for the vendor.
    pub origin: Option<Origin>,
    /// Addresses that were typed or that the profile names.
    pub addresses: Vec<MailAddress>,
    /// The repository.
    pub repository: Option<Repository>,
    /// Whether one mailbox is meant, rather than the vendor.
    pub is_mailbox: bool,
    /// Keys that are pinned: their certificates are looked for, too.
    pub pinned: Vec<Fingerprint>,
}

/// The servers that are asked for everybody's keys.
#[derive(Clone, Debug)]
pub struct Servers {
    /// A key server that verifies addresses, such as keys.openpgp.org.
    pub vks: Option<Vks>,
    /// A key server that takes anything.
    pub hkp: Option<Hkp>,
    /// GitHub's API.
    pub github_api: Url,
}

impl Servers {
    /// Where each of them has the certificate of a fingerprint, and whatever revokes it.
    pub(super) fn by_fingerprint(&self, key: &Fingerprint) -> Vec<(Kind, Url)> {
        let vks = self
            .vks
            .as_ref()
            .map(|vks| (Kind::Vks, vks.by_fingerprint(key)));
        let hkp = self
            .hkp
            .as_ref()
            .map(|hkp| (Kind::Hkp, hkp.by_fingerprint(key)));
        vks.into_iter().chain(hkp).collect()
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Every question, in a fixed order.
    pub asked: Vec<Asked>,
    /// What the sources say of keys.
    pub evidence: Evidence,
    /// The vendor's security.txt.
    pub security_txt: Option<SecurityTxtFile>,
    /// The vendor's own profile.
    pub program: Option<Program>,
    /// Where reports go, with the document that says so.
    pub contacts: Vec<(Contact, String)>,
    /// Whether the repository takes private reports, where it was asked.
    pub private_reporting: Option<bool>,
}

/// Asks every source about `subject`.
pub async fn discover(
    network: &Network,
    servers: &Servers,
    subject: &Subject,
    now: SystemTime,
) -> Discovery {
    let given = given(subject);
    let asker = Asker {
        network,
        servers,
        subject,
        given: &given,
        now,
    };
    let wanted = given.iter().map(|address| Wanted {
        address: address.clone(),
        named_by: None,
    });
    let (site, repository, addresses, pinned) = Box::pin(join4(
        asker.site(),
        asker.repository(),
        asker.addresses(wanted.collect()),
        asker.fingerprints(&subject.pinned),
    ))
    .await;
    let mut discovery = Discovery {
        security_txt: site.security_txt,
        program: site.program,
        contacts: site.contacts,
        private_reporting: repository.private_reporting,
        ..Discovery::default()
    };
    discovery.contacts.extend(repository.contacts);
    for found in [site.found, repository.found, addresses, pinned] {
        discovery.take(found);
    }
    // A key that was found on a page may be revoked at a key server.
    let fresh = discovery.named_keys(servers, now);
    let carried = asker.fingerprints(&fresh).await;
    discovery.take(carried);
    discovery
}

/// The addresses that are asked about whatever a document says: those that were typed or that the
/// profile names, and at the site's registrable domain `security`, which RFC 2142 keeps for this, so
/// that nobody else has that mailbox. Not at a host below it: mail to a host without an MX record
/// goes to that host itself, so whoever owns a web server reads the mail to its name.
fn given(subject: &Subject) -> Vec<MailAddress> {
    let mut given = subject.addresses.clone();
    let host = subject.origin.as_ref().map_or("", Origin::host_str);
    let bare = host.strip_prefix("www.").unwrap_or(host);
    let domain = registrable(host).filter(|domain| domain == bare && !subject.is_mailbox);
    let usual = domain.and_then(|domain| format!("security@{domain}").parse().ok());
    if let Some(usual) = usual.filter(|usual| !given.iter().any(|one| is_same(one, usual))) {
        given.push(usual);
    }
    given
}

/// One mailbox, as a rule, whatever the case (RFC 5321 section 2.4).
fn is_same(one: &MailAddress, other: &MailAddress) -> bool {
    one.to_string().eq_ignore_ascii_case(&other.to_string())
}

/// One round of questions.
pub(super) struct Asker<'a> {
    pub(super) network: &'a Network,
    pub(super) servers: &'a Servers,
    pub(super) subject: &'a Subject,
    /// The addresses that are asked about anyway.
    given: &'a [MailAddress],
    pub(super) now: SystemTime,
}

/// One question with its answer, and what it says of keys.
pub(super) struct Found {
    pub(super) asked: Asked,
    pub(super) statement: Option<Statement>,
    pub(super) certificates: Vec<Certificate>,
}

impl Asker<'_> {
    /// The addresses, and what else is asked on their account.
    pub(super) async fn addresses(&self, wanted: Vec<Wanted>) -> Vec<Found> {
        let wanted = wanted.iter().take(MAX_ADDRESSES);
        let found = join_all(wanted.map(|one| self.address(one))).await;
        found.into_iter().flatten().collect()
    }

    /// The addresses that a document named, without those that are asked for anyway, and the keys
    /// that it named by their fingerprints.
    pub(super) async fn named(
        &self,
        addresses: Vec<Wanted>,
        fingerprints: Vec<Fingerprint>,
    ) -> Vec<Found> {
        let mut fresh: Vec<Wanted> = Vec::new();
        for one in addresses {
            let asked = fresh.iter().map(|fresh| &fresh.address);
            let mut asked = self.given.iter().chain(asked);
            if !asked.any(|asked| is_same(asked, &one.address)) {
                fresh.push(one);
            }
        }
        let (mut found, carried) =
            join(self.addresses(fresh), self.fingerprints(&fingerprints)).await;
        found.extend(carried);
        found
    }

    /// A successful answer, or how the question ended instead.
    pub(super) async fn fetch(&self, kind: Kind, get: Get) -> Result<Answer, Found> {
        let at = get.url.to_string();
        match self.network.get(get).await {
            Ok(answer) if answer.status == 200 => Ok(answer),
            Ok(answer) if matches!(answer.status, 404 | 410) => Err(Found::nothing(kind, &at)),
            Ok(answer) => {
                let fault = Fault {
                    code: "http-status",
                    message: format!("the server answered with status {}", answer.status),
                };
                Err(Found::fault(kind, &at, fault))
            }
            Err(error) => Err(Found::fault(kind, &at, error.into())),
        }
    }
}

impl Discovery {
    fn take(&mut self, found: Vec<Found>) {
        for one in found {
            self.asked.push(one.asked);
            self.evidence.statements.extend(one.statement);
            for certificate in one.certificates {
                self.evidence.add(certificate);
            }
        }
    }

    /// The keys that somebody names and that not every key server was asked for yet, those first that
    /// may be used: whoever names many keys must not keep one of them from being looked up.
    fn named_keys(&self, servers: &Servers, now: SystemTime) -> Vec<Fingerprint> {
        let mut named: Vec<(bool, Fingerprint)> = Vec::new();
        let statements = self.evidence.statements.iter();
        for key in statements.flat_map(|statement| &statement.keys) {
            let known = named.iter().any(|(_, named)| named == key);
            if known || self.was_looked_up(key, servers) {
                continue;
            }
            if let Some(certificate) = self.evidence.certificate(key) {
                let unusable = certificate.verdict(now).recipient().is_err();
                named.push((unusable, key.clone()));
            }
        }
        named.sort_by_key(|(unusable, _)| *unusable);
        named.into_iter().map(|(_, key)| key).collect()
    }

    /// Whether every key server itself was asked for this fingerprint. A URL with the fingerprint in it,
    /// which anybody can choose, is no such question.
    fn was_looked_up(&self, key: &Fingerprint, servers: &Servers) -> bool {
        let mut questions = servers.by_fingerprint(key).into_iter();
        questions.all(|(kind, url)| {
            let at = short(url.as_str());
            let mut asked = self.asked.iter();
            asked.any(|asked| asked.kind == kind && asked.at == at)
        })
    }

    /// How the key servers failed that were asked for this fingerprint.
    pub fn failed_lookups(&self, key: &Fingerprint) -> impl Iterator<Item = (&Asked, &Fault)> {
        let asked = self.asked.iter().filter(|asked| {
            matches!(asked.kind, Kind::Vks | Kind::Hkp) && asked.at.contains(key.as_hex())
        });
        asked.filter_map(|asked| match &asked.outcome {
            Outcome::Fault(fault) => Some((asked, fault)),
            Outcome::Found(_) | Outcome::Nothing => None,
        })
    }

    /// The verdict on the security.txt's signature, by the certificates that are at hand. A file
    /// whose signature is bad was changed on its way, and is not believed.
    pub fn judge_signature(&mut self, now: SystemTime) -> SignatureVerdict {
        let Some(file) = &mut self.security_txt else {
            return SignatureVerdict::Unsigned;
        };
        let certificates: Vec<_> = self.evidence.certificates.iter().collect();
        let verdict = match &file.signed {
            None => SignatureVerdict::Unsigned,
            Some(signed) => signed.verify(&certificates, now),
        };
        if let SignatureVerdict::Bad { why } = &verdict {
            let void = short(&format!("its signature is bad ({why})"));
            for said in &mut self.evidence.statements {
                if said.kind == Kind::SecurityTxt || file.led_to.contains(&said.at) {
                    said.standing = Standing::Void(void.clone());
                }
            }
            file.void.get_or_insert(void);
        }
        verdict
    }
}

/// More addresses than any vendor takes reports at.
const MAX_ADDRESSES: usize = 6;
