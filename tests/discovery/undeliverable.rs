//! Promise 1 behind the key: whatever is wrong with the way to the intake, what leaves is sealed, it leaves to the
//! vendor's own contact alone, and the secret of the case never does.

use sealpost::{case::CaseSecret, wire::Token};

use crate::{
    bench::{ca::Leaf, ended, proxy::Proxy},
    scenes::{
        ATTACHMENT, KEYS, LINK, World, YES, contains, security_txt, side_by_side, vendor,
        without_terminal,
    },
};

/// A contact, what is there, and how sending ends.
type Case = (&'static str, fn(&World), i32);

const HERE: &str = "https://example.test/reports";
const TAKES: &[(&str, &str)] = &[
    ("Accept-Post", "application/pgp-encrypted"),
    ("Tus-Version", "1.0.0"),
    ("Tus-Extension", "creation"),
];

const CASES: &[Case] = &[
    (HERE, |it| _ = it.site().close("/reports"), 6),
    (HERE, |_| {}, 1),
    (HERE, |it| _ = it.site().status("/reports", 503), 1),
    (
        "https://example.test/form",
        |it| _ = it.site().serve("/form", "text/html", "<form>"),
        1,
    ),
    (
        HERE,
        |it| {
            let elsewhere = "https://elsewhere.test/reports";
            it.site().redirect("/reports", elsewhere);
            intake(it, "elsewhere.test", 204, &[]);
        },
        1,
    ),
    (
        "http://elsewhere.test/reports",
        |it| intake(it, "elsewhere.test", 204, &[]),
        1,
    ),
    (
        "https://reports.example.test/reports",
        |it| {
            intake(it, "reports.example.test", 204, &[]);
            let host = it.other.host("reports.example.test");
            host.certificate(Leaf::SelfSigned);
        },
        1,
    ),
    // It says that it is an intake, and then does not take the report.
    (HERE, |it| own(it, 200, &[]), 6),
    (
        HERE,
        |it| {
            intake(it, "elsewhere.test", 204, &[]);
            own(it, 201, &[("Location", "https://elsewhere.test/reports/x")]);
        },
        6,
    ),
];

#[test]
fn p01_no_failure_behind_the_key_lets_more_out_than_what_is_sealed() {
    side_by_side(CASES, 5, undelivered);
}

fn undelivered((contact, happen, code): &Case) {
    for (number, proxied) in [false, true].into_iter().enumerate() {
        let world = World::new();
        let fields = [&format!("Contact: {contact}"), LINK];
        let text = security_txt(&fields);
        world
            .site()
            .serve("/.well-known/security.txt", "text/plain", text)
            .serve("/key.asc", KEYS, &vendor().certificate);
        happen(&world);
        let proxy = proxied.then(|| Proxy::http(world.bench.web.address()));
        let mut command = world.bench.command();
        command.args(["send", "report.md", "-a", ATTACHMENT, YES]);
        command.args(["--patience", "0", "--to", "example.test"]);
        if let Some(proxy) = &proxy {
            command.arg(format!("--proxy={}", proxy.url()));
        }
        command.args(world.other.connections());
        command.args(world.bench.connections());
        let done = ended(without_terminal(&command));
        let what = format!("{contact}, {code}, way {number}: {}", done.stderr);
        if !proxied {
            assert_eq!(done.code, Some(*code), "{what}");
        }
        assert_ne!(done.code, Some(0), "{what}");
        world.nothing_leaked(proxy.as_ref());
        let asked = [world.bench.web.requests(), world.other.requests()].concat();
        let elsewhere = |host: &str| host != "example.test";
        assert!(
            asked
                .iter()
                .all(|it| it.body.is_empty() || !elsewhere(&it.host)),
            "{what}"
        );
        let words = done
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("case words: "));
        // With something in the outbox there is a case, and so a secret.
        assert_eq!(words.is_some(), done.code == Some(6), "{what}");
        let Some(words) = words else { continue };
        let secret = CaseSecret::from_words(words).unwrap();
        let token = Token::from_bytes(&secret.token_bytes());
        let asked = format!("{asked:?}");
        for secret in [words, &words[..words.len() / 2], token.expose()] {
            assert!(!asked.contains(secret), "{what}");
            assert!(proxy.as_ref().is_none_or(|proxy| !proxy.saw(secret)));
        }
        for file in world
            .home()
            .iter()
            .filter(|path| path.ends_with("sealed.pgp"))
        {
            assert!(!contains(&std::fs::read(file).unwrap(), "report.md"));
        }
    }
}

/// Something at the other machine that would take a report.
fn intake(world: &World, host: &str, status: u16, headers: &[(&str, &str)]) {
    let headers = [TAKES, headers].concat();
    let host = world.other.host(host);
    host.answer("/reports", status, &headers, "");
}

/// The same at the vendor's own.
fn own(world: &World, status: u16, headers: &[(&str, &str)]) {
    let headers = [TAKES, headers].concat();
    world.site().answer("/reports", status, &headers, "");
}
