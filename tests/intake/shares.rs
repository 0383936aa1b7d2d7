//! One client has a share of the connections and of the unfinished uploads, and cannot take those of
//! the others.

use std::{net::SocketAddr, thread, time::Duration};

use tokio::net::TcpSocket;

use crate::bench::{
    backing::Backing,
    http::{Answer, Connection, Request},
    over_both, over_scaled,
    place::Place,
    sealed::sealed,
    serve::Serve,
    tus::Upload,
};

over_both!(p40_one_client_takes_its_share_of_places_alone);
over_scaled!(scaled_copies: p40_an_upload_that_ended_at_another_copy_counts_no_more);

#[test]
fn p39_one_client_takes_its_share_of_connections_alone() {
    let place = Place::local()
        .set("--max-connections", 8)
        .set("--connections-per-client", 4);
    let serve = place.serve();
    let mut own: Vec<_> = (0..4).map(|_| begun(&serve)).collect();
    thread::sleep(Duration::from_millis(200));
    // From the fifth on they end without an answer.
    for _ in 0..20 {
        assert!(Request::get("/healthz").try_send(serve.address()).is_err());
    }
    let mut other = from("127.0.0.2:0", serve.address());
    let report = Request::post(&sealed(3000, 1));
    other.try_send(&report).unwrap().expect(201);
    // A connection that ended can be had again.
    drop(own.pop());
    thread::sleep(Duration::from_millis(200));
    serve.get("/healthz").expect(200);
    assert!(serve.stop().success());
}

/// Behind a proxy every connection is the proxy's.
#[test]
fn p39_a_trusted_proxy_has_no_share() {
    let place = Place::local()
        .set("--trusted-proxy", "127.0.0.1")
        .set("--connections-per-client", 2);
    let serve = place.serve();
    let _open: Vec<_> = (0..10).map(|_| begun(&serve)).collect();
    thread::sleep(Duration::from_millis(200));
    serve.get("/healthz").expect(200);
}

/// A connection with half a request on it.
fn begun(serve: &Serve) -> Connection {
    let mut connection = serve.connect();
    connection.write(b"GET /healthz HTTP/1.1\r\n").unwrap();
    connection
}

/// A connection from another address of this machine.
fn from(own: &str, to: SocketAddr) -> Connection {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(own.parse().unwrap()).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    Connection { stream }
}

/// A creation by a client behind a trusted proxy.
fn create(serve: &Serve, client: &str) -> Answer {
    let creation = Upload::creation(5000).with("X-Forwarded-For", client);
    serve.send(&creation.body(""))
}

fn p40_one_client_takes_its_share_of_places_alone(backing: Backing) {
    let place = Place::new(backing)
        .set("--trusted-proxy", "127.0.0.1")
        .set("--max-uploads", 6)
        .set("--uploads-per-client", 2);
    let serve = place.serve();
    let own = ["2001:db8::1", "2001:db8::2"].map(|client| create(&serve, client).expect(201));
    for _ in 0..5 {
        let refused = create(&serve, "2001:db8::3").expect(429);
        assert!(refused.header("retry-after").is_some());
    }
    create(&serve, "192.0.2.1").expect(201);
    let upload = Upload::created(serve.address(), &own[0]);
    upload.finish(&sealed(5000, 1), 5000);
    create(&serve, "2001:db8::3").expect(201);
    create(&serve, "2001:db8::3").expect(429);
}

fn p40_an_upload_that_ended_at_another_copy_counts_no_more(backing: Backing) {
    let place = Place::new(backing)
        .set("--trusted-proxy", "127.0.0.1")
        .set("--uploads-per-client", 1);
    let (one, two) = (place.serve(), place.serve());
    let created = create(&one, "192.0.2.1").expect(201);
    create(&one, "192.0.2.1").expect(429);
    let upload = Upload::created(two.address(), &created);
    upload.finish(&sealed(5000, 1), 5000);
    create(&one, "192.0.2.1").expect(201);
}
