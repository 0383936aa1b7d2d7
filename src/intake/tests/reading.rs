//! Lists, views, sealed bytes, events, deletion.

use super::*;

#[tokio::test]
async fn lists_go_page_by_page_and_newest_first() {
    let scene = Scene::new().await;
    let vendor = scene.vendor(Role::Read).await;
    let mut ids = Vec::new();
    for size in 1..=5 {
        ids.insert(0, scene.report(&token(1), size).await);
        scene.clock.push(1);
    }
    let list = |query: String| {
        scene
            .get(&format!("/reports{query}"))
            .bearer(&vendor)
            .send()
    };
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = list(query).await.json();
        let reports = page["reports"].as_array().unwrap();
        seen.extend(
            reports
                .iter()
                .map(|it| it["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => query = format!("?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    let none = list("?state=closed".to_owned()).await.json();
    assert!(none["reports"].as_array().unwrap().is_empty());
    for bad in [
        "?limit=0",
        "?limit=1001",
        "?limit=x",
        "?state=lost",
        "?cursor=x",
    ] {
        assert_eq!(
            list(bad.to_owned()).await.status,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
    // A case sees its own, also where none is in the state that it asks for.
    let other = scene.report(&token(2), 10).await;
    let own = scene.get("/reports").bearer(&token(2)).send().await.json();
    assert_eq!(own["reports"][0]["id"], other);
    assert_eq!(own["reports"].as_array().unwrap().len(), 1);
    let none = scene
        .get("/reports?state=closed")
        .bearer(&token(2))
        .send()
        .await;
    assert_eq!(none.status, StatusCode::OK);
}

#[tokio::test]
async fn a_timeline_grows_and_both_sides_see_it() {
    let scene = Scene::new().await;
    let (case, vendor) = (token(1), scene.vendor(Role::Triage).await);
    let id = scene.report(&case, 100).await;
    let add = |json: &str| {
        let asking = scene.post(&format!("/reports/{id}/events"), json.to_owned());
        asking
            .header("content-type", "application/json")
            .bearer(&vendor)
    };
    let added = add(r#"{"kind":"acknowledged"}"#).send().await;
    assert_eq!(added.status, StatusCode::CREATED);
    add(r#"{"kind":"embargo-until","until":"2027-01-31"}"#)
        .send()
        .await;
    let view = scene
        .get(&format!("/reports/{id}"))
        .bearer(&case)
        .send()
        .await
        .json();
    assert_eq!(view["state"], "acknowledged");
    let kinds: Vec<_> = view["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["kind"])
        .collect();
    assert_eq!(kinds, ["received", "acknowledged", "embargo-until"]);
    assert_eq!(view["timeline"][2]["until"], "2027-01-31");
    assert_eq!(add("{}").refused().await, ProblemType::BadRequest);
    assert_eq!(
        add(r#"{"kind":"received"}"#).refused().await,
        ProblemType::BadRequest
    );
    let large = format!("{{\"kind\":\"fixed\"}}{}", " ".repeat(5000));
    assert_eq!(add(&large).refused().await, ProblemType::TooLarge);
    let media = add(r#"{"kind":"fixed"}"#).header("content-type", "text/plain");
    assert_eq!(media.refused().await, ProblemType::WrongMediaType);
}

#[tokio::test]
async fn sealed_bytes_come_whole_or_in_ranges() {
    let scene = Scene::new().await;
    let vendor = scene.vendor(Role::Read).await;
    let report = sealed(5000);
    let posted = scene.post("/reports", report.clone()).send().await;
    let path = format!("/reports/{}/sealed", posted.header("sealpost-report"));
    let get = || scene.get(&path).bearer(&vendor);
    let whole = get().send().await;
    assert_eq!(whole.body, report);
    assert_eq!(whole.header("content-type"), "application/pgp-encrypted");
    assert_eq!(whole.header("content-length"), report.len().to_string());
    let tag = whole.header("etag");
    let part = get().header("range", "bytes=10-19").send().await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.body, report[10..20]);
    let place = format!("bytes 10-19/{}", report.len());
    assert_eq!(part.header("content-range"), place);
    let known = get().header("if-none-match", tag).send().await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    let same = get()
        .header("range", "bytes=0-1")
        .header("if-range", tag)
        .send()
        .await;
    assert_eq!(same.status, StatusCode::PARTIAL_CONTENT);
    let other = get()
        .header("range", "bytes=0-1")
        .header("if-range", "\"x\"")
        .send()
        .await;
    assert_eq!(other.body, report);
    let outside = get().header("range", "bytes=99999-").send().await;
    assert_eq!(outside.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(
        outside.header("content-range"),
        format!("bytes */{}", report.len())
    );
    let mut head = get();
    *head.request.method_mut() = Method::HEAD;
    let head = head.send().await;
    assert_eq!(head.header("content-length"), report.len().to_string());
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn p43_deleted_is_gone_and_told_to_the_vendor_alone() {
    let scene = Scene::new().await;
    let (case, admin) = (token(1), scene.vendor(Role::Admin).await);
    let id = scene.report(&case, 100).await;
    let path = format!("/reports/{id}");
    let deleted = scene.ask(Method::DELETE, &path).bearer(&admin).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    for part in ["", "/receipt", "/sealed", "/messages"] {
        let path = format!("{path}{part}");
        assert_eq!(
            scene.get(&path).bearer(&admin).refused().await,
            ProblemType::Gone
        );
        assert_eq!(
            scene.get(&path).bearer(&case).refused().await,
            ProblemType::NotFound
        );
    }
}
