//! Asking every source about a vendor, with what this machine remembers put beside it.

use futures_util::future::join_all;

use crate::{
    cli::NetworkOptions,
    commands::{
        Context,
        memory::remembered,
        online::{policy, runtime},
    },
    discover::{
        Discovery, Hkp, Servers, Subject, Vks, discover,
        trust::{Decision, Known, Stop, decide},
    },
    disk::Pin,
    network::{Answer, FetchError, Get, Network},
    openpgp::{Fingerprint, SignatureVerdict, read_certificates},
    terminal::{Exit, Failure, OrFail, Progress},
};

use super::Vendor;

/// What the sources and this machine know of a vendor's key.
pub(in crate::commands) struct Investigation {
    pub(in crate::commands) discovery: Discovery,
    /// The verdict on the security.txt's signature.
    pub(in crate::commands) signature: SignatureVerdict,
    pub(in crate::commands) pin: Option<Pin>,
    pub(in crate::commands) decision: Result<Decision, Stop>,
}

/// Asks everybody, unless the person wants nobody asked. `typed` is the fingerprint that the person
/// compared.
pub(in crate::commands) fn investigate(
    vendor: &Vendor,
    options: &NetworkOptions,
    typed: Option<&Fingerprint>,
    context: &Context<'_>,
) -> Result<Investigation, Failure> {
    let pin = vendor.pin(context)?;
    let mut subject = vendor.subject.clone();
    let pinned = match &pin {
        Some(pin) => vec![pin.fingerprint.clone()],
        None => vendor.own_keys(context)?,
    };
    subject.pinned.clone_from(&pinned);
    subject
        .pinned
        .extend(typed.filter(|typed| !pinned.contains(typed)).cloned());
    let mut discovery = ask(vendor, &subject, options, context)?;
    complete(vendor, &subject.pinned, &mut discovery, context)?;
    let signature = discovery.judge_signature(context.now);
    let mailbox = subject.addresses.first().filter(|_| subject.is_mailbox);
    let known = Known {
        typed: typed.cloned(),
        pinned,
        mailbox: mailbox.map(ToString::to_string),
    };
    Ok(Investigation {
        decision: decide(&discovery.evidence, &known, context.now),
        discovery,
        signature,
        pin,
    })
}

/// Asks everybody, as somebody does who remembers nothing of the vendor.
pub(in crate::commands) fn observe(
    vendor: &Vendor,
    options: &NetworkOptions,
    context: &Context<'_>,
) -> Result<Investigation, Failure> {
    let mut discovery = ask(vendor, &vendor.subject, options, context)?;
    let signature = discovery.judge_signature(context.now);
    Ok(Investigation {
        decision: decide(&discovery.evidence, &Known::default(), context.now),
        discovery,
        signature,
        pin: None,
    })
}

fn ask(
    vendor: &Vendor,
    subject: &Subject,
    options: &NetworkOptions,
    context: &Context<'_>,
) -> Result<Discovery, Failure> {
    if context.offline {
        return Ok(Discovery::default());
    }
    let network = Network::new(policy(options, vendor.loopback(), context))?;
    let servers = servers(options).exit(Exit::Usage)?;
    let _waiting = Progress::waiting(context.output, &format!("asking about {}", subject.name));
    Ok(runtime()?.block_on(discover(&network, &servers, subject, context.now)))
}

/// The answers to further questions about a vendor, all asked at once.
pub(in crate::commands) fn answers(
    vendor: &Vendor,
    questions: Vec<Get>,
    options: &NetworkOptions,
    context: &Context<'_>,
) -> Result<Vec<Result<Answer, FetchError>>, Failure> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let network = Network::new(policy(options, vendor.loopback(), context))?;
    let asked = questions.into_iter().map(|get| network.get(get));
    Ok(runtime()?.block_on(join_all(asked)))
}

fn servers(options: &NetworkOptions) -> anyhow::Result<Servers> {
    Ok(Servers {
        vks: Vks::choose(&options.vks)?,
        hkp: Hkp::choose(&options.hkp)?,
        github_api: options.github_api.clone(),
    })
}

/// Puts what was found beside what this machine holds: the profile's certificate, those that are
/// pinned, and what is remembered of each.
fn complete(
    vendor: &Vendor,
    pinned: &[Fingerprint],
    discovery: &mut Discovery,
    context: &Context<'_>,
) -> Result<(), Failure> {
    if let Some((file, bytes)) = &vendor.target.key {
        for certificate in read_certificates(file, bytes).exit(Exit::Refused)? {
            discovery.evidence.add(certificate);
        }
    }
    for fingerprint in pinned {
        if let Some(certificate) = context.home.certificates().find(fingerprint)? {
            discovery.evidence.add(certificate);
        }
    }
    for certificate in &mut discovery.evidence.certificates {
        *certificate = remembered(certificate, context)?;
    }
    Ok(())
}
