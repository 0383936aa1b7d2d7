//! The network as a command uses it: one runtime and one client for all of its exchanges.

use std::pin::pin;

use futures_util::future::{Either, select};
use url::Url;

use super::Context;
use crate::{
    cli::NetworkOptions,
    client::{Intake, Pace},
    disk::{Interrupted, Interruption},
    network::{Network, Policy},
    terminal::Failure,
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
        Ok(Self {
            runtime: runtime()?,
            network: Network::new(policy(options, named, context))?,
        })
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

/// How long to go on trying, with its own share of chance.
pub(super) fn pace(patience: std::time::Duration) -> Result<Pace, Failure> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed)
        .map_err(|why| anyhow::anyhow!("no randomness from the system: {why}"))?;
    Ok(Pace::new(patience, u64::from_ne_bytes(seed)))
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
