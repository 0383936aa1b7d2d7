//! Each source of `find` by itself: what is asked, and what its answer contributes to the JSON document.

use std::time::Duration;

use serde_json::Value;

use crate::{
    bench::{TEXT, dns::RecordType},
    scenes::{
        CONTACT, JSON, KEYS, LINK, OLD_PLACE, Place, VKS_ADDRESS, WELL_KNOWN, WKD_ADVANCED,
        WKD_DIRECT, World, csaf, security_txt, side_by_side, vendor,
    },
};

/// A source that names the vendor's key, alone.
struct Case {
    publish: fn(&World),
    target: &'static str,
    /// Source, standing, authority and address of whoever names the key.
    sources: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        publish: |world| world.publish(Place::Link, Some(&vendor().certificate)),
        target: "example.test",
        sources: &["security-txt vouches example.test -"],
    },
    Case {
        publish: |world| {
            let fields = [CONTACT, "Encryption: https://example.test/page"];
            world
                .security_txt(&fields)
                .serve("/page", "text/html", page());
        },
        target: "https://www.example.test/shop?x",
        sources: &["security-txt vouches example.test -"],
    },
    Case {
        publish: |world| {
            fingerprint_in_security_txt(world);
            let path = format!("/vks/v1/by-fingerprint/{}", vendor().fingerprint);
            let server = world.other.host("keys.openpgp.org");
            server.serve(&path, KEYS, &vendor().certificate);
        },
        target: "example.test",
        sources: &[
            "security-txt vouches example.test -",
            "vks carries keys.openpgp.org -",
        ],
    },
    Case {
        publish: |world| {
            fingerprint_in_security_txt(world);
            let digits = &vendor().fingerprint;
            let path = format!("/pks/lookup?op=get&options=mr&search=0x{digits}");
            let server = world.other.host("keyserver.ubuntu.com");
            server.serve(&path, KEYS, &vendor().certificate);
        },
        target: "example.test",
        sources: &[
            "security-txt vouches example.test -",
            "hkp carries keyserver.ubuntu.com -",
        ],
    },
    Case {
        publish: |world| {
            let server = world.other.host("openpgpkey.example.test");
            server.serve(WKD_ADVANCED, "application/octet-stream", &vendor().binary);
        },
        target: "example.test",
        sources: &["wkd vouches openpgpkey.example.test security@example.test"],
    },
    Case {
        publish: |world| {
            let kind = "application/octet-stream";
            world.site().serve(WKD_DIRECT, kind, &vendor().binary);
        },
        target: "security@Example.TEST",
        sources: &["wkd vouches example.test security@example.test"],
    },
    Case {
        publish: |world| world.publish(Place::Vks, Some(&vendor().certificate)),
        target: "security@example.test",
        sources: &["vks vouches keys.openpgp.org security@example.test"],
    },
    Case {
        publish: |world| world.publish(Place::Csaf, Some(&vendor().certificate)),
        target: "example.test",
        sources: &["csaf vouches example.test -"],
    },
    Case {
        publish: |world| {
            let place = "/elsewhere/provider-metadata.json";
            let field = format!("CSAF: https://example.test{place}");
            world
                .security_txt(&[CONTACT, &field])
                .serve(place, JSON, csaf("https://example.test/csaf.asc"))
                .serve("/csaf.asc", KEYS, &vendor().certificate);
        },
        target: "example.test",
        sources: &["csaf vouches example.test -"],
    },
    Case {
        publish: |world| {
            let text = "Encrypt reports with our [PGP key](keys/security.asc).\n";
            let api = world.other.host("api.github.com");
            api.serve("/repos/Owner/Repo/contents/SECURITY.md", TEXT, text);
            let raw = world.other.host("raw.githubusercontent.com");
            raw.serve(
                "/Owner/Repo/HEAD/keys/security.asc",
                TEXT,
                &vendor().certificate,
            );
        },
        target: "github:Owner/Repo",
        sources: &["security-md vouches api.github.com -"],
    },
];

#[test]
fn a_source_alone_is_shown_with_what_it_is_worth() {
    side_by_side(CASES, 4, |case| {
        let world = World::new();
        (case.publish)(&world);
        let found = world.find(0, &[case.target]);
        let what = format!("{}: {found:#}", case.sources[0]);
        assert_eq!(named_by(&found), case.sources, "{what}");
        let candidate = &found["candidates"][0];
        assert_eq!(candidate["usable"], true, "{what}");
        assert_eq!(candidate["user_ids"][0], "Example <security@example.test>");
        assert_eq!(candidate["reasons"], serde_json::json!([]));
        let chosen = candidate["keys"].as_array().unwrap().iter();
        let chosen: Vec<_> = chosen.filter(|key| key["chosen"] == true).collect();
        assert_eq!(chosen.len(), 1, "{what}");
        assert_eq!(
            chosen[0]["fingerprint"], candidate["encryption_key"],
            "{what}"
        );
        assert_eq!(found["decision"]["verdict"], "one-source", "{what}");
        assert_eq!(found["decision"]["fingerprint"], *vendor().fingerprint);
        assert_eq!(found["decision"]["code"], Value::Null, "{what}");
    });
}

#[test]
fn the_well_known_place_wins_and_the_old_one_still_counts() {
    let other = "Contact: mailto:other@example.test";
    for (well_known, old, contact) in [
        (Some(CONTACT), Some(other), "mailto:security@example.test"),
        (None, Some(other), "mailto:other@example.test"),
        (Some(CONTACT), None, "mailto:security@example.test"),
    ] {
        let world = World::new();
        for (place, field) in [(WELL_KNOWN, well_known), (OLD_PLACE, old)] {
            if let Some(field) = field {
                world.site().serve(place, TEXT, security_txt(&[field]));
            }
        }
        let found = world.find(0, &["example.test"]);
        let place = if well_known.is_some() {
            WELL_KNOWN
        } else {
            OLD_PLACE
        };
        let from = format!("https://example.test{place}");
        assert_eq!(found["contacts"].as_array().unwrap().len(), 1, "{found:#}");
        assert_eq!(found["contacts"][0]["uri"], contact);
        assert_eq!(found["contacts"][0]["from"], *from);
        assert_eq!(found["channels"], serde_json::json!(["mail"]));
        assert_eq!(found["security_txt"]["url"], *from);
        assert_eq!(found["security_txt"]["void"], Value::Null);
        let strict = found["security_txt"]["strict"].as_bool().unwrap();
        assert_eq!(strict, well_known.is_some());
    }
}

/// A page that says 200 for every path hides nothing.
#[test]
fn a_web_page_in_the_place_of_security_txt_is_none() {
    let world = World::new();
    let page = "<!DOCTYPE html><html>Not found. Contact: us</html>\n";
    world.site().serve(WELL_KNOWN, "text/html", page).serve(
        OLD_PLACE,
        TEXT,
        security_txt(&[CONTACT]),
    );
    let found = world.find(0, &["example.test"]);
    assert_eq!(found["asked"][0]["code"], "not-a-security-txt");
    assert_eq!(found["contacts"][0]["uri"], "mailto:security@example.test");
}

/// The direct method is for domains without a host of the advanced one, and for hosts that fail.
#[test]
fn wkd_is_asked_directly_only_where_the_advanced_host_does_not_answer() {
    for (status, directly) in [(None, true), (Some(404), false), (Some(503), true)] {
        let world = World::new();
        world.site().serve(WKD_DIRECT, KEYS, &vendor().certificate);
        if let Some(status) = status {
            let server = world.other.host("openpgpkey.example.test");
            server.status(WKD_ADVANCED, status);
        }
        let found = world.run(&["find", "--json", "example.test"]);
        let direct = format!("example.test{WKD_DIRECT}?l=security");
        let asked = world.bench.web.asked().contains(&direct);
        assert_eq!(asked, directly, "{status:?}");
        assert_eq!(found.code, Some(i32::from(!directly)), "{status:?}");
        let of_wkd = world.other.asked();
        let advanced = format!("openpgpkey.example.test{WKD_ADVANCED}?l=security");
        assert_eq!(of_wkd.contains(&advanced), status.is_some(), "{status:?}");
    }
    // The host exists without an address that could be dialled: it exists.
    let world = World::new();
    world
        .bench
        .dns
        .addresses("openpgpkey.example.test", &["10.0.0.1"]);
    world.run(&["find", "example.test"]);
    let dns = &world.bench.dns;
    assert!(dns.queries("openpgpkey.example.test", RecordType::A) > 0);
}

#[test]
fn every_question_is_listed_in_a_fixed_order_whoever_answers_first() {
    let world = World::new();
    world
        .security_txt(&[CONTACT, LINK])
        .slow(WELL_KNOWN, Duration::from_millis(200))
        .serve("/key.asc", KEYS, &vendor().certificate)
        .status("/.well-known/csaf/provider-metadata.json", 500)
        .serve("/program.json", JSON, "{}");
    let wkd = world.other.host("openpgpkey.example.test");
    wkd.status(WKD_ADVANCED, 404);
    world.publish(Place::Vks, Some(&vendor().certificate));
    let found = world.find(0, &["example.test"]);
    let asked = found["asked"].as_array().unwrap().iter().map(|asked| {
        let text = |member: &str| asked[member].as_str().unwrap_or("-").to_owned();
        let words = ["source", "outcome", "code"].map(text).join(" ");
        let at = text("at");
        format!("{words} {}", at.split('?').next().unwrap())
    });
    let asked: Vec<_> = asked.collect();
    let digits = &vendor().fingerprint;
    assert!(asked[7].starts_with("dane "), "{asked:?}");
    assert_eq!(
        asked[..7],
        [
            "security-txt found - https://example.test/.well-known/security.txt".to_owned(),
            "security-txt nothing - https://example.test/security.txt".to_owned(),
            "encryption-link found - https://example.test/key.asc".to_owned(),
            "csaf fault http-status https://example.test/.well-known/csaf/provider-metadata.json"
                .to_owned(),
            "program-json fault not-a-profile https://example.test/program.json".to_owned(),
            format!("wkd nothing - https://openpgpkey.example.test{WKD_ADVANCED}"),
            format!("vks found - https://keys.openpgp.org{VKS_ADDRESS}"),
        ]
    );
    // The key that was found is looked up once more, for a revocation.
    let again = format!("vks nothing - https://keys.openpgp.org/vks/v1/by-fingerprint/{digits}");
    assert_eq!(asked[8], again);
    assert!(asked[9].starts_with("hkp fault "), "{asked:?}");
    assert_eq!(found["decision"]["verdict"], "agreed", "{found:#}");
}

#[test]
fn a_repository_says_where_it_takes_reports() {
    let world = World::new();
    let api = world.other.host("github.corp.test");
    let text = "Write to <desk@example.test>.\n";
    api.serve("/api/repos/O/R/contents/.github/SECURITY.md", TEXT, text)
        .serve(
            "/api/repos/O/R/private-vulnerability-reporting",
            JSON,
            r#"{"enabled": true}"#,
        );
    let option = "--github-api=https://github.corp.test/api/";
    let found = world.find(0, &["github:O/R", option]);
    assert_eq!(found["target"], "github:o/r");
    assert_eq!(found["host"], Value::Null);
    assert_eq!(found["channels"], serde_json::json!(["mail", "github"]));
    assert_eq!(found["contacts"][0]["uri"], "mailto:desk@example.test");
    assert_eq!(found["contacts"][1]["uri"], "github:O/R");
    let asked = found["asked"].as_array().unwrap();
    assert_eq!(asked[0]["source"], "private-reporting");
    assert_eq!(asked[0]["message"], "it takes private reports");
    assert_eq!(found["decision"]["code"], "no-key");
}

#[test]
fn the_vendors_own_profile_is_shown_and_obeyed() {
    let world = World::new();
    let profile = |wanted: &str| {
        format!(
            r#"{{"program": {{"name": "Example", "id": "example", "policy": "https://example.test/policy"}},
             "contact": [{{"uri": "mailto:security@example.test"}}],
             "encryption": {{"wanted": "{wanted}", "why": "a form"}}}}"#
        )
    };
    world
        .site()
        .serve("/program.json", JSON, profile("preferred"));
    let found = world.find(0, &["example.test"]);
    assert_eq!(found["program_from"], "published", "{found:#}");
    assert_eq!(found["program"]["program"]["name"], "Example");
    assert_eq!(found["contacts"][0]["from"], "program.json");
    assert_eq!(
        found["policies"],
        serde_json::json!(["https://example.test/policy"])
    );
    world.publish(Place::Link, Some(&vendor().certificate));
    world
        .site()
        .serve("/program.json", JSON, profile("refused"));
    let ended = world.seal(&["--yes-trust-first-use"]);
    ended.expect(3).says(&["takes no encrypted reports"]);
    assert_eq!(world.sealed_to(&[]), None);
}

#[test]
fn key_servers_are_asked_unless_none_is_wanted() {
    let world = World::new();
    world.security_txt(&[CONTACT]);
    let all = |found: &Value| found["asked"].to_string();
    let found = world.find(0, &["example.test", "--vks=none", "--hkp=none"]);
    assert!(!all(&found).contains("\"vks\""), "{found:#}");
    let found = world.find(0, &["example.test", "--vks=https://keys.corp.test/base"]);
    let at = "https://keys.corp.test/base/vks/v1/by-email/security%40example.test";
    assert!(all(&found).contains(at), "{found:#}");
}

fn fingerprint_in_security_txt(world: &World) {
    let field = format!("Encryption: openpgp4fpr:{}", vendor().fingerprint);
    world.security_txt(&["Contact: https://example.test/form", &field]);
}

/// A key as people paste it into a page.
fn page() -> String {
    let key = vendor().certificate.replace('\n', "<br>\n");
    format!("<html><body><h1>Our key</h1><div class=\"k\">{key}</div></body></html>")
}

/// Who names the first candidate: source, standing, authority and address.
pub(crate) fn named_by(found: &Value) -> Vec<String> {
    let sources = found["candidates"][0]["sources"].as_array();
    let sources = sources.unwrap_or_else(|| panic!("{found:#}")).iter();
    let text = |source: &Value, member: &str| source[member].as_str().unwrap_or("-").to_owned();
    let line = |source| {
        let members = ["source", "standing", "authority", "address"];
        members.map(|member| text(source, member)).join(" ")
    };
    sources.map(line).collect()
}
