//! The same submission twice is one report with one receipt: after lost answers, in parallel, whole
//! or as an upload.

use std::{sync::Barrier, thread};

use crate::bench::{
    backing::Backing,
    http::{Answer, Request},
    over_both,
    place::Place,
    sealed::{Noise, sealed, to},
    serve::Serve,
    tus::Upload,
};

over_both!(
    p20_parallel_repeats_are_one_report,
    p20_an_answer_that_was_lost_is_given_again,
    p20_a_repeated_creation_is_the_same_upload,
    p20_a_key_belongs_to_one_content,
    p20_the_same_content_of_two_cases_is_two_reports,
);

fn p20_parallel_repeats_are_one_report(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    for (round, keyed) in [(0, true), (1, false), (2, true), (3, false)] {
        let mut request = Request::post(&sealed(5000, round)).with("Sealpost-Case", CASE);
        if keyed {
            request = request.with("Idempotency-Key", format!("\"round {round}\""));
        }
        let answers = in_parallel(&serve, &request, 16);
        let made = answers.iter().filter(|one| one.status == 201).count();
        assert_eq!(made, 1, "{answers:?}");
        for answer in &answers {
            assert!(matches!(answer.status, 200 | 201), "{answer}");
            assert_eq!(answer.report(), answers[0].report());
            assert_eq!(answer.body, answers[0].body, "one receipt");
        }
        assert_eq!(reports(&serve, &token).len() as u64, round + 1);
    }
}

/// The client never reads the answer: it closes the connection after the last byte, or resets it.
fn p20_an_answer_that_was_lost_is_given_again(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    let mut noise = Noise::new(20);
    for round in 0..8 {
        let message = sealed(3000, 100 + round);
        let request = Request::post(&message)
            .with("Sealpost-Case", CASE)
            .with("Idempotency-Key", format!("lost-{round}"));
        let mut connection = serve.connect();
        connection.write(&request.head()).unwrap();
        connection.write(&message).unwrap();
        thread::sleep(std::time::Duration::from_millis(noise.below(20)));
        drop(connection);
        let first = serve.send(&request);
        let second = serve.send(&request).expect(200);
        assert!(matches!(first.status, 200 | 201), "{first}");
        assert_eq!(first.body, second.body);
        assert_eq!(first.report(), second.report());
        assert_eq!(reports(&serve, &token).len() as u64, round + 1);
    }
}

fn p20_a_repeated_creation_is_the_same_upload(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    let content = sealed(50_000, 7);
    let creation = Upload::creation(50_000)
        .with("Sealpost-Case", CASE)
        .with("Idempotency-Key", "upload-1")
        .body("");
    let answers = in_parallel(&serve, &creation, 8);
    let locations: Vec<_> = answers.iter().map(|one| one.header("location")).collect();
    assert!(answers.iter().all(|one| one.status == 201), "{answers:?}");
    assert!(locations.iter().all(|one| *one == locations[0]));
    let upload = Upload::created(serve.address(), &answers[0]);
    let report = upload.finish(&content, 20_000);
    // The whole dance again after the end: the same upload, the same report.
    let again = Upload::created(serve.address(), &serve.send(&creation).expect(201));
    assert_eq!(again.path, upload.path);
    assert_eq!(again.finish(&content, 20_000), report);
    let receipt = serve.get(&format!("{}/receipt", upload.path)).expect(200);
    // And as a whole post: what this case has sent is there already.
    let whole = Request::post(&content).with("Sealpost-Case", CASE);
    let whole = serve.send(&whole).expect(200);
    assert_eq!(whole.report(), report);
    assert_eq!(whole.body, receipt.body);
    assert_eq!(reports(&serve, &token).len(), 1);
}

fn p20_a_key_belongs_to_one_content(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    let request = |seed| {
        Request::post(&sealed(3000, seed))
            .with("Sealpost-Case", CASE)
            .with("Idempotency-Key", "the-key")
    };
    serve.send(&request(1)).expect(201);
    let other = serve.send(&request(2)).expect(409);
    assert_eq!(other.json()["type"], "urn:sealpost:problem:key-reused");
    // What was refused leaves no trace in the key.
    serve.send(&request(1)).expect(200);
    let stranger = to(crate::bench::keys::OTHER, 3000, 1);
    let refused = Request::post(&stranger).with("Idempotency-Key", "another-key");
    serve.send(&refused).expect(422);
    let sound = Request::post(&sealed(3000, 3)).with("Idempotency-Key", "another-key");
    serve.send(&sound).expect(201);
}

/// Somebody who saw a sealed report on its way cannot make it vanish among their own.
fn p20_the_same_content_of_two_cases_is_two_reports(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    let message = sealed(3000, 4);
    let of = |case: &str| serve.send(&Request::post(&message).with("Sealpost-Case", case));
    let first = of(CASE).expect(201);
    let second = of(OTHER_CASE).expect(201);
    assert_ne!(first.report(), second.report());
}

fn in_parallel(serve: &Serve, request: &Request, clients: usize) -> Vec<Answer> {
    let start = Barrier::new(clients);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    serve.send(request)
                })
            })
            .collect();
        clients.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn reports(serve: &Serve, token: &str) -> Vec<serde_json::Value> {
    let list = serve.send(&Request::get("/reports").bearer(token));
    let list = list.expect(200).json();
    list["reports"].as_array().unwrap().clone()
}

const CASE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const OTHER_CASE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
