//! Thousands of clients that send as little as they can do not keep honest ones waiting.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::bench::{
    http::Request,
    place::Place,
    sealed::{head, sealed},
    tus::Upload,
};

#[test]
fn p39_five_thousand_slow_clients_starve_nobody() {
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < 12_000) {
        println!("skipped: only {limit:?} files may be open");
        return;
    }
    let raised = Rlimit {
        current: Some(12_000),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let place = Place::local();
    let serve = place.serve();
    let upload = Upload::create(serve.address(), 1 << 20);
    let (over, open) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut took = thread::scope(|scope| {
        for number in 0..HERDS {
            let (over, open, at, upload) = (&over, &open, serve.address(), &upload);
            scope.spawn(move || herd(at, upload, number, over, open));
        }
        let patience = Instant::now() + Duration::from_mins(1);
        while open.load(Ordering::SeqCst) < SLOW {
            assert!(Instant::now() < patience, "{open:?} are open");
            thread::sleep(Duration::from_millis(20));
        }
        let took = honest(serve.address());
        over.store(true, Ordering::SeqCst);
        took
    });
    took.sort();
    let p99 = took[took.len() * 99 / 100];
    println!(
        "figure: p39: {SLOW} slow clients; an honest report took {:.0?} (median), {p99:.0?} (p99); {} MiB resident",
        took[took.len() / 2],
        serve.resident() / 1024
    );
    assert!(p99 < Duration::from_secs(2), "{p99:?}");
    assert!(serve.stop().success());
}

/// Slow clients of every kind, a byte a second each; whom the server throws out comes again.
fn herd(at: SocketAddr, upload: &Upload, number: usize, over: &AtomicBool, open: &AtomicUsize) {
    let beginnings = [
        Vec::new(),
        b"POST /reports HTT".to_vec(),
        b"GET / HTTP/1.1\r\nHost: intake.test\r\nX-Slow: ".to_vec(),
        post_without_end(),
        upload.patch(0).promises(1 << 20).head(),
    ];
    let mut sheep: Vec<Option<TcpStream>> = (0..SLOW / HERDS).map(|_| None).collect();
    let mut first = true;
    while !over.load(Ordering::SeqCst) {
        let round = Instant::now();
        for (place, stream) in sheep.iter_mut().enumerate() {
            if over.load(Ordering::SeqCst) {
                return;
            }
            let alive = stream.as_mut().is_some_and(|one| one.write(b"a").is_ok());
            if !alive {
                let beginning = &beginnings[(place + number) % beginnings.len()];
                *stream = begin(at, beginning);
            }
            if first && stream.is_some() {
                open.fetch_add(1, Ordering::SeqCst);
            }
        }
        first = false;
        while round.elapsed() < Duration::from_secs(1) && !over.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn begin(at: SocketAddr, beginning: &[u8]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&at, Duration::from_secs(10)).ok()?;
    stream.write_all(beginning).ok()?;
    stream.set_nonblocking(true).ok()?;
    Some(stream)
}

fn post_without_end() -> Vec<u8> {
    let request = Request::new("POST", "/reports")
        .with("Content-Type", "application/pgp-encrypted")
        .promises(1 << 20);
    [request.head(), head(1 << 20)].concat()
}

/// How long each of 300 honest reports took, three at a time.
fn honest(at: SocketAddr) -> Vec<Duration> {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..3)
            .map(|client| {
                scope.spawn(move || {
                    let reports = 0..100;
                    let times = reports.map(|number| {
                        let message = sealed(4096, 39_000 + client * 1000 + number);
                        let began = Instant::now();
                        let answer = Request::post(&message).try_send(at);
                        answer.unwrap().expect(201);
                        began.elapsed()
                    });
                    times.collect::<Vec<_>>()
                })
            })
            .collect();
        let times = clients.into_iter().map(|one| one.join().unwrap());
        times.flatten().collect()
    })
}

const SLOW: usize = 5000;
const HERDS: usize = 4;
