//! Whole reports: taken once, with a receipt; or refused, and not kept.

use super::*;
use futures_util::stream;

#[tokio::test]
async fn a_report_comes_back_as_a_receipt() {
    let scene = Scene::new().await;
    let report = sealed(4096);
    let answer = scene.post("/reports", report.clone()).send().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let receipt = answer.receipt();
    let id = answer.header("sealpost-report");
    assert_eq!(receipt.receipt().report, id);
    assert_eq!(receipt.receipt().size, report.len() as u64);
    assert_eq!(answer.header("location"), format!("/reports/{id}"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn p20_the_same_submission_is_one_report() {
    let scene = Scene::new().await;
    let (report, other) = (sealed(100), sealed(101));
    let post = |body: &[u8], key: &str| {
        let asking = scene.post("/reports", body.to_vec()).case(&token(1));
        asking.header("idempotency-key", key)
    };
    let first = post(&report, "\"a\"").send().await;
    assert_eq!(first.status, StatusCode::CREATED);
    for key in ["\"a\"", "\"b\""] {
        let again = post(&report, key).send().await;
        assert_eq!(again.status, StatusCode::OK);
        assert_eq!(again.body, first.body);
    }
    assert_eq!(
        post(&other, "\"a\"").refused().await,
        ProblemType::KeyReused
    );
    // Whose it is, is part of the key.
    let another = scene.post("/reports", other).case(&token(2));
    let another = another.header("idempotency-key", "\"a\"").send().await;
    assert_eq!(another.status, StatusCode::CREATED);
}

/// Nobody who guesses or sees a key keeps others from sending, or learns what was sent with it.
#[tokio::test]
async fn p20_without_a_case_the_content_is_the_key() {
    let scene = Scene::new().await;
    let (report, other) = (sealed(100), sealed(101));
    let post = |body: &[u8], key: &str| {
        let asking = scene.post("/reports", body.to_vec());
        asking.header("idempotency-key", key)
    };
    let first = post(&report, "\"a\"").send().await;
    assert_eq!(first.status, StatusCode::CREATED);
    for key in ["\"a\"", "\"b\""] {
        let again = post(&report, key).send().await;
        assert_eq!(again.status, StatusCode::OK);
        assert_eq!(again.body, first.body);
    }
    let another = post(&other, "\"a\"").send().await;
    assert_eq!(another.status, StatusCode::CREATED);
}

#[tokio::test]
async fn p11_what_is_not_sealed_to_the_intake_is_not_kept() {
    let scene = Scene::new().await;
    let mut cut = sealed(100);
    cut.pop();
    let mut longer = sealed(100);
    longer.push(0);
    for body in [
        b"plain text".to_vec(),
        Vec::new(),
        KEY.certificate.clone(),
        sealed_to(&OTHER, 100),
        cut,
        longer,
    ] {
        let refused = scene.post("/reports", body).refused().await;
        assert_eq!(refused, ProblemType::NotSealed);
    }
    let kept = scene.intake.store.statistics().await.unwrap();
    assert!(kept.reports.is_empty());
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_what_it_says_and_by_what_it_is() {
    let limits = Limits {
        max_size: 10_000,
        ..roomy()
    };
    let scene = Scene::with(limits).await;
    let large = sealed(20_000);
    let refused = scene.post("/reports", large.clone()).refused().await;
    assert_eq!(refused, ProblemType::TooLarge);
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        large.chunks(1000).map(|piece| Ok(piece.to_vec())).collect();
    let body = Body::from_stream(stream::iter(pieces));
    assert_eq!(
        scene.post("/reports", body).refused().await,
        ProblemType::TooLarge
    );
    let wrong = scene
        .post("/reports", sealed(1))
        .header("content-type", "text/plain");
    assert_eq!(wrong.refused().await, ProblemType::WrongMediaType);
    let none = scene.post("/reports", sealed(1)).without("content-type");
    assert_eq!(none.refused().await, ProblemType::WrongMediaType);
    for (name, value) in [("sealpost-case", "x"), ("idempotency-key", "\u{7f}")] {
        let Ok(_) = value.parse::<axum::http::HeaderValue>() else {
            continue;
        };
        let bad = scene.post("/reports", sealed(1)).header(name, value);
        assert_eq!(bad.refused().await, ProblemType::BadRequest);
    }
}

#[tokio::test]
async fn p40_the_floor_of_free_space_holds() {
    let limits = Limits {
        min_free: u64::MAX / 2,
        ..roomy()
    };
    let scene = Scene::with(limits).await;
    assert_eq!(
        scene.post("/reports", sealed(1)).refused().await,
        ProblemType::NoSpace
    );
    let begin = scene.ask(Method::POST, "/reports").tus();
    let begin = begin.header("upload-length", "100");
    assert_eq!(begin.refused().await, ProblemType::NoSpace);
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let scene = Scene::new().await;
    let half = sealed(100_000)[..50_000].to_vec();
    let pieces = vec![Ok(half), Err(std::io::Error::other("reset"))];
    let body = Body::from_stream(stream::iter(pieces));
    assert_eq!(
        scene.post("/reports", body).refused().await,
        ProblemType::BadRequest
    );
    let kept = scene.intake.store.statistics().await.unwrap();
    assert!(kept.reports.is_empty());
}

#[tokio::test]
async fn options_tell_an_intake_from_a_form() {
    let scene = Scene::new().await;
    let answer = scene.ask(Method::OPTIONS, "/reports").send().await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header("accept-post"), "application/pgp-encrypted");
    assert_eq!(answer.header("tus-version"), "1.0.0");
    assert_eq!(answer.header("tus-max-size"), (2_u64 << 30).to_string());
    assert!(
        answer
            .header("tus-extension")
            .contains("creation-with-upload")
    );
}

#[tokio::test]
async fn other_paths_and_methods_are_problems_too() {
    let scene = Scene::new().await;
    for path in ["/nothing", "/reports/", "/reports/a/b/c/d", "/%ff"] {
        assert_eq!(
            scene.get(path).refused().await,
            ProblemType::NotFound,
            "{path}"
        );
    }
    let answer = scene.ask(Method::PUT, "/reports").send().await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    for method in ["GET", "POST", "OPTIONS"] {
        assert!(answer.header("allow").contains(method), "{method}");
    }
    assert_eq!(answer.header("content-type"), "application/problem+json");
}
