//! Promises 22, 23 and 28 at the door: what strangers serve is shown in a form that cannot deceive, and never reaches the
//! terminal raw.

use sequoia_openpgp::{
    Cert, cert::CertRevocationBuilder, parse::Parse as _, policy::StandardPolicy,
    serialize::SerializeInto as _, types::ReasonForRevocation,
};
use serde_json::{Value, json};

use crate::{
    bench::{Ended, TEXT},
    scenes::{
        CONTACT, JSON, LINK, OLD_PLACE, Place, Served, VKS_ADDRESS, WELL_KNOWN, World, YES, csaf,
        security_txt, side_by_side, vendor, with_user_ids,
    },
};

/// Sequences that clear a screen and name a window, and characters that turn or hide text.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}evil\u{2066}\u{200b}\r\u{85}";

/// The same as far as a header can hold it.
const HOSTILE_HEADER: &str = "text/plain\u{202e}\u{2066}\u{200b}\u{9b}31m";

#[test]
fn p28_a_name_that_may_deceive_is_shown_in_ascii_with_a_warning() {
    let cyrillic = ("xn--80ak6aa92e.test", "аррӏе.test");
    let german = ("xn--bcher-kva.test", "bücher.test");
    let alike = json!(["international", "looks-like"]);
    for (typed, (ascii, unicode), codes) in [
        ("аррӏе.test", cyrillic, &alike),
        ("xn--80ak6aa92e.test", cyrillic, &alike),
        ("security@аррӏе.test", cyrillic, &alike),
        ("bücher.test", german, &json!(["international"])),
        ("https://bücher.test/x", german, &json!(["international"])),
    ] {
        let world = World::new();
        let contact = security_txt(&["Contact: https://example.test/form"]);
        let host = world.bench.web.host(ascii);
        host.serve(WELL_KNOWN, TEXT, contact);
        let found = world.find(0, &[typed]);
        let look = &found["look_alike"];
        assert_eq!(
            (&look["ascii"], &look["unicode"]),
            (&json!(ascii), &json!(unicode))
        );
        let warnings = look["warnings"].as_array().unwrap().iter();
        let said: Vec<_> = warnings.map(|warning| warning["code"].clone()).collect();
        assert_eq!(json!(said), *codes, "{typed}");
        assert_eq!(found["host"], ascii, "{typed}");
        let done = world.run(&["find", typed]).expect(0);
        let shown = String::from_utf8(done.stdout.clone()).unwrap();
        // The form that deceives stands on one line of its own at most, which says what it is.
        let mut other = shown.lines().filter(|line| !line.starts_with("shown as:"));
        assert!(shown.contains(ascii), "{shown}");
        assert!(other.all(|line| !line.contains(unicode)), "{shown}");
        done.says(&["warning: ", ascii]);
        for verb in [
            &["seal", "report.md", "--to", typed, YES][..],
            &["trust", typed, YES],
        ] {
            world.run(verb).expect(3).says(&["warning: ", ascii]);
        }
    }
    let world = World::new();
    world.security_txt(&[CONTACT]);
    assert_eq!(world.find(0, &["example.test"])["look_alike"], Value::Null);
}

#[test]
fn p28_names_that_a_file_holds_are_shown_in_ascii_too() {
    let world = World::new();
    world.security_txt(&[
        "Contact: mailto:security@аррӏе.test",
        "Contact: https://аррӏе.test/form",
        "Policy: https://аррӏе.test/policy",
        "Encryption: https://аррӏе.test/key.asc",
    ]);
    let done = world.run(&["find", "example.test"]).expect(0);
    let said = String::from_utf8(done.stdout).unwrap() + &done.stderr;
    assert!(said.contains("security@xn--80ak6aa92e.test"), "{said}");
    assert!(
        said.contains("https://xn--80ak6aa92e.test/policy"),
        "{said}"
    );
    let lines = said.lines().filter(|line| line.contains("аррӏе"));
    // Findings quote the line of the file as it is written there.
    let lines: Vec<_> = lines.filter(|line| !line.contains("line ")).collect();
    assert_eq!(lines, Vec::<&str>::new());
}

/// One place after the other says something hostile.
const HOSTILE_PLACES: &[Served] = &[
    ("fields of security.txt", |it| {
        let fields = [
            "Contact",
            "Policy",
            "Encryption",
            "Canonical",
            "Preferred-Languages",
            HOSTILE,
        ];
        let fields =
            fields.map(|name| format!("{name}: https://example.test/{HOSTILE}\n# {HOSTILE}"));
        let fields: Vec<_> = fields.iter().map(String::as_str).collect();
        let text = format!("{CONTACT}\n{}", security_txt(&fields));
        it.site()
            .serve(WELL_KNOWN, TEXT, &text)
            .serve(OLD_PLACE, HOSTILE_HEADER, &text);
    }),
    ("text behind a signature", |it| {
        let signed = vendor().sign(&security_txt(&[CONTACT, LINK, HOSTILE]));
        let text = format!("{HOSTILE}\n{signed}{HOSTILE}\n");
        it.publish(Place::Link, Some(&vendor().certificate));
        it.site().serve(WELL_KNOWN, HOSTILE_HEADER, text);
    }),
    ("User IDs", |it| {
        let ids = [
            &format!("{HOSTILE} <security@example.test>"),
            HOSTILE,
            "<security@example.test>",
        ];
        it.publish(Place::Link, Some(&with_user_ids(&ids)));
    }),
    ("the reason for a revocation", |it| {
        it.publish(Place::Link, Some(&revoked_because(HOSTILE)));
    }),
    ("the vendor's profile", |it| {
        let profile = json!({
            "program": {"name": HOSTILE, "id": "example", "aliases": [HOSTILE]},
            "contact": [{"uri": "mailto:security@example.test"}],
            "encryption": {"wanted": "refused", "why": HOSTILE},
            "scope": {"in": ["example.test"]},
        });
        it.site().serve("/program.json", JSON, profile.to_string());
        it.publish(Place::Link, Some(&vendor().certificate));
    }),
    ("a profile that is none", |it| {
        it.security_txt(&[CONTACT]);
        it.site()
            .serve("/program.json", JSON, json!({HOSTILE: HOSTILE}).to_string());
    }),
    ("CSAF metadata", |it| {
        it.security_txt(&[CONTACT]);
        let place = "/.well-known/csaf/provider-metadata.json";
        it.site().serve(
            place,
            JSON,
            csaf(&format!("https://example.test/{}", "\\u001b[2J\\u202e")),
        );
    }),
    ("error pages", |it| {
        it.security_txt(&[CONTACT, LINK]).answer(
            "/key.asc",
            503,
            &[("Server", HOSTILE_HEADER)],
            HOSTILE,
        );
        let vks = it.other.host("keys.openpgp.org");
        vks.answer(
            VKS_ADDRESS,
            500,
            &[("Content-Type", HOSTILE_HEADER)],
            HOSTILE,
        );
    }),
    ("redirects", |it| {
        let to = "https://evil\u{9b}31m.test/\u{202e}";
        it.security_txt(&[CONTACT, LINK]).redirect("/key.asc", to);
        it.site()
            .redirect("/program.json", "https://evil.test/\u{202e}\u{9b}31m");
    }),
    ("key pages", |it| {
        let page = format!(
            "<html>{HOSTILE}-----BEGIN PGP PUBLIC KEY BLOCK-----\n{HOSTILE}\n-----END PGP PUBLIC KEY BLOCK-----"
        );
        it.publish(Place::Link, Some(&page));
        it.publish(Place::Wkd, Some(HOSTILE));
    }),
];

/// Of which the words are shown, escaped; of the others nothing is repeated.
const QUOTED: &[&str] = &[
    "fields of security.txt",
    "text behind a signature",
    "User IDs",
    "the reason for a revocation",
    "the vendor's profile",
    "a profile that is none",
];

#[test]
fn p22_nothing_that_is_served_reaches_the_terminal_raw() {
    side_by_side(HOSTILE_PLACES, 4, |(place, serve)| {
        let world = World::new();
        serve(&world);
        let mut shown = String::new();
        for verb in [
            &["find", "example.test"][..],
            &["find", "example.test", "--json"],
            &["find", "example.test", "-vv"],
            &["trust", "example.test", "--json"],
            &["seal", "report.md", "--to", "example.test", "-o", "out.pgp"],
            &["trust", "example.test", YES],
            &["trust", "--list"],
            &[
                "seal",
                "report.md",
                "--to",
                "example.test",
                "--force",
                "--json",
            ],
        ] {
            let done = world.run(verb);
            assert!(done.code.is_some_and(|code| code < 4), "{place} {verb:?}");
            assert!(!done.stdout.is_empty() || !done.stderr.is_empty() || verb[1] == "--list");
            nothing_raw(&done, &format!("{place} {verb:?}"));
            shown += &(String::from_utf8_lossy(&done.stdout) + done.stderr.as_str());
        }
        assert_eq!(
            shown.contains("\\u"),
            QUOTED.contains(place),
            "{place}: {shown}"
        );
    });
}

#[test]
fn p22_a_repository_writes_no_escape_sequence_either() {
    let world = World::new();
    let text = format!(
        "# {HOSTILE}\nWrite to <desk@example.test>{HOSTILE} or [{HOSTILE}](https://example.test/report/{HOSTILE}).\n"
    );
    let api = world.other.host("api.github.com");
    api.serve("/repos/o/r/contents/SECURITY.md", HOSTILE_HEADER, text)
        .serve(
            "/repos/o/r/private-vulnerability-reporting",
            JSON,
            json!({"enabled": HOSTILE}).to_string(),
        );
    for verb in [
        &["find", "github:o/r"][..],
        &["find", "github:o/r", "--json"],
    ] {
        let done = world.run(verb).expect(0);
        assert!(String::from_utf8_lossy(&done.stdout).contains("desk@example.test"));
        nothing_raw(&done, "SECURITY.md");
    }
}

/// No control character but the end of a line, and nothing that turns text around or leaves no mark.
#[track_caller]
fn nothing_raw(done: &Ended, what: &str) {
    let stdout = String::from_utf8(done.stdout.clone()).unwrap();
    for shown in [&stdout, &done.stderr] {
        let raw = |c: &char| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        };
        let found: String = shown.chars().filter(raw).collect();
        assert_eq!(found, "", "{what}: {shown:?}");
    }
}

fn revoked_because(why: &str) -> String {
    let cert = Cert::from_bytes(&vendor().secret).unwrap();
    let policy = StandardPolicy::new();
    let valid = cert.with_policy(&policy, None).unwrap();
    let key = valid
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap();
    let mut signer = key.into_keypair().unwrap();
    let revocation = CertRevocationBuilder::new()
        .set_reason_for_revocation(ReasonForRevocation::KeyRetired, why.as_bytes())
        .unwrap()
        .build(&mut signer, &cert, None)
        .unwrap();
    let public = Cert::from_bytes(&vendor().certificate).unwrap();
    let (revoked, _) = public.insert_packets(revocation).unwrap();
    String::from_utf8(revoked.armored().to_vec().unwrap()).unwrap()
}
