//! Every token against every route that a token opens.

use super::*;

/// What a request is and who may make it, of those below.
struct Door {
    method: Method,
    path: String,
    body: Body,
    media: &'static str,
    reporter: bool,
    least: Role,
}

fn doors(id: &str, message: &str) -> Vec<Door> {
    let door = |method: Method, path: &str, reporter, least| Door {
        method,
        path: format!("/reports/{id}{path}"),
        body: Body::empty(),
        media: "application/json",
        reporter,
        least,
    };
    let mut events = door(Method::POST, "/events", false, Role::Triage);
    events.body = Body::from(r#"{"kind":"acknowledged"}"#);
    let mut messages = door(Method::POST, "/messages", true, Role::Triage);
    (messages.body, messages.media) = (Body::from(sealed(9)), "application/pgp-encrypted");
    vec![
        door(Method::GET, "", true, Role::Read),
        door(Method::GET, "/receipt", true, Role::Read),
        door(Method::GET, "/messages", true, Role::Read),
        door(
            Method::GET,
            &format!("/messages/{message}"),
            true,
            Role::Read,
        ),
        door(Method::GET, "/sealed", false, Role::Read),
        events,
        messages,
        door(Method::DELETE, "", false, Role::Admin),
    ]
}

#[derive(Debug, PartialEq)]
enum Got {
    In,
    NoToken,
    NotAllowed,
    NotFound,
}

async fn knock(scene: &Scene, door: Door, authorization: Option<&str>) -> Got {
    let mut asking = scene.ask(door.method, &door.path).body(door.body);
    asking = asking.header("content-type", door.media);
    if let Some(authorization) = authorization {
        asking = asking.header("authorization", authorization);
    }
    let answer = asking.send().await;
    match answer.status.as_u16() {
        200..300 => Got::In,
        401 => Got::NoToken,
        403 => Got::NotAllowed,
        404 => Got::NotFound,
        other => panic!("{other} from {}", door.path),
    }
}

async fn scene_with_report() -> (Scene, String, String) {
    let scene = Scene::new().await;
    let id = scene.report(&token(1), 100).await;
    let path = format!("/reports/{id}/messages");
    let kept = scene.post(&path, sealed(5)).bearer(&token(1)).send().await;
    let message = kept.json()["id"].as_str().unwrap().to_owned();
    (scene, id, message)
}

#[tokio::test]
async fn p17_every_token_opens_what_is_its_own() {
    let (scene, id, message) = scene_with_report().await;
    scene.report(&token(2), 50).await;
    let bearer = |token: &Token| format!("Bearer {}", token.expose());
    for door in doors(&id, &message) {
        assert_eq!(knock(&scene, door, None).await, Got::NoToken);
    }
    for authorization in ["Basic dXNlcjpwYXNz", "Bearer", "", "token"] {
        for door in doors(&id, &message) {
            let got = knock(&scene, door, Some(authorization)).await;
            assert_eq!(got, Got::NoToken, "{authorization}");
        }
    }
    // Another case's, nobody's, and what is no token.
    for authorization in [bearer(&token(2)), bearer(&token(3)), "Bearer x".to_owned()] {
        for door in doors(&id, &message) {
            let path = door.path.clone();
            let got = knock(&scene, door, Some(&authorization)).await;
            assert_eq!(got, Got::NotFound, "{path}");
        }
    }
    for door in doors(&id, &message) {
        let (path, expected) = (door.path.clone(), door.reporter);
        let got = knock(&scene, door, Some(&bearer(&token(1)))).await;
        let expected = if expected { Got::In } else { Got::NotAllowed };
        assert_eq!(got, expected, "{path}");
    }
    for role in Role::ALL {
        let authorization = bearer(&scene.vendor(role).await);
        for door in doors(&id, &message) {
            let (path, may) = (door.path.clone(), role >= door.least);
            let got = knock(&scene, door, Some(&authorization)).await;
            let expected = if may { Got::In } else { Got::NotAllowed };
            assert_eq!(got, expected, "{role:?} {path}");
        }
    }
}

#[tokio::test]
async fn p42_absent_and_foreign_are_the_same_answer() {
    let (scene, id, _) = scene_with_report().await;
    let absent = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
    let mut answers = Vec::new();
    for id in [id.as_str(), absent, "x", "..%2f"] {
        let path = format!("/reports/{id}");
        let mut answer = scene.get(&path).bearer(&token(9)).send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        answer.headers.remove("date");
        answers.push((answer.headers, answer.body));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let list = scene.get("/reports").bearer(&token(9)).refused().await;
    assert_eq!(list, ProblemType::NotFound);
    assert_eq!(scene.get("/reports").refused().await, ProblemType::NoToken);
}

/// Of a foreign report nothing is read but whose it is: not even that its row makes no sense is told.
#[tokio::test]
async fn p42_a_foreign_report_is_not_read() {
    let (scene, id, _) = scene_with_report().await;
    scene.intake.store.spoil(&id.parse().unwrap()).await;
    let path = format!("/reports/{id}");
    let own = scene.get(&path).bearer(&token(1)).send().await;
    assert_eq!(own.status, StatusCode::INTERNAL_SERVER_ERROR);
    for foreign in [token(2), token(9)] {
        let refused = scene.get(&path).bearer(&foreign).refused().await;
        assert_eq!(refused, ProblemType::NotFound);
    }
}

#[tokio::test]
async fn p44_a_revoked_token_opens_nothing_at_once() {
    let (scene, id, _) = scene_with_report().await;
    let vendor = scene.vendor(Role::Read).await;
    let path = format!("/reports/{id}");
    assert_eq!(
        scene.get(&path).bearer(&vendor).send().await.status,
        StatusCode::OK
    );
    let name = Role::Read.as_str().parse().unwrap();
    let revoked = scene.intake.store.revoke_token(&name, scene.clock.now());
    revoked.await.unwrap();
    assert_eq!(
        scene.get(&path).bearer(&vendor).refused().await,
        ProblemType::NotFound
    );
    let list = scene.get("/reports").bearer(&vendor).refused().await;
    assert_eq!(list, ProblemType::NotFound);
}

#[tokio::test]
async fn p39_wrong_tokens_and_new_reports_are_counted_by_client() {
    let limits = Limits {
        rate: std::num::NonZeroU32::new(2),
        min_free: 0,
        ..Limits::default()
    };
    let scene = Scene::with(limits).await;
    let client = scene
        .intake
        .pseudonyms
        .of("192.0.2.1".parse().unwrap(), &HeaderMap::new());
    for (made, expected) in [(1, 201), (2, 201), (3, 429)] {
        let answer = scene
            .post("/reports", sealed(made))
            .of_client(client)
            .send()
            .await;
        assert_eq!(answer.status.as_u16(), expected);
        assert_eq!(answer.header("retry-after").is_empty(), expected == 201);
    }
    for expected in [404, 404, 429] {
        let asking = scene
            .get("/reports/aaaaaaaaaaaaaaaaaaaaaaaaaa")
            .bearer(&token(5));
        let answer = asking.of_client(client).send().await;
        assert_eq!(answer.status.as_u16(), expected);
    }
}
