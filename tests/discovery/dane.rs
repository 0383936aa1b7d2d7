//! Keys in the DNS: only what a chain of signatures from the root proves is anybody's word.

use sequoia_openpgp::{Cert, parse::Parse as _, serialize::SerializeInto as _};
use serde_json::Value;

use crate::{
    bench::{
        dns::Dns,
        dnssec::{self, Dnssec},
        ended,
    },
    scenes::{CONTACT, LINK, World, with_user_ids, without_terminal},
    sources::named_by,
};

const ADDRESSES: [&str; 7] = [
    "<security@signed.test>",
    "<security@unsigned.test>",
    "<security@island.test>",
    "<security@bogus.test>",
    "<security@stale.test>",
    "<alias@unsigned.test>",
    "<security@example.test>",
];

fn find(world: &World, target: &str, more: &[String]) -> (i32, Value) {
    let mut command = world.bench.command();
    command.args(["find", "--json", target]).args(more);
    command.args(world.bench.web.connections());
    let done = ended(without_terminal(&command));
    (done.code.unwrap(), done.json())
}

fn options(signed: &Dnssec) -> Vec<String> {
    vec![
        format!("--dns-server={}", signed.address()),
        format!("--trust-anchor={}", signed.trust_anchor().display()),
    ]
}

#[test]
#[ignore = "needs nsd and ldnsutils"]
fn a_key_in_the_dns_counts_with_every_signature_alone() {
    let certificate = with_user_ids(&ADDRESSES);
    let cert = Cert::from_bytes(&certificate).unwrap();
    let signed = Dnssec::start("security", &cert.to_vec().unwrap());
    let world = World::new();
    let (code, found) = find(&world, "security@signed.test", &options(&signed));
    assert_eq!(code, 0, "{found:#}");
    let voice = "dane vouches the signed zone of signed.test security@signed.test";
    assert_eq!(named_by(&found), [voice]);
    assert_eq!(found["decision"]["verdict"], "one-source");
    for address in ADDRESSES[1..6].iter().map(|id| id.trim_matches(['<', '>'])) {
        let (code, found) = find(&world, address, &options(&signed));
        assert_eq!(code, 1, "{address}: {found:#}");
        let sealed = {
            let mut command = world.bench.command();
            command.args([
                "seal",
                "report.md",
                "-o",
                "out.pgp",
                "--yes-trust-first-use",
            ]);
            command.args(["--to", address]).args(options(&signed));
            ended(without_terminal(&command))
        };
        sealed.expect(3).says(&["no published key was found"]);
    }
    assert!(!world.bench.path("out.pgp").exists());
}

#[test]
#[ignore = "needs nsd and ldnsutils"]
fn a_link_into_the_dns_is_the_word_of_the_file_that_holds_it() {
    let certificate = with_user_ids(&ADDRESSES);
    let cert = Cert::from_bytes(&certificate).unwrap();
    let signed = Dnssec::start("security", &cert.to_vec().unwrap());
    for (zone, good) in [
        ("signed.test", true),
        ("unsigned.test", false),
        ("bogus.test", false),
    ] {
        let world = World::new();
        let owner = format!("{}._openpgpkey.{zone}", dnssec::hash("security"));
        let field = format!("Encryption: dns:{owner}?type=OPENPGPKEY");
        world.security_txt(&[CONTACT, &field]);
        let (code, found) = find(&world, "example.test", &options(&signed));
        assert_eq!(code, 0, "{zone}");
        if good {
            let voice = "security-txt vouches example.test -";
            assert_eq!(named_by(&found), [voice], "{found:#}");
            assert_eq!(found["decision"]["verdict"], "one-source");
        } else {
            assert_eq!(found["decision"]["code"], "no-key", "{found:#}");
        }
    }
}

/// The web server and the signed zone are two voices.
#[test]
#[ignore = "needs nsd and ldnsutils"]
fn a_signed_zone_is_a_second_voice() {
    let certificate = with_user_ids(&ADDRESSES);
    let cert = Cert::from_bytes(&certificate).unwrap();
    let signed = Dnssec::start("security", &cert.to_vec().unwrap());
    let contact = "Contact: mailto:security@signed.test";
    let link = LINK.replace("example", "signed");
    for (key, verdict) in [
        (certificate.clone(), "agreed"),
        (with_user_ids(&["<security@signed.test>"]), "refused"),
    ] {
        let world = World::new();
        let text = crate::scenes::security_txt(&[contact, &link]);
        let host = world.bench.web.host("signed.test");
        host.serve(crate::scenes::WELL_KNOWN, crate::bench::TEXT, text)
            .serve("/key.asc", crate::scenes::KEYS, key);
        let (_, found) = find(&world, "signed.test", &options(&signed));
        assert_eq!(found["decision"]["verdict"], verdict, "{found:#}");
    }
}

/// Whoever forges answers sets every flag.
#[test]
fn a_server_that_only_claims_proof_is_not_believed() {
    let liar = Dns::start();
    let certificate = with_user_ids(&ADDRESSES);
    let key = Cert::from_bytes(&certificate).unwrap().to_vec().unwrap();
    let owner = format!("{}._openpgpkey.example.test", dnssec::hash("security"));
    liar.openpgpkey(&owner, &key).claims_authentic();
    let world = World::new();
    world.security_txt(&[CONTACT]);
    let options = [format!("--dns-server={}", liar.address())];
    let (code, found) = find(&world, "example.test", &options);
    assert_eq!((code, &found["decision"]["code"]), (0, &"no-key".into()));
    assert_eq!(found["candidates"], serde_json::json!([]));
}
