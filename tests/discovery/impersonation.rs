//! Promise 2 against somebody who owns the vendor's web server and nothing else, and against hosts whose content others
//! write: neither can have a key agreed upon.

use crate::{
    bench::{TEXT, proxy::Proxy, vendors::Vendor, web::Web},
    scenes::{
        CONTACT, JSON, KEYS, LINK, Place, VKS_ADDRESS, WELL_KNOWN, WKD_ADVANCED, WKD_DIRECT, World,
        YES, csaf, impostor, security_txt, side_by_side, vendor,
    },
};

/// What an attacker serves, and whether it may be believed without a question.
type Case = (&'static str, fn(&World), &'static str);

/// Everything here serves the key `impostor()`, which security.txt links to, and one voice more that the attacker can
/// make by owning the machine of example.test, and machines and domains of his own.
const ATTACKS: &[Case] = &[
    ("the link alone", |_| {}, "one-source"),
    (
        "his address at his domain, with WKD",
        |it| {
            named(it, "security@evil.test");
            let wkd = it.other.host("openpgpkey.evil.test");
            wkd.serve(&WKD_ADVANCED.replace("example", "evil"), KEYS, evil());
            it.site().serve("/key.asc", KEYS, evil());
        },
        "one-source",
    ),
    (
        "his address at his domain, with a key server",
        |it| {
            named(it, "security@evil.test");
            let vks = it.other.host("keys.openpgp.org");
            vks.serve("/vks/v1/by-email/security%40evil.test", KEYS, evil());
            it.site().serve("/key.asc", KEYS, evil());
        },
        "one-source",
    ),
    (
        "his mailbox at the vendor's domain",
        |it| {
            named(it, "desk@example.test");
            let key = by("desk@example.test");
            let vks = it.other.host("keys.openpgp.org");
            vks.serve("/vks/v1/by-email/desk%40example.test", KEYS, key);
            it.site().serve("/key.asc", KEYS, key);
        },
        "one-source",
    ),
    (
        "mail to the web server itself",
        |it| {
            // Without an MX record, mail to a host goes to the machine that its address names.
            named(it, "security@www.example.test");
            let key = by("security@www.example.test");
            let vks = it.other.host("keys.openpgp.org");
            vks.serve("/vks/v1/by-email/security%40www.example.test", KEYS, key);
            it.site().serve("/key.asc", KEYS, key);
        },
        "one-source",
    ),
    (
        "WKD on the web server",
        |it| {
            it.site().serve(WKD_DIRECT, KEYS, &impostor().certificate);
        },
        "one-source",
    ),
    (
        "a name of the web server for WKD",
        |it| {
            let wkd = it.bench.web.host("openpgpkey.example.test");
            wkd.serve(WKD_ADVANCED, KEYS, &impostor().certificate);
        },
        "one-source",
    ),
    (
        "CSAF beside security.txt",
        |it| {
            it.publish(Place::Csaf, Some(&impostor().certificate));
        },
        "one-source",
    ),
    (
        "CSAF on a machine of his own",
        |it| {
            let there = "https://evil.test/provider-metadata.json";
            it.security_txt(&[CONTACT, LINK, &format!("CSAF: {there}")]);
            it.other
                .host("evil.test")
                .serve("/provider-metadata.json", JSON, csaf("https://evil.test/k"))
                .serve("/k", KEYS, &impostor().certificate);
        },
        "one-source",
    ),
    (
        "security.txt by way of www, at another address of the machine",
        |it| {
            let www = "https://www.example.test/.well-known/security.txt";
            it.site()
                .redirect(WELL_KNOWN, www)
                .serve(WKD_DIRECT, KEYS, &impostor().certificate);
            let www = it.other.host("www.example.test");
            www.serve(WELL_KNOWN, TEXT, security_txt(&[CONTACT, LINK]));
        },
        "one-source",
    ),
    (
        "key servers that take anything",
        |it| {
            let digits = &impostor().fingerprint;
            let field = format!("Encryption: openpgp4fpr:{digits}");
            it.security_txt(&[CONTACT, &field]);
            let (vks, hkp) = ("keys.openpgp.org", "keyserver.ubuntu.com");
            let path = format!("/vks/v1/by-fingerprint/{digits}");
            let key = &impostor().certificate;
            it.other.host(vks).serve(&path, KEYS, key);
            let path = format!("/pks/lookup?op=get&options=mr&search=0x{digits}");
            it.other.host(hkp).serve(&path, KEYS, key);
        },
        "one-source",
    ),
    (
        "a name below the vendor's for WKD, at another address",
        |it| {
            it.publish(Place::Wkd, Some(&impostor().certificate));
        },
        "one-source",
    ),
    // What he cannot have: the vendor's mail.
    (
        "the mailbox of the vendor",
        |it| {
            it.publish(Place::Vks, Some(&impostor().certificate));
        },
        "agreed",
    ),
];

#[test]
fn p02_whoever_owns_the_web_server_is_one_voice() {
    side_by_side(ATTACKS, 4, |(name, attack, verdict)| {
        let world = World::new();
        world.publish(Place::Link, Some(&impostor().certificate));
        attack(&world);
        let found = world.find(0, &["example.test"]);
        let what = format!("{name}: {found:#}");
        assert_eq!(found["decision"]["verdict"], *verdict, "{what}");
        let sealed = world.seal(&[]);
        let code = if *verdict == "agreed" { 0 } else { 3 };
        assert_eq!(sealed.code, Some(code), "{name}: {}", sealed.stderr);
    });
}

/// Below the vendor's domain, the usual address is read by whoever owns the machine of that name.
#[test]
fn p02_a_host_with_its_own_mail_is_one_voice() {
    let world = World::new();
    let key = by("security@docs.example.test");
    let host = world.bench.web.host("docs.example.test");
    let link = csaf("https://docs.example.test/k");
    host.serve("/.well-known/csaf/provider-metadata.json", JSON, link)
        .serve("/k", KEYS, key);
    let vks = world.other.host("keys.openpgp.org");
    vks.serve("/vks/v1/by-email/security%40docs.example.test", KEYS, key);
    let found = world.find(0, &["docs.example.test"]);
    let sources = found["candidates"][0]["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 1, "{found:#}");
    assert_eq!(found["decision"]["verdict"], "one-source", "{found:#}");
}

/// The vendor's key elsewhere is a voice against his.
#[test]
fn p02_whoever_owns_the_web_server_meets_the_others() {
    for place in [Place::Wkd, Place::Vks] {
        let world = World::new();
        world.publish(Place::Link, Some(&impostor().certificate));
        world.publish(place, Some(&vendor().certificate));
        let found = world.find(3, &["example.test"]);
        assert_eq!(found["decision"]["code"], "disagree", "{place:?}");
    }
    // Also where only a fingerprint is published, and its certificate cannot be had just now.
    let world = World::new();
    let field = format!("Encryption: openpgp4fpr:{}", vendor().fingerprint);
    world.security_txt(&[CONTACT, &field]);
    world.publish(Place::Vks, Some(&impostor().certificate));
    let found = world.find(3, &["example.test"]);
    assert_eq!(found["decision"]["code"], "disagree", "{found:#}");
    world.seal(&[YES]).expect(3);
}

/// Behind a proxy nobody knows which machine answers, so names of one site are one voice.
#[test]
fn p02_behind_a_proxy_one_site_is_one_voice() {
    for (place, verdict) in [(Place::Wkd, "one-source"), (Place::Vks, "agreed")] {
        let world = World::new();
        for web in [&world.bench.web, &world.other] {
            publish_on(web, place);
        }
        world.publish(Place::Link, Some(&vendor().certificate));
        let proxy = Proxy::socks5(world.bench.web.address());
        let option = format!("--proxy={}", proxy.url());
        let found = world.find(0, &["example.test", &option]);
        assert_eq!(found["decision"]["verdict"], verdict, "{found:#}");
    }
}

/// A security.txt that may not be believed cannot bring in addresses and links of its own choice either.
#[test]
fn p27_what_a_void_file_names_is_void() {
    let fields = [
        "Contact: mailto:security@evil.test",
        "CSAF: https://evil.test/provider-metadata.json",
    ];
    let elsewhere = "Canonical: https://elsewhere.test/.well-known/security.txt";
    let signed = vendor().sign(&security_txt(&[fields[0], fields[1], LINK]));
    let texts = [
        security_txt(&[fields[0], fields[1], elsewhere]),
        format!(
            "{}\n{}\nExpires: 2020-01-01T00:00:00Z\n",
            fields[0], fields[1]
        ),
        signed.replace("Expires: 2100", "Expires: 2101"),
    ];
    for text in texts {
        let world = World::new();
        world
            .site()
            .serve(WELL_KNOWN, TEXT, &text)
            .serve("/key.asc", KEYS, &vendor().certificate);
        world
            .other
            .host("evil.test")
            .serve("/provider-metadata.json", JSON, csaf("https://evil.test/k"))
            .serve("/k", KEYS, evil());
        let wkd = world.other.host("openpgpkey.evil.test");
        wkd.serve(&WKD_ADVANCED.replace("example", "evil"), KEYS, evil());
        let found = world.find(0, &["example.test"]);
        assert_eq!(found["decision"]["code"], "not-believed", "{text}{found:#}");
        world.seal(&[YES]).expect(3);
    }
}

#[test]
fn a_host_whose_content_others_write_is_never_asked() {
    let world = World::new();
    for host in ["evil.val.run", "evil.pages.example.test"] {
        let host = world.other.host(host);
        host.serve(WELL_KNOWN, TEXT, security_txt(&[CONTACT]));
    }
    world.other.host("val.town");
    write_profile(&world);
    for (typed, target, host) in [
        ("https://evil.val.run/x", "val.town", "val.town"),
        ("evil.val.run", "val.town", "val.town"),
        (
            "https://evil.pages.example.test/x",
            "profile:example",
            "example.test",
        ),
        ("evil.pages.example.test", "profile:example", "example.test"),
        ("pages.example.test", "profile:example", "example.test"),
    ] {
        let found = world.find(0, &[typed]);
        assert_eq!(found["target"], target, "{typed}");
        assert_eq!(found["host"], host, "{typed}");
        assert_eq!(found["program_from"], "profile", "{typed}");
        assert_eq!(found["contacts"][0]["from"], "profile", "{typed}");
    }
    let asked = [world.other.asked(), world.bench.web.asked()].concat();
    let asked = asked.into_iter();
    let asked: Vec<_> = asked
        .filter(|at| at.contains("evil") || at.contains("pages"))
        .collect();
    assert_eq!(asked, Vec::<String>::new());
    let queries = world.bench.dns.asked();
    assert!(
        !queries
            .iter()
            .any(|(name, _)| name.contains("evil") || name.contains("pages."))
    );
    world.seal(&["--offline"]).expect(3);
}

/// The profile says what the vendor's own domain cannot, and the pin of its name is its own.
fn write_profile(world: &World) {
    let profile = "[program]\nname = \"Example\"\nid = \"example\"\nhomepage = \"https://example.test/\"\n\
        [[contact]]\nuri = \"mailto:security@example.test\"\n[encryption]\nwanted = \"preferred\"\n\
        [scope]\nin = [\"example.test\", \"*.pages.example.test\"]\nsubdomains = true\n\
        user_content = [\"pages.example.test\"]\n[disclosure]\nembargo_days = 90\nstarts = \"report\"\n";
    let folder = world.bench.path("home/programs/example");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("program.toml"), profile).unwrap();
}

#[test]
fn what_belongs_to_everybody_is_no_vendor() {
    let world = World::new();
    for suffix in [
        "co.uk",
        "github.io",
        "https://co.uk/",
        "COM",
        "localhostx",
        "http://example.test/",
    ] {
        let done = world.run(&["find", suffix]).expect(2);
        assert!(
            done.stderr.contains("the target"),
            "{suffix}: {}",
            done.stderr
        );
        world.run(&["trust", suffix, YES]).expect(2);
    }
    assert_eq!(world.bench.dns.asked(), []);
    assert_eq!(world.bench.web.accepted() + world.other.accepted(), 0);
}

fn named(world: &World, address: &str) {
    world.security_txt(&[&format!("Contact: mailto:{address}"), LINK]);
}

fn evil() -> &'static str {
    by("security@evil.test")
}

/// The certificate of an address, made once.
fn by(address: &str) -> &'static str {
    use std::{collections::HashMap, sync::Mutex};
    static MADE: Mutex<Option<HashMap<String, &'static str>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap();
    let made = made.get_or_insert_default();
    made.entry(address.to_owned())
        .or_insert_with(|| Vendor::generate(address).certificate.leak())
}

fn publish_on(web: &Web, place: Place) {
    let (host, path) = match place {
        Place::Wkd => ("openpgpkey.example.test", WKD_ADVANCED),
        _ => ("keys.openpgp.org", VKS_ADDRESS),
    };
    web.host(host).serve(path, KEYS, &vendor().certificate);
}
