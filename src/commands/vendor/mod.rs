//! The vendor that TARGET means: its profile where there is one, and whom to ask.

mod choice;
mod contacts;
mod hints;
mod investigation;

use anyhow::anyhow;
use url::Url;

use super::{
    Context,
    target::{self, Target},
};
use crate::{
    discover::{self, LookAlike, Origin, Subject},
    disk::Pin,
    openpgp::{Certificate, Fingerprint, read_certificates},
    program::{self, Contact, MailAddress, Program},
    terminal::{Exit, Failure, Hint, OrFail},
};

pub(super) use self::{
    choice::{choose, choose_unpinned, is_soon, pin},
    contacts::{contacts, mail_contacts},
    hints::{about, refusal},
    investigation::{Investigation, answers, investigate, observe},
};

/// A vendor, before anybody was asked.
pub(super) struct Vendor {
    /// Its program, with the certificate that comes with a profile.
    pub(super) target: Target,
    /// What was typed.
    pub(super) typed: String,
    /// Whom to ask about; its name is the pin's, too.
    pub(super) subject: Subject,
    /// How its host could be mistaken for another.
    pub(super) look_alike: Option<LookAlike>,
}

impl Vendor {
    /// The keys that the profile stands for: those that it names, else the one in its key file.
    fn own_keys(&self, context: &Context<'_>) -> Result<Vec<Fingerprint>, Failure> {
        let named = self.target.program.encryption().fingerprints().iter();
        let named: Vec<Fingerprint> = named.filter_map(|one| one.as_hex().parse().ok()).collect();
        let Some((file, bytes)) = self.target.key.as_ref().filter(|_| named.is_empty()) else {
            return Ok(named);
        };
        let certificates = read_certificates(file, bytes).exit(Exit::Refused)?;
        let usable = |one: &&Certificate| one.verdict(context.now).recipient().is_ok();
        let usable: Vec<&Certificate> = certificates.iter().filter(usable).collect();
        match (usable.as_slice(), certificates.as_slice()) {
            ([only], _) => Ok(vec![only.fingerprint()]),
            // The verdict will say what is wrong with it.
            ([], all) => Ok(all.iter().take(1).map(Certificate::fingerprint).collect()),
            (several, _) => {
                let all: Vec<_> = several
                    .iter()
                    .map(|one| one.fingerprint().to_string())
                    .collect();
                let error = anyhow!("{file} holds several certificates: {}", all.join(", "));
                Err(Failure::new(Exit::Refused, error).with_hint(Hint::words(
                    "name the vendor's in the profile: fingerprints = [\"…\"] under [encryption]",
                )))
            }
        }
    }

    /// The fingerprints that are trusted before anybody is asked: the person's pin, else the
    /// profile's.
    pub(super) fn pinned(&self, context: &Context<'_>) -> Result<Vec<Fingerprint>, Failure> {
        Ok(match self.pin(context)? {
            Some(pin) => vec![pin.fingerprint],
            None => self.own_keys(context)?,
        })
    }

    /// The person's pin: under whichever of the vendor's own names it was made, so that a profile that
    /// comes later, or another spelling, does not lose it; else that of the host or domain around it.
    pub(super) fn pin(&self, context: &Context<'_>) -> Result<Option<Pin>, Failure> {
        if let Some(own) = self.own_pin(context)? {
            return Ok(Some(own));
        }
        for name in self.names_around() {
            if let Some(pin) = context.home.pins().find(&name)? {
                return Ok(Some(pin));
            }
        }
        Ok(None)
    }

    fn own_pin(&self, context: &Context<'_>) -> Result<Option<Pin>, Failure> {
        let mut found: Option<Pin> = None;
        for name in self.own_names() {
            let Some(pin) = context.home.pins().find(&name)? else {
                continue;
            };
            match &found {
                Some(known) if known.fingerprint != pin.fingerprint => {
                    let error = anyhow!(
                        "two keys are pinned for this vendor: {} for {}, {} for {}",
                        known.fingerprint,
                        known.subject,
                        pin.fingerprint,
                        pin.subject
                    );
                    return Err(Failure::new(Exit::Refused, error).with_hint(Hint::command(
                        "remove the wrong one",
                        ["sealpost", "trust", "--remove", &pin.subject],
                    )));
                }
                Some(_) => {}
                None => found = Some(pin),
            }
        }
        Ok(found)
    }

    /// The vendor's own names: what it is pinned under, and the others of its profile.
    fn own_names(&self) -> Vec<String> {
        let mut names = vec![self.subject.name.clone()];
        if self.target.is_known {
            let program = &self.target.program;
            let id = program.id().as_str();
            names.push(format!("profile:{id}"));
            let aliases = program.aliases().iter().map(|alias| alias.to_lowercase());
            names.extend(aliases.filter(|alias| alias.contains('.')));
        }
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// The names whose pin counts where the vendor has none of its own, the nearest first: they are
    /// looked up and never written, since a host's key is not its domain's. A mailbox other than the
    /// usual one is not the vendor.
    fn names_around(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mailbox = self
            .subject
            .addresses
            .first()
            .filter(|_| self.subject.is_mailbox);
        let usual = |address: &MailAddress| address.local().eq_ignore_ascii_case("security");
        if let Some(origin) = self
            .subject
            .origin
            .as_ref()
            .filter(|_| mailbox.is_none_or(usual))
        {
            let host = origin.host_str();
            names.extend([origin.authority(), host.to_owned()]);
            names.extend(program::registrable(host));
        }
        names
    }

    /// What was typed, if it is a URL on this machine that is asked over plain http.
    pub(super) fn loopback_url(&self) -> Option<Url> {
        let site = self.loopback()?;
        let typed = Url::parse(&self.typed).ok();
        Some(
            typed
                .filter(|typed| typed.origin() == site.origin())
                .unwrap_or(site),
        )
    }

    /// The site, if it is on this machine and asked over plain http.
    pub(super) fn loopback(&self) -> Option<Url> {
        let origin = self.subject.origin.as_ref()?;
        origin.is_plain_http().then(|| origin.join("/"))
    }
}

/// Resolves what was typed, and warns of a host that could be mistaken for another.
pub(super) fn resolve(name: &str, context: &Context<'_>) -> Result<Vendor, Failure> {
    let target = target::resolve(name, context)?;
    let typed = discover::Target::parse(name).ok();
    let subject = match &typed {
        Some(typed) if !target.is_known => of_typed(typed),
        _ => of_profile(&target.program, typed.as_ref()),
    };
    let look_alike = subject
        .origin
        .as_ref()
        .map(|origin| LookAlike::of(origin.host_str()));
    let vendor = Vendor {
        typed: name.to_owned(),
        target,
        look_alike: look_alike.filter(|look| look.unicode().is_some() || look.is_suspicious()),
        subject,
    };
    warn_of_look_alike(&vendor, context);
    Ok(vendor)
}

/// The vendor of a domain as those see it who have neither a profile of it nor a pin.
pub(super) fn stranger(domain: &str, context: &Context<'_>) -> Result<Vendor, Failure> {
    let target = target::typed(domain, context)?;
    let typed = discover::Target::parse(domain).exit(Exit::Usage)?;
    if !matches!(typed, discover::Target::Domain(_)) {
        return Err(Failure::new(
            Exit::Usage,
            anyhow!("{domain} is not a domain"),
        ));
    }
    Ok(Vendor {
        typed: domain.to_owned(),
        target,
        subject: of_typed(&typed),
        look_alike: None,
    })
}

fn warn_of_look_alike(vendor: &Vendor, context: &Context<'_>) {
    if let Some(look) = &vendor.look_alike {
        for warning in look.warnings() {
            context.output.warn(format!("{}: {warning}", look.ascii()));
        }
    }
}

fn of_typed(target: &discover::Target) -> Subject {
    let mut subject = Subject {
        name: target.subject(),
        origin: target.origin(),
        ..Subject::default()
    };
    match target {
        discover::Target::Address(address) => {
            subject.addresses.push(address.clone());
            subject.is_mailbox = true;
        }
        discover::Target::GitHub(repository) => subject.repository = Some(repository.clone()),
        discover::Target::Domain(_) => {}
    }
    subject
}

fn of_profile(program: &Program, typed: Option<&discover::Target>) -> Subject {
    let addresses = program.contacts().filter_map(|contact| match contact {
        Contact::Mail(address) => Some(address.clone()),
        _ => None,
    });
    let repository = program.contacts().find_map(|contact| match contact {
        Contact::GitHub(repository) => Some(repository.clone()),
        _ => None,
    });
    let typed_repository = match typed {
        Some(discover::Target::GitHub(repository)) => Some(repository.clone()),
        _ => None,
    };
    let origin = discover::vendor_origin(program, typed);
    Subject {
        name: profile_name(program, origin.as_ref()),
        origin,
        is_mailbox: false,
        addresses: addresses.collect(),
        repository: repository.or(typed_repository),
        pinned: Vec::new(),
    }
}

/// The name under which the vendor of a profile is pinned: its domain if it is the domain of its own
/// site, else apart from all domains, so that a profile from anywhere cannot pin a domain's key.
fn profile_name(program: &Program, origin: Option<&Origin>) -> String {
    let id = program.id().as_str();
    let own = origin.and_then(|origin| program::registrable(origin.host_str()));
    if own.as_deref() == Some(id) {
        id.to_owned()
    } else {
        format!("profile:{id}")
    }
}

/// What is known of a vendor's policy: its profile, else what it publishes, else what was typed.
pub(super) fn program_of<'a>(vendor: &'a Vendor, found: &'a Investigation) -> &'a Program {
    let published = found.discovery.program.as_ref();
    match published.filter(|_| !vendor.target.is_known) {
        Some(published) => published,
        None => &vendor.target.program,
    }
}

/// No way to the vendor was found.
pub(super) fn nothing_found(
    vendor: &Vendor,
    found: &Investigation,
    context: &Context<'_>,
) -> Failure {
    let name = &vendor.subject.name;
    let failure = Failure::new(
        Exit::Failed,
        anyhow!("no source says where {name} takes reports"),
    );
    if context.offline {
        return failure.with_hint(Hint::words("nobody was asked, because of --offline"));
    }
    let faults = found
        .discovery
        .asked
        .iter()
        .filter_map(|asked| match &asked.outcome {
            discover::Outcome::Fault(fault) => Some(format!("{}: {}", asked.at, fault.message)),
            _ => None,
        });
    let first = faults.take(FAULTS_SHOWN).map(Hint::words);
    first.fold(failure, Failure::with_hint).with_hint(Hint::words(
        "check the spelling, or look for a page named security, disclosure or bug bounty on its site",
    ))
}

const FAULTS_SHOWN: usize = 3;
