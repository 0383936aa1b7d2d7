//! tus 1.0.0 at its edges.

use std::time::Duration;

use super::*;
use data_encoding::BASE64;
use futures_util::stream;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

async fn offset(scene: &Scene, path: &str) -> String {
    let answer = scene.ask(Method::HEAD, path).tus().send().await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.header("upload-offset").to_owned()
}

#[tokio::test]
async fn p19_pieces_become_one_report() {
    let scene = Scene::new().await;
    let report = sealed(10_000);
    let path = scene.upload(Some(report.len())).await;
    let mut at = 0;
    for piece in report.chunks(3000) {
        assert_eq!(offset(&scene, &path).await, at.to_string());
        let answer = scene.patch(&path, at, piece.to_vec()).send().await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(answer.header("tus-resumable"), "1.0.0");
        at += piece.len();
        assert_eq!(answer.header("upload-offset"), at.to_string());
        assert_eq!(
            answer.header("sealpost-report").is_empty(),
            at < report.len()
        );
    }
    let head = scene.ask(Method::HEAD, &path).tus().send().await;
    assert_eq!(head.header("upload-length"), report.len().to_string());
    assert!(!head.header("sealpost-report").is_empty());
    let receipt = scene.get(&format!("{path}/receipt")).send().await;
    let receipt = receipt.receipt();
    let sha256: [u8; 32] = Sha256::digest(&report).into();
    assert_eq!(
        receipt.receipt().sha256,
        data_encoding::HEXLOWER.encode(&sha256)
    );
    // An empty piece at the end says the same again.
    let again = scene.patch(&path, report.len(), Body::empty()).send().await;
    assert_eq!(again.header("sealpost-report"), receipt.receipt().report);
    let more = scene.patch(&path, report.len(), "x").refused().await;
    assert_eq!(more, ProblemType::TooLarge);
}

#[tokio::test]
async fn p19_what_came_before_a_break_is_kept() {
    let scene = Scene::new().await;
    let report = sealed(100_000);
    let path = scene.upload(Some(report.len())).await;
    let pieces = vec![
        Ok(report[..40_000].to_vec()),
        Err(std::io::Error::other("reset")),
    ];
    let body = Body::from_stream(stream::iter(pieces));
    let refused = scene.patch(&path, 0, body).refused().await;
    assert_eq!(refused, ProblemType::BadRequest);
    assert_eq!(offset(&scene, &path).await, "40000");
    let rest = scene
        .patch(&path, 40_000, report[40_000..].to_vec())
        .send()
        .await;
    assert_eq!(rest.status, StatusCode::NO_CONTENT);
    assert!(!rest.header("sealpost-report").is_empty());
}

#[tokio::test]
async fn p18_a_wrong_offset_is_a_conflict() {
    let scene = Scene::new().await;
    let report = sealed(1000);
    let path = scene.upload(Some(report.len())).await;
    for at in [1, 1000, 100_000] {
        let refused = scene.patch(&path, at, report.clone()).refused().await;
        assert_eq!(refused, ProblemType::WrongOffset, "{at}");
    }
    for bad in ["", "-1", "x"] {
        let asking = scene
            .patch(&path, 0, report.clone())
            .header("upload-offset", bad);
        assert_eq!(asking.refused().await, ProblemType::BadRequest, "{bad}");
    }
    assert_eq!(offset(&scene, &path).await, "0");
}

#[tokio::test]
async fn p18_of_many_that_write_at_once_one_wins() {
    let scene = Scene::new().await;
    let report = sealed(50_000);
    let path = scene.upload(Some(report.len())).await;
    let writers = (0..32).map(|_| scene.patch(&path, 0, report.clone()).send());
    let answers = futures_util::future::join_all(writers).await;
    for answer in &answers {
        let status = answer.status.as_u16();
        assert!(status == 204 || status == 409, "{status}");
    }
    assert!(
        answers
            .iter()
            .any(|answer| answer.status == StatusCode::NO_CONTENT)
    );
    let kept = scene.intake.store.statistics().await.unwrap();
    assert_eq!(kept.report_bytes, report.len() as u64);
}

#[tokio::test]
async fn versions_and_media_types_are_those_of_tus() {
    let scene = Scene::new().await;
    let path = scene.upload(Some(100)).await;
    let other = scene
        .patch(&path, 0, "x")
        .header("tus-resumable", "0.2.2")
        .send()
        .await;
    assert_eq!(other.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(other.header("tus-version"), "1.0.0");
    let none = scene.ask(Method::HEAD, &path).send().await;
    assert_eq!(none.status, StatusCode::PRECONDITION_FAILED);
    let media = scene
        .patch(&path, 0, "x")
        .header("content-type", "application/octet-stream");
    assert_eq!(media.refused().await, ProblemType::WrongMediaType);
    let with_body = scene.ask(Method::POST, "/reports").tus().body("x");
    let with_body = with_body.header("upload-length", "100");
    assert_eq!(with_body.refused().await, ProblemType::WrongMediaType);
}

#[tokio::test]
async fn a_wrong_checksum_drops_the_piece() {
    let scene = Scene::new().await;
    let report = sealed(1000);
    let path = scene.upload(Some(report.len())).await;
    let sum = |bytes: &[u8]| format!("sha256 {}", BASE64.encode(&Sha256::digest(bytes)));
    let wrong = scene.patch(&path, 0, report.clone());
    let wrong = wrong.header("upload-checksum", &sum(b"else")).send().await;
    assert_eq!(wrong.status.as_u16(), 460);
    assert_eq!(offset(&scene, &path).await, "0");
    let unknown = scene.patch(&path, 0, report.clone());
    let unknown = unknown.header("upload-checksum", "md5 1B2M2Y8AsgTpgAmY7PhCfg==");
    assert_eq!(unknown.refused().await, ProblemType::UnknownChecksum);
    let right = scene.patch(&path, 0, report.clone());
    let right = right.header("upload-checksum", &sum(&report)).send().await;
    assert_eq!(right.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_length_may_follow() {
    let scene = Scene::new().await;
    let report = sealed(1000);
    let path = scene.upload(None).await;
    let head = scene.ask(Method::HEAD, &path).tus().send().await;
    assert_eq!(head.header("upload-defer-length"), "1");
    let first = scene.patch(&path, 0, report[..500].to_vec()).send().await;
    assert_eq!(first.header("upload-offset"), "500");
    let last = scene.patch(&path, 500, report[500..].to_vec());
    let last = last
        .header("upload-length", &report.len().to_string())
        .send()
        .await;
    assert!(!last.header("sealpost-report").is_empty());

    // Or alone, with nothing else.
    let other = sealed(1001);
    let path = scene.upload(None).await;
    scene.patch(&path, 0, other.clone()).send().await;
    let empty = scene.patch(&path, other.len(), Body::empty());
    let done = empty
        .header("upload-length", &other.len().to_string())
        .send()
        .await;
    assert!(!done.header("sealpost-report").is_empty());
}

/// All bytes and the length are durable, and what makes a report of them was cut off: a client that
/// asks how far it is must not hear that it is done before it is.
#[tokio::test]
async fn p19_an_upload_that_is_whole_becomes_a_report_when_it_is_asked_for() {
    let scene = Scene::new().await;
    let report = sealed(10_000);
    let path = scene.upload(None).await;
    let answer = scene.patch(&path, 0, report.clone()).send().await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let length = report.len() as u64;
    scene
        .intake
        .store
        .declare_length(&id, length)
        .await
        .unwrap();
    let head = scene.ask(Method::HEAD, &path).tus().send().await;
    assert_eq!(head.header("upload-offset"), length.to_string());
    assert!(!head.header("sealpost-report").is_empty());
    let receipt = scene.get(&format!("{path}/receipt")).send().await;
    assert_eq!(receipt.status, StatusCode::OK);
}

#[tokio::test]
async fn a_length_is_kept_to() {
    let scene = Scene::new().await;
    let report = sealed(1000);
    let path = scene.upload(Some(report.len() - 1)).await;
    let refused = scene.patch(&path, 0, report.clone()).refused().await;
    assert_eq!(refused, ProblemType::TooLarge);
    let other = scene.patch(&path, 0, "").header("upload-length", "5");
    assert_eq!(other.refused().await, ProblemType::BadRequest);
    for (length, defer, problem) in [
        (Some("0"), None, ProblemType::NotSealed),
        (Some("99999999999"), None, ProblemType::TooLarge),
        (None, None, ProblemType::BadRequest),
        (None, Some("2"), ProblemType::BadRequest),
        (Some("5"), Some("1"), ProblemType::BadRequest),
    ] {
        let mut begin = scene.ask(Method::POST, "/reports").tus();
        if let Some(length) = length {
            begin = begin.header("upload-length", length);
        }
        if let Some(defer) = defer {
            begin = begin.header("upload-defer-length", defer);
        }
        assert_eq!(begin.refused().await, problem, "{length:?} {defer:?}");
    }
}

#[tokio::test]
async fn a_creation_may_bring_the_first_piece_or_all() {
    let scene = Scene::new().await;
    let report = sealed(1000);
    let begin = |body: &[u8]| {
        let begin = scene
            .ask(Method::POST, "/reports")
            .tus()
            .body(body.to_vec());
        begin
            .header("content-type", "application/offset+octet-stream")
            .header("upload-length", &report.len().to_string())
            .header("upload-metadata", "")
    };
    let part = begin(&report[..10]).send().await;
    assert_eq!(part.status, StatusCode::CREATED);
    assert_eq!(part.header("upload-offset"), "10");
    let all = begin(&report).send().await;
    assert_eq!(all.status, StatusCode::CREATED);
    assert!(!all.header("sealpost-report").is_empty());
    let metadata = begin(&report).header("upload-metadata", "filename ä");
    assert_eq!(metadata.refused().await, ProblemType::BadRequest);
}

#[tokio::test]
async fn the_same_key_is_the_same_upload() {
    let scene = Scene::new().await;
    let begin = |length: &str| {
        let begin = scene.ask(Method::POST, "/reports").tus();
        begin
            .header("upload-length", length)
            .header("idempotency-key", "\"k\"")
            .case(&token(1))
    };
    let first = begin("100").send().await;
    let again = begin("100").send().await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(begin("200").refused().await, ProblemType::KeyReused);
}

/// Whoever guesses or sees a key without knowing its case gets no upload for it.
#[tokio::test]
async fn p17_a_key_without_a_case_gives_nobody_an_upload() {
    let scene = Scene::new().await;
    let begin = || {
        let begin = scene.ask(Method::POST, "/reports").tus();
        begin
            .header("upload-length", "100")
            .header("idempotency-key", "\"k\"")
    };
    let ours = begin().send().await;
    let theirs = begin().send().await;
    assert_eq!(theirs.status, StatusCode::CREATED);
    assert_ne!(ours.header("location"), theirs.header("location"));
    let of_a_case = begin().case(&token(1)).send().await;
    assert_ne!(ours.header("location"), of_a_case.header("location"));
}

#[tokio::test]
async fn p40_a_client_has_its_share_of_places_and_no_more() {
    let limits = Limits {
        uploads_per_client: std::num::NonZeroUsize::new(2),
        ..roomy()
    };
    let scene = Scene::with(limits).await;
    let none = HeaderMap::new();
    let client = |address: &str| scene.intake.pseudonyms.of(address.parse().unwrap(), &none);
    let begin = |address: &str, key: &str| {
        let begin = scene.ask(Method::POST, "/reports").tus();
        let begin = begin.header("upload-length", "5000").case(&token(1));
        begin
            .header("idempotency-key", key)
            .of_client(client(address))
    };
    let first = begin("2001:db8::1", "a").send().await;
    assert_eq!(first.status, StatusCode::CREATED);
    // The same creation again is none.
    let again = begin("2001:db8::1", "a").send().await;
    assert_eq!(again.header("location"), first.header("location"));
    let second = begin("2001:db8::2", "b").send().await;
    assert_eq!(second.status, StatusCode::CREATED);
    let refused = begin("2001:db8::3", "c").send().await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!refused.header("retry-after").is_empty());
    let again = begin("2001:db8::1", "a").send().await;
    assert_eq!(again.header("location"), first.header("location"));
    let other = begin("192.0.2.1", "d").send().await;
    assert_eq!(other.status, StatusCode::CREATED);
    // A place that becomes free can be taken.
    let path = first.header("location").to_owned();
    scene.ask(Method::DELETE, &path).tus().send().await;
    let next = begin("2001:db8::3", "c").send().await;
    assert_eq!(next.status, StatusCode::CREATED);
}

/// Neither by creations at once nor by hanging up on them does anybody get more.
#[tokio::test]
async fn p40_places_hold_for_creations_at_the_same_time() {
    let limits = Limits {
        max_uploads: 5,
        uploads_per_client: std::num::NonZeroUsize::new(2),
        ..roomy()
    };
    let scene = Scene::with(limits).await;
    let begin = |address: String| {
        let client = scene
            .intake
            .pseudonyms
            .of(address.parse().unwrap(), &HeaderMap::new());
        let begin = scene.ask(Method::POST, "/reports").tus();
        begin.header("upload-length", "5000").of_client(client)
    };
    let open = async || scene.intake.store.open_uploads().await.unwrap();
    for wait in 0..60 {
        let hung_up = begin("192.0.2.1".to_owned()).send();
        let _answer = tokio::time::timeout(Duration::from_micros(100 * wait), hung_up).await;
    }
    scene.intake.life.idle().await;
    assert_eq!(open().await, 2);
    let mut own: JoinSet<_> = (0..100)
        .map(|_| begin("192.0.2.2".to_owned()).sending())
        .collect();
    let (mut created, mut refused) = (0, 0);
    while let Some(status) = own.join_next().await {
        match status.unwrap() {
            StatusCode::CREATED => created += 1,
            StatusCode::TOO_MANY_REQUESTS => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((created, refused), (2, 98));
    let many: JoinSet<_> = (0..100)
        .map(|n| begin(format!("198.51.100.{n}")).sending())
        .collect();
    many.join_all().await;
    assert!(open().await <= 5);
    begin("203.0.113.1".to_owned()).send().await;
    assert_eq!(open().await, 5);
}

#[tokio::test]
async fn p40_an_upload_without_a_byte_goes_after_an_hour() {
    let scene = Scene::new().await;
    let report = sealed(1000);
    let [idle, begun] = [
        scene.upload(Some(report.len())).await,
        scene.upload(Some(report.len())).await,
    ];
    let expires = async |path: &str| {
        let head = scene.ask(Method::HEAD, path).tus().send().await;
        head.header("upload-expires").to_owned()
    };
    assert_eq!(expires(&idle).await, "Thu, 26 Nov 2026 11:00:00 GMT");
    let answer = scene.patch(&begun, 0, report[..1].to_vec()).send().await;
    let week = "Thu, 03 Dec 2026 10:00:00 GMT";
    assert_eq!(answer.header("upload-expires"), week);
    scene.clock.push(3600);
    let gone = scene.ask(Method::HEAD, &idle).tus().send().await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert_eq!(expires(&begun).await, week);
    let now = scene.clock.now();
    assert_eq!(scene.intake.store.expire_uploads(now).await.unwrap(), 1);
    let rest = scene.patch(&begun, 1, report[1..].to_vec()).send().await;
    assert!(!rest.header("sealpost-report").is_empty());
}

#[tokio::test]
async fn what_is_no_report_is_removed() {
    let scene = Scene::new().await;
    let path = scene.upload(Some(100)).await;
    let refused = scene.patch(&path, 0, "not OpenPGP").refused().await;
    assert_eq!(refused, ProblemType::NotSealed);
    let gone = scene.ask(Method::HEAD, &path).tus().send().await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    // It ends before its length does.
    let report = sealed(100);
    let path = scene.upload(Some(report.len() - 5)).await;
    let refused = scene.patch(&path, 0, report[..report.len() - 5].to_vec());
    assert_eq!(refused.refused().await, ProblemType::NotSealed);
}

#[tokio::test]
async fn p40_uploads_expire_and_are_bounded_in_number() {
    let limits = Limits {
        max_uploads: 2,
        ..roomy()
    };
    let scene = Scene::with(limits).await;
    let path = scene.upload(Some(100)).await;
    scene.upload(Some(100)).await;
    let third = scene.ask(Method::POST, "/reports").tus();
    let third = third.header("upload-length", "100").send().await;
    assert_eq!(third.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!third.header("retry-after").is_empty());
    let begun = scene
        .patch(&path, 0, sealed(100)[..1].to_vec())
        .send()
        .await;
    assert_eq!(
        begun.header("upload-expires"),
        "Thu, 03 Dec 2026 10:00:00 GMT"
    );
    scene.clock.push(7 * 24 * 3600);
    let head = scene.ask(Method::HEAD, &path).tus().send().await;
    assert_eq!(head.status, StatusCode::GONE);
    assert_eq!(
        scene.patch(&path, 0, "x").refused().await,
        ProblemType::Gone
    );
}

#[tokio::test]
async fn an_upload_can_be_given_up_until_it_is_a_report() {
    let scene = Scene::new().await;
    let path = scene.upload(Some(100)).await;
    let delete = |path: &str| scene.ask(Method::DELETE, path).tus().send();
    assert_eq!(delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(&path).await.status, StatusCode::NOT_FOUND);
    let report = sealed(100);
    let path = scene.upload(Some(report.len())).await;
    scene.patch(&path, 0, report).send().await;
    assert_eq!(delete(&path).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn methods_may_be_overridden() {
    let scene = Scene::new().await;
    let report = sealed(100);
    let path = scene.upload(Some(report.len())).await;
    let posted = scene.patch(&path, 0, report);
    let mut posted = posted.header("x-http-method-override", "PATCH");
    *posted.request.method_mut() = Method::POST;
    assert_eq!(posted.send().await.status, StatusCode::NO_CONTENT);
    let plain = scene.ask(Method::POST, &path).send().await;
    assert_eq!(plain.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn p16_what_is_no_id_is_nowhere() {
    let scene = Scene::new().await;
    for id in [
        "x",
        "..",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "AAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let path = format!("/reports/uploads/{id}");
        let answer = scene.ask(Method::HEAD, &path).tus().send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        assert_eq!(
            scene.patch(&path, 0, "x").refused().await,
            ProblemType::NotFound
        );
    }
}
