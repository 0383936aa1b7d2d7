//! Sealed messages in both directions.

use super::*;

#[tokio::test]
async fn messages_go_both_ways() {
    let scene = Scene::new().await;
    let (case, vendor) = (token(1), scene.vendor(Role::Triage).await);
    let id = scene.report(&case, 100).await;
    let path = format!("/reports/{id}/messages");
    let (question, answer) = (sealed_to(&OTHER, 50), sealed(60));
    let asked = scene
        .post(&path, question.clone())
        .bearer(&vendor)
        .send()
        .await;
    assert_eq!(asked.status, StatusCode::CREATED);
    scene.clock.push(1);
    let answered = scene.post(&path, answer.clone()).bearer(&case).send().await;
    assert_eq!(answered.json()["from"], "reporter");
    let list = scene.get(&path).bearer(&case).send().await.json();
    let from: Vec<_> = list["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["from"])
        .collect();
    assert_eq!(from, ["vendor", "reporter"]);
    let got = scene
        .get(asked.header("location"))
        .bearer(&case)
        .send()
        .await;
    assert_eq!(got.body, question);
    let part = scene.get(answered.header("location")).bearer(&vendor);
    let part = part.header("range", "bytes=0-3").send().await;
    assert_eq!(part.body, answer[..4]);
    let view = scene
        .get(&format!("/reports/{id}"))
        .bearer(&vendor)
        .send()
        .await
        .json();
    assert_eq!(view["messages_from_vendor"], 1);
    assert_eq!(view["messages_from_reporter"], 1);
}

#[tokio::test]
async fn p20_a_message_is_kept_once() {
    let scene = Scene::new().await;
    let case = token(1);
    let id = scene.report(&case, 100).await;
    let path = format!("/reports/{id}/messages");
    let (message, other) = (sealed(50), sealed(51));
    let post = |body: &[u8]| {
        let asking = scene.post(&path, body.to_vec()).bearer(&case);
        asking.header("idempotency-key", "\"k\"")
    };
    let first = post(&message).send().await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = post(&message).send().await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.body, first.body);
    assert_eq!(post(&other).refused().await, ProblemType::KeyReused);
}

#[tokio::test]
async fn a_reporters_message_is_sealed_to_the_vendor() {
    let scene = Scene::new().await;
    let (case, reader) = (token(1), scene.vendor(Role::Read).await);
    let id = scene.report(&case, 100).await;
    let path = format!("/reports/{id}/messages");
    let foreign = scene.post(&path, sealed_to(&OTHER, 50)).bearer(&case);
    assert_eq!(foreign.refused().await, ProblemType::NotSealed);
    let plain = scene.post(&path, "hello").bearer(&case);
    assert_eq!(plain.refused().await, ProblemType::NotSealed);
    let media = scene
        .post(&path, sealed(1))
        .bearer(&case)
        .header("content-type", "text/plain");
    assert_eq!(media.refused().await, ProblemType::WrongMediaType);
    let only_reads = scene.post(&path, sealed(1)).bearer(&reader);
    assert_eq!(only_reads.refused().await, ProblemType::NotAllowed);
    let large = scene
        .post(&path, "x")
        .bearer(&case)
        .header("content-length", "99999999999");
    let large = large
        .scene
        .router
        .clone()
        .oneshot(large.request)
        .await
        .unwrap();
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let nowhere = format!("{path}/aaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_eq!(
        scene.get(&nowhere).bearer(&case).refused().await,
        ProblemType::NotFound
    );
}
