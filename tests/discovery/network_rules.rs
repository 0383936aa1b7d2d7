//! Promises 25, 26 and 29 at the door: whom the program dials, where it lets itself be sent, and to whom it talks.

use std::net::{Ipv6Addr, TcpListener};

use serde_json::Value;

use crate::{
    bench::{Ended, TEXT, ca::Leaf, ended, web::Web},
    scenes::{
        CONTACT, JSON, KEYS, LINK, Place, VKS_ADDRESS, WELL_KNOWN, WKD_ADVANCED, World, YES, csaf,
        security_txt, side_by_side, vendor, without_terminal,
    },
};

const ALLOW: &str = "--allow-private-network";

/// A public address that belongs to nobody: no packet to it arrives anywhere.
const NOBODY: &str = "2d00::1";

/// What the DNS says of a host, and later says of it.
type Answers = (&'static [&'static str], &'static [&'static str]);

#[test]
fn p25_no_private_address_of_a_name_is_dialled() {
    let names: &[Answers] = &[
        (&["127.0.0.1"], &["127.0.0.1"]),
        (&["0.0.0.0"], &["0.0.0.0"]),
        (&["10.0.0.1", "127.0.0.1"], &["127.0.0.1"]),
        (
            &["169.254.169.254", "192.168.0.1", "127.0.0.1"],
            &["127.0.0.1"],
        ),
        (&["::ffff:127.0.0.1"], &["::ffff:127.0.0.1"]),
        (&["::1"], &["::1"]),
        (&[NOBODY, "127.0.0.1"], &[NOBODY, "127.0.0.1"]),
        (&[NOBODY], &["127.0.0.1"]),
        (&["127.0.0.1"], &[NOBODY]),
    ];
    side_by_side(names, 9, |(first, later)| {
        let world = World::new();
        let inside = if *first == ["::1"] {
            on_ipv6()
        } else {
            Some(Web::start())
        };
        let Some(inside) = inside else { return };
        let target = format!("inside.test:{}", inside.address().port());
        let contact = security_txt(&[CONTACT]);
        inside.host("inside.test").serve(WELL_KNOWN, TEXT, contact);
        world.bench.dns.rebinding("inside.test", first, later);
        let done = run(&world, &["find", "--json", &target]);
        assert_eq!(inside.accepted(), 0, "{first:?} {later:?}");
        assert_eq!(done.code, Some(1), "{first:?}");
        run(&world, &["seal", "report.md", "--to", &target, YES]).expect(3);
        assert_eq!(inside.accepted(), 0, "{first:?} {later:?}");
        world.nothing_leaked(None);
        if first == later && !first.contains(&NOBODY) && !first.contains(&"10.0.0.1") {
            let found = run(&world, &["find", "--json", &target, ALLOW]);
            assert!(inside.accepted() > 0, "{first:?}: {}", found.stderr);
        }
    });
}

#[test]
fn p25_a_refused_address_is_named_with_the_way_out() {
    let world = World::new();
    let inside = Web::start();
    let target = format!("inside.test:{}", inside.address().port());
    let dns = &world.bench.dns;
    dns.cname("inside.test", "further.test")
        .addresses("further.test", &["127.0.0.1"]);
    let done = run(&world, &["find", &target]).expect(1);
    done.says(&["inside.test is at the private address 127.0.0.1", ALLOW]);
    assert_eq!(inside.accepted(), 0);
}

/// Addresses as they can be written in a link; the second machine of the world listens at 127.0.0.2.
const LITERALS: [&str; 7] = [
    "127.0.0.2",
    "[::ffff:127.0.0.2]",
    "2130706434",
    "0x7f.2",
    "127.2",
    "0177.0.0.02",
    "１２７.0.0.2",
];

#[test]
fn p25_no_private_address_in_a_link_is_dialled() {
    side_by_side(&LITERALS, 4, |literal| {
        let world = World::new();
        let port = world.other.address().port();
        let link = format!("https://{literal}:{port}/key.asc");
        let inside = world.other.host("127.0.0.2");
        inside.serve("/key.asc", KEYS, &vendor().certificate);
        let field = format!("Encryption: {link}");
        let of_csaf = format!("CSAF: https://{literal}:{port}/provider-metadata.json");
        let place = "/.well-known/csaf/provider-metadata.json";
        world
            .security_txt(&[CONTACT, &field, LINK, &of_csaf])
            .serve(place, JSON, csaf(&link))
            .redirect("/key.asc", &link);
        let allow = [
            "--allow-redirect=127.0.0.2",
            "--allow-redirect=[::ffff:7f00:2]",
        ];
        for more in [&[][..], &allow] {
            let args = [&["find", "--json", "example.test"], more].concat();
            run(&world, &args).expect(0);
            assert_eq!(world.other.accepted(), 0, "{literal}");
        }
        let found = run(&world, &["find", "--json", "example.test", ALLOW]);
        let dialled = world.other.accepted() > 0;
        // What is no https link of the file's is not followed at all.
        assert!(
            dialled || !literal.is_ascii(),
            "{literal}: {}",
            found.stderr
        );
    });
}

#[test]
fn p25_servers_that_are_typed_are_dialled_under_the_same_rules() {
    let world = World::new();
    world.security_txt(&[CONTACT]);
    let server = Web::start();
    server
        .host("inside.test")
        .serve(VKS_ADDRESS, KEYS, &vendor().certificate);
    world.bench.dns.addresses("inside.test", &["127.0.0.1"]);
    let option = format!("--vks=https://inside.test:{}", server.address().port());
    run(&world, &["find", "example.test", &option]).expect(0);
    assert_eq!(server.accepted(), 0);
    run(&world, &["find", "example.test", &option, ALLOW]).expect(0);
    assert!(server.accepted() > 0);
    // Plain http is for the loopback address that was typed, and nothing that it says leads to another one.
    let (plain, second) = (Web::plain(), Web::plain());
    let link = format!("Encryption: http://{}/key.asc", second.address());
    let text = security_txt(&[CONTACT, &link]);
    plain
        .host("127.0.0.1")
        .serve(WELL_KNOWN, TEXT, text)
        .redirect("/security.txt", &format!("http://{}/", second.address()));
    let target = format!("http://{}/", plain.address());
    let found = run(&world, &["find", "--json", &target]).expect(0).json();
    assert_eq!(found["contacts"][0]["uri"], "mailto:security@example.test");
    assert_eq!(second.accepted(), 0);
    run(&world, &["find", "http://example.test/"]).expect(2);
}

/// Where `/key.asc` leads, and the code of what comes of it; `found` is the key.
const REDIRECTS: &[(&str, &str)] = &[
    ("/final", "found"),
    ("final?x#y", "found"),
    ("https://example.test/final", "found"),
    ("HTTPS://EXAMPLE.test:443/final", "found"),
    ("/hop3", "found"),
    ("/hop4", "too-many-redirects"),
    ("/key.asc", "too-many-redirects"),
    ("", "too-many-redirects"),
    ("http://example.test/final", "not-https"),
    ("http://example.test:443/final", "not-https"),
    ("ftp://example.test/final", "not-https"),
    ("file:///etc/hostname", "not-https"),
    ("data:text/plain,x", "not-https"),
    ("javascript:alert(1)", "not-https"),
    ("https://www.example.test/final", "redirected-elsewhere"),
    ("https://sub.example.test/final", "redirected-elsewhere"),
    ("https://example.test:8443/final", "redirected-elsewhere"),
    (
        "https://example.test.evil.test/final",
        "redirected-elsewhere",
    ),
    ("//evil.test/final", "redirected-elsewhere"),
    ("\\\\evil.test\\final", "redirected-elsewhere"),
    ("https://me:secret@example.test/final", "credentials-in-url"),
    ("https://example.test@evil.test/final", "credentials-in-url"),
    ("https://", "bad-redirect"),
    ("https://exa mple.test/", "bad-redirect"),
    ("https://example.test:99999/final", "bad-redirect"),
    ("https://b\u{fc}cher.test/final", "bad-redirect"),
];

#[test]
fn p26_redirects_stay_where_the_key_is() {
    side_by_side(REDIRECTS, 4, |(to, code)| {
        let world = World::new();
        redirecting(&world, to);
        let found = world.find(0, &["example.test"]);
        let link = of_link(&found);
        let came = link["code"].as_str().or(link["outcome"].as_str());
        assert_eq!(came, Some(*code), "{to}: {link:#}");
        assert_eq!(world.other.accepted(), 0, "{to}");
        nothing_told(&world);
        let sealed = world.seal(&[YES]);
        let wanted = if *code == "found" { 0 } else { 3 };
        assert_eq!(sealed.code, Some(wanted), "{to}: {}", sealed.stderr);
    });
}

fn redirecting(world: &World, to: &str) {
    let site = world.security_txt(&[CONTACT, LINK]);
    let cookie = ("Set-Cookie", "who=canary; Path=/");
    let hop = |to| [("Location", to), cookie];
    site.answer("/key.asc", 301, &hop(to), "")
        .answer("/hop4", 307, &hop("/hop3"), "")
        .answer("/hop3", 308, &hop("/hop2"), "")
        .answer("/hop2", 303, &hop("/final"), "")
        .serve("/final", KEYS, &vendor().certificate);
    for host in [
        "www.example.test",
        "sub.example.test",
        "evil.test",
        "example.test.evil.test",
    ] {
        let host = world.other.host(host);
        host.serve("/final", KEYS, &vendor().certificate);
    }
}

#[test]
fn p26_a_redirect_elsewhere_is_followed_where_it_is_allowed() {
    let world = World::new();
    redirecting(&world, "https://evil.test/final");
    let code = |world: &World, more: &[&str]| {
        let found = world.find(0, &[&["example.test"], more].concat());
        of_link(&found)["code"].clone()
    };
    assert_eq!(code(&world, &[]), "redirected-elsewhere");
    assert_eq!(
        code(&world, &["--allow-redirect=vil.test"]),
        "redirected-elsewhere"
    );
    assert_eq!(code(&world, &["--allow-redirect=evil.test"]), Value::Null);
    let sealed = world.seal(&[YES]).expect(3);
    assert!(sealed.stderr.contains("no published key was found"));
    redirecting(&world, "http://evil.test/final");
    assert_eq!(code(&world, &["--allow-redirect=evil.test"]), "not-https");
    world.site().answer("/key.asc", 302, &[], "");
    assert_eq!(code(&world, &[]), "bad-redirect");
    // security.txt itself may move between the name with `www.` and the one without.
    let www = "https://www.example.test/.well-known/security.txt";
    world.site().redirect(WELL_KNOWN, www);
    let there = world.other.host("www.example.test");
    there.serve(
        WELL_KNOWN,
        TEXT,
        security_txt(&["Contact: https://example.test/form"]),
    );
    let found = world.find(0, &["example.test"]);
    assert_eq!(found["security_txt"]["url"], www);
    nothing_told(&world);
}

/// Servers learn what they are asked, and nothing of whence and by whom.
#[track_caller]
fn nothing_told(world: &World) {
    for request in [world.bench.web.requests(), world.other.requests()].concat() {
        for name in [
            "referer",
            "cookie",
            "authorization",
            "origin",
            "accept-language",
            "via",
        ] {
            assert_eq!(request.header(name), None, "{request:?}");
        }
        assert_eq!(request.header("user-agent"), Some("sealpost"));
        assert_eq!((request.method.as_str(), request.body.len()), ("GET", 0));
    }
}

#[test]
fn p29_nobody_is_talked_to_who_cannot_prove_his_name() {
    let hosts = [
        "example.test",
        "openpgpkey.example.test",
        "keys.openpgp.org",
        "api.github.com",
    ];
    let leaves = [Leaf::Expired, Leaf::WrongHost, Leaf::SelfSigned];
    let cases = hosts.map(|host| leaves.map(|leaf| (host, leaf))).concat();
    let permissive = [ALLOW, "--allow-redirect=example.test", "-vv"];
    side_by_side(&cases, 4, |(host, leaf)| {
        let world = World::new();
        world.publish(Place::Link, Some(&vendor().certificate));
        world.publish(Place::Wkd, Some(&vendor().certificate));
        world.publish(Place::Vks, Some(&vendor().certificate));
        world.other.host("api.github.com");
        let web = if *host == "example.test" {
            &world.bench.web
        } else {
            &world.other
        };
        web.host(host).certificate(*leaf);
        let target = if *host == "api.github.com" {
            "github:o/r"
        } else {
            "example.test"
        };
        for more in [&[][..], &permissive] {
            let done = world.run(&[&["find", "--json", target], more].concat());
            let said = String::from_utf8_lossy(&done.stdout) + done.stderr.as_str();
            assert!(
                said.contains("TLS certificate") || target.starts_with("github"),
                "{said}"
            );
            let requests = web.requests();
            assert!(
                !requests.iter().any(|it| it.host == *host),
                "{host} {leaf:?}"
            );
        }
    });
}

#[test]
fn p29_no_option_switches_the_checks_off() {
    let world = World::new();
    world.publish(Place::Link, Some(&vendor().certificate));
    world.site().certificate(Leaf::SelfSigned);
    for option in [
        "--insecure",
        "-k",
        "--no-verify",
        "--no-check-certificate",
        "--tls=off",
    ] {
        world.seal(&[YES, option]).expect(2);
    }
    world.site().certificate(Leaf::Sound);
    let mut command = world.command(&["find", "--json", "example.test"]);
    let nobody = world.bench.write("none.pem", "");
    command.env("SSL_CERT_FILE", nobody);
    let done = ended(command);
    assert_ne!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(world.bench.web.requests().len(), 0);
    // Plain http in the environment of a shell changes nothing either.
    let proxy = Web::plain();
    let mut command = world.command(&["find", "--json", "example.test"]);
    for name in [
        "http_proxy",
        "https_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env(name, format!("http://{}", proxy.address()));
    }
    ended(command).expect(0);
    assert_eq!(proxy.accepted(), 0);
    let wkd = format!("openpgpkey.example.test{WKD_ADVANCED}");
    assert!(!world.other.asked().contains(&wkd));
}

fn of_link(found: &Value) -> Value {
    let asked = found["asked"].as_array().unwrap().iter();
    let mut links = asked.filter(|it| it["source"] == "encryption-link");
    links.next().unwrap().clone()
}

/// The program with the bench's DNS, and with the vendor's own host alone where it is.
fn run(world: &World, args: &[&str]) -> Ended {
    let mut command = world.bench.command();
    command.args(args).args(world.bench.connections());
    ended(without_terminal(&command))
}

/// A web server at `::1`, where the machine has that.
fn on_ipv6() -> Option<Web> {
    let there = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !there {
        println!("skipped: this machine has no ::1");
    }
    there.then(|| Web::on(Ipv6Addr::LOCALHOST.into()))
}
