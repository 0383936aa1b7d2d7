//! Sizes, quotas and the floor of free space hold, on a file system of 64 MiB.

use std::{path::Path, process::Command, thread, time::Duration};

use crate::bench::{
    backing::Backing,
    http::Request,
    over_both,
    place::Place,
    sealed::{sealed, sha256},
    serve::Serve,
    tus::{self, Upload},
};

over_both!(
    p40_what_is_too_large_is_refused,
    p40_open_uploads_are_counted
);

fn p40_what_is_too_large_is_refused(backing: Backing) {
    let place = Place::new(backing).set("--max-size", "100KiB");
    let serve = place.serve();
    let fits = sealed(100 << 10, 1);
    serve.send(&Request::post(&fits)).expect(201);
    serve
        .send(&Request::post(&sealed((100 << 10) + 1, 2)))
        .expect(413);
    // By its word alone, before a byte came.
    let mut connection = serve.connect();
    let large = Request::post(b"").without("Content-Length");
    let head = String::from_utf8(large.head()).unwrap();
    let head = head.replace("Content-Length: 0", "Content-Length: 99999999999");
    connection.write(head.as_bytes()).unwrap();
    assert_eq!(connection.answer(false).unwrap().status, 413);
    // In chunks, without a word on how many will come.
    let mut connection = serve.connect();
    let chunked = head.replace("Content-Length: 99999999999", "Transfer-Encoding: chunked");
    connection.write(chunked.as_bytes()).unwrap();
    let content = sealed(200 << 10, 3);
    for piece in content.chunks(10_000) {
        let size = format!("{:x}\r\n", piece.len());
        let chunk = [size.as_bytes(), piece, b"\r\n"].concat();
        if connection.write(&chunk).is_err() {
            break;
        }
    }
    if let Ok(answer) = connection.answer(false) {
        assert_eq!(answer.status, 413, "{answer}");
    }
    let creation = Upload::creation((100 << 10) + 1).body("");
    serve.send(&creation).expect(413);
    // A length that is not said yet does not help.
    let deferred = Request::new("POST", "/reports")
        .with("Tus-Resumable", "1.0.0")
        .with("Upload-Defer-Length", 1)
        .body("");
    let upload = Upload::created(serve.address(), &serve.send(&deferred).expect(201));
    upload.append(0, &content[..100_000]).expect(204);
    upload.append(100_000, &content[100_000..]).expect(413);
    assert!(upload.offset() <= 100 << 10);
}

fn p40_open_uploads_are_counted(backing: Backing) {
    let place = Place::new(backing).set("--max-uploads", 3);
    let serve = place.serve();
    let uploads: Vec<_> = (0..3)
        .map(|_| Upload::create(serve.address(), 5000))
        .collect();
    let fourth = serve.send(&Upload::creation(5000).body("")).expect(503);
    assert!(fourth.header("retry-after").is_some());
    // Whole posts still come in, and a place that becomes free can be taken.
    serve.send(&Request::post(&sealed(3000, 1))).expect(201);
    uploads[0].delete().expect(204);
    let next = Upload::create(serve.address(), 5000);
    next.finish(&sealed(5000, 2), 5000);
    Upload::create(serve.address(), 5000);
}

/// A tmpfs, unmounted when this is dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs"]);
        if command
            .arg(folder.path())
            .status()
            .is_ok_and(|status| status.success())
        {
            return Some(Self(folder));
        }
        println!("skipped: a file system can be mounted by root alone");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// A length that goes beyond all numbers, together with the offset.
#[test]
fn p40_a_length_without_measure_is_refused() {
    let place = Place::local();
    let serve = place.serve();
    let upload = Upload::create(serve.address(), 3000);
    upload.append(0, &sealed(3000, 1)[..100]).expect(204);
    for length in [u64::MAX - 50, u64::MAX - 2, 2901] {
        let mut connection = serve.connect();
        let head = upload.patch(100).promises(length).head();
        connection.write(&head).unwrap();
        let answer = connection.answer(false).unwrap();
        assert!((400..500).contains(&answer.status), "{length}: {answer}");
    }
    assert_eq!(upload.offset(), 100);
}

/// The floor holds: reports are refused while there is still room for what is known of the others.
#[test]
fn p40_the_floor_of_free_space_holds() {
    let Some(small) = Small::mount() else { return };
    let place = Place::local()
        .keeps_data_in(&small.path().join("data"))
        .set("--min-free", "20MiB")
        .set("--upload-expires", "2s");
    let token = place.token("admin", "admin");
    let serve = place.serve();
    let filled = fill(&serve, 1);
    assert!(
        (30..44).contains(&(filled.len() / 2)),
        "{} MiB",
        filled.len() / 2
    );
    serve.send(&Upload::creation(1 << 20).body("")).expect(507);
    the_rest_still_works(&serve, &token, &filled);
    remove(&place, &serve, &token, &filled[..20]);
    // An abandoned upload fills it again, until it is swept.
    let content = sealed(9 << 20, 2);
    let upload = Upload::create(serve.address(), content.len() as u64);
    upload.append(0, &content[..8 << 20]).expect(204);
    let again = fill(&serve, 1000);
    thread::sleep(Duration::from_millis(2100));
    place.run(&["sweep"]);
    let more = fill(&serve, 2000);
    assert!(more.len() >= 12, "{} and then {}", again.len(), more.len());
}

/// What bodies that are still arriving will fill is not there for others.
#[test]
fn p40_many_small_reports_at_once_stay_above_the_floor() {
    let Some(small) = Small::mount() else { return };
    let place = Place::local()
        .keeps_data_in(&small.path().join("data"))
        .set("--min-free", "20MiB");
    let serve = place.serve();
    let mut open: Vec<_> = (0..60)
        .map(|seed| {
            let content = sealed(1 << 20, seed);
            let mut connection = serve.connect();
            let (most, last) = content.split_at(content.len() - 1);
            // One that is refused need not take all.
            let request = Request::post(&content).head();
            let _early = connection
                .write(&request)
                .and_then(|()| connection.write(most));
            (connection, last.to_vec())
        })
        .collect();
    thread::sleep(Duration::from_secs(1));
    let free = rustix::fs::statvfs(small.path()).unwrap();
    let free = free.f_bavail * free.f_frsize;
    println!("{} MiB are free beside 60 bodies of 1 MiB", free >> 20);
    // Rows and logs are not promised.
    assert!(free >= 19 << 20, "{free}");
    let statuses: Vec<_> = open
        .iter_mut()
        .map(|(connection, last)| {
            let _early = connection.write(last);
            connection.answer(false).map_or(0, |answer| answer.status)
        })
        .collect();
    let taken = statuses.iter().filter(|status| **status == 201).count();
    assert!((30..44).contains(&taken), "{statuses:?}");
    drop(open);
    // What was promised to those that were refused is there for others.
    let more = fill(&serve, 100).len();
    assert!((36..44).contains(&(taken + more / 2)), "{taken} and {more}");
}

/// Without a floor the disk itself is full: nothing is acknowledged that is not there.
#[test]
fn p07_p40_a_full_disk_loses_nothing() {
    let Some(small) = Small::mount() else { return };
    let place = Place::local()
        .keeps_data_in(&small.path().join("data"))
        .set("--min-free", "0");
    let token = place.token("admin", "admin");
    let serve = place.serve();
    let mut filled = fill(&serve, 1);
    // The last gaps, with smaller ones.
    for (seed, size) in [(5000, 100_000), (6000, 10_000), (7000, 2000)] {
        for seed in seed..seed + 200 {
            let message = sealed(size, seed);
            let answer = serve.send(&Request::post(&message));
            if answer.status != 201 {
                assert!(matches!(answer.status, 507 | 500), "{answer}");
                break;
            }
            filled.push((answer.report(), sha256(&message)));
        }
    }
    let creation = serve.send(&Upload::creation(1 << 20).body(""));
    if creation.status == 201 {
        let upload = Upload::created(serve.address(), &creation);
        let answer = upload.append(0, &sealed(1 << 20, 9)[..900_000]);
        assert!(matches!(answer.status, 507 | 500), "{answer}");
    }
    intact(&serve, &token, &filled);
    serve.kill();
    let serve = place.serve();
    intact(&serve, &token, &filled);
    remove(&place, &serve, &token, &filled[..20]);
    let more = fill(&serve, 3000);
    assert!(more.len() > 10, "{} after space came back", more.len());
    intact(&serve, &token, &filled[20..]);
    place.run(&["fsck", "--repair"]);
    place.run(&["fsck"]);
}

/// Posts reports of half a MiB until one is refused: the id and digest of each.
fn fill(serve: &Serve, seed: u64) -> Vec<(String, String)> {
    let mut filled = Vec::new();
    loop {
        let message = sealed(512 << 10, seed + filled.len() as u64);
        let answer = serve.send(&Request::post(&message));
        if answer.status != 201 {
            assert_eq!(answer.status, 507, "{answer}");
            return filled;
        }
        filled.push((answer.report(), sha256(&message)));
        assert!(filled.len() < 200, "64 MiB cannot hold so many");
    }
}

/// Reading, events and deletion need little space, and have it.
fn the_rest_still_works(serve: &Serve, token: &str, filled: &[(String, String)]) {
    intact(serve, token, filled);
    let (id, _) = &filled[0];
    let event = Request::new("POST", &format!("/reports/{id}/events"));
    let event = event.json(r#"{"kind":"acknowledged"}"#).bearer(token);
    serve.send(&event).expect(201);
}

fn intact(serve: &Serve, token: &str, filled: &[(String, String)]) {
    for (id, hash) in filled {
        let target = format!("/reports/{id}/sealed");
        let kept = serve.send(&Request::get(&target).bearer(token));
        assert_eq!(sha256(kept.expect(200).body), *hash);
    }
}

fn remove(place: &Place, serve: &Serve, token: &str, reports: &[(String, String)]) {
    for (id, _) in reports {
        let delete = Request::new("DELETE", &format!("/reports/{id}"));
        serve.send(&delete.bearer(token)).expect(204);
    }
    place.run(&["sweep"]);
}

/// The offset that is said stays below what may be sent.
#[test]
fn p40_an_upload_takes_no_more_than_its_length() {
    let place = Place::local();
    let serve = place.serve();
    let content = sealed(50_000, 1);
    let upload = Upload::create(serve.address(), 40_000);
    let answer = upload.append(0, &content);
    assert!(matches!(answer.status, 400 | 413), "{answer}");
    assert!(tus::offset(&upload.try_head().unwrap().expect(200)) <= 40_000);
}
