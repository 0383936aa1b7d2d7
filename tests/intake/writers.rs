//! Many clients write to one upload at once: its bytes are right, or the client hears of it.

use std::{sync::Barrier, thread};

use crate::bench::{
    backing::Backing,
    http::{Answer, Request},
    over_both,
    place::Place,
    sealed::{Noise, sealed, sha256},
    tus::{self, Upload},
};

over_both!(
    p18_sixty_four_writers_leave_the_right_bytes,
    p18_chunks_at_the_same_offset_exclude_each_other,
);

/// Each of 64 clients sends chunks of its own size from where HEAD says, until the upload is whole.
fn p18_sixty_four_writers_leave_the_right_bytes(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    let content = sealed(300_000, 18);
    let upload = Upload::create(serve.address(), content.len() as u64);
    let start = Barrier::new(CLIENTS);
    let conflicts: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (upload, content, start) = (&upload, &content, &start);
                scope.spawn(move || {
                    start.wait();
                    write_along(upload, content, number as u64)
                })
            })
            .collect();
        clients.into_iter().map(|one| one.join().unwrap()).sum()
    });
    let done = upload.try_head().unwrap().expect(200);
    assert_eq!(tus::offset(&done), content.len() as u64);
    let report = done.header("sealpost-report").unwrap();
    let target = format!("/reports/{report}/sealed");
    let kept = serve.send(&Request::get(&target).bearer(&token));
    assert_eq!(sha256(kept.expect(200).body), sha256(&content));
    println!("{CLIENTS} clients, {conflicts} conflicts");
}

fn write_along(upload: &Upload, content: &[u8], seed: u64) -> usize {
    let mut noise = Noise::new(seed);
    let mut conflicts = 0;
    loop {
        let at = usize::try_from(upload.offset()).unwrap();
        if at == content.len() {
            return conflicts;
        }
        let size = 1 + usize::try_from(noise.below(20_000)).unwrap();
        let end = content.len().min(at + size);
        let answer = upload.append(at as u64, &content[at..end]);
        match answer.status {
            204 => assert_eq!(tus::offset(&answer), end as u64),
            409 => conflicts += 1,
            // Somebody else made the last step.
            404 | 410 if upload.offset() == content.len() as u64 => {}
            _ => panic!("{answer}"),
        }
    }
}

/// All send a different chunk at offset 0: one wins, and its bytes are the ones that are kept.
fn p18_chunks_at_the_same_offset_exclude_each_other(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    // They all begin with the same head, and go on with noise of their own.
    let contents: Vec<_> = (0..16).map(|seed| sealed(40_000, seed)).collect();
    let upload = Upload::create(serve.address(), 40_000);
    let start = Barrier::new(contents.len());
    let answers: Vec<Answer> = thread::scope(|scope| {
        let clients: Vec<_> = contents
            .iter()
            .map(|content| {
                let (upload, start) = (&upload, &start);
                scope.spawn(move || {
                    start.wait();
                    upload.append(0, &content[..30_000])
                })
            })
            .collect();
        clients.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let won: Vec<_> = (0..answers.len())
        .filter(|&number| answers[number].status == 204)
        .collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|one| matches!(one.status, 204 | 409)));
    let content = &contents[won[0]];
    let report = upload.finish(content, 40_000);
    let target = format!("/reports/{report}/sealed");
    let kept = serve.send(&Request::get(&target).bearer(&token));
    assert!(kept.expect(200).body == *content);
}

const CLIENTS: usize = 64;
