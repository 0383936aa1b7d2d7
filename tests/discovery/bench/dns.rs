//! A small DNS server on a loopback port, over UDP and TCP, which answers as a recursive resolver
//! does: what it was told, with NODATA and NXDOMAIN for the rest. It signs nothing; see `dnssec`.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

pub(crate) use hickory_proto::rr::RecordType;
use hickory_proto::{
    op::{Message, Query},
    rr::{
        Name, RData,
        rdata::{CNAME, OPENPGPKEY, TXT},
    },
};

use super::{
    listener::{End, Listener},
    zone::{Zone, full, key},
};

/// A running server, which ends when this is dropped.
pub(crate) struct Dns {
    listener: Listener,
    end: End,
    zone: Arc<Mutex<Zone>>,
}

impl Dns {
    pub(crate) fn start() -> Self {
        let zone = Arc::new(Mutex::new(Zone::default()));
        let (tcp, udp) = same_port();
        let (end, for_tcp, for_udp) = (End::default(), Arc::clone(&zone), Arc::clone(&zone));
        let listener = Listener::on(tcp, move |stream, end| over_tcp(stream, end, &for_tcp));
        let ended = end.clone();
        thread::spawn(move || over_udp(&udp, &ended, &for_udp));
        Self {
            listener,
            end,
            zone,
        }
    }

    /// For `--dns-server`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// A and AAAA records, in this order; with an empty list the name exists without an address.
    pub(crate) fn addresses(&self, name: &str, ips: &[&str]) -> &Self {
        ips.iter().fold(self.exists(name), |dns, ip| {
            dns.add(name, parsed(ip).into())
        })
    }

    /// A name that changes: the first query of each type gets `first`, all others `later`.
    pub(crate) fn rebinding(&self, name: &str, first: &[&str], later: &[&str]) -> &Self {
        let later = later.iter().map(|ip| parsed(ip).into()).collect();
        self.zone().later.insert(key(name), later);
        self.addresses(name, first)
    }

    pub(crate) fn cname(&self, name: &str, target: &str) -> &Self {
        self.add(name, RData::CNAME(CNAME(full(target))))
    }

    pub(crate) fn txt(&self, name: &str, text: &str) -> &Self {
        self.add(name, RData::TXT(TXT::new(vec![text.to_owned()])))
    }

    /// A key without a signature over it, which must not be believed. For the name see
    /// [`dnssec::hash`](super::dnssec::hash).
    pub(crate) fn openpgpkey(&self, name: &str, key: &[u8]) -> &Self {
        self.add(name, RData::OPENPGPKEY(OPENPGPKEY::new(key.to_vec())))
    }

    /// Answers SERVFAIL.
    pub(crate) fn servfail(&self, name: &str) -> &Self {
        self.zone().failing.insert(key(name));
        self
    }

    /// Never answers.
    pub(crate) fn silent(&self, name: &str) -> &Self {
        self.zone().silent.insert(key(name));
        self
    }

    /// Sets the AD flag on everything, as whoever forges answers would.
    pub(crate) fn claims_authentic(&self) -> &Self {
        self.zone().claims_authentic = true;
        self
    }

    /// How many queries came for this name and type.
    pub(crate) fn queries(&self, name: &str, kind: RecordType) -> usize {
        let wanted = (key(name), kind);
        let zone = self.zone();
        zone.asked.iter().filter(|asked| **asked == wanted).count()
    }

    /// All queries in order: lowercase names without the last dot.
    pub(crate) fn asked(&self) -> Vec<(String, RecordType)> {
        self.zone().asked.clone()
    }

    fn exists(&self, name: &str) -> &Self {
        self.zone().records.entry(key(name)).or_default();
        self
    }

    fn add(&self, name: &str, data: RData) -> &Self {
        let mut zone = self.zone();
        zone.records.entry(key(name)).or_default().push(data);
        drop(zone);
        self
    }

    fn zone(&self) -> MutexGuard<'_, Zone> {
        self.zone.lock().unwrap()
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.end.come();
    }
}

/// Whether a server answers at all: asks for the SOA record of the root and waits a little.
pub(crate) fn answers(server: SocketAddr) -> bool {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(TICK)).unwrap();
    let mut query = Message::query();
    query.add_query(Query::query(Name::root(), RecordType::SOA));
    let _ = socket.send_to(&query.to_vec().unwrap(), server);
    socket.recv_from(&mut [0; 4096]).is_ok()
}

fn over_udp(socket: &UdpSocket, end: &End, zone: &Mutex<Zone>) {
    socket.set_read_timeout(Some(TICK)).unwrap();
    let mut bytes = [0; 4096];
    while !end.came() {
        let Ok((len, from)) = socket.recv_from(&mut bytes) else {
            continue;
        };
        let Ok(query) = Message::from_vec(&bytes[..len]) else {
            continue;
        };
        let Some(mut answer) = zone.lock().unwrap().answer(&query) else {
            continue;
        };
        // What is too long for this client comes over TCP.
        if answer.to_vec().unwrap().len() > usize::from(query.max_payload()) {
            answer.answers.clear();
            answer.metadata.truncation = true;
        }
        let _ = socket.send_to(&answer.to_vec().unwrap(), from);
    }
}

fn over_tcp(mut stream: TcpStream, end: &End, zone: &Mutex<Zone>) {
    let mut len = [0; 2];
    while !end.came() && stream.read_exact(&mut len).is_ok() {
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(len))];
        if stream.read_exact(&mut bytes).is_err() {
            return;
        }
        let Ok(query) = Message::from_vec(&bytes) else {
            return;
        };
        let answer = zone.lock().unwrap().answer(&query);
        if let Some(answer) = answer {
            let bytes = answer.to_vec().unwrap();
            let len = u16::try_from(bytes.len()).unwrap().to_be_bytes();
            if stream
                .write_all(&[&len, bytes.as_slice()].concat())
                .is_err()
            {
                return;
            }
        }
    }
}

fn same_port() -> (TcpListener, UdpSocket) {
    for _ in 0..100 {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            return (tcp, udp);
        }
    }
    panic!("no port is free for both UDP and TCP");
}

fn parsed(ip: &str) -> IpAddr {
    ip.parse().unwrap()
}

const TICK: Duration = Duration::from_millis(100);
