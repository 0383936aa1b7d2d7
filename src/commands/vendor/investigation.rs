//! Asking every source about a vendor, with what this machine remembers put beside it.

use crate::{
    cli::NetworkOptions,
    commands::{Context, memory::remembered},
    discover::{
        Discovery, Hkp, Servers, Vks, discover,
        trust::{Decision, Known, Stop, decide},
    },
    disk::Pin,
    network::{Network, Policy},
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
    let pin = context.home.pins().find(&vendor.subject.name)?;
    let mut subject = vendor.subject.clone();
    let pinned = match &pin {
        Some(pin) => vec![pin.fingerprint.clone()],
        None => vendor.own_keys(context)?,
    };
    subject.pinned.clone_from(&pinned);
    subject
        .pinned
        .extend(typed.filter(|typed| !pinned.contains(typed)).cloned());
    let mut discovery = if context.offline {
        Discovery::default()
    } else {
        let network = Network::new(policy(vendor, options, context))?;
        let servers = servers(options).exit(Exit::Usage)?;
        let _waiting = Progress::waiting(context.output, &format!("asking about {}", subject.name));
        runtime()?.block_on(discover(&network, &servers, &subject, context.now))
    };
    complete(vendor, &subject.pinned, &mut discovery, context)?;
    let signature = discovery.judge_signature(context.now);
    let known = Known {
        typed: typed.cloned(),
        pinned,
    };
    Ok(Investigation {
        decision: decide(&discovery.evidence, &known, context.now),
        discovery,
        signature,
        pin,
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

fn policy(vendor: &Vendor, options: &NetworkOptions, context: &Context<'_>) -> Policy {
    let servers = [
        options.vks.as_str(),
        options.hkp.as_str(),
        options.github_api.as_str(),
    ];
    let servers = servers.into_iter().filter_map(|text| text.parse().ok());
    Policy {
        offline: context.offline,
        proxy: context.proxy.clone(),
        private_addresses: options.allow_private_network,
        connect_to: options.connect_to.clone(),
        dns_server: options.dns_server,
        trust_anchor: options.trust_anchor.clone(),
        redirects_to: options.allow_redirect.clone(),
        loopback: servers.chain(vendor.loopback()).collect(),
    }
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
