//! An orderly end: what is under way ends or is kept, and the exit code is 0.

use std::{thread, time::Duration};

use rustix::process::Signal;

use crate::bench::{
    backing::Backing,
    http::{Connection, Request},
    over_both,
    place::Place,
    sealed::sealed,
    tus::{self, Upload},
};

over_both!(
    a_patch_under_way_ends_before_the_server_does,
    a_patch_that_takes_too_long_is_kept_as_far_as_it_came,
    a_cut_patch_is_kept_as_far_as_it_came,
);

fn a_patch_under_way_ends_before_the_server_does(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let mut serve = place.serve();
    let content = sealed(200_000, 1);
    let upload = Upload::create(serve.address(), 200_000);
    let mut connection = serve.connect();
    let head = upload.patch(0).promises(200_000).head();
    connection.write(&head).unwrap();
    connection.write(&content[..100_000]).unwrap();
    thread::sleep(Duration::from_millis(200));
    serve.signal(Signal::TERM);
    thread::sleep(Duration::from_millis(300));
    // Nobody new is let in, or is told to come again.
    if let Ok(answer) = Request::get("/readyz").try_send(serve.address()) {
        assert_eq!(answer.status, 503);
    }
    connection.write(&content[100_000..]).unwrap();
    let answer = connection.answer(false).unwrap().expect(204);
    let report = answer.header("sealpost-report").unwrap().to_owned();
    assert_eq!(serve.wait().code(), Some(0));
    let serve = place.serve();
    let target = format!("/reports/{report}/sealed");
    let kept = serve.send(&Request::get(&target).bearer(&token));
    assert!(kept.expect(200).body == content);
}

fn a_patch_that_takes_too_long_is_kept_as_far_as_it_came(backing: Backing) {
    let place = Place::new(backing).set("--shutdown-grace", "1s");
    let mut serve = place.serve();
    let content = sealed(200_000, 2);
    let upload = Upload::create(serve.address(), 200_000);
    let mut connection = serve.connect();
    connection
        .write(&upload.patch(0).promises(200_000).head())
        .unwrap();
    connection.write(&content[..150_000]).unwrap();
    thread::sleep(Duration::from_millis(300));
    serve.signal(Signal::TERM);
    assert_eq!(serve.wait().code(), Some(0));
    let serve = place.serve();
    let upload = upload.at(serve.address());
    let kept = upload.offset();
    println!("{kept} of 150000 bytes were kept");
    assert!(kept > 0 && kept <= 150_000, "{kept}");
    upload.finish(&content, 50_000);
}

fn a_cut_patch_is_kept_as_far_as_it_came(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    let content = sealed(200_000, 3);
    let upload = Upload::create(serve.address(), 200_000);
    for (from, to) in [(0, 70_000), (70_000, 70_001), (70_001, 150_000)] {
        let mut connection: Connection = serve.connect();
        let head = upload.patch(from as u64).promises(200_000 - from as u64);
        connection.write(&head.head()).unwrap();
        connection.write(&content[from..to]).unwrap();
        // An orderly end of the stream, as when a client is stopped: all that it sent arrives.
        connection
            .stream
            .shutdown(std::net::Shutdown::Write)
            .unwrap();
        let _ = connection.answer(false);
        assert_eq!(upload.offset(), to as u64);
    }
    // Somebody who never promised the end may end, too.
    let answer = upload.append(150_000, &content[150_000..]).expect(204);
    assert_eq!(tus::offset(&answer), 200_000);
}
