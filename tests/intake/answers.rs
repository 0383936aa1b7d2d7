//! The contract's small print at the door: media types, ranges, tus's rules, what is admitted.

use data_encoding::BASE64;
use sha1::{Digest as _, Sha1};
use sha2::{Digest as _, Sha256, Sha512};

use crate::bench::{
    backing::Backing,
    http::Request,
    keys, over_both,
    place::Place,
    sealed::{real, sealed, sha256, to},
    serve::Serve,
    tus::{self, Upload},
};

over_both!(
    tus_is_spoken_to_the_letter,
    content_may_come_with_the_creation,
    checksums_are_checked,
    only_what_is_sealed_to_the_intake_comes_in,
    a_report_is_read_in_ranges,
    a_length_may_come_later,
);

fn tus_is_spoken_to_the_letter(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    let options = serve.send(&Request::new("OPTIONS", "/reports")).expect(204);
    assert_eq!(
        options.header("accept-post"),
        Some("application/pgp-encrypted")
    );
    assert_eq!(options.header("tus-version"), Some("1.0.0"));
    let extensions = options.header("tus-extension").unwrap();
    for word in [
        "creation",
        "creation-with-upload",
        "creation-defer-length",
        "checksum",
        "expiration",
        "termination",
    ] {
        assert!(
            extensions.split(',').any(|one| one.trim() == word),
            "{extensions}"
        );
    }
    let digests = options.header("tus-checksum-algorithm").unwrap();
    assert!(digests.contains("sha1") && digests.contains("sha256"));
    assert!(options.header("tus-max-size").is_some());
    let content = sealed(50_000, 1);
    let created = serve.send(
        &Upload::creation(50_000)
            .with("Upload-Metadata", "")
            .body(""),
    );
    let created = created.expect(201);
    assert_eq!(created.header("tus-resumable"), Some("1.0.0"));
    let upload = Upload::created(serve.address(), &created);
    let old = upload
        .patch(0)
        .without("Tus-Resumable")
        .with("Tus-Resumable", "0.2.2");
    let refused = serve.send(&old.body(&content[..10])).expect(412);
    assert_eq!(refused.header("tus-version"), Some("1.0.0"));
    let typed = upload
        .patch(0)
        .without("Content-Type")
        .with("Content-Type", "text/plain");
    serve.send(&typed.body(&content[..10])).expect(415);
    upload.append(1, &content[..10]).expect(409);
    let first = upload.append(0, &content[..10_000]).expect(204);
    assert_eq!(tus::offset(&first), 10_000);
    assert!(first.header("upload-expires").is_some());
    let head = upload.try_head().unwrap().expect(200);
    assert_eq!(head.header("cache-control"), Some("no-store"));
    assert_eq!(head.header("upload-length"), Some("50000"));
    assert_eq!(tus::offset(&head), 10_000);
    upload.append(0, &content).expect(409);
    upload.delete().expect(204);
    assert!(matches!(upload.try_head().unwrap().status, 404 | 410));
}

fn content_may_come_with_the_creation(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    let content = sealed(50_000, 7);
    let whole = Upload::creation(50_000)
        .with("Content-Type", "application/offset+octet-stream")
        .body(&content);
    let whole = serve.send(&whole).expect(201);
    assert_eq!(tus::offset(&whole), 50_000);
    let done = Upload::created(serve.address(), &whole).try_head().unwrap();
    assert!(done.expect(200).header("sealpost-report").is_some());
}

fn checksums_are_checked(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    let content = sealed(30_000, 2);
    let upload = Upload::create(serve.address(), 30_000);
    let send = |from: usize, to: usize, checksum: String| {
        let request = upload.patch(from as u64).with("Upload-Checksum", checksum);
        serve.send(&request.body(&content[from..to]))
    };
    let wrong = BASE64.encode(&Sha1::digest("something else"));
    send(0, 9000, format!("sha1 {wrong}")).expect(460);
    assert_eq!(upload.offset(), 0);
    send(0, 9000, format!("md5 {wrong}")).expect(400);
    send(0, 9000, "sha1".to_owned()).expect(400);
    send(0, 9000, "sha1 ????".to_owned()).expect(400);
    let right = BASE64.encode(&Sha1::digest(&content[..9000]));
    send(0, 9000, format!("sha1 {right}")).expect(204);
    let right = BASE64.encode(&Sha256::digest(&content[9000..10_000]));
    send(9000, 10_000, format!("sha256 {right}")).expect(204);
    let wrong = BASE64.encode(&Sha512::digest("something else"));
    send(10_000, 30_000, format!("sha512 {wrong}")).expect(460);
    assert_eq!(upload.offset(), 10_000);
    let right = BASE64.encode(&Sha512::digest(&content[10_000..]));
    let done = send(10_000, 30_000, format!("sha512 {right}")).expect(204);
    assert!(done.header("sealpost-report").is_some());
}

fn only_what_is_sealed_to_the_intake_comes_in(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    let sound = sealed(3000, 3);
    let refused = |content: &[u8], why: &str| {
        let answer = serve.send(&Request::post(content));
        assert_eq!(answer.status, 422, "{why}: {answer}");
        assert_eq!(answer.json()["type"], "urn:sealpost:problem:not-sealed");
        if content.is_empty() {
            return;
        }
        let upload = Upload::create(serve.address(), content.len() as u64);
        upload.append(0, content).expect(422);
        assert!(
            matches!(upload.try_head().unwrap().status, 404 | 410),
            "{why}"
        );
    };
    refused(b"", "nothing");
    refused(b"# A report in the open\n", "plaintext");
    refused(&to(keys::OTHER, 3000, 4), "for another key");
    refused(&real(keys::OTHER, "x", &[]), "for another key");
    refused(&sound[..2999], "cut short");
    refused(&[&sound[..], b"more"].concat(), "bytes behind the end");
    refused(&[&sound[..], &sound[..]].concat(), "two messages");
    let armoured = format!("-----BEGIN PGP MESSAGE-----\n\n{}\n", BASE64.encode(&sound));
    refused(armoured.as_bytes(), "armoured");
    let certificate = std::fs::read(keys::file(keys::VENDOR, "certificate.asc")).unwrap();
    refused(&certificate, "a certificate");
    for kind in [
        "text/plain",
        "application/octet-stream",
        "multipart/form-data",
    ] {
        let post = Request::new("POST", "/reports").with("Content-Type", kind);
        serve.send(&post.body(&sound)).expect(415);
    }
    serve
        .send(&Request::new("POST", "/reports").body(&sound))
        .expect(415);
    let put = serve
        .send(&Request::new("PUT", "/reports").body(&sound))
        .expect(405);
    assert!(put.header("allow").unwrap().contains("POST"));
    // Nothing of all that was kept.
    assert_eq!(listed(&serve, &token), 0);
    // A hidden recipient is admitted: it may be the vendor.
    let other = keys::file(keys::OTHER, "certificate.asc");
    let hidden = real(keys::VENDOR, "x", &["--key", other.to_str().unwrap()]);
    serve.send(&Request::post(&hidden)).expect(201);
    serve.send(&Request::post(&sound)).expect(201);
    assert_eq!(listed(&serve, &token), 2);
}

fn listed(serve: &Serve, token: &str) -> usize {
    let list = serve.send(&Request::get("/reports").bearer(token));
    list.expect(200).json()["reports"].as_array().unwrap().len()
}

fn a_report_is_read_in_ranges(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    let content = sealed(400_000, 5);
    let upload = Upload::create(serve.address(), 400_000);
    let id = upload.finish(&content, 150_000);
    let target = format!("/reports/{id}/sealed");
    let get = || Request::get(&target).bearer(&token);
    let whole = serve.send(&get()).expect(200);
    assert_eq!(sha256(&whole.body), sha256(&content));
    let tag = format!("\"{}\"", sha256(&content));
    assert_eq!(whole.header("etag"), Some(tag.as_str()));
    assert_eq!(
        whole.header("content-type"),
        Some("application/pgp-encrypted")
    );
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(whole.header("cache-control"), Some("no-store"));
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=149999-150000", 149_999, 150_001),
        ("bytes=100000-349999", 100_000, 350_000),
        ("bytes=399999-", 399_999, 400_000),
        ("bytes=-10", 399_990, 400_000),
        ("bytes=300000-9999999", 300_000, 400_000),
    ] {
        let part = serve.send(&get().with("Range", range)).expect(206);
        assert!(part.body == content[from..to], "{range}");
        let said = format!("bytes {from}-{}/400000", to - 1);
        assert_eq!(part.header("content-range"), Some(said.as_str()));
    }
    let beyond = serve
        .send(&get().with("Range", "bytes=400000-"))
        .expect(416);
    assert_eq!(beyond.header("content-range"), Some("bytes */400000"));
    let known = get().with("If-None-Match", &tag);
    assert_eq!(serve.send(&known).expect(304).body, b"");
    let changed = get()
        .with("Range", "bytes=0-9")
        .with("If-Range", "\"other\"");
    assert_eq!(serve.send(&changed).expect(200).body.len(), 400_000);
    let same = get().with("Range", "bytes=0-9").with("If-Range", &tag);
    assert_eq!(serve.send(&same).expect(206).body.len(), 10);
    let head = Request::new("HEAD", &target).bearer(&token);
    let head = serve.send(&head).expect(200);
    assert_eq!(head.header("content-length"), Some("400000"));
}

fn a_length_may_come_later(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    let content = sealed(20_000, 6);
    let creation = Request::new("POST", "/reports")
        .with("Tus-Resumable", "1.0.0")
        .with("Upload-Defer-Length", 1)
        .body("");
    let upload = Upload::created(serve.address(), &serve.send(&creation).expect(201));
    let head = upload.try_head().unwrap().expect(200);
    assert_eq!(head.header("upload-defer-length"), Some("1"));
    assert_eq!(head.header("upload-length"), None);
    upload.append(0, &content[..12_000]).expect(204);
    upload.append(12_000, &content[12_000..]).expect(204);
    // The length alone ends it.
    let last = upload.patch(20_000).with("Upload-Length", 20_000).body("");
    let done = serve.send(&last).expect(204);
    let id = done.header("sealpost-report").unwrap();
    let target = format!("/reports/{id}/sealed");
    let kept = serve.send(&Request::get(&target).bearer(&token));
    assert!(kept.expect(200).body == content);
    for bad in ["2", "yes", ""] {
        let creation = Request::new("POST", "/reports")
            .with("Tus-Resumable", "1.0.0")
            .with("Upload-Defer-Length", bad)
            .body("");
        serve.send(&creation).expect(400);
    }
}
