//! `sweep` beside a running server, with a clock and a patience that do not fit: what it takes is
//! not acknowledged, and what was acknowledged it does not take.

use std::{fs, path::Path, thread};

use crate::bench::{
    backing::Backing,
    http::Request,
    over_both,
    place::Place,
    sealed::{sealed, sha256},
    tus::{self, Upload},
};

over_both!(
    p06_a_post_that_is_swept_while_it_arrives_is_not_acknowledged,
    p06_a_piece_that_is_swept_while_it_arrives_does_not_move_the_offset,
    p06_sweeping_all_the_time_loses_nothing,
);

/// A database of yesterday is brought back: what came in since is no rubbish.
#[test]
fn p06_p21_what_an_older_database_does_not_know_is_left() {
    let place = Place::local();
    let database = place.data().join("intake.sqlite");
    let (old, new) = (place.path("old.sqlite"), place.path("new.sqlite"));
    let mut reports = Vec::new();
    for copy in [&old, &new] {
        let serve = place.serve();
        // Too large for a row: an object.
        let content = sealed(1 << 20, reports.len() as u64 + 1);
        reports.push(serve.send(&Request::post(&content)).expect(201).report());
        assert!(serve.stop().success());
        fs::copy(&database, copy).unwrap();
    }
    let bring_back = |copy: &Path| {
        for rest in ["-wal", "-shm"] {
            let _absent = fs::remove_file(format!("{}{rest}", database.display()));
        }
        fs::copy(copy, &database).unwrap();
    };
    bring_back(&old);
    let later = ["sweep", "--now", "2099-01-01T00:00:00Z"];
    let output = place.try_run(&later);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && said.contains("1 objects"),
        "{said}"
    );
    assert!(said.contains("younger"), "{said}");
    bring_back(&new);
    place.run(&["fsck", "--deep"]);
    bring_back(&old);
    place.run(&[&later[..], &["--grace", "0s"]].concat());
    bring_back(&new);
    assert_eq!(place.try_run(&["fsck"]).status.code(), Some(1));
}

fn p06_a_post_that_is_swept_while_it_arrives_is_not_acknowledged(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    let content = sealed(1 << 20, 1);
    let request = Request::post(&content);
    let mut connection = serve.connect();
    connection.write(&request.head()).unwrap();
    connection.write(&content[..700_000]).unwrap();
    thread::sleep(std::time::Duration::from_millis(500));
    place.run(&["sweep", "--grace", "0s"]);
    connection.write(&content[700_000..]).unwrap();
    let answer = connection.answer(false).unwrap();
    // In a bucket there is nothing to be swept before all of a segment is there.
    let expected = if backing == Backing::Local { 503 } else { 201 };
    assert_eq!(answer.status, expected, "{answer}");
    let again = serve.send(&request);
    assert!(matches!(again.status, 200 | 201), "{again}");
    let target = format!("/reports/{}/sealed", again.report());
    let kept = serve.send(&Request::get(&target).bearer(&token));
    assert_eq!(sha256(kept.expect(200).body), sha256(&content));
    place.run(&["fsck", "--deep"]);
}

fn p06_a_piece_that_is_swept_while_it_arrives_does_not_move_the_offset(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    let content = sealed(1 << 20, 2);
    let upload = Upload::create(serve.address(), 1 << 20);
    let mut connection = serve.connect();
    let head = upload.patch(0).promises(800_000).head();
    connection.write(&head).unwrap();
    connection.write(&content[..700_000]).unwrap();
    thread::sleep(std::time::Duration::from_millis(500));
    place.run(&["sweep", "--grace", "0s"]);
    connection.write(&content[700_000..800_000]).unwrap();
    let answer = connection.answer(false).unwrap();
    let (status, offset) = match backing {
        Backing::Local => (503, 0),
        Backing::Scaled => (204, 800_000),
    };
    assert_eq!(answer.status, status, "{answer}");
    let now = upload.try_head().unwrap().expect(200);
    assert_eq!(tus::offset(&now), offset);
    upload.finish(&content, 300_000);
    place.run(&["fsck", "--deep"]);
}

fn p06_sweeping_all_the_time_loses_nothing(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    let accepted = thread::scope(|scope| {
        let clients: Vec<_> = (0..4_u64)
            .map(|client| {
                let serve = &serve;
                scope.spawn(move || {
                    let mut accepted = Vec::new();
                    for number in 0..10 {
                        let message = sealed(200_000, 1 + client * 100 + number);
                        let answer = serve.send(&Request::post(&message));
                        match answer.status {
                            201 => accepted.push((answer.report(), sha256(&message))),
                            status => assert_eq!(status, 503, "{answer}"),
                        }
                    }
                    accepted
                })
            })
            .collect();
        while clients.iter().any(|client| !client.is_finished()) {
            // It may come away empty-handed, where the database is in use.
            place.try_run(&["sweep", "--grace", "0s"]);
        }
        let accepted = clients.into_iter().map(|one| one.join().unwrap());
        accepted.flatten().collect::<Vec<_>>()
    });
    println!("{backing:?}: {} of 40 were taken", accepted.len());
    for (report, digest) in &accepted {
        let target = format!("/reports/{report}/sealed");
        let kept = serve.send(&Request::get(&target).bearer(&token));
        assert_eq!(sha256(kept.expect(200).body), *digest);
    }
    place.run(&["fsck", "--deep"]);
}
