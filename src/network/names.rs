//! Name resolution: each name once for each connection, and what is checked is what is dialled.
//!
//! The addresses that the policy forbids are taken out here, inside the resolver that the HTTP
//! client dials with, so a name that changes between a check and a dial finds no gap. OPENPGPKEY
//! records (RFC 7929) count only with a DNSSEC proof from the root.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::{
        dnssec::TrustAnchors,
        rr::{RData, RecordType},
    },
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{ConnectTo, FetchError, NetworkError, Policy, Refusal, is_public};

/// The resolver of one [`Policy`].
#[derive(Clone)]
pub(super) struct Names {
    plain: TokioResolver,
    validating: Arc<OnceLock<TokioResolver>>,
    anchors: Option<Arc<TrustAnchors>>,
    rules: Arc<Rules>,
    /// What each host led to, the last time.
    led_to: Arc<Mutex<HashMap<String, Vec<SocketAddr>>>>,
}

struct Rules {
    connect_to: Vec<ConnectTo>,
    dns_server: Option<SocketAddr>,
    /// Everything may be dialled: the person said so, or the only name ever dialled is the
    /// proxy's.
    any_address: bool,
    /// Whether the person named `localhost`.
    localhost: bool,
}

impl Names {
    pub(super) fn new(policy: &Policy) -> Result<Self, NetworkError> {
        let anchors = policy.trust_anchor.as_deref().map(|path| {
            TrustAnchors::from_file(path)
                .map(Arc::new)
                .map_err(|source| NetworkError::TrustAnchor {
                    path: path.to_owned(),
                    source: source.into(),
                })
        });
        let mut named = policy.loopback.iter().filter_map(|url| url.host_str());
        Ok(Self {
            plain: resolver(policy.dns_server, None)
                .map_err(|why| NetworkError::Resolver(why.into()))?,
            validating: Arc::default(),
            anchors: anchors.transpose()?,
            led_to: Arc::default(),
            rules: Arc::new(Rules {
                connect_to: policy.connect_to.clone(),
                dns_server: policy.dns_server,
                any_address: policy.private_addresses || policy.proxy.is_some(),
                localhost: named.any(|host| host == "localhost"),
            }),
        })
    }

    /// Every socket that `host` led to; the port is 0 where the URL decides.
    pub(super) fn led_to(&self, host: &str) -> Vec<SocketAddr> {
        let led_to = self.led_to.lock().unwrap_or_else(PoisonError::into_inner);
        led_to.get(host).cloned().unwrap_or_default()
    }

    /// Where to connect for `host`; the port is 0 where the URL decides.
    async fn sockets(&self, host: &str) -> Result<Vec<SocketAddr>, FetchError> {
        if let Some(socket) = self.given(host) {
            return Ok(vec![socket]);
        }
        let found = self.addresses(host).await?;
        let (public, private): (Vec<IpAddr>, Vec<IpAddr>) = found
            .into_iter()
            .partition(|address| self.permits(host, *address));
        match (public.is_empty(), private.first()) {
            (true, Some(address)) => Err(FetchError::Refused(Refusal::PrivateAddress {
                host: host.to_owned(),
                address: *address,
            })),
            (true, None) => Err(FetchError::Name {
                host: host.to_owned(),
                why: "it has no address".to_owned(),
            }),
            _ => Ok(public.into_iter().map(|a| SocketAddr::new(a, 0)).collect()),
        }
    }

    /// Where to connect for a port of `host`, which the person named: at private addresses, too.
    pub(super) async fn sockets_of_named(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, FetchError> {
        if let Some(socket) = self.given(host) {
            return Ok(vec![socket]);
        }
        let found = self.addresses(host).await?;
        Ok(found
            .into_iter()
            .map(|a| SocketAddr::new(a, port))
            .collect())
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, FetchError> {
        // With the final dot: a search list must not turn the name into another one.
        let found = self.plain.lookup_ip(format!("{host}.")).await;
        let found = found.map_err(|error| FetchError::Name {
            host: host.to_owned(),
            why: reason(&error),
        })?;
        Ok(found.iter().collect())
    }

    /// The socket of `--connect-to`.
    fn given(&self, host: &str) -> Option<SocketAddr> {
        let mut given = self.rules.connect_to.iter();
        given.find_map(|to| to.socket_for(host))
    }

    fn permits(&self, host: &str, address: IpAddr) -> bool {
        let named = self.rules.localhost && host == "localhost" && address.is_loopback();
        named || self.rules.any_address || is_public(address)
    }

    /// Whether `host` has an address at all, as far as anyone can tell; `None` where the resolver
    /// fails or stays silent.
    pub(super) async fn exists(&self, host: &str) -> Option<bool> {
        if self.given(host).is_some() {
            return Some(true);
        }
        match self.plain.lookup_ip(format!("{host}.")).await {
            Ok(found) => Some(found.iter().next().is_some()),
            Err(error) if error.is_no_records_found() || error.is_nx_domain() => Some(false),
            Err(_) => None,
        }
    }

    /// The OPENPGPKEY records of `owner`, each with a DNSSEC proof; none where there are none.
    pub(super) async fn openpgpkeys(&self, owner: &str) -> Result<Vec<Vec<u8>>, FetchError> {
        let failed = |why: String| FetchError::Name {
            host: owner.to_owned(),
            why,
        };
        let resolver = self
            .validating()
            .map_err(|error| failed(error.to_string()))?;
        let answer = resolver
            .lookup(format!("{owner}."), RecordType::OPENPGPKEY)
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.is_no_records_found() || error.is_nx_domain() => return Ok(vec![]),
            Err(error) => return Err(failed(reason(&error))),
        };
        // Every step needs its proof: an unsigned alias into somebody's own signed zone has none.
        let mut answers = answer.answers().iter();
        let proved = answers
            .all(|record| record.record_type() == RecordType::RRSIG || record.proof.is_secure());
        if !proved {
            return Err(failed("the answer is not signed with DNSSEC".to_owned()));
        }
        let keys = answer
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::OPENPGPKEY(key) => Some(key.public_key.clone()),
                _ => None,
            });
        Ok(keys.collect())
    }

    /// The resolver that asks for proofs, made at its first use.
    fn validating(&self) -> io::Result<&TokioResolver> {
        if let Some(made) = self.validating.get() {
            return Ok(made);
        }
        let anchors = self.anchors.clone().unwrap_or_default();
        let made = resolver(self.rules.dns_server, Some(anchors))?;
        Ok(self.validating.get_or_init(|| made))
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let sockets = names.sockets(name.as_str()).await?;
            let mut led_to = names.led_to.lock().unwrap_or_else(PoisonError::into_inner);
            led_to.insert(name.as_str().to_owned(), sockets.clone());
            drop(led_to);
            Ok(Box::new(sockets.into_iter()) as Addrs)
        })
    }
}

fn resolver(
    server: Option<SocketAddr>,
    anchors: Option<Arc<TrustAnchors>>,
) -> Result<TokioResolver, io::Error> {
    let mut builder = match server {
        None => TokioResolver::builder_tokio().map_err(io::Error::other)?,
        Some(server) => {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut one| {
                one.port = server.port();
                one
            });
            let server = NameServerConfig::new(server.ip(), true, connections.into());
            let config = ResolverConfig::from_parts(None, vec![], vec![server]);
            let mut builder =
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
            builder.options_mut().use_hosts_file = ResolveHosts::Never;
            builder
        }
    };
    let options = builder.options_mut();
    options.timeout = ONE_QUERY;
    options.attempts = 1;
    if let Some(anchors) = anchors {
        options.validate = true;
        builder = builder.with_trust_anchor(anchors);
    }
    builder.build().map_err(io::Error::other)
}

/// The resolver's error in words that name no query again.
fn reason(error: &hickory_resolver::net::NetError) -> String {
    if error.is_nx_domain() {
        "it does not exist".to_owned()
    } else if error.is_no_records_found() {
        "it has no address".to_owned()
    } else {
        error.to_string()
    }
}

/// A query is repeated once (`attempts` counts the repetitions) within the time that an exchange may
/// take.
const ONE_QUERY: Duration = Duration::from_secs(2);
