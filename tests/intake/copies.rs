//! Two copies of the server over one database and one bucket: what begins at one ends at the other.

use std::{sync::Barrier, thread};

use crate::bench::{
    backing::Backing,
    http::Request,
    over_scaled,
    place::Place,
    sealed::{sealed, sha256},
    tus::{self, Upload},
};

over_scaled!(
    scaled:
    an_upload_begins_at_one_copy_and_ends_at_the_other,
    p20_copies_make_one_report_of_one_submission,
    p44_a_token_revoked_beside_both_opens_nothing_at_either,
);

fn an_upload_begins_at_one_copy_and_ends_at_the_other(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let (one, two) = (place.serve(), place.serve());
    // More than one segment of a bucket (8 MiB).
    let content = sealed(20_000_000, 1);
    let upload = Upload::create(one.address(), content.len() as u64);
    let mut at = 0;
    for (step, size) in [1, 9_000_000, 4096, 5_000_000].into_iter().enumerate() {
        let server = if step % 2 == 0 { &two } else { &one };
        let answer = upload
            .at(server.address())
            .append(at as u64, &content[at..at + size]);
        at += size;
        assert_eq!(tus::offset(&answer.expect(204)), at as u64);
    }
    let report = upload.at(two.address()).finish(&content, 50_000_000);
    for server in [&one, &two] {
        let target = format!("/reports/{report}/sealed");
        let kept = server.send(&Request::get(&target).bearer(&token));
        assert_eq!(sha256(kept.expect(200).body), sha256(&content));
        let head = upload.at(server.address()).try_head().unwrap().expect(200);
        assert_eq!(head.header("sealpost-report"), Some(report.as_str()));
    }
}

fn p20_copies_make_one_report_of_one_submission(backing: Backing) {
    let place = Place::new(backing);
    let (one, two) = (place.serve(), place.serve());
    let case = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let request = Request::post(&sealed(4000, 2))
        .with("Sealpost-Case", case)
        .with("Idempotency-Key", "both");
    let start = Barrier::new(8);
    let answers: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|number| {
                let server = if number % 2 == 0 { &one } else { &two };
                let (request, start) = (&request, &start);
                scope.spawn(move || {
                    start.wait();
                    server.send(request)
                })
            })
            .collect();
        clients.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let made = answers.iter().filter(|one| one.status == 201).count();
    assert_eq!(made, 1, "{answers:?}");
    for answer in &answers {
        assert!(matches!(answer.status, 200 | 201), "{answer}");
        assert_eq!(answer.body, answers[0].body, "one receipt");
    }
}

fn p44_a_token_revoked_beside_both_opens_nothing_at_either(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let (one, two) = (place.serve(), place.serve());
    for server in [&one, &two] {
        server
            .send(&Request::get("/reports").bearer(&token))
            .expect(200);
    }
    place.run(&["token", "revoke", "reader"]);
    for server in [&one, &two] {
        server
            .send(&Request::get("/reports").bearer(&token))
            .expect(404);
    }
}
