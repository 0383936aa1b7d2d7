//! What is published, and the description of it all.

use super::*;

#[tokio::test]
async fn files_come_with_a_policy_and_are_known_again() {
    let scene = Scene::new().await;
    let key = scene.get("/key.asc").send().await;
    assert_eq!(key.body, KEY.certificate);
    assert!(
        key.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    assert!(key.header("cache-control").starts_with("public"));
    let again = scene
        .get("/key.asc")
        .header("if-none-match", key.header("etag"))
        .send()
        .await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    for absent in [
        "/",
        "/program.json",
        "/.well-known/security.txt",
        "/.well-known/openpgpkey/hu/x",
    ] {
        assert_eq!(
            scene.get(absent).refused().await,
            ProblemType::NotFound,
            "{absent}"
        );
    }
}

#[tokio::test]
async fn health_is_told() {
    let scene = Scene::new().await;
    assert_eq!(scene.get("/healthz").send().await.status, StatusCode::OK);
    assert_eq!(scene.get("/readyz").send().await.status, StatusCode::OK);
    assert_eq!(scene.get("/metrics").refused().await, ProblemType::NotFound);
    scene
        .intake
        .life
        .enter(crate::intake::lifecycle::Phase::Draining);
    assert_eq!(
        scene.get("/readyz").refused().await,
        ProblemType::Unavailable
    );
    scene.intake.store.close().await;
    assert_eq!(scene.get("/healthz").send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn p46_the_description_names_every_route_and_problem() {
    let scene = Scene::new().await;
    let document = scene.get("/openapi.json").send().await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/",
        "/key.asc",
        "/program.json",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/reports",
        "/reports/{id}",
        "/reports/{id}/receipt",
        "/reports/{id}/sealed",
        "/reports/{id}/events",
        "/reports/{id}/messages",
        "/reports/{id}/messages/{message}",
        "/reports/uploads/{id}",
        "/reports/uploads/{id}/receipt",
        "/.well-known/security.txt",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let patch = &document["paths"]["/reports/uploads/{id}"]["patch"]["responses"];
    for status in [
        "204", "400", "404", "408", "409", "410", "412", "413", "415", "422", "429", "460", "500",
        "503", "507",
    ] {
        assert!(patch.get(status).is_some(), "{status}");
    }
    let problem = &patch["409"]["content"]["application/problem+json"]["schema"]["$ref"];
    assert_eq!(problem, "#/components/schemas/Problem");
    assert!(document["components"]["schemas"]["Problem"].is_object());
    assert!(document["components"]["securitySchemes"]["token"].is_object());
}
