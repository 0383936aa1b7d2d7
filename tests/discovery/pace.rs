//! How long `find` takes, how it ends early, and whom it talks to behind a proxy.

use std::{
    net::UdpSocket,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Pid;

use crate::{
    bench::{TEXT, ended, proxy::Proxy, web::Web},
    scenes::{
        CONTACT, JSON, KEYS, LINK, OLD_PLACE, Place, Served, VKS_ADDRESS, WELL_KNOWN, WKD_ADVANCED,
        World, YES, csaf, end, side_by_side, vendor, without_terminal,
    },
};

const CSAF_PLACE: &str = "/.well-known/csaf/provider-metadata.json";

/// Every source answers; the deepest chain is the file, what it names, and what that names.
fn everywhere(world: &World) {
    let second = "Encryption: https://example.test/second.asc";
    let csaf_field = "CSAF: https://example.test/more/provider-metadata.json";
    let metadata = csaf("https://example.test/key.asc");
    world
        .security_txt(&[CONTACT, LINK, second, csaf_field])
        .serve(OLD_PLACE, TEXT, "Contact: mailto:security@example.test\n")
        .serve("/key.asc", KEYS, &vendor().certificate)
        .serve("/second.asc", KEYS, &vendor().certificate)
        .serve("/more/provider-metadata.json", JSON, &metadata)
        .serve(CSAF_PLACE, JSON, &metadata)
        .status("/program.json", 404);
    world.publish(Place::Wkd, Some(&vendor().certificate));
    world.publish(Place::Vks, Some(&vendor().certificate));
}

#[test]
fn sources_are_asked_side_by_side() {
    let world = World::new();
    everywhere(&world);
    let delay = Duration::from_millis(300);
    for path in [
        WELL_KNOWN,
        OLD_PLACE,
        "/key.asc",
        "/second.asc",
        "/more/provider-metadata.json",
        CSAF_PLACE,
        "/program.json",
    ] {
        world.site().slow(path, delay);
    }
    let wkd = world.other.host("openpgpkey.example.test");
    wkd.slow(WKD_ADVANCED, delay);
    world
        .other
        .host("keys.openpgp.org")
        .slow(VKS_ADDRESS, delay);
    let found = world.run(&["find", "--json", "example.test"]).expect(0);
    assert_eq!(found.json()["decision"]["verdict"], "agreed");
    let requests = world.bench.web.requests().len() + world.other.requests().len();
    let in_turn = delay * u32::try_from(requests).unwrap();
    assert!(in_turn > Duration::from_millis(2900), "{requests}");
    assert!(found.took < Duration::from_millis(2500), "{:?}", found.took);
}

/// Which source hangs, and how.
const HANGING: &[Served] = &[
    ("security-txt", |it| _ = it.site().hang(OLD_PLACE)),
    ("encryption-link", |it| _ = it.site().drip("/second.asc")),
    ("csaf", |it| _ = it.site().hang(CSAF_PLACE)),
    ("program-json", |it| _ = it.site().hang("/program.json")),
    ("wkd", |it| {
        _ = it.other.host("openpgpkey.example.test").hang(WKD_ADVANCED);
    }),
    ("vks", |it| {
        _ = it.other.host("keys.openpgp.org").drip(VKS_ADDRESS);
    }),
    ("dane", |it| _ = it.bench.dns.silent(DANE)),
];

const DANE: &str =
    "5d2d3ceb7abe552344276d47d36a8175b7aeb250a9bf0bf00e850cd2._openpgpkey.example.test";

#[test]
fn a_source_that_hangs_costs_five_seconds_and_not_the_answer() {
    side_by_side(HANGING, 7, |(source, hang)| {
        let world = World::new();
        everywhere(&world);
        hang(&world);
        let done = world.run(&["find", "--json", "example.test"]).expect(0);
        let found = done.json();
        // Without the key server, the vendor's site is left, which is one voice.
        let verdict = if *source == "vks" {
            "one-source"
        } else {
            "agreed"
        };
        assert_eq!(found["decision"]["verdict"], verdict, "{source}");
        let asked = found["asked"].as_array().unwrap().iter();
        let mut faults = asked.filter(|it| it["source"] == *source && it["outcome"] == "fault");
        let fault = faults
            .next()
            .unwrap_or_else(|| panic!("{source}: {found:#}"));
        if *source != "dane" {
            assert_eq!(fault["code"], "timed-out", "{source}");
        }
        assert!(
            done.took < Duration::from_secs(9),
            "{source}: {:?}",
            done.took
        );
    });
}

/// A name about which the DNS keeps silent costs one time-out as well.
#[test]
fn a_name_that_never_resolves_costs_five_seconds() {
    let world = World::new();
    world.publish(Place::Link, Some(&vendor().certificate));
    world.bench.dns.silent("openpgpkey.example.test");
    let done = world.run(&["find", "--json", "example.test"]).expect(0);
    assert_eq!(done.json()["decision"]["verdict"], "one-source");
    assert!(done.took < Duration::from_millis(7500), "{:?}", done.took);
}

#[test]
fn where_nothing_answers_the_end_comes_all_the_same() {
    let world = World::new();
    let dead = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut command = world.bench.command();
    command.args(["find", "lost.test"]);
    command.arg(format!("--dns-server={}", dead.local_addr().unwrap()));
    let done = ended(without_terminal(&command)).expect(1);
    assert!(done.took < Duration::from_secs(25), "{:?}", done.took);
}

/// SIGTERM stands for Ctrl-C, which whoever runs the tests may have told them to ignore.
#[test]
fn an_interruption_ends_it_at_once() {
    for verb in [
        &["find", "example.test"][..],
        crate::scenes::SEAL,
        &["trust", "example.test"],
    ] {
        let world = World::new();
        world.site().hang(WELL_KNOWN);
        let before = world.files();
        let mut command = world.command(verb);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let began = Instant::now();
        while !world
            .bench
            .web
            .asked()
            .iter()
            .any(|at| at.ends_with(WELL_KNOWN))
        {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "nothing was asked"
            );
            thread::sleep(Duration::from_millis(5));
        }
        let asked = Instant::now();
        end(Pid::from_child(&child));
        assert_eq!(child.wait().unwrap().code(), Some(143), "{verb:?}");
        assert!(
            asked.elapsed() < Duration::from_secs(3),
            "{:?}",
            asked.elapsed()
        );
        assert_eq!(world.files(), before, "{verb:?}");
    }
}

#[test]
fn behind_a_proxy_nothing_else_is_talked_to() {
    let ways: [fn(std::net::SocketAddr) -> Proxy; 2] = [Proxy::http, Proxy::socks5];
    for way in ways {
        let world = World::new();
        everywhere(&world);
        let vks = world.bench.web.host("keys.openpgp.org");
        vks.serve(VKS_ADDRESS, KEYS, &vendor().certificate);
        let proxy = way(world.bench.web.address());
        // By the option, and by the environment.
        for by_option in [true, false] {
            let option = format!("--proxy={}", proxy.url());
            let mut args = vec!["find", "--json", "example.test"];
            if by_option {
                args.push(&option);
            }
            let mut command = world.command(&args);
            if !by_option {
                command.env("SEALPOST_PROXY", proxy.url());
            }
            let found = ended(command).expect(0).json();
            assert_eq!(found["decision"]["verdict"], "agreed", "{found:#}");
            let asked = found["asked"].as_array().unwrap().iter();
            let mut dane = asked.filter(|it| it["source"] == "dane");
            assert_eq!(dane.next().unwrap()["code"], "not-through-proxy");
        }
        let hosts = proxy.hosts();
        for host in [
            "example.test:443",
            "openpgpkey.example.test:443",
            "keys.openpgp.org:443",
        ] {
            assert!(hosts.iter().any(|it| it == host), "{hosts:?}");
        }
        assert!(hosts.iter().all(|it| it.ends_with(":443")), "{hosts:?}");
        assert_eq!(world.bench.dns.asked(), []);
        assert_eq!(world.other.accepted(), 0);
        assert_eq!(world.bench.web.accepted(), proxy.accepted());
    }
}

#[test]
fn a_proxy_that_fails_is_not_gone_around() {
    let world = World::new();
    everywhere(&world);
    let socket = "127.0.0.1:1";
    for (proxy, code) in [
        (format!("socks5://{socket}"), 2),
        (format!("socks4://{socket}"), 2),
        (format!("socks4a://{socket}"), 2),
        (format!("ftp://{socket}"), 2),
        (socket.to_owned(), 2),
        (format!("socks5h://{socket}"), 3),
        (format!("http://{socket}"), 3),
    ] {
        let option = format!("--proxy={proxy}");
        world.seal(&[YES, &option]).expect(code);
    }
    // One that takes connections and says nothing of use.
    let silent = Web::plain();
    let option = format!("--proxy=http://{}", silent.address());
    world.seal(&[YES, &option]).expect(3);
    assert!(silent.accepted() > 0);
    assert_eq!(world.bench.dns.asked(), []);
    assert_eq!(world.bench.web.accepted() + world.other.accepted(), 0);
}

#[test]
fn offline_nobody_is_asked() {
    let world = World::new();
    everywhere(&world);
    let found = world.find(0, &["val.town", "--offline"]);
    assert_eq!(found["asked"], serde_json::json!([]));
    assert_eq!(found["contacts"][0]["uri"], "mailto:security@val.town");
    world.run(&["find", "example.test", "--offline"]).expect(1);
    world
        .seal(&["--offline", YES])
        .expect(3)
        .says(&["--offline"]);
    world.pin(&vendor().certificate);
    let mut command = world.command(crate::scenes::SEAL);
    command.env("SEALPOST_OFFLINE", "1");
    ended(command).expect(0);
    assert_eq!(
        world.sealed_to(&[vendor()]),
        Some(vendor().fingerprint.as_str())
    );
    let found = world.find(0, &["example.test", "--offline"]);
    assert_eq!(found["decision"]["verdict"], "pinned");
    assert_eq!(world.bench.dns.asked(), []);
    assert_eq!(world.bench.web.accepted() + world.other.accepted(), 0);
}
