//! Ids that are none: no path leaves its folder, nothing breaks, and all get the same answer.

use proptest::prelude::*;

use crate::bench::{
    backing::Backing,
    http::{Connection, Request},
    over_both,
    place::Place,
    sealed::sealed,
    serve::Serve,
    tus::Upload,
};

over_both!(p16_no_id_leads_out_of_its_folder);

/// What might be taken for a path, a pattern, a query, or something else than text.
const HOSTILE: [&str; 22] = [
    "..",
    "../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fintake.db",
    "....//....//intake.db",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "%00",
    "aaaaaaaaaaaaaaaaaaaaaaaaaa%00.pgp",
    "aaaaaaaaaaaaaaaaaaaaaaaaab",
    "AAAAAAAAAAAAAAAAAAAAAAAAAA",
    "aaaaaaaaaaaaaaaaaaaaaaaaaa%20",
    "aaaaaaaaaaaaaaaaaaaaaaaaa%25",
    "%ff%fe",
    "%e2%80%ae",
    "'%20or%20'1'='1",
    "%25",
    "*",
    "a;drop%20table%20reports",
    "..\\..\\windows",
    "con",
];

/// Where an id stands in a path.
const PLACES: [&str; 8] = [
    "/reports/ID",
    "/reports/ID/receipt",
    "/reports/ID/sealed",
    "/reports/ID/messages",
    "/reports/ID/messages/ID",
    "/reports/uploads/ID",
    "/reports/uploads/ID/receipt",
    "/.well-known/openpgpkey/hu/ID",
];

fn p16_no_id_leads_out_of_its_folder(backing: Backing) {
    let place = Place::new(backing);
    let token = place.token("admin", "admin");
    let serve = place.serve();
    let message = sealed(2000, 1);
    let report = serve.send(&Request::post(&message)).expect(201).report();
    let outside = place.path("sentinel");
    std::fs::write(&outside, "stays").unwrap();
    for id in HOSTILE {
        try_everywhere(&serve, &token, id);
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let ids = "[a-z2-7]{0,40}|[ -~]{1,60}|(%[0-9a-f]{2}){1,30}|(\\.\\./){1,9}[a-z]{0,9}";
    for _ in 0..60 {
        let id = ids.new_tree(&mut runner).unwrap();
        let id = proptest::strategy::ValueTree::current(&id);
        try_everywhere(&serve, &token, &id.replace(' ', "%20"));
    }
    assert_eq!(std::fs::read_to_string(outside).unwrap(), "stays");
    let sealed_at = format!("/reports/{report}/sealed");
    let kept = serve.send(&Request::get(&sealed_at).bearer(&token));
    assert!(kept.expect(200).body == message);
    assert!(place.run(&["fsck"]).len() < 10_000);
}

fn try_everywhere(serve: &Serve, token: &str, id: &str) {
    for place in PLACES {
        let path = place.replace("ID", id);
        for method in ["GET", "HEAD", "POST", "PATCH", "DELETE"] {
            let request = Request::new(method, &path)
                .bearer(token)
                .with("Tus-Resumable", "1.0.0")
                .with("Upload-Offset", 0)
                .with("Content-Type", "application/offset+octet-stream")
                .body("");
            // HTTP libraries refuse some of these targets before anybody looks at them.
            let mut connection = Connection::open(serve.address()).unwrap();
            let Ok(answer) = connection.try_send(&request) else {
                continue;
            };
            let refused = (400..500).contains(&answer.status);
            let page = path.starts_with("/.well-known/") || path.ends_with("/..");
            assert!(refused || page, "{method} {path}: {answer}");
        }
    }
}

/// The same for an upload that nobody began: 404, as for one of another.
#[test]
fn p16_absent_uploads_are_absent() {
    let place = Place::local();
    let serve = place.serve();
    let upload = Upload {
        at: serve.address(),
        path: "/reports/uploads/aaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
    };
    assert_eq!(upload.try_head().unwrap().status, 404);
    assert_eq!(upload.append(0, b"x").status, 404);
    assert_eq!(upload.delete().status, 404);
}
