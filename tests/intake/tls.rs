//! TLS by the server itself: it shows the certificate that it was given, and a new one after SIGHUP.

use std::{fs, net::TcpStream, sync::Arc, thread, time::Duration};

use rcgen::{CertificateParams, KeyPair};
use rustix::process::Signal;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};

use crate::bench::{
    http::{Answer, Connection, Request},
    place::Place,
    sealed::sealed,
    serve::Serve,
};

/// A certificate for the host of these tests, of nobody but itself, written where `serve` reads it.
fn certificate(place: &Place) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let wanted = CertificateParams::new(vec!["intake.test".to_owned()]).unwrap();
    let certificate = wanted.self_signed(&key).unwrap();
    fs::write(place.path("tls.pem"), certificate.pem()).unwrap();
    fs::write(place.path("tls.key"), key.serialize_pem()).unwrap();
    certificate.der().clone()
}

fn send(serve: &Serve, trusted: &CertificateDer<'static>, request: &Request) -> Option<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("intake.test").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(serve.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut connection = Connection {
        stream: StreamOwned::new(session, stream),
    };
    connection.try_send(request).ok()
}

#[test]
fn a_new_certificate_is_shown_after_sighup() {
    let mut place = Place::local();
    let first = certificate(&place);
    let (pem, key) = (place.path("tls.pem"), place.path("tls.key"));
    place.change("--tls-cert", pem.display());
    place.change("--tls-key", key.display());
    let serve = place.serve();
    let ready = Request::get("/readyz");
    assert_eq!(send(&serve, &first, &ready).unwrap().status, 200);
    let post = Request::post(&sealed(3000, 1));
    assert_eq!(send(&serve, &first, &post).unwrap().status, 201);
    let second = certificate(&place);
    assert!(send(&serve, &second, &ready).is_none());
    serve.signal(Signal::HUP);
    until(|| send(&serve, &second, &ready).is_some());
    assert!(send(&serve, &first, &ready).is_none());
    // What cannot be read is not taken, and the server goes on.
    fs::write(&pem, "no certificate").unwrap();
    serve.signal(Signal::HUP);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(send(&serve, &second, &ready).unwrap().status, 200);
    // Whoever speaks plainly is not heard.
    let plain = ready.try_send(serve.address());
    assert!(plain.is_err(), "{plain:?}");
    // Nor does somebody who says nothing stop the others.
    let silent = TcpStream::connect(serve.address()).unwrap();
    assert_eq!(send(&serve, &second, &ready).unwrap().status, 200);
    drop(silent);
    assert!(serve.stop().success());
}

/// A certificate without its key, or that of another, is refused at the start.
#[test]
fn a_certificate_needs_its_key() {
    let mut place = Place::local();
    certificate(&place);
    let pem = place.path("tls.pem").display().to_string();
    place.change("--tls-cert", &pem);
    let alone = place.serve_command().output().unwrap();
    assert_eq!(alone.status.code(), Some(2), "{alone:?}");
    fs::rename(place.path("tls.key"), place.path("old.key")).unwrap();
    fs::rename(place.path("tls.pem"), place.path("old.pem")).unwrap();
    certificate(&place);
    let old = place.path("old.key").display().to_string();
    place.change("--tls-key", &old);
    let wrong = place.serve_command().output().unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
}

fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..100 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("it does not come");
}
