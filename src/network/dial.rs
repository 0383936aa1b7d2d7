//! Connections for what is not HTTP: through the same resolver, the same proxy, with the same roots.
//!
//! RFC 8446 (TLS), RFC 6125 (whose certificate). The person named the server, so its address may be
//! a private one; nobody else ever chooses what is dialled here.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use rustls::{
    ClientConfig,
    pki_types::{DnsName, ServerName},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

use super::{FetchError, Network, Refusal, policy::ProxyUrl, tunnel};

/// A connection that anybody on the way can read and change.
pub struct Connection(Box<dyn Stream>);

/// A connection to a server that proved who it is. Only [`Network::secure`] makes one.
pub struct Secured(TlsStream<Box<dyn Stream>>);

/// What bytes go through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Network {
    /// Connects to a port of a server that the person named.
    ///
    /// # Errors
    /// [`FetchError`] when the name or the server cannot be reached, or `--offline` was given.
    pub async fn connect(&self, host: &Host<String>, port: u16) -> Result<Connection, FetchError> {
        if self.policy().offline {
            return Err(Refusal::Offline.into());
        }
        let stream = match &self.policy().proxy {
            None => Box::new(self.dial(host, port).await?) as Box<dyn Stream>,
            Some(proxy) => self.through(proxy, host, port).await?,
        };
        Ok(Connection(stream))
    }

    /// Starts TLS, and lets the server prove that it is `host`.
    ///
    /// # Errors
    /// [`FetchError::Tls`] when it cannot.
    pub async fn secure(
        &self,
        connection: Connection,
        host: &Host<String>,
    ) -> Result<Secured, FetchError> {
        secure(connection.0, host).await.map(Secured)
    }

    async fn dial(&self, host: &Host<String>, port: u16) -> Result<TcpStream, FetchError> {
        let address: Vec<SocketAddr> = match host {
            Host::Ipv4(address) => vec![(IpAddr::from(*address), port).into()],
            Host::Ipv6(address) => vec![(IpAddr::from(*address), port).into()],
            Host::Domain(name) => self.names().sockets_of_named(name, port).await?,
        };
        match timeout(PATIENCE, TcpStream::connect(&*address)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(broken(host, &error)),
            Err(_) => Err(silent(host)),
        }
    }

    /// Whether a SOCKS proxy takes this login, which it may do without.
    pub async fn takes_login(&self, proxy: &ProxyUrl) -> bool {
        let asked = timeout(GREETING, async {
            let mut stream = self.proxy(proxy.url()).await.ok()?;
            tunnel::takes_login(&mut stream, proxy.url()).await.ok()
        });
        matches!(asked.await, Ok(Some(true)))
    }

    /// A connection to the proxy itself.
    async fn proxy(&self, url: &Url) -> Result<Box<dyn Stream>, FetchError> {
        // Of a scheme that it does not know, the parser leaves the host as it is.
        let own = url.host_str().map(Host::parse);
        let own = own.and_then(Result::ok).ok_or(Refusal::NoHost)?;
        let own_port = url.port_or_known_default().unwrap_or(SOCKS_PORT);
        let dialled = self.dial(&own, own_port).await?;
        Ok(match url.scheme() {
            "https" => Box::new(secure(Box::new(dialled), &own).await?),
            _ => Box::new(dialled),
        })
    }

    async fn through(
        &self,
        proxy: &ProxyUrl,
        host: &Host<String>,
        port: u16,
    ) -> Result<Box<dyn Stream>, FetchError> {
        let url = proxy.url();
        let mut stream = self.proxy(url).await?;
        let opened = timeout(PATIENCE, tunnel::open(&mut stream, url, host, port)).await;
        match opened {
            Ok(Ok(())) => Ok(stream),
            Ok(Err(error)) => Err(broken(host, &error)),
            Err(_) => Err(silent(host)),
        }
    }
}

async fn secure(
    stream: Box<dyn Stream>,
    host: &Host<String>,
) -> Result<TlsStream<Box<dyn Stream>>, FetchError> {
    let failed = |why: String| FetchError::Tls {
        host: host.to_string(),
        why,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|why| failed(why.to_string()))?
        .with_no_client_auth();
    let name = match host {
        Host::Domain(name) => DnsName::try_from(name.clone()).map(ServerName::DnsName),
        Host::Ipv4(address) => Ok(ServerName::from(IpAddr::from(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(IpAddr::from(*address))),
    };
    let name = name.map_err(|_| failed("its name cannot stand in a certificate".to_owned()))?;
    let connector = TlsConnector::from(Arc::new(config));
    match timeout(PATIENCE, connector.connect(name, stream)).await {
        Ok(Ok(secured)) => Ok(secured),
        Ok(Err(error)) => Err(handshake(host, &error)),
        Err(_) => Err(silent(host)),
    }
}

fn handshake(host: &Host<String>, error: &io::Error) -> FetchError {
    let rustls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match rustls {
        Some(error) => {
            let why = error.to_string();
            let why = why.strip_prefix("invalid peer certificate: ");
            FetchError::Tls {
                host: host.to_string(),
                why: why.map_or_else(|| error.to_string(), str::to_owned),
            }
        }
        None => broken(host, error),
    }
}

fn broken(host: &Host<String>, error: &io::Error) -> FetchError {
    FetchError::Connection {
        host: host.to_string(),
        why: error.to_string(),
    }
}

fn silent(host: &Host<String>) -> FetchError {
    FetchError::Connection {
        host: host.to_string(),
        why: format!("no answer within {} seconds", PATIENCE.as_secs()),
    }
}

macro_rules! stream {
    ($kind:ty) => {
        impl AsyncRead for $kind {
            fn poll_read(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buffer: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_read(context, buffer)
            }
        }

        impl AsyncWrite for $kind {
            fn poll_write(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buffer: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.0).poll_write(context, buffer)
            }

            fn poll_flush(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_flush(context)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_shutdown(context)
            }
        }
    };
}

stream!(Connection);
stream!(Secured);

/// How long each step may take: a name, a connection, a handshake. Longer than for a page, since a
/// proxy may build a circuit first.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a proxy may take to greet: it asks nobody for that.
const GREETING: Duration = Duration::from_secs(5);

/// RFC 1928.
const SOCKS_PORT: u16 = 1080;
