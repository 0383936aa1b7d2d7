//! What `find --json` prints; the lines for a person are made of the same.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    commands::{
        Context,
        vendor::{Investigation, Vendor, is_soon},
    },
    discover::{Authority, Outcome, SecurityTxtFile, Standing, Statement, security_txt::Finding},
    openpgp::{Certificate, SignatureVerdict, Verdict},
    program::{Contact, Program},
};

#[derive(Serialize)]
pub(super) struct Document {
    /// The name under which the vendor is kept, as a pin's is.
    pub(super) target: String,
    /// The host whose word counts; null where there is none.
    pub(super) host: Option<String>,
    /// How that host could be mistaken for another.
    pub(super) look_alike: Option<LookAlike>,
    /// The profile: shipped, the user's own, or the one that the vendor publishes.
    pub(super) program: Option<Program>,
    /// `profile` or `published`.
    pub(super) program_from: Option<&'static str>,
    pub(super) contacts: Vec<Named>,
    /// `mail`, `github`, `web`, `telephone`.
    pub(super) channels: Vec<&'static str>,
    pub(super) policies: Vec<String>,
    pub(super) security_txt: Option<SecurityTxt>,
    pub(super) asked: Vec<Asked>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) pin: Option<Pin>,
    pub(super) decision: Decision,
}

#[derive(Serialize)]
pub(super) struct LookAlike {
    pub(super) ascii: String,
    pub(super) unicode: Option<String>,
    pub(super) warnings: Vec<Coded>,
}

#[derive(Serialize)]
pub(super) struct Coded {
    pub(super) code: &'static str,
    pub(super) message: String,
}

#[derive(Serialize)]
pub(super) struct Named {
    pub(super) uri: String,
    /// `profile`, or where it was published.
    pub(super) from: String,
}

#[derive(Serialize)]
pub(super) struct SecurityTxt {
    pub(super) url: String,
    pub(super) expires: Option<Timestamp>,
    /// Whether it keeps to RFC 9116 to the letter.
    pub(super) strict: bool,
    /// Why it may not be believed; null where it may.
    pub(super) void: Option<String>,
    /// `unsigned`, `verified`, `unknown-signer`, `bad` or `damaged`.
    pub(super) signature: &'static str,
    /// The fingerprint of the certificate that verifies it.
    pub(super) signed_by: Option<String>,
    /// What became of the key that signed it, as in `candidates[].keys[].condition`.
    pub(super) signing_key: Option<&'static str>,
    pub(super) findings: Vec<Finding>,
}

#[derive(Serialize)]
pub(super) struct Asked {
    pub(super) source: &'static str,
    pub(super) at: String,
    /// `found`, `nothing` or `fault`.
    pub(super) outcome: &'static str,
    /// With a fault its code.
    pub(super) code: Option<&'static str>,
    pub(super) message: Option<String>,
    #[serde(skip)]
    pub(super) kind: String,
}

#[derive(Serialize)]
pub(super) struct Candidate {
    pub(super) fingerprint: String,
    pub(super) user_ids: Vec<String>,
    pub(super) usable: bool,
    /// Why it must not be used.
    pub(super) reasons: Vec<Coded>,
    /// The key in it that would be encrypted to.
    pub(super) encryption_key: Option<String>,
    pub(super) expires: Option<Timestamp>,
    /// Whether that is within 30 days.
    pub(super) expires_soon: bool,
    pub(super) keys: Vec<Key>,
    pub(super) sources: Vec<Source>,
}

#[derive(Serialize)]
pub(super) struct Key {
    pub(super) fingerprint: String,
    pub(super) algorithm: String,
    pub(super) uses: Vec<&'static str>,
    pub(super) created: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) condition: &'static str,
    pub(super) chosen: bool,
}

#[derive(Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "a member name that scripts rely on"
)]
pub(super) struct Source {
    pub(super) source: &'static str,
    pub(super) at: String,
    /// The address that the key is for; null where it is for reports as such.
    pub(super) address: Option<String>,
    /// Whose word it is.
    pub(super) authority: String,
    /// `vouches`, `carries` or `void`.
    pub(super) standing: &'static str,
    #[serde(skip)]
    pub(super) kind: String,
}

#[derive(Serialize)]
pub(super) struct Pin {
    pub(super) fingerprint: String,
    pub(super) pinned: Timestamp,
    pub(super) provenance: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Decision {
    /// `pinned`, `agreed`, `one-source` or `refused`.
    pub(super) verdict: &'static str,
    /// With `refused` its code.
    pub(super) code: Option<&'static str>,
    pub(super) fingerprint: Option<String>,
    pub(super) message: String,
}

impl Document {
    pub(super) fn new(vendor: &Vendor, found: &Investigation, context: &Context<'_>) -> Self {
        let own = vendor
            .target
            .is_known
            .then(|| vendor.target.program.clone());
        let program_from = match (&own, &found.discovery.program) {
            (Some(_), _) => Some("profile"),
            (None, Some(_)) => Some("published"),
            (None, None) => None,
        };
        let program = own.or_else(|| found.discovery.program.clone());
        let contacts = contacts(vendor, found);
        let mut channels: Vec<&'static str> = Vec::new();
        for (contact, _) in &contacts {
            if !channels.contains(&channel(contact)) {
                channels.push(channel(contact));
            }
        }
        let security_txt = found.discovery.security_txt.as_ref();
        Self {
            target: vendor.subject.name.clone(),
            host: vendor
                .subject
                .origin
                .as_ref()
                .map(crate::discover::Origin::authority),
            look_alike: vendor.look_alike.as_ref().map(look_alike),
            policies: policies(program.as_ref(), security_txt),
            program,
            program_from,
            contacts: contacts
                .iter()
                .map(|(contact, from)| Named {
                    uri: contact.to_string(),
                    from: from.clone(),
                })
                .collect(),
            channels,
            security_txt: security_txt.map(|file| self::security_txt(file, found, context)),
            asked: found.discovery.asked.iter().map(asked).collect(),
            candidates: candidates(found, context),
            pin: found.pin.as_ref().map(|pin| Pin {
                fingerprint: pin.fingerprint.to_string(),
                pinned: pin.pinned,
                provenance: pin.provenance.clone(),
            }),
            decision: decision(found),
        }
    }

    /// Whether neither a way to the vendor nor a key is known.
    pub(super) fn is_empty(&self) -> bool {
        self.contacts.is_empty() && self.candidates.is_empty() && self.policies.is_empty()
    }
}

/// Contacts in the vendor's order, each once: the profile's, then those that were found.
fn contacts(vendor: &Vendor, found: &Investigation) -> Vec<(Contact, String)> {
    let own = vendor
        .target
        .program
        .contacts()
        .cloned()
        .map(|contact| (contact, "profile".to_owned()));
    let own = own.filter(|_| vendor.target.is_known);
    let published = found
        .discovery
        .program
        .iter()
        .flat_map(|program| program.contacts().cloned());
    let published = published.map(|contact| (contact, "program.json".to_owned()));
    let reporting = found.discovery.private_reporting == Some(true);
    let repository = vendor.subject.repository.clone().filter(|_| reporting);
    let repository =
        repository.map(|repository| (Contact::GitHub(repository), "GitHub".to_owned()));
    let mut all: Vec<(Contact, String)> = Vec::new();
    for one in own
        .chain(found.discovery.contacts.iter().cloned())
        .chain(published)
        .chain(repository)
    {
        if !all.iter().any(|(known, _)| *known == one.0) {
            all.push(one);
        }
    }
    all
}

fn channel(contact: &Contact) -> &'static str {
    match contact {
        Contact::Mail(_) => "mail",
        Contact::Web(_) => "web",
        Contact::Telephone(_) => "telephone",
        Contact::GitHub(_) | Contact::GitHubUnnamed => "github",
    }
}

fn policies(program: Option<&Program>, file: Option<&SecurityTxtFile>) -> Vec<String> {
    let own = program
        .and_then(Program::policy)
        .map(|url| url.as_str().to_owned());
    let linked = file.into_iter().flat_map(|file| file.content.policy());
    let linked = linked.filter_map(|entry| Some(entry.value().as_ref()?.to_string()));
    let mut all: Vec<String> = own.into_iter().collect();
    for url in linked {
        if !all.contains(&url) {
            all.push(url);
        }
    }
    all
}

fn look_alike(look: &crate::discover::LookAlike) -> LookAlike {
    let warning = |warning: &crate::discover::Warning| Coded {
        code: warning.code(),
        message: warning.to_string(),
    };
    LookAlike {
        ascii: look.ascii().to_owned(),
        unicode: look.unicode().map(str::to_owned),
        warnings: look.warnings().iter().map(warning).collect(),
    }
}

fn security_txt(
    file: &SecurityTxtFile,
    found: &Investigation,
    context: &Context<'_>,
) -> SecurityTxt {
    let (signature, signed_by) = match &found.signature {
        SignatureVerdict::Unsigned if file.damage.is_some() => ("damaged", None),
        SignatureVerdict::Unsigned => ("unsigned", None),
        SignatureVerdict::Verified { signer, .. } => ("verified", Some(signer)),
        SignatureVerdict::UnknownSigner { .. } => ("unknown-signer", None),
        SignatureVerdict::Bad { .. } => ("bad", None),
    };
    let signing_key = signed_by
        .zip(file.signed.as_ref())
        .and_then(|(signer, signed)| {
            let keys = found
                .discovery
                .evidence
                .certificate(signer)?
                .keys(context.now);
            let issuers = signed.issuers();
            let mut keys = keys.iter();
            keys.find(|key| issuers.iter().any(|issuer| issuer.names(&key.fingerprint)))
                .map(|key| key.condition.code())
        });
    SecurityTxt {
        url: file.retrieved.to_string(),
        expires: file.content.expires(),
        strict: file.content.is_strict(),
        void: file.void.clone(),
        signature,
        signed_by: signed_by.map(ToString::to_string),
        signing_key,
        findings: file.content.findings().to_vec(),
    }
}

fn asked(asked: &crate::discover::Asked) -> Asked {
    let (outcome, code, message) = match &asked.outcome {
        Outcome::Found(words) => ("found", None, Some(words.clone())),
        Outcome::Nothing => ("nothing", None, None),
        Outcome::Fault(fault) => ("fault", Some(fault.code), Some(fault.message.clone())),
    };
    Asked {
        source: asked.kind.code(),
        at: asked.at.clone(),
        outcome,
        code,
        message,
        kind: asked.kind.to_string(),
    }
}

fn candidates(found: &Investigation, context: &Context<'_>) -> Vec<Candidate> {
    let evidence = &found.discovery.evidence;
    let known = |certificate: &&Certificate| {
        let key = certificate.fingerprint();
        let pinned = found.pin.as_ref().is_some_and(|pin| pin.fingerprint == key);
        pinned || evidence.naming(&key).next().is_some()
    };
    let all = evidence.certificates.iter().filter(known);
    all.map(|certificate| {
        let key = certificate.fingerprint();
        let sources = evidence.naming(&key).map(source).collect();
        candidate(certificate, sources, context)
    })
    .collect()
}

fn candidate(certificate: &Certificate, sources: Vec<Source>, context: &Context<'_>) -> Candidate {
    let (reasons, chosen) = match certificate.verdict(context.now) {
        Verdict::Usable(recipient) => (Vec::new(), Some(recipient.encryption_key())),
        Verdict::Refused(reasons) => (reasons, None),
    };
    let expires = chosen.as_ref().and_then(|key| key.expires);
    Candidate {
        fingerprint: certificate.fingerprint().to_string(),
        user_ids: certificate.user_ids().collect(),
        usable: chosen.is_some(),
        reasons: reasons
            .iter()
            .map(|reason| Coded {
                code: reason.code(),
                message: reason.to_string(),
            })
            .collect(),
        encryption_key: chosen.map(|key| key.fingerprint.to_string()),
        expires,
        expires_soon: expires.is_some_and(|at| is_soon(at, context)),
        keys: certificate.keys(context.now).iter().map(key).collect(),
        sources,
    }
}

fn key(key: &crate::openpgp::KeyState) -> Key {
    Key {
        fingerprint: key.fingerprint.to_string(),
        algorithm: key.algorithm.clone(),
        uses: key.uses.iter().map(|one| one.code()).collect(),
        created: key.created,
        expires: key.expires,
        condition: key.condition.code(),
        chosen: key.is_chosen,
    }
}

fn source(statement: &Statement) -> Source {
    Source {
        source: statement.kind.code(),
        at: statement.at.clone(),
        address: statement.address.as_ref().map(ToString::to_string),
        authority: authority(&statement.authority),
        standing: match statement.standing {
            Standing::Vouches => "vouches",
            Standing::Carries => "carries",
            Standing::Void(_) => "void",
        },
        kind: statement.kind.to_string(),
    }
}

fn authority(authority: &Authority) -> String {
    authority.to_string()
}

fn decision(found: &Investigation) -> Decision {
    match &found.decision {
        Ok(decision) => {
            let fingerprint = decision.recipient().certificate().fingerprint();
            Decision {
                verdict: decision.code(),
                code: None,
                message: decision.to_string(),
                fingerprint: Some(fingerprint.to_string()),
            }
        }
        Err(stop) => Decision {
            verdict: "refused",
            code: Some(stop.code()),
            fingerprint: None,
            message: stop.to_string(),
        },
    }
}
