//! Deleted means gone: after `sweep` nothing of a report, its messages or an abandoned upload is in
//! any file.

use std::{thread, time::Duration};

use crate::{
    bench::{
        backing::Backing,
        http::Request,
        over_both,
        place::Place,
        sealed::{sealed, sha256},
        tus::Upload,
    },
    search::{everything, holders},
};

over_both!(
    p43_a_deleted_report_is_nowhere_after_a_sweep,
    p40_p43_abandoned_and_refused_uploads_go,
);

fn p43_a_deleted_report_is_nowhere_after_a_sweep(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("admin", "admin");
    let serve = place.serve();
    let contents = [sealed(3000, 1), sealed(200_000, 2), sealed(4000, 3)];
    let small = serve
        .send(&Request::post(&contents[0]))
        .expect(201)
        .report();
    let large = Upload::create(serve.address(), contents[1].len() as u64);
    let large = large.finish(&contents[1], 70_000);
    let stays = sealed(3000, 4);
    let kept = serve.send(&Request::post(&stays)).expect(201).report();
    let target = format!("/reports/{small}/messages");
    let message = Request::new("POST", &target).sealed(&contents[2]);
    let message = serve.send(&message.bearer(&token)).expect(201).json();
    let message = message["id"].as_str().unwrap();
    let traces: Vec<Vec<u8>> = contents
        .iter()
        .flat_map(|content| traces(content))
        .chain([&small, &large, message].map(|id| id.as_bytes().to_vec()))
        .collect();
    let before = everything(&place);
    let found = |left| {
        let held = traces.iter().filter(|one| !holders(left, one).is_empty());
        held.count()
    };
    assert!(
        found(&before) >= traces.len() / 2,
        "the search finds nothing"
    );
    for id in [&small, &large] {
        let delete = Request::new("DELETE", &format!("/reports/{id}"));
        serve.send(&delete.bearer(&token)).expect(204);
        let view = Request::get(&format!("/reports/{id}")).bearer(&token);
        serve.send(&view).expect(410);
    }
    place.run(&["sweep", "--tombstones-after", "0s"]);
    let left = everything(&place);
    for trace in &traces {
        let held = holders(&left, trace);
        assert!(
            held.is_empty(),
            "{} is in {held:?}",
            String::from_utf8_lossy(trace)
        );
    }
    let target = format!("/reports/{kept}/sealed");
    let kept = serve.send(&Request::get(&target).bearer(&token));
    assert!(kept.expect(200).body == stays);
    place.run(&["fsck"]);
    assert!(serve.stop().success());
    // Nor does an orderly end bring anything back.
    for trace in &traces {
        assert_eq!(holders(&everything(&place), trace), Vec::<String>::new());
    }
}

/// Pieces of a content's noise, its digest as bytes and as text.
fn traces(content: &[u8]) -> Vec<Vec<u8>> {
    let digest = sha256(content);
    let raw = data_encoding::HEXLOWER.decode(digest.as_bytes()).unwrap();
    let mut traces = vec![digest.into_bytes(), raw];
    for at in [1000, content.len() / 2, content.len() - 32] {
        traces.push(content[at..at + 32].to_vec());
    }
    traces
}

fn p40_p43_abandoned_and_refused_uploads_go(backing: Backing) {
    let place = Place::new(backing).set("--upload-expires", "1s");
    let serve = place.serve();
    let content = sealed(100_000, 5);
    let abandoned = Upload::create(serve.address(), 100_000);
    abandoned.append(0, &content[..60_000]).expect(204);
    let cancelled = Upload::create(serve.address(), 100_000);
    let other = sealed(100_000, 6);
    cancelled.append(0, &other[..60_000]).expect(204);
    cancelled.delete().expect(204);
    assert!(matches!(cancelled.try_head().unwrap().status, 404 | 410));
    thread::sleep(Duration::from_millis(1100));
    assert!(matches!(abandoned.try_head().unwrap().status, 404 | 410));
    let late = abandoned.append(60_000, &content[60_000..]);
    assert!(matches!(late.status, 404 | 410), "{late}");
    place.run(&["sweep"]);
    let left = everything(&place);
    for needle in [&content[1000..1032], &other[1000..1032]] {
        assert_eq!(holders(&left, needle), Vec::<String>::new());
    }
    place.run(&["fsck"]);
}
