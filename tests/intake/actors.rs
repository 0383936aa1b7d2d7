//! Who may see what: every route, asked by everybody. Those who may not learn nothing, not even
//! whether there is something.

use crate::bench::{
    backing::Backing,
    http::{Answer, Request},
    over_both,
    place::Place,
    sealed::{report, sealed, sha256},
    serve::Serve,
};

over_both!(
    p17_p42_strangers_learn_nothing,
    p17_a_case_token_opens_its_case_alone,
    p17_roles_end_where_they_should,
    p44_a_revoked_token_opens_nothing_at_once,
);

/// The routes that a token opens.
fn routes(report: &str, message: &str) -> Vec<Request> {
    let at = |rest: &str| format!("/reports/{report}{rest}");
    let event = r#"{"kind":"acknowledged"}"#;
    vec![
        Request::get(&at("")),
        Request::get(&at("/receipt")),
        Request::get(&at("/sealed")),
        Request::get(&at("/sealed")).with("Range", "bytes=0-9"),
        Request::get(&at("/messages")),
        Request::get(&at(&format!("/messages/{message}"))),
        Request::new("HEAD", &at("/sealed")),
        Request::new("POST", &at("/messages")).sealed(&sealed(2000, 99)),
        Request::new("POST", &at("/messages")).sealed(b"no message at all"),
        Request::new("POST", &at("/events")).json(event),
        Request::new("POST", &at("/events")).json("no event"),
        Request::new("DELETE", &at("")),
    ]
}

/// Two cases, each with a report and a message in it.
struct Scene {
    place: Place,
    serve: Serve,
    /// Token, report, message.
    cases: Vec<(String, String, String)>,
}

impl Scene {
    fn new(backing: Backing) -> Self {
        let place = Place::new(backing);
        let serve = place.serve();
        let cases = (1..=2).map(|number| case(&serve, number)).collect();
        Self {
            place,
            serve,
            cases,
        }
    }

    fn ask(&self, request: &Request, token: Option<&str>) -> Answer {
        match token {
            Some(token) => self.serve.send(&request.clone().bearer(token)),
            None => self.serve.send(request),
        }
    }
}

fn case(serve: &Serve, number: u8) -> (String, String, String) {
    let token = data_encoding::BASE64URL_NOPAD.encode(&[number; 32]);
    let request =
        Request::post(&report(&format!("case {number}"))).with("Sealpost-Case", hash_of(&token));
    let report = serve.send(&request).expect(201).report();
    let target = format!("/reports/{report}/messages");
    let message = Request::new("POST", &target)
        .sealed(&sealed(3000, u64::from(number)))
        .bearer(&token);
    let message = serve.send(&message).expect(201).json();
    let message = message["id"].as_str().unwrap().to_owned();
    (token, report, message)
}

/// The value of `Sealpost-Case` for a token.
pub(crate) fn hash_of(token: &str) -> String {
    let hash = data_encoding::HEXLOWER.decode(sha256(token).as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(&hash.unwrap())
}

fn p17_p42_strangers_learn_nothing(backing: Backing) {
    let scene = Scene::new(backing);
    let unknown = data_encoding::BASE64URL_NOPAD.encode(&[200; 32]);
    let (other_case, ..) = &scene.cases[1];
    let (_, report, message) = &scene.cases[0];
    let there = routes(report, message);
    let absent = routes(ABSENT, ABSENT);
    for (there, absent) in there.iter().zip(&absent) {
        let none = scene.ask(there, None);
        assert_eq!(none.status, 401, "{there:?}: {none}");
        assert_eq!(none.without_date(), scene.ask(absent, None).without_date());
        let wrong = [unknown.as_str(), other_case, "not-a-token", "a b"];
        let expected = scene.ask(absent, Some(&unknown));
        assert_eq!(expected.status, 404, "{absent:?}: {expected}");
        for token in wrong {
            for request in [there, absent] {
                let answer = scene.ask(request, Some(token));
                let same = answer.without_date() == expected.without_date();
                assert!(same, "{token}: {request:?}: {answer}\nnot {expected}");
            }
        }
    }
    // Nothing of all that was done.
    let (token, ..) = &scene.cases[0];
    let kept = scene.ask(&Request::get(&format!("/reports/{report}")), Some(token));
    let kept = kept.expect(200).json();
    assert_eq!(kept["state"], "received");
    assert_eq!(kept["messages_from_reporter"], 1);
}

fn p17_a_case_token_opens_its_case_alone(backing: Backing) {
    let scene = Scene::new(backing);
    for (token, report, message) in &scene.cases {
        let list = scene.ask(&Request::get("/reports"), Some(token));
        let list = list.expect(200).json();
        let reports = list["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0]["id"], report.as_str());
        for rest in ["", "/receipt", "/messages"] {
            let request = Request::get(&format!("/reports/{report}{rest}"));
            scene.ask(&request, Some(token)).expect(200);
        }
        let one = Request::get(&format!("/reports/{report}/messages/{message}"));
        scene.ask(&one, Some(token)).expect(200);
        // What is the vendor's stays the vendor's.
        for request in routes(report, message) {
            let answer = scene.ask(&request, Some(token));
            let text = format!("{request:?}");
            let vendors = ["sealed\",", "events", "DELETE"];
            if vendors.iter().any(|word| text.contains(word)) {
                assert!(matches!(answer.status, 403 | 404), "{text}: {answer}");
            }
        }
    }
    // A message of the other case does not stand under this one.
    let (token, report, _) = &scene.cases[0];
    let (_, _, foreign) = &scene.cases[1];
    let request = Request::get(&format!("/reports/{report}/messages/{foreign}"));
    scene.ask(&request, Some(token)).expect(404);
}

fn p17_roles_end_where_they_should(backing: Backing) {
    let scene = Scene::new(backing);
    let (_, report, message) = &scene.cases[0];
    let tokens = ["read", "triage", "admin"].map(|role| scene.place.token(role, role));
    let event = |kind: &str| {
        let json = format!(r#"{{"kind":"{kind}"}}"#);
        Request::new("POST", &format!("/reports/{report}/events")).json(&json)
    };
    let post = Request::new("POST", &format!("/reports/{report}/messages"));
    let post = post.sealed(&sealed(2000, 5));
    let delete = Request::new("DELETE", &format!("/reports/{report}"));
    for token in &tokens {
        for rest in ["", "/receipt", "/sealed", "/messages"] {
            let request = Request::get(&format!("/reports/{report}{rest}"));
            scene.ask(&request, Some(token)).expect(200);
        }
        let one = Request::get(&format!("/reports/{report}/messages/{message}"));
        scene.ask(&one, Some(token)).expect(200);
    }
    scene.ask(&event("accepted"), Some(&tokens[0])).expect(403);
    scene.ask(&post, Some(&tokens[0])).expect(403);
    scene.ask(&delete, Some(&tokens[0])).expect(403);
    scene.ask(&delete, Some(&tokens[1])).expect(403);
    // An absent one is absent before it is forbidden, or forbidden as all are: never a difference.
    let absent = Request::new("DELETE", &format!("/reports/{ABSENT}"));
    let there = scene.ask(&delete, Some(&tokens[0]));
    let not = scene.ask(&absent, Some(&tokens[0]));
    assert!(matches!(not.status, 403 | 404), "{there} {not}");
    let seen = scene.ask(&event("accepted"), Some(&tokens[1])).expect(201);
    assert_eq!(seen.json()["state"], "accepted");
    scene.ask(&event("received"), Some(&tokens[1])).expect(400);
    scene.ask(&post, Some(&tokens[1])).expect(201);
    scene.ask(&delete, Some(&tokens[2])).expect(204);
    let gone = Request::get(&format!("/reports/{report}"));
    scene.ask(&gone, Some(&tokens[0])).expect(410);
}

fn p44_a_revoked_token_opens_nothing_at_once(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    // Made while the server runs, and good at once.
    let tokens = [place.token("one", "admin"), place.token("two", "admin")];
    let list = |token: &str| serve.send(&Request::get("/reports").bearer(token));
    for token in &tokens {
        list(token).expect(200);
    }
    place.run(&["token", "revoke", "one"]);
    let revoked = list(&tokens[0]).expect(404);
    let unknown = data_encoding::BASE64URL_NOPAD.encode(&[9; 32]);
    assert_eq!(revoked.without_date(), list(&unknown).without_date());
    list(&tokens[1]).expect(200);
    let listed = place.run(&["token", "list"]);
    assert!(listed.contains("two"), "{listed}");
    for token in &tokens {
        assert!(!listed.contains(token.as_str()), "{listed}");
    }
}

const ABSENT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
