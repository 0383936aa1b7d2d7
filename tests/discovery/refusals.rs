//! Promise 1: without a valid key nothing is sealed or sent and nothing of the report leaves, whatever went wrong on the
//! way to the key; directly and through a recording proxy.

use std::{collections::BTreeSet, process::Command};

use crate::{
    bench::{TEXT, ca::Leaf, ended, proxy::Proxy, vendors, vendors::Vendor, web::Request},
    scenes::{
        ATTACHMENT, CONTACT, KEYS, LINK, OLD_PLACE, Place, WELL_KNOWN, WKD_ADVANCED, World, YES,
        impostor, security_txt, side_by_side, signing_only, vendor, without_terminal,
    },
};

/// What goes wrong, and a word of what is said then when nothing stands between.
type Case = (&'static str, fn(&World), &'static str);

const NO_KEY: &str = "no published key was found";
const ELSEWHERE: &str = "https://elsewhere.test/key.asc";

/// Those that wait for a time-out come first, so that they wait side by side.
const AT_THE_SITE: &[Case] = &[
    ("hangs", |it| _ = it.site().hang(WELL_KNOWN), NO_KEY),
    ("drips", |it| _ = it.site().drip(WELL_KNOWN), NO_KEY),
    (
        "silent DNS",
        |it| _ = it.bench.dns.silent("lost.test"),
        NO_KEY,
    ),
    (
        "failing DNS",
        |it| _ = it.bench.dns.servfail("lost.test"),
        NO_KEY,
    ),
    ("no such name", |_| {}, NO_KEY),
    ("refused", |_| {}, NO_KEY),
    (
        "closes",
        |it| _ = it.site().close(WELL_KNOWN).close(OLD_PLACE),
        NO_KEY,
    ),
    ("404", |_| {}, NO_KEY),
    (
        "503",
        |it| _ = it.site().status(WELL_KNOWN, 503).status(OLD_PLACE, 503),
        NO_KEY,
    ),
    ("endless", |it| _ = it.site().endless(WELL_KNOWN), NO_KEY),
    (
        "too large",
        |it| _ = it.site().oversized(WELL_KNOWN, Some(2 << 20), 2 << 20),
        NO_KEY,
    ),
    (
        "cut",
        |it| _ = it.site().oversized(WELL_KNOWN, Some(9000), 90),
        NO_KEY,
    ),
    (
        "web page",
        |it| _ = it.site().serve(WELL_KNOWN, "text/html", "<html>hello"),
        NO_KEY,
    ),
    ("expired TLS", |it| behind(it, Leaf::Expired), NO_KEY),
    (
        "TLS of another host",
        |it| behind(it, Leaf::WrongHost),
        NO_KEY,
    ),
    ("self-signed TLS", |it| behind(it, Leaf::SelfSigned), NO_KEY),
    (
        "elsewhere",
        |it| {
            let to = "https://elsewhere.test/.well-known/security.txt";
            it.site().redirect(WELL_KNOWN, to);
            let there = it.other.host("elsewhere.test");
            there.serve(WELL_KNOWN, TEXT, security_txt(&[CONTACT, LINK]));
            it.site().serve("/key.asc", KEYS, &vendor().certificate);
        },
        NO_KEY,
    ),
    (
        "expired security.txt",
        |it| {
            void(
                it,
                &format!("{CONTACT}\n{LINK}\nExpires: 2020-01-01T00:00:00Z\n"),
            );
        },
        "the security.txt expired at",
    ),
    (
        "another's security.txt",
        |it| {
            let canonical = "Canonical: https://elsewhere.test/.well-known/security.txt";
            void(it, &security_txt(&[CONTACT, LINK, canonical]));
        },
        "says that it belongs at",
    ),
    (
        "changed security.txt",
        |it| {
            let signed = vendor().sign(&security_txt(&[CONTACT, LINK]));
            void(it, &signed.replace("Expires: 2100", "Expires: 2101"));
        },
        "its signature is bad",
    ),
];

/// security.txt is in order, and the key behind its link is not.
const BEHIND_THE_LINK: &[Case] = &[
    (
        "hanging key",
        |it| _ = linked(it, "").hang("/key.asc"),
        NO_KEY,
    ),
    (
        "dripping key",
        |it| _ = linked(it, "").drip("/key.asc"),
        NO_KEY,
    ),
    (
        "missing key",
        |it| _ = linked(it, "").status("/key.asc", 404),
        NO_KEY,
    ),
    (
        "key with 503",
        |it| _ = linked(it, "").status("/key.asc", 503),
        NO_KEY,
    ),
    (
        "endless key",
        |it| _ = linked(it, "").endless("/key.asc"),
        NO_KEY,
    ),
    ("empty key", |it| _ = linked(it, ""), NO_KEY),
    (
        "page without a key",
        |it| _ = linked(it, "<html><p>Our key: see above"),
        NO_KEY,
    ),
    (
        "damaged key",
        |it| _ = linked(it, &damaged(&vendor().certificate)),
        "",
    ),
    (
        "half a key",
        |it| _ = linked(it, &vendor().certificate[..400]),
        NO_KEY,
    ),
    (
        "binary noise",
        |it| _ = linked(it, "\u{0}\u{1}\u{2}canary"),
        NO_KEY,
    ),
    ("secret key", |it| _ = linked(it, &vendor().secret), NO_KEY),
    (
        "expired key",
        |it| _ = linked(it, vendors::expired()),
        "expired on",
    ),
    (
        "revoked key",
        |it| _ = linked(it, &vendor().revoked()),
        "revoked by its owner",
    ),
    (
        "key that only signs",
        |it| _ = linked(it, signing_only()),
        "no encryption subkey",
    ),
    (
        "key over http",
        |it| {
            it.security_txt(&[CONTACT, "Encryption: http://example.test/key.asc"])
                .serve("/key.asc", KEYS, &vendor().certificate);
        },
        NO_KEY,
    ),
    (
        "key elsewhere",
        |it| {
            linked(it, "").redirect("/key.asc", ELSEWHERE);
            let there = it.other.host("elsewhere.test");
            there.serve("/key.asc", KEYS, &vendor().certificate);
        },
        NO_KEY,
    ),
    (
        "fingerprint alone",
        |it| {
            let field = format!("Encryption: openpgp4fpr:{}", vendor().fingerprint);
            it.security_txt(&[CONTACT, &field]);
        },
        "no source has the certificate",
    ),
    (
        "another key for a fingerprint",
        |it| {
            let digits = &vendor().fingerprint;
            it.security_txt(&[CONTACT, &format!("Encryption: openpgp4fpr:{digits}")]);
            let server = it.other.host("keys.openpgp.org");
            let path = format!("/vks/v1/by-fingerprint/{digits}");
            server.serve(&path, KEYS, &impostor().certificate);
        },
        "no source has the certificate",
    ),
    (
        "WKD for another address",
        |it| {
            let stranger = Vendor::generate("somebody@example.test");
            it.publish(Place::Wkd, Some(&stranger.certificate));
        },
        NO_KEY,
    ),
    (
        "WKD with a secret key",
        |it| it.publish(Place::Wkd, Some(&vendor().secret)),
        NO_KEY,
    ),
    (
        "WKD with a web page",
        |it| it.publish(Place::Wkd, Some("<html>")),
        NO_KEY,
    ),
    (
        "WKD with a revoked key",
        |it| it.publish(Place::Wkd, Some(&vendor().revoked())),
        "revoked",
    ),
    (
        "WKD behind bad TLS",
        |it| {
            let server = it.other.host("openpgpkey.example.test");
            server
                .serve(WKD_ADVANCED, KEYS, &vendor().certificate)
                .certificate(Leaf::SelfSigned);
        },
        NO_KEY,
    ),
    (
        "VKS for another address",
        |it| {
            let stranger = Vendor::generate("somebody@example.test");
            it.publish(Place::Vks, Some(&stranger.certificate));
        },
        NO_KEY,
    ),
    (
        "VKS with an expired key",
        |it| it.publish(Place::Vks, Some(vendors::expired())),
        "expired",
    ),
    (
        "CSAF with a web page",
        |it| it.publish(Place::Csaf, Some("<html>")),
        NO_KEY,
    ),
];

/// What is typed: with it the words that are most trusting, and still nothing is sealed.
type Verb = &'static [&'static str];

const SEAL: Verb = &["seal", "report.md", "-a", ATTACHMENT, YES, "-o", "out.pgp"];
const SEND: Verb = &["send", "report.md", "-a", ATTACHMENT, YES];
const MAIL: Verb = &[
    "send",
    "report.md",
    "-a",
    ATTACHMENT,
    YES,
    "--via",
    "mail",
    "--eml",
    "out.eml",
];
const FILE: Verb = &[
    "send",
    "report.md",
    "-a",
    ATTACHMENT,
    YES,
    "--via=github",
    "--repository=example/widgets",
    "--sealed",
];

#[test]
fn p01_no_failure_of_the_site_lets_a_report_out() {
    side_by_side(AT_THE_SITE, 8, |case| refused(case, SEAL));
}

#[test]
fn p01_no_failure_behind_a_link_lets_a_report_out() {
    side_by_side(BEHIND_THE_LINK, 8, |case| refused(case, SEAL));
}

#[test]
fn p01_no_failure_of_the_site_lets_a_report_be_sent() {
    side_by_side(AT_THE_SITE, 8, |case| refused(case, SEND));
}

#[test]
fn p01_no_failure_behind_a_link_lets_a_report_be_sent() {
    side_by_side(BEHIND_THE_LINK, 8, |case| refused(case, SEND));
}

#[test]
fn p01_no_failure_of_the_site_lets_a_report_be_filed() {
    side_by_side(AT_THE_SITE, 8, |case| refused(case, FILE));
}

#[test]
fn p01_no_failure_behind_a_link_lets_a_report_be_filed() {
    side_by_side(BEHIND_THE_LINK, 8, |case| refused(case, FILE));
}

#[test]
fn p01_no_failure_of_the_site_lets_a_mail_be_written() {
    side_by_side(AT_THE_SITE, 8, |case| refused(case, MAIL));
}

#[test]
fn p01_no_failure_behind_a_link_lets_a_mail_be_written() {
    side_by_side(BEHIND_THE_LINK, 8, |case| refused(case, MAIL));
}

fn refused(case @ (name, happen, says): &Case, verb: Verb) {
    let http = |world: &World| Some(Proxy::http(world.bench.web.address()));
    let socks = |world: &World| Some(Proxy::socks5(world.bench.web.address()));
    let ways: [fn(&World) -> Option<Proxy>; 3] = [|_| None, http, socks];
    let slow = ["hangs", "drips", "hanging key", "dripping key"];
    for (number, way) in ways.into_iter().enumerate() {
        // What takes time-outs is tried on fewer ways.
        let ways = if verb == FILE { 1 } else { 2 };
        if number >= ways && slow.contains(name) {
            continue;
        }
        let world = World::new();
        happen(&world);
        let proxy = way(&world);
        let mut command = typed(&world, case, verb, proxy.as_ref());
        if verb != SEAL && number == 1 {
            command.arg("--leave-no-trace");
        }
        // What `find` asks, which has no report and no case.
        let known = (verb != SEAL && number == 0).then(|| {
            let mut find = typed(&world, case, &["find"], None);
            ended(without_terminal(
                find.env("SEALPOST_HOME", world.bench.path("finder")),
            ));
            world.asked()
        });
        let before = world.files();
        let done = ended(without_terminal(&command));
        let what = format!("{verb:?}, {name}, way {number}: {}", done.stderr);
        assert_eq!(done.code, Some(3), "{what}");
        assert!(done.stdout.is_empty(), "{what}");
        assert!(done.stderr.contains("hint: "), "{what}");
        assert!(
            proxy.is_some() || done.stderr.contains(says),
            "{what}: no {says:?}"
        );
        world.nothing_leaked(proxy.as_ref());
        let home = world.bench.path("./home");
        let after = world.files();
        let mut new = after.difference(&before);
        assert!(new.all(|path| path.starts_with(&home)), "{what}");
        for kept in ["pins", "outbox", "cases"] {
            let kept = world.bench.path("home").join(kept);
            assert!(!kept.exists(), "{what}");
        }
        let requests = [world.bench.web.requests(), world.other.requests()].concat();
        let bare = |it: &Request| it.method == "GET" && it.body.is_empty();
        assert!(requests.iter().all(bare), "{what}");
        if let Some(known) = known {
            let asked = world.asked();
            let new: BTreeSet<_> = asked.difference(&known).collect();
            assert!(new.is_empty(), "{what}: {new:?}");
        }
    }
}

fn typed(world: &World, (name, ..): &Case, verb: &[&str], proxy: Option<&Proxy>) -> Command {
    let mut command = world.bench.command();
    let lost = matches!(*name, "no such name" | "silent DNS" | "failing DNS");
    let target = if lost { "lost.test" } else { "example.test" };
    command.args(verb);
    match verb {
        ["find"] => _ = command.arg(target),
        _ => _ = command.args(["--to", target]),
    }
    match proxy {
        Some(proxy) => _ = command.arg(format!("--proxy={}", proxy.url())),
        None if *name == "refused" => _ = command.arg("--connect-to=*=127.0.0.1:1"),
        None => {}
    }
    command.args(world.other.connections());
    command.args(world.bench.connections());
    command
}

/// A key that would be usable, behind a certificate that proves nothing.
fn behind(world: &World, leaf: Leaf) {
    world.publish(Place::Link, Some(&vendor().certificate));
    world.site().certificate(leaf);
}

/// A key that would be usable, and a security.txt that must not be believed.
fn void(world: &World, text: &str) {
    world.publish(Place::Link, Some(&vendor().certificate));
    world.site().serve(WELL_KNOWN, TEXT, text);
}

/// A security.txt that is in order, with something behind its link.
fn linked<'a>(world: &'a World, key: &str) -> crate::bench::host::Host<'a> {
    world
        .security_txt(&[CONTACT, LINK])
        .serve("/key.asc", KEYS, key)
}

/// Bits changed all over the armour's content.
fn damaged(certificate: &str) -> String {
    certificate.replace(['a', 'c'], "b")
}

/// Sealing itself tells no server anything either, and what comes out is for the vendor alone.
#[test]
fn p01_a_report_that_is_sealed_stays_here() {
    let world = World::new();
    world.publish(Place::Link, Some(&vendor().certificate));
    world.publish(Place::Vks, Some(&vendor().certificate));
    world.seal(&[]).expect(0);
    let key = world.sealed_to(&[vendor(), impostor()]);
    assert_eq!(key, Some(vendor().fingerprint.as_str()));
    world.nothing_leaked(None);
}
