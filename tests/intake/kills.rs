//! SIGKILL while reports and uploads come in: what was acknowledged is there afterwards, what is
//! there is whole, and `fsck` finds and mends the rest.

use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::bench::{
    backing::Backing,
    http::Request,
    over_both,
    place::Place,
    sealed::{Noise, sealed, sha256},
    serve::Serve,
    strace,
    tus::{self, Upload},
};

over_both!(p06_p21_no_acknowledged_report_is_lost_to_a_kill);

/// What a server said that it has.
#[derive(Default)]
struct Acknowledged {
    /// Id, SHA-256 and receipt of each report.
    reports: Mutex<Vec<(String, String, Vec<u8>)>>,
    /// Each upload with its seed, its size, and the highest offset that was confirmed.
    uploads: Mutex<Vec<(Upload, u64, usize, u64)>>,
}

impl Acknowledged {
    fn count(&self) -> usize {
        self.reports.lock().unwrap().len()
    }
}

fn p06_p21_no_acknowledged_report_is_lost_to_a_kill(backing: Backing) {
    let mut noise = Noise::new(6);
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let acknowledged = Acknowledged::default();
    let (mut recoveries, mut kills) = (Vec::new(), 0);
    while kills < KILLS {
        let serve = place.serve();
        let wait = Duration::from_millis(noise.below(150));
        busy(&serve, &acknowledged, |_| thread::sleep(wait));
        serve.kill();
        kills += 1;
        recoveries.push(recover(&place, &token, &acknowledged));
    }
    say(acknowledged.count(), &mut recoveries, kills);
}

/// The long form: killed at the entry of a system call, each time another; `SEALPOST_SOAK_KILLS` says how often.
#[test]
#[ignore = "soak: about half an hour"]
fn soak_p06_p21_killed_at_every_system_call() {
    if !strace::is_there() {
        return;
    }
    let mut noise = Noise::new(21);
    let mut place = Place::local();
    let mut token = place.token("reader", "read");
    let mut acknowledged = Acknowledged::default();
    let wanted =
        std::env::var("SEALPOST_SOAK_KILLS").map_or(1000, |number| number.parse().unwrap());
    let (mut recoveries, mut kills, mut reports) = (Vec::new(), 0, 0);
    let began = Instant::now();
    while kills < wanted && began.elapsed() < SOAK_LIMIT {
        let (calls, most) = CALLS[usize::try_from(kills).unwrap() % CALLS.len()];
        let when = 1 + noise.below(most);
        let inject = format!("inject={calls}:signal=KILL:when={when}");
        let trace = format!("trace={calls}");
        let options = ["-e", trace.as_str(), "-e", inject.as_str()];
        let command = strace::under(&place.serve_command(), &options);
        // It may die before it is ready.
        if let Ok(mut serve) = Serve::try_start(&place, command) {
            let deadline = Instant::now() + Duration::from_secs(2);
            busy(&serve, &acknowledged, |lost| {
                while !lost.load(Ordering::SeqCst) && Instant::now() < deadline {
                    thread::sleep(Duration::from_millis(2));
                }
            });
            serve.wait();
        }
        kills += 1;
        recoveries.push(recover(&place, &token, &acknowledged));
        if kills % 50 == 0 || kills == wanted {
            // The check reads everything, so that a place is left before that takes long.
            reports += acknowledged.count();
            println!("{kills} kills in {:?}, {reports} reports", began.elapsed());
            place = Place::local();
            token = place.token("reader", "read");
            acknowledged = Acknowledged::default();
        }
    }
    say(reports, &mut recoveries, kills);
    assert_eq!(kills, wanted, "not done in {SOAK_LIMIT:?}");
}

/// Three clients post and upload until `end` returns and the server is gone.
fn busy(serve: &Serve, acknowledged: &Acknowledged, end: impl FnOnce(&AtomicBool)) {
    static SEED: AtomicU64 = AtomicU64::new(1);
    let (over, lost) = (AtomicBool::new(false), AtomicBool::new(false));
    let at = serve.address();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let seed = SEED.fetch_add(1, Ordering::SeqCst);
                    let went = if seed.is_multiple_of(3) {
                        post(at, seed, acknowledged)
                    } else {
                        upload(at, seed, acknowledged)
                    };
                    if went.is_none() {
                        lost.store(true, Ordering::SeqCst);
                        return;
                    }
                }
            });
        }
        end(&lost);
        // The kill comes while they are at work; what they send afterwards fails.
        let _ = rustix::process::kill_process(serve.process(), rustix::process::Signal::KILL);
        over.store(true, Ordering::SeqCst);
    });
}

/// Nothing once the server does not answer any more.
fn post(at: SocketAddr, seed: u64, acknowledged: &Acknowledged) -> Option<()> {
    let message = sealed(2000 + usize::try_from(seed % 7).unwrap() * 3000, seed);
    let answer = Request::post(&message).try_send(at).ok()?.expect(201);
    let one = (answer.report(), sha256(&message), answer.body);
    acknowledged.reports.lock().unwrap().push(one);
    Some(())
}

fn upload(at: SocketAddr, seed: u64, acknowledged: &Acknowledged) -> Option<()> {
    let size = 20_000 + usize::try_from(seed % 5).unwrap() * 30_000;
    let content = sealed(size, seed);
    let answer = Upload::creation(size as u64).body("").try_send(at).ok()?;
    let upload = Upload::created(at, &answer.expect(201));
    let number = {
        let mut uploads = acknowledged.uploads.lock().unwrap();
        uploads.push((upload.clone(), seed, size, 0));
        uploads.len() - 1
    };
    let mut offset = 0;
    while offset < size {
        let end = size.min(offset + 17_000);
        let answer = upload.try_append(offset as u64, &content[offset..end]);
        let answer = answer.ok()?.expect(204);
        assert_eq!(tus::offset(&answer), end as u64);
        acknowledged.uploads.lock().unwrap()[number].3 = end as u64;
        offset = end;
    }
    Some(())
}

/// Mends and starts again, and compares everything with what was acknowledged: the time from the
/// start until the server was ready.
fn recover(place: &Place, token: &str, acknowledged: &Acknowledged) -> Duration {
    // Nobody else is at work, so what belongs to nothing is lost, however young it is.
    let check = ["fsck", "--deep", "--grace", "0s"];
    let mend = || place.run(&[&check[..], &["--repair"]].concat());
    // But for an object store, which goes on with what it was sent before the kill.
    let is_settled = || {
        mend();
        place.try_run(&check).status.success()
    };
    if place.stores.is_none() || !(0..20).any(|_| is_settled()) {
        mend();
        place.run(&check);
    }
    let serve = place.serve();
    let at = serve.address();
    let uploads = std::mem::take(&mut *acknowledged.uploads.lock().unwrap());
    for (upload, seed, size, confirmed) in uploads {
        let upload = upload.at(at);
        let content = sealed(size, seed);
        assert!(upload.offset() >= confirmed, "{}", upload.path);
        let report = upload.finish(&content, 40_000);
        let receipt = serve.get(&format!("{}/receipt", upload.path)).expect(200);
        let one = (report, sha256(&content), receipt.body);
        acknowledged.reports.lock().unwrap().push(one);
    }
    for (id, hash, receipt) in &*acknowledged.reports.lock().unwrap() {
        let kept = content(&serve, token, id);
        assert_eq!(sha256(kept), *hash, "{id}");
        let again = Request::get(&format!("/reports/{id}/receipt")).bearer(token);
        assert_eq!(serve.send(&again).expect(200).body, *receipt);
    }
    everything_is_whole(&serve, token);
    let took = serve.took;
    assert!(serve.stop().success());
    took
}

/// Every report of the list has the content that its hash promises.
fn everything_is_whole(serve: &Serve, token: &str) {
    let mut next = "/reports?limit=1000".to_owned();
    loop {
        let page = serve.send(&Request::get(&next).bearer(token)).expect(200);
        let page = page.json();
        for report in page["reports"].as_array().unwrap() {
            let kept = content(serve, token, report["id"].as_str().unwrap());
            assert_eq!(kept.len() as u64, report["size"].as_u64().unwrap());
            assert_eq!(sha256(kept), report["sha256"].as_str().unwrap());
        }
        let Some(cursor) = page["next"].as_str() else {
            break;
        };
        next = format!("/reports?limit=1000&cursor={cursor}");
    }
}

fn content(serve: &Serve, token: &str, id: &str) -> Vec<u8> {
    let request = Request::get(&format!("/reports/{id}/sealed")).bearer(token);
    serve.send(&request).expect(200).body
}

fn say(reports: usize, recoveries: &mut [Duration], kills: u64) {
    recoveries.sort();
    println!(
        "figure: p06 p21: serve killed {kills} times, {reports} acknowledged reports, 0 lost, 0 in part; ready again \
         after {:.0?} (median), {:.0?} (longest)",
        recoveries[recoveries.len() / 2],
        recoveries.last().unwrap()
    );
    assert!(reports > 0);
}

/// Calls at which it dies: those that change something durable, or say so. A thread makes about as
/// many of each before it has done all that it does.
const CALLS: [(&str, u64); 8] = [
    ("pwrite64", 60),
    ("fsync,fdatasync", 20),
    ("write", 40),
    ("openat", 30),
    ("rename,renameat,renameat2,link,linkat,unlink,unlinkat", 3),
    ("ftruncate,fallocate,mkdir,mkdirat", 2),
    ("sendto,writev,sendmsg", 30),
    ("close", 30),
];
const KILLS: u64 = 20;
const SOAK_LIMIT: Duration = Duration::from_mins(75);
