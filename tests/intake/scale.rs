//! Ten thousand reports, a thousand uploads, a gigabyte: time and memory stay what they were.
//!
//! The figures are printed; only generous bounds are asserted, because machines are noisy.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::bench::{
    backing::Backing,
    http::{Connection, Request},
    over_both,
    place::Place,
    sealed::{Noise, head, sealed},
    serve::Serve,
    tus::{self, Upload},
};

over_both!(memory_does_not_grow_with_uploads);

/// Seeded through the API, in memory where the machine has a tmpfs: a disk would take long.
#[test]
#[ignore = "soak: posts ten thousand reports"]
fn soak_ten_thousand_reports_are_listed_at_once() {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    };
    let place = Place::local().keeps_data_in(&folder.path().join("data"));
    let token = place.token("reader", "read");
    let empty = place.serve();
    let at_first = empty.took;
    let began = Instant::now();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let at = empty.address();
            scope.spawn(move || {
                let mut connection = Connection::open(at).unwrap();
                for number in 0..REPORTS / CLIENTS {
                    let message = sealed(1000, client * REPORTS + number);
                    let request = Request::post(&message);
                    connection.try_send(&request).unwrap().expect(201);
                }
            });
        }
    });
    println!("{REPORTS} reports posted in {:?}", began.elapsed());
    assert!(empty.stop().success());
    let serve = place.serve();
    println!("ready after {:?}, empty {at_first:?}", serve.took);
    assert!(serve.took < at_first + Duration::from_secs(1));
    for target in [
        "/reports",
        "/reports?limit=1000",
        "/reports?state=received",
        "/reports?state=closed",
    ] {
        let took = fastest(&serve, &token, target);
        println!("GET {target}: {took:?}");
        assert!(took < Duration::from_millis(100), "{target}: {took:?}");
    }
    let pages = pages(&serve, &token);
    assert_eq!(pages as u64, REPORTS);
    println!(
        "figure: {REPORTS} reports: every list within 100 ms, ready after {:.0?}",
        serve.took
    );
}

/// The median of a few.
fn fastest(serve: &Serve, token: &str, target: &str) -> Duration {
    let request = Request::get(target).bearer(token);
    let mut times: Vec<_> = (0..9)
        .map(|_| {
            let began = Instant::now();
            serve.send(&request).expect(200);
            began.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// How many reports all pages hold together.
fn pages(serve: &Serve, token: &str) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    let mut next = "/reports?limit=1000".to_owned();
    loop {
        let page = serve.send(&Request::get(&next).bearer(token)).expect(200);
        let page = page.json();
        for report in page["reports"].as_array().unwrap() {
            assert!(seen.insert(report["id"].as_str().unwrap().to_owned()));
        }
        let Some(cursor) = page["next"].as_str() else {
            return seen.len();
        };
        next = format!("/reports?limit=1000&cursor={cursor}");
    }
}

fn memory_does_not_grow_with_uploads(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    serve.send(&Request::post(&sealed(3000, 1))).expect(201);
    let at_first = serve.peak();
    let idle: Vec<_> = (0..1000)
        .map(|_| Upload::create(serve.address(), 1 << 30))
        .collect();
    let with_idle = serve.peak();
    active(&serve, &idle[..200], || ());
    let with_active = serve.peak();
    // An S3 server of tests keeps all of it in memory.
    let size = match backing {
        Backing::Local => 1 << 30,
        Backing::Scaled => 256 << 20,
    };
    let large = large_upload(&serve, size);
    let after_large = serve.peak();
    println!(
        "{backing:?}: peak {at_first} KiB at first, {with_idle} after 1,000 idle uploads, \
         {with_active} with 200 active ones, {after_large} after {} MiB in {large:?}",
        size >> 20
    );
    assert!(with_idle - at_first < 40 << 10, "idle uploads cost memory");
    // In a bucket a segment is buffered for each upload that is under way (8 MiB).
    let each = if backing == Backing::Local {
        1 << 10
    } else {
        18 << 10
    };
    assert!(
        with_active - with_idle < 200 * each,
        "active uploads cost memory"
    );
    assert!(after_large - with_active < 60 << 10, "size costs memory");
}

/// A chunk of a MiB goes into each of them, and the connections stay open together.
fn active(serve: &Serve, uploads: &[Upload], meanwhile: impl FnOnce()) {
    let chunk = &sealed(1 << 20, 7)[..];
    let start = &head(1 << 30);
    thread::scope(|scope| {
        let clients: Vec<_> = uploads
            .iter()
            .map(|upload| {
                scope.spawn(move || {
                    let mut connection = serve.connect();
                    let request = upload.patch(0).promises(2 << 20);
                    connection.write(&request.head()).unwrap();
                    connection.write(start).unwrap();
                    connection.write(&chunk[start.len()..]).unwrap();
                    connection
                })
            })
            .collect();
        let open: Vec<_> = clients.into_iter().map(|one| one.join().unwrap()).collect();
        thread::sleep(Duration::from_secs(1));
        meanwhile();
        drop(open);
    });
}

/// One PATCH of this size.
fn large_upload(serve: &Serve, size: u64) -> Duration {
    let upload = Upload::create(serve.address(), size);
    let began = Instant::now();
    let mut connection = serve.connect();
    connection
        .write(&upload.patch(0).promises(size).head())
        .unwrap();
    let head = head(size);
    connection.write(&head).unwrap();
    let (mut left, mut noise) = (size - head.len() as u64, Noise::new(size));
    let mut chunk = vec![0; 1 << 20];
    while left > 0 {
        let now = usize::try_from(left.min(1 << 20)).unwrap();
        noise.fill(&mut chunk[..now]);
        connection.write(&chunk[..now]).unwrap();
        left -= now as u64;
    }
    let answer = connection.answer(false).unwrap().expect(204);
    assert_eq!(tus::offset(&answer), size);
    assert!(answer.header("sealpost-report").is_some());
    began.elapsed()
}

const REPORTS: u64 = 10_000;
const CLIENTS: u64 = 8;
