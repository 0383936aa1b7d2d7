//! A web server on a loopback port that speaks for as many hosts as a test wants, and remembers
//! what it was asked. A host that was not declared gets 404, with a sound certificate.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use rustls::{ServerConnection, StreamOwned};

pub(crate) use super::http::Request;
use super::{
    ca::{self, Leaf},
    host::{Host, Pages},
    http::Answer,
    listener::{End, Listener},
};

/// A running server, which ends when this is dropped.
pub(crate) struct Web {
    listener: Listener,
    site: Arc<Site>,
}

#[derive(Default)]
struct Site {
    hosts: Mutex<HashMap<String, Pages>>,
    requests: Mutex<Vec<Request>>,
}

impl Web {
    /// https on 127.0.0.1.
    pub(crate) fn start() -> Self {
        Self::on(Ipv4Addr::LOCALHOST.into())
    }

    /// https on another loopback address, such as 127.0.0.2.
    pub(crate) fn on(ip: IpAddr) -> Self {
        let site = Arc::new(Site::default());
        let (for_tls, serving) = (Arc::clone(&site), Arc::clone(&site));
        let config = ca::server(ip.to_string(), move |name| for_tls.leaf(name));
        let listener = Listener::start(ip, move |socket, end| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = StreamOwned::new(connection, socket.try_clone().unwrap());
            serving.converse(&mut tls, &socket, end);
            tls.conn.send_close_notify();
            let _ = tls.conn.complete_io(&mut tls.sock);
        });
        Self { listener, site }
    }

    /// http without TLS, on 127.0.0.1.
    pub(crate) fn plain() -> Self {
        let site = Arc::new(Site::default());
        let serving = Arc::clone(&site);
        let listener = Listener::start(Ipv4Addr::LOCALHOST.into(), move |socket, end| {
            let mut stream = socket.try_clone().unwrap();
            serving.converse(&mut stream, &socket, end);
        });
        Self { listener, site }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Declares a host, or finds it again.
    pub(crate) fn host(&self, name: &str) -> Host<'_> {
        Host::new(&self.site.hosts, name)
    }

    /// `--connect-to` for each declared host.
    pub(crate) fn connections(&self) -> Vec<String> {
        let hosts = self.site.hosts();
        let mut names: Vec<_> = hosts.keys().collect();
        names.sort();
        names
            .into_iter()
            .map(|name| format!("--connect-to={name}={}", self.address()))
            .collect()
    }

    /// How many connections came, those included that ended before a request.
    pub(crate) fn accepted(&self) -> usize {
        self.listener.accepted()
    }

    /// All requests in order.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.site.requests.lock().unwrap().clone()
    }

    /// Host and path of all requests in order: `example.test/.well-known/security.txt`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.requests().iter().map(Request::place).collect()
    }

    /// Whether these bytes came in any path, header or body.
    pub(crate) fn saw(&self, canary: &str) -> bool {
        self.requests().iter().any(|request| {
            let headers = request.headers.iter();
            let mut texts = headers.map(|(_, value)| value).chain([&request.path]);
            texts.any(|text| text.contains(canary))
                || String::from_utf8_lossy(&request.body).contains(canary)
        })
    }
}

impl Site {
    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Pages>> {
        self.hosts.lock().unwrap()
    }

    fn leaf(&self, host: &str) -> Leaf {
        self.hosts()
            .get(host)
            .map_or(Leaf::Sound, |pages| pages.leaf)
    }

    /// Reads one request and answers it.
    fn converse(
        &self,
        stream: &mut (impl std::io::Read + std::io::Write),
        socket: &TcpStream,
        end: &End,
    ) {
        let Some(request) = Request::read(stream) else {
            return;
        };
        let (delay, answer) = self.find(&request);
        self.requests.lock().unwrap().push(request);
        end.sleep(delay);
        let _ = answer.write(stream, socket, end);
    }

    /// What a path answers: itself with its query, or else itself without.
    fn find(&self, request: &Request) -> (Duration, Answer) {
        let hosts = self.hosts();
        let bare = request.path.split('?').next().unwrap_or_default();
        let paths = [request.path.as_str(), bare];
        let pages = hosts.get(&request.host);
        let answer = pages.and_then(|it| paths.iter().find_map(|path| it.answers.get(*path)));
        let delay = pages.and_then(|it| paths.iter().find_map(|path| it.delays.get(*path)));
        let missing = || Answer::Content {
            status: 404,
            headers: Vec::new(),
            body: b"not here\n".to_vec(),
        };
        (
            delay.copied().unwrap_or_default(),
            answer.cloned().unwrap_or_else(missing),
        )
    }
}
