//! Reporters behind a proxy: what began through one goes on through one, and no two cases by one circuit.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::{
    desk::{Desk, Ended, contains, files},
    https::reporter,
};

/// A SOCKS 5 proxy that leads everybody to one socket.
struct Proxy {
    url: String,
    /// The login that came with each connection to somewhere; empty where none did.
    logins: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// `takes_logins` as Tor does, which prefers one and takes any.
    fn start(to: SocketAddr, takes_logins: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("socks5h://{}", listener.local_addr().unwrap());
        let logins: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&logins);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || serve(client, to, takes_logins, &seen));
            }
        });
        Self { url, logins }
    }

    fn run(&self, desk: &Desk, line: &str) -> Ended {
        let line = format!("{line} --vks none --hkp none --proxy {}", self.url);
        let mut command = desk.command(&line);
        command.env("SSL_CERT_FILE", desk.path("tls.pem"));
        Ended::of(&command.output().unwrap())
    }
}

fn serve(
    mut client: TcpStream,
    to: SocketAddr,
    takes_logins: bool,
    logins: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let methods = take(&mut client, 2)?[1];
    let methods = take(&mut client, methods)?;
    let chosen = if takes_logins && methods.contains(&2) {
        2
    } else {
        0
    };
    client.write_all(&[5, chosen])?;
    let mut login = Vec::new();
    if chosen == 2 {
        let user = take(&mut client, 2)?[1];
        login.extend(take(&mut client, user)?);
        let password = take(&mut client, 1)?[0];
        login.extend(take(&mut client, password)?);
        client.write_all(&[1, 0])?;
    }
    // A name, and the port.
    let name = take(&mut client, 5)?[4];
    take(&mut client, name + 2)?;
    logins
        .lock()
        .unwrap()
        .push(String::from_utf8(login).unwrap());
    let server = TcpStream::connect(to)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (mut up, mut back) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ended = io::copy(&mut up, &mut back);
        back.shutdown(Shutdown::Both)
    });
    io::copy(&mut &server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

fn take(client: &mut TcpStream, count: u8) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count.into()];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

const SEND: &str = "send report.md --to vendor.example --yes-trust-first-use";

/// Without the proxy the vendor would see from where the same person asks.
#[test]
fn what_began_through_a_proxy_goes_on_through_one() {
    let mut desk = Desk::without_server();
    desk.serve_https();
    // It takes no logins: nothing depends on them.
    let proxy = Proxy::start(desk.at, false);
    let sent = proxy.run(&desk, SEND).expect(0);
    let case = desk.cases()[0]["case"].as_str().unwrap().to_owned();
    let url = &proxy.url;
    sent.says(&format!("sealpost case show {case} --proxy {url}"));
    let refused = reporter(&desk, "case sync", "tls.pem").expect(3);
    refused.says("was begun through a proxy");
    proxy.run(&desk, "case sync").expect(0);
    reporter(&desk, "case sync --direct", "tls.pem").expect(0);
    // An answer that waits in the outbox goes on in the same way.
    std::fs::write(desk.path("answer"), "hello\n").unwrap();
    let reply = format!("case reply {case} --message answer --patience 0");
    reporter(&desk, &reply, "tls.pem").expect(3);
    assert!(desk.outbox().is_empty());
    desk.kill_server();
    let kept = proxy.run(&desk, &reply).expect(6);
    kept.says(&format!("sealpost send --resume {case} --proxy {url}"));
    desk.serve_https();
    reporter(&desk, "send --resume", "tls.pem").expect(3);
    assert_eq!(desk.outbox().len(), 1);
    proxy.run(&desk, "send --resume").expect(0);
    assert!(desk.outbox().is_empty());
    assert!(proxy.logins.lock().unwrap().iter().all(String::is_empty));
    // That there was a proxy is remembered, and not which.
    let address = url.trim_start_matches("socks5h://");
    for (path, bytes) in files(&desk.path("home")) {
        assert!(!contains(&bytes, address), "{}", path.display());
    }
}

/// Tor gives streams with different logins different circuits (`IsolateSOCKSAuth`).
#[test]
fn no_two_cases_share_a_circuit() {
    let mut desk = Desk::without_server();
    desk.serve_https();
    let proxy = Proxy::start(desk.at, true);
    for _ in 0..3 {
        proxy.run(&desk, SEND).expect(0);
    }
    proxy.logins.lock().unwrap().clear();
    proxy.run(&desk, "case sync").expect(0);
    let mut logins = proxy.logins.lock().unwrap().clone();
    assert!(logins.iter().all(|login| login.len() == 32), "{logins:?}");
    logins.sort();
    logins.dedup();
    assert_eq!(logins.len(), 3, "{logins:?}");
}
