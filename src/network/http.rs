//! GET under the policy: redirects one by one, answers up to their cap, errors in plain words.

use std::{error::Error, net::SocketAddr};

use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
    redirect,
};
use url::Url;

use super::{
    FetchError, NetworkError, Policy, Redirects,
    names::Names,
    policy::{MAX_ANSWER, MAX_REDIRECTS, PATIENCE, STALL, USER_AGENT},
};

/// The network as one [`Policy`] allows it.
pub struct Network {
    client: Client,
    names: Names,
    policy: Policy,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Get {
    /// Where.
    pub url: Url,
    /// How far redirects may lead.
    pub redirects: Redirects,
    /// The media types that are wanted.
    pub accept: &'static str,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type with its parameters, as the server wrote it: hostile text.
    pub media_type: Option<String>,
    /// Where it came from in the end.
    pub url: Url,
    /// Every socket at which the host is reached, the one that answered among them; none are known
    /// behind a proxy.
    pub peers: Vec<SocketAddr>,
    /// The body, [`MAX_ANSWER`] bytes at most.
    pub body: Vec<u8>,
}

impl Network {
    /// A client for `policy`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`NetworkError`] when this machine's roots or resolver cannot be read.
    pub fn new(policy: Policy) -> Result<Self, NetworkError> {
        let names = Names::new(&policy)?;
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .user_agent(USER_AGENT)
            .dns_resolver(std::sync::Arc::new(names.clone()))
            .connect_timeout(STALL);
        let failed = |error: reqwest::Error| NetworkError::Client(error.into());
        if let Some(proxy) = &policy.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.as_str()).map_err(failed)?);
        }
        Ok(Self {
            client: builder.build().map_err(failed)?,
            names,
            policy,
        })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// What the person allows.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Asks, following redirects as far as allowed. The whole exchange takes [`PATIENCE`] at most.
    ///
    /// # Errors
    /// [`FetchError`]; an HTTP status is an answer, not an error.
    pub async fn get(&self, get: Get) -> Result<Answer, FetchError> {
        in_time(self.follow(get)).await
    }

    /// The OPENPGPKEY records of `owner`, each proved by DNSSEC. Not asked through a proxy, which
    /// could not keep the question from this machine's resolver.
    ///
    /// # Errors
    /// [`FetchError`]; that there are none is an answer.
    pub async fn openpgpkeys(&self, owner: &str) -> Result<Vec<Vec<u8>>, FetchError> {
        if self.policy.offline {
            return Err(super::Refusal::Offline.into());
        }
        if self.policy.proxy.is_some() {
            return Err(super::Refusal::DnsBesideProxy.into());
        }
        in_time(self.names.openpgpkeys(owner)).await
    }

    /// Whether a host is known not to exist. Behind a proxy nothing is known.
    pub async fn is_absent(&self, host: &str) -> bool {
        if self.policy.offline || self.policy.proxy.is_some() {
            return false;
        }
        let exists = tokio::time::timeout(PATIENCE, self.names.exists(host)).await;
        matches!(exists, Ok(Some(false)))
    }

    async fn follow(&self, get: Get) -> Result<Answer, FetchError> {
        let mut url = get.url;
        for _ in 0..=MAX_REDIRECTS {
            self.policy.permits(&url)?;
            let request = self.client.get(url.clone()).header(ACCEPT, get.accept);
            let response = request.send().await.map_err(|error| plain(&url, &error))?;
            if !is_redirect(response.status()) {
                let peers = self.peers(&url, &response);
                return read(url, response, peers).await;
            }
            let next = location(&url, &response).ok_or(FetchError::BadRedirect)?;
            self.policy.permits(&next)?;
            self.policy.permits_redirect(&url, &next, get.redirects)?;
            url = next;
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Behind a proxy the socket is the proxy's, whoever answers.
    fn peers(&self, url: &Url, response: &Response) -> Vec<SocketAddr> {
        if self.policy.proxy.is_some() {
            return Vec::new();
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let mut peers = self.names.led_to(url.host_str().unwrap_or_default());
        for peer in &mut peers {
            if peer.port() == 0 {
                peer.set_port(port);
            }
        }
        peers.extend(response.remote_addr().filter(|own| !peers.contains(own)));
        peers
    }
}

async fn in_time<T>(
    exchange: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    let ended = tokio::time::timeout(PATIENCE, exchange).await;
    ended.unwrap_or(Err(FetchError::TimedOut))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn location(base: &Url, response: &Response) -> Option<Url> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    base.join(location).ok()
}

async fn read(
    url: Url,
    mut response: Response,
    peers: Vec<SocketAddr>,
) -> Result<Answer, FetchError> {
    let too_large = || FetchError::TooLarge { limit: MAX_ANSWER };
    if response
        .content_length()
        .is_some_and(|length| length > MAX_ANSWER as u64)
    {
        return Err(too_large());
    }
    let media_type = response.headers().get(CONTENT_TYPE);
    let media_type = media_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| plain(&url, &error))?
    {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        media_type,
        url,
        peers,
        body,
    })
}

/// What went wrong, in the words of the layer that knows it.
pub(super) fn plain(url: &Url, error: &reqwest::Error) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut why = String::new();
    while let Some(error) = cause {
        if let Some(own) = error.downcast_ref::<FetchError>() {
            return own.clone();
        }
        if let Some(tls) = tls_fault(error) {
            return FetchError::Tls { host, why: tls };
        }
        why = error.to_string();
        cause = error.source();
    }
    if error.is_timeout() {
        return FetchError::TimedOut;
    }
    FetchError::Connection { host, why }
}

/// What rustls has against a certificate; it arrives wrapped in an error of input and output.
fn tls_fault(error: &(dyn Error + 'static)) -> Option<String> {
    let wrapped = error.downcast_ref::<std::io::Error>()?.get_ref()?;
    let text = wrapped.to_string();
    let fault = text.strip_prefix("invalid peer certificate: ")?;
    Some(fault.to_owned())
}
