//! What the vendor's own site publishes: security.txt with what it links to, CSAF metadata, and its
//! profile.
//!
//! RFC 9116, CSAF 2.0 section 7.1.8. All of it is the word of one web server, whatever that server
//! links to: whoever takes it over can write another link.

use futures_util::future::{join_all, join3, join4};
use jiff::Timestamp;
use url::Url;

use super::{
    Asked, Authority, Fault, Kind, Outcome, Standing, Statement,
    ask::{Asker, Found},
    evidence::short,
    lookup::{MAX_KEYS, MAX_LINKS, Wanted, listed, unreadable},
    origin::Origin,
    prose::push_new,
    security_txt::{Encryption, Finding, SecurityTxt, SourceText, around_signature},
};
use crate::{
    network::{Answer, Get, Redirects},
    openpgp::{
        Certificate, Fingerprint, SignedText, is_cleartext_signed, read_certificates,
        read_cleartext,
    },
    program::{Contact, Program},
};

/// A security.txt that was found.
#[derive(Clone, Debug)]
pub struct SecurityTxtFile {
    /// Where it was asked for.
    pub requested: Url,
    /// Where it came from in the end.
    pub retrieved: Url,
    /// What stands in it, and what is wrong with it.
    pub content: SecurityTxt,
    /// Why it may not be believed, if so.
    pub void: Option<String>,
    /// Its cleartext signature, if it has one that can be read.
    pub signed: Option<SignedText>,
    /// What is wrong with the frame of its signature, if there is one that cannot be read.
    pub damage: Option<String>,
    /// What was asked on its word alone, and so is believed no more than it is.
    pub led_to: Vec<String>,
}

/// What the site gave.
#[derive(Default)]
pub(super) struct Site {
    pub(super) found: Vec<Found>,
    pub(super) security_txt: Option<SecurityTxtFile>,
    pub(super) program: Option<Program>,
    pub(super) contacts: Vec<(Contact, String)>,
}

impl Asker<'_> {
    /// Asks the site that speaks for the vendor, if there is one.
    pub(super) async fn site(&self) -> Site {
        let Some(origin) = &self.subject.origin else {
            return Site::default();
        };
        let (mut site, metadata, program, local) = join4(
            self.security_txt(origin),
            self.csaf(origin.join(CSAF_PLACE), None),
            self.program_json(origin),
            self.local_key(origin),
        )
        .await;
        site.found.extend(local);
        site.found.extend(metadata);
        let (found, program) = program;
        site.found.extend(found);
        site.program = program;
        site
    }

    async fn security_txt(&self, origin: &Origin) -> Site {
        let (found, file) = self.security_txt_file(origin).await;
        let mut site = Site {
            found,
            ..Site::default()
        };
        let Some((mut file, authority)) = file else {
            return site;
        };
        let at = short(file.retrieved.as_str());
        let contacts = file
            .content
            .contacts()
            .iter()
            .filter_map(|entry| entry.value().clone());
        site.contacts = contacts.map(|contact| (contact, at.clone())).collect();
        let (mut linked, keys) = self.linked(&file, &authority).await;
        for said in linked.iter_mut().filter_map(|one| one.statement.as_mut()) {
            if said.vouches() {
                file.led_to.push(said.at.clone());
                said.standing = standing(&file);
            }
        }
        let own = site.found.iter_mut().find(|one| one.asked.at == at);
        if let (Some(own), false) = (own, keys.is_empty()) {
            own.statement = Some(Statement {
                kind: Kind::SecurityTxt,
                at,
                address: None,
                given: false,
                authority,
                standing: standing(&file),
                keys,
            });
        }
        site.found.extend(linked);
        site.security_txt = Some(file);
        site
    }

    /// The file at either place: the first one wins if it is there (RFC 9116 section 3).
    async fn security_txt_file(
        &self,
        origin: &Origin,
    ) -> (Vec<Found>, Option<(SecurityTxtFile, Authority)>) {
        let places = PLACES.map(|path| origin.join(path));
        let asked = places.clone().map(|url| {
            let get = Get {
                url,
                redirects: Redirects::SameName,
                accept: "text/plain",
            };
            self.fetch(Kind::SecurityTxt, get)
        });
        let mut found = Vec::new();
        let mut file = None;
        for (requested, answer) in places.into_iter().zip(join_all(asked).await) {
            match answer {
                Err(ended) => found.push(ended),
                Ok(answer) => {
                    let at = answer.url.to_string();
                    let read = self.read_security_txt(requested, &answer);
                    let outcome = match &read {
                        Some(read) => Outcome::Found(summary(&read.content)),
                        None => Outcome::Fault(Fault {
                            code: "not-a-security-txt",
                            message: "there is something else, such as a web page".to_owned(),
                        }),
                    };
                    found.push(Found::ended(Kind::SecurityTxt, &at, outcome));
                    let authority = authority(&answer);
                    file = file.or(read.map(|read| (read, authority)));
                }
            }
        }
        (found, file)
    }

    fn read_security_txt(&self, requested: Url, answer: &Answer) -> Option<SecurityTxtFile> {
        let now = Timestamp::try_from(self.now).unwrap_or(Timestamp::MAX);
        let read = is_cleartext_signed(&answer.body).then(|| read_cleartext(&answer.body));
        let (signed, damage) = match read.transpose() {
            Ok(signed) => (signed, None),
            Err(why) => (None, Some(format!("its signature is damaged ({why})"))),
        };
        let source = match &signed {
            Some(signed) => SourceText {
                bytes: signed.text().as_bytes(),
                first_line: signed.first_line(),
                signed: true,
            },
            None => SourceText {
                bytes: &answer.body,
                first_line: 1,
                signed: false,
            },
        };
        let mut content = SecurityTxt::parse(&source, now);
        if signed.is_some() {
            content.add(around_signature(&answer.body));
        }
        let nothing = content.contacts().is_empty()
            && content.encryption().is_empty()
            && content.expires().is_none();
        if nothing {
            return None;
        }
        content.add_served(answer.media_type.as_deref(), &requested, &answer.url);
        let believed = content
            .authority(&requested)
            .or_else(|_| content.authority(&answer.url));
        Some(SecurityTxtFile {
            void: damage
                .clone()
                .or(believed.err().map(|why| short(&why.to_string()))),
            damage,
            requested,
            retrieved: answer.url.clone(),
            content,
            signed,
            led_to: Vec::new(),
        })
    }

    /// Everything that a security.txt leads to, and the keys that it names, in its order.
    async fn linked(
        &self,
        file: &SecurityTxtFile,
        authority: &Authority,
    ) -> (Vec<Found>, Vec<Fingerprint>) {
        let content = &file.content;
        let mails = content
            .contacts()
            .iter()
            .filter_map(|entry| match entry.value() {
                Some(Contact::Mail(address)) => Some(Wanted {
                    named_by: Some(authority.clone()),
                    address: address.clone(),
                }),
                _ => None,
            });
        let fingerprints = content
            .encryption()
            .iter()
            .filter_map(|entry| match entry.value() {
                Encryption::Fingerprint(fingerprint) => fingerprint.as_hex().parse().ok(),
                _ => None,
            });
        let mut keys: Vec<Fingerprint> = Vec::new();
        for key in fingerprints.take(MAX_NAMED) {
            push_new(&mut keys, key, MAX_KEYS);
        }
        let metadata = content
            .csaf()
            .iter()
            .filter_map(|entry| entry.value().clone());
        let metadata = metadata
            .filter(|url| file.requested.join(CSAF_PLACE).as_ref() != Ok(url))
            .take(1)
            .map(|url| self.csaf(url, Some(authority)));
        let ((mut found, linked), named, metadata) = join3(
            self.encryption_links(content),
            self.named(mails.collect(), keys.clone()),
            join_all(metadata),
        )
        .await;
        for key in linked {
            push_new(&mut keys, key, usize::MAX);
        }
        found.extend(named);
        found.extend(metadata.into_iter().flatten());
        (found, keys)
    }

    /// The keys behind `Encryption:` links, as questions and as fingerprints in the file's order.
    async fn encryption_links(&self, content: &SecurityTxt) -> (Vec<Found>, Vec<Fingerprint>) {
        let links = content.encryption().iter().take(MAX_NAMED);
        let asked = links.filter_map(|entry| match entry.value() {
            Encryption::Https(url) => Some(Link::Page(url.clone())),
            Encryption::Dns { owner } => Some(Link::Record(owner.clone())),
            _ => None,
        });
        let mut found = Vec::new();
        let mut keys = Vec::new();
        for (one, certificates) in join_all(asked.take(MAX_LINKS).map(|link| self.link(link))).await
        {
            keys.extend(certificates.iter().map(Certificate::fingerprint));
            found.push(Found {
                asked: one,
                statement: None,
                certificates,
            });
        }
        (found, keys)
    }

    async fn link(&self, link: Link) -> (Asked, Vec<Certificate>) {
        let ended = |at, outcome| Asked {
            kind: Kind::EncryptionLink,
            at,
            outcome,
        };
        let (at, read) = match link {
            Link::Page(url) => match self.key_page(url.clone()).await {
                Ok(certificates) => (url.to_string(), Ok(certificates)),
                Err(outcome) => return (ended(url.to_string(), outcome), Vec::new()),
            },
            Link::Record(owner) => match self.network.openpgpkeys(&owner).await {
                Ok(records) if records.is_empty() => {
                    return (ended(owner, Outcome::Nothing), Vec::new());
                }
                Ok(records) => (owner.clone(), read_certificates(&owner, &records.concat())),
                Err(error) => return (ended(owner, Outcome::Fault(error.into())), Vec::new()),
            },
        };
        match read {
            Ok(certificates) => {
                let (outcome, certificates) = listed(certificates);
                (ended(at, outcome), certificates)
            }
            Err(error) => (ended(at, Outcome::Fault(unreadable(&error))), Vec::new()),
        }
    }

    /// The certificates behind a link: a key, or a page with an armoured key in it.
    pub(super) async fn key_page(&self, url: Url) -> Result<Vec<Certificate>, Outcome> {
        let get = Get {
            url,
            redirects: Redirects::SameOrigin,
            accept: "application/pgp-keys, text/plain, */*",
        };
        let at = get.url.to_string();
        let answer = self.fetch(Kind::EncryptionLink, get).await;
        let answer = answer.map_err(|ended| ended.asked.outcome)?;
        read_certificates(&at, &answer.body).map_err(|error| Outcome::Fault(unreadable(&error)))
    }
}

/// Where `Encryption:` leads.
enum Link {
    Page(Url),
    Record(String),
}

/// What the word of a security.txt is worth.
fn standing(file: &SecurityTxtFile) -> Standing {
    file.void.clone().map_or(Standing::Vouches, Standing::Void)
}

pub(super) fn authority(answer: &Answer) -> Authority {
    Authority::Web {
        host: answer.url.host_str().unwrap_or_default().to_owned(),
        peers: answer.peers.clone(),
    }
}

fn summary(content: &SecurityTxt) -> String {
    let faults = content
        .findings()
        .iter()
        .filter(|finding| is_error(finding))
        .count();
    match (content.is_strict(), faults) {
        (true, _) => "keeps to RFC 9116".to_owned(),
        (false, 1) => "has 1 fault".to_owned(),
        (false, faults) => format!("has {faults} faults"),
    }
}

fn is_error(finding: &Finding) -> bool {
    finding.severity() == super::security_txt::Severity::Error
}

const CSAF_PLACE: &str = "/.well-known/csaf/provider-metadata.json";

/// Lines that are read for their links.
const MAX_NAMED: usize = 64;

const PLACES: [&str; 2] = ["/.well-known/security.txt", "/security.txt"];
