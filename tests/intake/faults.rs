//! A write or fsync that fails is never acknowledged, and once the disk works again so does the
//! intake.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::bench::{
    backing::Backing,
    http::{Answer, Request},
    over_both,
    place::Place,
    sealed::{sealed, sha256},
    serve::Serve,
    strace::Strace,
    tus::Upload,
};

over_both!(p07_after_failed_writes_everything_works_again);

/// The n-th call of each kind fails, for each n until no call is left to fail.
#[test]
fn p07_a_failed_call_is_never_acknowledged() {
    calls_fail(&FAULTS, MOST);
}

/// The long form: all calls that change something, each with both errors, as far as the threads go.
#[test]
#[ignore = "soak: some minutes"]
fn soak_p07_every_call_fails() {
    let calls = LASTING.map(|calls| [(calls, "EIO"), (calls, "ENOSPC")]);
    calls_fail(calls.as_flattened(), 100);
}

fn calls_fail(faults: &[(&str, &str)], most: u32) {
    let place = Place::local();
    let token = place.token("reader", "read");
    let (mut injected, mut refused, mut unsynced, mut seed) = (0, 0, 0, 1000);
    for (calls, error) in faults {
        let began = Instant::now();
        for when in 1..=most {
            let serve = place.serve();
            seed += 10;
            let how = format!("error={error}:when={when}");
            let Some(strace) = Strace::attach(serve.process(), calls, Some(&how)) else {
                return;
            };
            let outcomes = work(&serve, seed);
            let calls = strace.detach();
            let failed: Vec<_> = calls.iter().filter(|one| is_fault(one)).collect();
            // A crash of the program loses nothing that the system has, so this is asked of the answers themselves.
            let of_an_object = |one: &&String| one.contains("sync(") && one.contains("/objects/");
            let noticed = outcomes.iter().any(|one| !one.acknowledged());
            assert!(noticed || !failed.iter().any(of_an_object), "{failed:?}");
            unsynced += failed.iter().filter(|one| of_an_object(one)).count();
            injected += failed.len();
            refused += outcomes.iter().filter(|one| !one.acknowledged()).count();
            // What was acknowledged is there after a crash, whatever failed meanwhile.
            serve.kill();
            let serve = place.serve();
            for outcome in outcomes {
                outcome.check(&serve, &token, &failed);
            }
            assert!(serve.stop().success());
            if failed.is_empty() {
                break;
            }
        }
        place.run(&["fsck", "--deep", "--grace", "0s", "--repair"]);
        place.run(&["fsck", "--deep", "--grace", "0s"]);
        println!("{calls} {error}: {:?}", began.elapsed());
    }
    println!(
        "figure: p07: {injected} calls of serve failed, {refused} requests refused, 0 acknowledged reports missing"
    );
    assert!(injected > 20 && refused > 10, "{injected}, {refused}");
    assert!(unsynced > 0, "no fsync of an object failed");
}

/// The server's own word on what happened to a report.
struct Outcome {
    content: Vec<u8>,
    /// Nothing where the connection ended without an answer.
    answer: Option<Answer>,
}

impl Outcome {
    fn acknowledged(&self) -> bool {
        let status = self.answer.as_ref().map(|answer| answer.status);
        matches!(status, Some(200..300))
    }

    fn check(self, serve: &Serve, token: &str, failed: &[&String]) {
        let again = Request::post(&self.content);
        if !self.acknowledged() {
            if let Some(answer) = &self.answer {
                let honest = matches!(answer.status, 500 | 503 | 507 | 404 | 409 | 410);
                assert!(honest, "{answer}: {failed:?}");
            }
            let answer = serve.send(&again);
            assert!(matches!(answer.status, 200 | 201), "{answer}");
            return;
        }
        let answer = self.answer.unwrap();
        let id = match answer.header("sealpost-report") {
            Some(id) => id.to_owned(),
            None => answer.report(),
        };
        let target = format!("/reports/{id}/sealed");
        let kept = serve.send(&Request::get(&target).bearer(token));
        assert_eq!(kept.status, 200, "{failed:?}");
        assert_eq!(sha256(kept.body), sha256(&self.content), "{failed:?}");
    }
}

/// A post and an upload in two steps.
fn work(serve: &Serve, seed: u64) -> [Outcome; 2] {
    let whole = sealed(9000, seed);
    let answer = Request::post(&whole)
        .try_send_within(serve.address(), PATIENCE)
        .ok();
    let posted = Outcome {
        content: whole,
        answer,
    };
    let content = sealed(60_000, seed + 1);
    let answer = in_two_steps(serve, &content);
    let uploaded = Outcome { content, answer };
    [posted, uploaded]
}

/// The last answer that came.
fn in_two_steps(serve: &Serve, content: &[u8]) -> Option<Answer> {
    let creation = Upload::creation(content.len() as u64).body("");
    let created = creation.try_send_within(serve.address(), PATIENCE).ok()?;
    if created.status != 201 {
        return Some(created);
    }
    let upload = Upload::created(serve.address(), &created);
    let append = |from: usize, to: usize| {
        let request = upload.patch(from as u64).body(&content[from..to]);
        request.try_send_within(serve.address(), PATIENCE).ok()
    };
    let first = append(0, 20_000)?;
    if first.status != 204 {
        return Some(first);
    }
    append(20_000, content.len())
}

fn is_fault(call: &str) -> bool {
    call.contains("(INJECTED)")
}

/// Whatever fails for a while, afterwards the same server takes reports again, without a restart.
fn p07_after_failed_writes_everything_works_again(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    for (number, error) in ["EIO", "ENOSPC"].into_iter().enumerate() {
        let how = format!("error={error}:when=1+");
        let calls = "fsync,fdatasync,pwrite64";
        let Some(strace) = Strace::attach(serve.process(), calls, Some(&how)) else {
            return;
        };
        let seed = 70 + 10 * number as u64;
        let outcomes = work(&serve, seed);
        let failed = strace.detach();
        let failed: Vec<_> = failed.iter().filter(|one| is_fault(one)).collect();
        if backing == Backing::Local {
            assert!(!failed.is_empty());
            assert!(outcomes.iter().all(|one| !one.acknowledged()), "{failed:?}");
        }
        for outcome in outcomes {
            outcome.check(&serve, &token, &failed);
        }
        assert_eq!(serve.get("/readyz").status, 200);
    }
    assert!(serve.stop().success());
    place.run(&["fsck", "--repair"]);
    place.run(&["fsck"]);
}

/// Those who share a flush share its error: one that fails is told to each of them.
#[test]
fn p07_a_crowd_that_shares_a_flush_hears_that_it_failed() {
    let place = Place::local();
    let token = place.token("reader", "read");
    let serve = place.serve();
    let how = "error=EIO:when=1";
    let Some(strace) = Strace::attach(serve.process(), "fsync,fdatasync", Some(how)) else {
        return;
    };
    let crowd: Vec<_> = (0..24).map(|seed| sealed(4096, 500 + seed)).collect();
    let post = |content: &Vec<u8>| {
        let request = Request::post(content);
        request.try_send_within(serve.address(), PATIENCE).ok()
    };
    let database = place.data().join("intake.sqlite");
    let answers: Vec<_> = thread::scope(|scope| {
        // Somebody else writes until all of them wait for their turns.
        let busy = Busy::with(&database);
        let posts: Vec<_> = crowd
            .iter()
            .map(|content| scope.spawn(|| post(content)))
            .collect();
        thread::sleep(Duration::from_millis(1500));
        busy.end();
        posts.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let failed = strace.detach();
    let failed: Vec<_> = failed.iter().filter(|one| is_fault(one)).collect();
    let mut refused = 0;
    for (content, answer) in crowd.into_iter().zip(answers) {
        let outcome = Outcome { content, answer };
        refused += usize::from(!outcome.acknowledged());
        outcome.check(&serve, &token, &failed);
    }
    println!(
        "{refused} of 24 were refused for {} failed flush",
        failed.len()
    );
    assert!(failed.len() == 1 && refused > 1, "{refused} for {failed:?}");
    serve.kill();
    let serve = place.serve();
    let list = serve.send(&Request::get("/reports?limit=1000").bearer(&token));
    assert_eq!(list.json()["reports"].as_array().unwrap().len(), 24);
    assert!(serve.stop().success());
    place.run(&["fsck", "--deep"]);
}

/// A transaction of another process, for the time being.
struct Busy(tokio::runtime::Runtime, SqliteConnection);

impl Busy {
    fn with(database: &Path) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let connection = runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(database);
            let mut connection = options.connect().await.unwrap();
            connection.execute("BEGIN IMMEDIATE").await.unwrap();
            connection
        });
        Self(runtime, connection)
    }

    fn end(self) {
        let Self(runtime, mut connection) = self;
        runtime.block_on(connection.execute("ROLLBACK")).unwrap();
        runtime.block_on(connection.close()).unwrap();
    }
}

/// Calls, and how they fail. Not `write`: that is also how threads wake each other, and strace cannot
/// tell which is which (tokio aborts when a wake fails); what fails to be written into an object is tried on a full disk
/// (`quota`), and with objects that fail at each step (`src/intake/store/tests/faults.rs`).
const FAULTS: [(&str, &str); 5] = [
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("openat", "EIO"),
];
/// Those of the long form.
const LASTING: [&str; 8] = [
    "fsync",
    "fdatasync",
    "pwrite64",
    "openat",
    "ftruncate,fallocate",
    "rename,renameat,renameat2,link,linkat",
    "unlink,unlinkat",
    "mkdir,mkdirat",
];
/// Who has no answer by then gets none.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many calls of one thread are made to fail at most.
const MOST: u32 = 12;
