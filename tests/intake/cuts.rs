//! An upload over a broken network: cut anywhere, reset, crawling, with the server restarted or killed
//! in between. What is resumed neither repeats nor skips a byte.

use std::{
    net::Shutdown,
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
    tus::Upload,
};

over_both!(p19_resumed_uploads_are_right_to_the_byte);

fn p19_resumed_uploads_are_right_to_the_byte(backing: Backing) {
    broken_uploads(backing, 4, 400_000, 12);
}

#[test]
#[ignore = "soak: some minutes"]
fn soak_p19_a_thousand_cuts() {
    broken_uploads(Backing::Local, 40, 3_000_000, 25);
}

/// So many uploads of this size, each broken so often.
fn broken_uploads(backing: Backing, uploads: u64, size: usize, cuts: u32) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let mut noise = Noise::new(19);
    let mut serve = place.serve();
    let (began, mut restarts, mut kills) = (Instant::now(), 0, 0);
    for seed in 0..uploads {
        let content = sealed(size, 1900 + seed);
        let mut upload = Upload::create(serve.address(), size as u64);
        for _ in 0..cuts {
            let offset = usize::try_from(upload.offset()).unwrap();
            let end = offset + usize::try_from(noise.below((size - offset) as u64)).unwrap();
            break_off(&serve, &upload, &content, offset..end, &mut noise);
            match noise.below(12) {
                0 => {
                    assert!(serve.stop().success());
                    serve = place.serve();
                    restarts += 1;
                }
                1 => {
                    serve.kill();
                    serve = place.serve();
                    kills += 1;
                }
                _ => {}
            }
            upload = upload.at(serve.address());
        }
        let report = upload.finish(&content, 1 << 20);
        let target = format!("/reports/{report}/sealed");
        let kept = serve.send(&Request::get(&target).bearer(&token));
        assert_eq!(
            sha256(kept.expect(200).body),
            sha256(&content),
            "upload {seed}"
        );
    }
    println!(
        "figure: p19: {uploads} uploads, each cut {cuts} times, {restarts} restarts, {kills} kills: every hash is \
         right; {:.0?}",
        began.elapsed()
    );
    place.run(&["fsck", "--repair"]);
    place.run(&["fsck"]);
}

/// Begins a PATCH that promises the rest, sends this range, and breaks off in one of several ways.
fn break_off(
    serve: &Serve,
    upload: &Upload,
    content: &[u8],
    range: std::ops::Range<usize>,
    noise: &mut Noise,
) {
    let mut connection = serve.connect();
    let head = upload
        .patch(range.start as u64)
        .promises((content.len() - range.start) as u64)
        .head();
    // Some do not even get to the end of their headers.
    if noise.below(10) == 0 {
        let part = usize::try_from(noise.below(head.len() as u64)).unwrap();
        let _ = connection.write(&head[..part]);
        return;
    }
    let how = noise.below(4);
    if how == 0 {
        // An answer that nobody reads: closing then resets the connection, and what is still under
        // way is thrown away.
        let _ = connection.write(&Request::get("/healthz").head());
        thread::sleep(Duration::from_millis(5));
    }
    let _ = connection.write(&head);
    match how {
        1 => {
            // One kB/s, for a while.
            for piece in content[range].chunks(100).take(5) {
                let _ = connection.write(piece);
                thread::sleep(Duration::from_millis(100));
            }
        }
        2 => {
            let _ = connection.write(&content[range]);
            let _ = connection.stream.shutdown(Shutdown::Both);
        }
        _ => {
            let _ = connection.write(&content[range]);
        }
    }
}
