//! The network as a command uses it: one runtime and one client for all of its exchanges.

use std::pin::pin;

use anyhow::anyhow;
use futures_util::future::{Either, select};
use url::Url;

use super::Context;
use crate::{
    case::CaseName,
    cli::NetworkOptions,
    client::{Intake, Pace},
    disk::{Interrupted, Interruption},
    network::{Network, Policy},
    terminal::{Exit, Failure, Hint},
};

/// A runtime on this thread, and the network as the person allows it.
pub(super) struct Online {
    runtime: tokio::runtime::Runtime,
    network: Network,
}

impl Online {
    /// `named` is what the person typed to be reached; a loopback among it may be plain http.
    pub(super) fn new(
        options: &NetworkOptions,
        named: impl IntoIterator<Item = Url>,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let network = alone(policy(options, named, context), &runtime)?;
        Ok(Self { runtime, network })
    }

    /// Waits for an exchange.
    pub(super) fn wait<F: Future>(&self, exchange: F) -> F::Output {
        self.runtime.block_on(exchange)
    }

    /// The same, until the person breaks it off: the exchange is cut then, wherever it is.
    pub(super) fn wait_unless<F: Future>(
        &self,
        interruption: &Interruption,
        exchange: F,
    ) -> Result<F::Output, Interrupted> {
        self.wait(async {
            match select(pin!(exchange), pin!(interruption.coming())).await {
                Either::Left((done, _)) => Ok(done),
                Either::Right((interrupted, _)) => Err(interrupted),
            }
        })
    }

    /// The network itself.
    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    /// The intake at a contact or base URL.
    pub(super) fn intake(&self, contact: &Url) -> Intake<'_> {
        Intake::at(&self.network, contact)
    }
}

/// A network that a SOCKS proxy keeps apart from all others, if it takes a login that it has never seen: Tor
/// gives each its own circuit. So no two cases of a person come to an intake by one.
fn alone(policy: Policy, runtime: &tokio::runtime::Runtime) -> Result<Network, Failure> {
    let network = Network::new(policy.clone())?;
    if policy.offline {
        return Ok(network);
    }
    let login = [random()?, random()?].map(|it| data_encoding::HEXLOWER.encode(&it));
    let [user, password] = &login;
    let proxy = policy.proxy.as_ref();
    match proxy.and_then(|proxy| proxy.with_login(user, password)) {
        Some(own) if runtime.block_on(network.takes_login(&own)) => Ok(Network::new(Policy {
            proxy: Some(own),
            ..policy
        })?),
        _ => Ok(network),
    }
}

fn random() -> Result<[u8; 8], Failure> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|why| anyhow!("no randomness from the system: {why}"))?;
    Ok(random)
}

/// Puts them into an order that says nothing of when each was begun.
pub(super) fn shuffle<T>(items: &mut [T]) -> Result<(), Failure> {
    for place in (1..items.len()).rev() {
        let other = u64::from_ne_bytes(random()?) % (place as u64 + 1);
        items.swap(place, usize::try_from(other)?);
    }
    Ok(())
}

/// What was begun through a proxy goes on through one: without it, the intake would see who reports.
pub(super) fn refuse_without_proxy(case: &CaseName, context: &Context<'_>) -> Result<(), Failure> {
    if context.proxy.is_some() || context.offline {
        return Ok(());
    }
    let error = anyhow!("case {case} was begun through a proxy, and none is named now");
    Err(Failure::new(Exit::Refused, error)
        .with_hint(Hint::words(
            "name it with --proxy URL, or in SEALPOST_PROXY",
        ))
        .with_hint(Hint::words(
            "if whoever answers may see the address of this machine: --direct",
        )))
}

/// How long to go on trying, with its own share of chance.
pub(super) fn pace(patience: std::time::Duration) -> Result<Pace, Failure> {
    Ok(Pace::new(patience, u64::from_ne_bytes(random()?)))
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

/// What the options allow; `named` may be plain http where it is on this machine.
pub(super) fn policy(
    options: &NetworkOptions,
    named: impl IntoIterator<Item = Url>,
    context: &Context<'_>,
) -> Policy {
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
        loopback: servers.chain(named).collect(),
    }
}
