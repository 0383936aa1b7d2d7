//! Recording proxies: HTTP CONNECT, and SOCKS5 with names resolved by the proxy. Whatever host is
//! asked for, at a port of https or of mail servers, the connection goes to one loopback socket, and
//! all bytes of it are kept.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use super::listener::Listener;

/// A running proxy, which ends when this is dropped.
pub(crate) struct Proxy {
    listener: Listener,
    scheme: &'static str,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    hosts: Vec<String>,
    /// What went through, in both directions.
    carried: Vec<u8>,
}

impl Proxy {
    /// An HTTP proxy in front of a server.
    pub(crate) fn http(server: SocketAddr) -> Self {
        Self::start("http", server, connect)
    }

    /// A SOCKS5 proxy in front of a server.
    pub(crate) fn socks5(server: SocketAddr) -> Self {
        Self::start("socks5h", server, socks5)
    }

    /// For `--proxy`.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.listener.address())
    }

    /// What was asked for, in order, as `HOST:PORT`; an address where the client resolved it.
    pub(crate) fn hosts(&self) -> Vec<String> {
        self.seen.lock().unwrap().hosts.clone()
    }

    /// How many connections came, whatever became of them.
    pub(crate) fn accepted(&self) -> usize {
        self.listener.accepted()
    }

    /// All bytes that went through, TLS and all.
    pub(crate) fn carried(&self) -> Vec<u8> {
        self.seen.lock().unwrap().carried.clone()
    }

    /// Whether these bytes went through or were asked for. TLS hides what is inside it: see
    /// [`Web::saw`](super::web::Web::saw) for that.
    pub(crate) fn saw(&self, canary: &str) -> bool {
        let carried = self.carried();
        let mut windows = carried.windows(canary.len());
        windows.any(|bytes| bytes == canary.as_bytes())
            || self.hosts().iter().any(|host| host.contains(canary))
    }

    /// `greet` speaks the proxy's protocol up to its positive answer, and says what was asked for.
    fn start(
        scheme: &'static str,
        server: SocketAddr,
        greet: fn(&mut TcpStream) -> io::Result<Option<String>>,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let recorder = Arc::clone(&seen);
        let listener = Listener::start(Ipv4Addr::LOCALHOST.into(), move |mut client, _| {
            let Ok(Some(asked)) = greet(&mut client) else {
                return;
            };
            let carried = [":443", ":465", ":587"]
                .iter()
                .any(|port| asked.ends_with(port));
            recorder.lock().unwrap().hosts.push(asked);
            if carried && let Ok(server) = TcpStream::connect(server) {
                join(&client, &server, &recorder);
            }
        });
        Self {
            listener,
            scheme,
            seen,
        }
    }
}

/// Carries bytes both ways until both sides have ended.
fn join(client: &TcpStream, server: &TcpStream, seen: &Mutex<Seen>) {
    thread::scope(|scope| {
        scope.spawn(|| carry(client, server, seen));
        carry(server, client, seen);
    });
}

fn carry(mut from: &TcpStream, mut to: &TcpStream, seen: &Mutex<Seen>) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(len @ 1..) = from.read(&mut bytes) {
        seen.lock()
            .unwrap()
            .carried
            .extend_from_slice(&bytes[..len]);
        if to.write_all(&bytes[..len]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

/// RFC 9110 §9.3.6. A request that is not CONNECT would show its content to the proxy: 405.
fn connect(client: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(byte(client)?);
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.split(' ');
    let is_connect = words.next() == Some("CONNECT");
    let asked = words.next().unwrap_or_default().to_owned();
    if is_connect {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    } else {
        client.write_all(b"HTTP/1.1 405 Test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    }
    Ok(Some(asked))
}

/// RFC 1928 §3–6, without authentication.
fn socks5(client: &mut TcpStream) -> io::Result<Option<String>> {
    let [_version, methods] = bytes(client)?;
    io::copy(&mut client.take(methods.into()), &mut io::sink())?;
    client.write_all(&[5, 0])?;
    let [_version, command, _, kind] = bytes(client)?;
    let host = match kind {
        1 => IpAddr::from(Ipv4Addr::from(bytes::<4>(client)?)).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(bytes::<16>(client)?)),
        _ => {
            let mut name = vec![0; byte(client)?.into()];
            client.read_exact(&mut name)?;
            String::from_utf8_lossy(&name).into_owned()
        }
    };
    let port = u16::from_be_bytes(bytes(client)?);
    if command != 1 {
        client.write_all(&[5, 7, 0, 1, 0, 0, 0, 0, 0, 0])?;
        return Ok(None);
    }
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    Ok(Some(format!("{host}:{port}")))
}

fn byte(from: &mut TcpStream) -> io::Result<u8> {
    bytes(from).map(|[byte]| byte)
}

fn bytes<const N: usize>(from: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
