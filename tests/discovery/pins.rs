//! Promise 2: a pin wins, sources that disagree stop, a changed pin needs the new fingerprint typed, and one source
//! alone is asked about once.

use std::{process::Command, time::Duration};

use expectrl::{Eof, Expect as _, Session, process::unix::WaitStatus};

use crate::{
    bench::{ended, vendors::Vendor},
    scenes::{
        Place, SEAL, World, YES, impostor, side_by_side, vendor, with_surroundings,
        without_terminal,
    },
};

/// Whose key a source publishes.
type Says = Option<&'static str>;

/// What is typed beside the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typed {
    Nothing,
    Yes,
    Vendor,
    Impostor,
}

#[derive(Debug)]
struct Case {
    places: [Place; 2],
    says: [Says; 2],
    pinned: bool,
    typed: Typed,
}

impl Case {
    /// Whose key is used, or what is said instead.
    fn expected(&self) -> Result<&'static str, &'static str> {
        let said = |who| self.says.contains(&Some(who));
        let (right, wrong) = (said("vendor"), said("impostor"));
        let found = |who, at_hand| if at_hand { Ok(who) } else { Err("has the key") };
        match (self.typed, self.pinned) {
            (Typed::Vendor, pinned) => found("vendor", right || pinned),
            (Typed::Impostor, _) => found("impostor", wrong),
            (_, true) if right || !wrong => Ok("vendor"),
            (_, true) => Err("the key changed"),
            _ if right && wrong => Err("the sources disagree"),
            _ if !right && !wrong => Err("no published key was found"),
            _ if self.says[0] == self.says[1] || self.typed == Typed::Yes => {
                Ok(if right { "vendor" } else { "impostor" })
            }
            _ => Err("one voice alone names the key"),
        }
    }
}

#[test]
fn p02_every_mix_of_sources_pins_and_words_is_decided_right() {
    let everybody = [None, Some("vendor"), Some("impostor")];
    let mut cases = Vec::new();
    for typed in [Typed::Nothing, Typed::Yes, Typed::Vendor, Typed::Impostor] {
        for pinned in [false, true] {
            for one in everybody {
                cases.extend(everybody.map(|other| Case {
                    places: [Place::Link, Place::Vks],
                    says: [one, other],
                    pinned,
                    typed,
                }));
            }
        }
    }
    // Other pairs of places, with the words that are most trusting.
    for places in [[Place::Csaf, Place::Vks], [Place::Vks, Place::Link]] {
        for pinned in [false, true] {
            for says in [
                ["vendor", "vendor"],
                ["vendor", "impostor"],
                ["impostor"; 2],
            ] {
                cases.push(Case {
                    places,
                    says: says.map(Some),
                    pinned,
                    typed: Typed::Yes,
                });
            }
        }
    }
    side_by_side(&cases, 4, decided);
}

fn decided(case: &Case) {
    let world = World::new();
    for (place, says) in case.places.into_iter().zip(case.says) {
        world.publish(place, says.map(|who| key_of(who).certificate.as_str()));
    }
    if case.pinned {
        world.pin(&vendor().certificate);
    }
    let before = pin_of(&world);
    let more = match case.typed {
        Typed::Nothing => vec![],
        Typed::Yes => vec![YES],
        Typed::Vendor => vec!["--fingerprint", &vendor().fingerprint],
        Typed::Impostor => vec!["--fingerprint", &impostor().fingerprint],
    };
    let done = world.seal(&more);
    let what = format!("{case:?}: {}", done.stderr);
    let used = world.sealed_to(&[vendor(), impostor()]);
    match case.expected() {
        Ok(who) => {
            let key = key_of(who).fingerprint.as_str();
            assert_eq!((done.code, used), (Some(0), Some(key)), "{what}");
            assert_eq!(pin_of(&world).as_deref(), Some(key), "{what}");
        }
        Err(why) => {
            assert_eq!((done.code, used), (Some(3), None), "{what}");
            assert!(done.stderr.contains(why), "{what}: no {why:?}");
            assert_eq!(pin_of(&world), before, "{what}");
        }
    }
    world.nothing_leaked(None);
}

/// A key that was trusted once is used though everybody is dead or lies; never is another.
#[test]
fn p02_the_second_run_uses_the_pin_whatever_the_servers_do() {
    let certificate = impostor().certificate.as_str();
    let everywhere = [Place::Link, Place::Csaf, Place::Wkd, Place::Vks];
    for (state, expected) in [("dead", Ok(())), ("lying", Err(())), ("offline", Ok(()))] {
        let world = World::new();
        world.publish(Place::Link, Some(&vendor().certificate));
        let done = world.seal(&[YES, "--json"]).expect(0);
        assert_eq!(
            done.json()["recipients"][0]["fingerprint"],
            *vendor().fingerprint
        );
        std::fs::remove_file(world.bench.path("out.pgp")).unwrap();
        if state == "lying" {
            for place in everywhere {
                world.publish(place, Some(certificate));
            }
        }
        let accepted = world.bench.web.accepted();
        let mut command = world.bench.command();
        command.args(SEAL);
        match state {
            "dead" => _ = command.arg("--connect-to=*=127.0.0.1:1"),
            "offline" => _ = command.arg("--offline"),
            _ => {}
        }
        command.args(world.other.connections());
        command.args(world.bench.connections());
        let queries = world.bench.dns.asked().len();
        let done = ended(without_terminal(&command));
        let used = world.sealed_to(&[vendor(), impostor()]);
        if expected.is_ok() {
            done.expect(0);
            assert_eq!(used, Some(vendor().fingerprint.as_str()));
        } else {
            done.expect(3)
                .says(&["the key changed", "trust example.test"]);
            assert_eq!(used, None);
        }
        if state == "offline" {
            assert_eq!(world.bench.web.accepted(), accepted);
            assert_eq!(world.bench.dns.asked().len(), queries);
        }
    }
}

/// `find` shows a conflict and says so by its code, and changes nothing.
#[test]
fn p02_find_shows_who_says_what() {
    let world = World::new();
    world.publish(Place::Link, Some(&vendor().certificate));
    world.publish(Place::Wkd, Some(&impostor().certificate));
    let found = world.find(3, &["example.test"]);
    assert_eq!(found["decision"]["verdict"], "refused");
    assert_eq!(found["decision"]["code"], "disagree");
    assert_eq!(found["decision"]["fingerprint"], serde_json::Value::Null);
    assert_eq!(found["candidates"].as_array().unwrap().len(), 2);
    let trust = world.run(&["trust", "example.test", YES]);
    trust
        .expect(3)
        .says(&["the sources disagree", &vendor().fingerprint]);
    assert!(world.home().is_empty());
    world.pin(&vendor().certificate);
    let found = world.find(0, &["example.test"]);
    assert_eq!(found["decision"]["verdict"], "pinned");
    assert_eq!(found["pin"]["fingerprint"], *vendor().fingerprint);
}

#[test]
fn p02_pins_are_shown_set_and_removed() {
    let world = World::new();
    let list = |world: &World| world.run(&["trust", "--list", "--json"]).expect(0).json();
    assert_eq!(list(&world), serde_json::json!({"pins": []}));
    world.run(&["trust", "--remove", "example.test"]).expect(1);
    world.publish(Place::Link, Some(&vendor().certificate));
    world
        .run(&["trust", "example.test"])
        .expect(3)
        .says(&["one voice alone"]);
    let digits = &vendor().fingerprint;
    let wrong = &impostor().fingerprint;
    let typed =
        |digits: &str| world.run(&["trust", "example.test", "--fingerprint", digits, "--json"]);
    typed(wrong).expect(3);
    assert_eq!(list(&world), serde_json::json!({"pins": []}));
    let set = typed(digits).expect(0).json()["pins"][0].clone();
    assert_eq!(
        (&set["target"], &set["fingerprint"]),
        (&"example.test".into(), &digits.as_str().into())
    );
    let provenance = set["provenance"].to_string();
    assert!(provenance.contains(".well-known/security.txt") && provenance.contains("typed"));
    assert_eq!(list(&world)["pins"][0], set);
    // The same vendor by its other names, in any case.
    for name in [
        "https://www.example.test/x",
        "EXAMPLE.test.",
        "example.test",
    ] {
        let found = world.find(0, &[name]);
        assert_eq!(found["decision"]["verdict"], "pinned", "{name}");
        let removed = world.run(&["trust", "--remove", name, "--json"]).expect(0);
        assert_eq!(removed.json()["pins"][0]["target"], "example.test");
        assert_eq!(list(&world), serde_json::json!({"pins": []}), "{name}");
        typed(digits).expect(0);
    }
    // From a file nobody is asked, and what cannot be used is not pinned.
    let before = (world.bench.web.accepted(), world.bench.dns.asked().len());
    for (bad, word) in [
        (vendor().revoked(), "revoked"),
        (crate::bench::vendors::expired().to_owned(), "expired"),
        (
            crate::scenes::signing_only().to_owned(),
            "no encryption subkey",
        ),
        (vendor().secret.clone(), "secret"),
        ("<html>".to_owned(), "no OpenPGP certificate"),
    ] {
        let file = world.bench.write("key.asc", bad);
        let args = ["trust", "other.test", "--key", file.to_str().unwrap()];
        let done = world.run(&args).expect(3);
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
    }
    assert_eq!(
        (world.bench.web.accepted(), world.bench.dns.asked().len()),
        before
    );
    assert_eq!(list(&world)["pins"].as_array().unwrap().len(), 1);
}

/// A host below a domain may belong to a customer: a key that is trusted for it changes nothing for the domain.
#[test]
fn p02_a_pin_for_a_host_leaves_the_domains_own_alone() {
    let world = World::new();
    world.pin(&vendor().certificate);
    let file = world.bench.write("new.asc", &impostor().certificate);
    let key = ["--key", file.to_str().unwrap()];
    let typed = ["--fingerprint", &impostor().fingerprint];
    let found = world.find(0, &["pgp.example.test"]);
    assert_eq!(
        found["decision"]["fingerprint"],
        *vendor().fingerprint,
        "the domain's pin counts until the host has its own"
    );
    let trust = |more: &[&str]| world.run(&[&["trust", "pgp.example.test"], more].concat());
    trust(&key)
        .expect(3)
        .says(&["the key changed", &impostor().fingerprint]);
    trust(&[&key[..], &typed].concat()).expect(0);
    assert_eq!(pin_of(&world), Some(vendor().fingerprint.clone()));
    for (name, owner) in [("pgp.example.test", impostor()), ("example.test", vendor())] {
        let found = world.find(0, &[name]);
        assert_eq!(found["decision"]["verdict"], "pinned", "{name}");
        assert_eq!(
            found["decision"]["fingerprint"], *owner.fingerprint,
            "{name}"
        );
    }
}

/// Another key in a file does not take the place of a pin, either, unless its fingerprint is typed.
#[test]
fn p02_a_file_replaces_no_pin_untyped() {
    let world = World::new();
    world.pin(&vendor().certificate);
    // The same key again is no change.
    world.pin(&vendor().certificate);
    let file = world.bench.write("new.asc", &impostor().certificate);
    let args = ["trust", "example.test", "--key", file.to_str().unwrap()];
    world
        .run(&args)
        .expect(3)
        .says(&["the key changed", "add --fingerprint"]);
    assert_eq!(pin_of(&world), Some(vendor().fingerprint.clone()));
    let typed = ["--fingerprint", &impostor().fingerprint];
    world.run(&[&args[..], &typed].concat()).expect(0);
    assert_eq!(pin_of(&world), Some(impostor().fingerprint.clone()));
}

/// On a terminal the question is asked, once; `no` is the answer of everybody who does not say yes.
#[test]
fn p02_one_source_is_asked_about_once() {
    let world = World::new();
    world.publish(Place::Link, Some(&vendor().certificate));
    let key = &vendor().fingerprint;
    let question = format!("trust {key} for example.test from now on? [y/N]");
    let question = question.as_str();
    for answer in ["", "n", "maybe"] {
        let (shown, code) = on_terminal(&world, Some((question, answer)));
        assert_eq!(code, 3, "{shown}");
        assert!(shown.contains(&vendor().fingerprint), "{shown}");
        assert!(world.home().is_empty() && world.sealed_to(&[]).is_none());
    }
    let (shown, code) = on_terminal(&world, Some((question, "y")));
    assert_eq!(code, 0, "{shown}");
    assert_eq!(
        world.sealed_to(&[vendor()]),
        Some(vendor().fingerprint.as_str())
    );
    std::fs::remove_file(world.bench.path("out.pgp")).unwrap();
    let (shown, code) = on_terminal(&world, None);
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("[y/N]"), "{shown}");
    assert_eq!(pin_of(&world), Some(vendor().fingerprint.clone()));
}

/// Seals on a terminal, where the question, if one is awaited, gets this answer: everything that was shown, and the
/// exit code.
fn on_terminal(world: &World, dialogue: Option<(&str, &str)>) -> (String, i32) {
    let mut direct = world.bench.command();
    direct.args(SEAL);
    direct.args(world.other.connections());
    direct.args(world.bench.connections());
    let mut command = Command::new(direct.get_program());
    with_surroundings(&mut command, &direct);
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_mins(1)));
    let mut shown = String::new();
    if let Some((question, answer)) = dialogue {
        let found = session.expect(question).unwrap();
        shown += &String::from_utf8_lossy(found.as_bytes());
        session.send_line(answer).unwrap();
    }
    let rest = session.expect(Eof).unwrap();
    shown += &String::from_utf8_lossy(rest.as_bytes());
    match session.get_process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (shown, code),
        other => panic!("{other:?}: {shown}"),
    }
}

fn key_of(who: &str) -> &'static Vendor {
    if who == "vendor" {
        vendor()
    } else {
        impostor()
    }
}

/// The pinned fingerprint of example.test.
fn pin_of(world: &World) -> Option<String> {
    let pin = std::fs::read(world.bench.path("home/pins/example.test.json")).ok()?;
    let pin: serde_json::Value = serde_json::from_slice(&pin).unwrap();
    Some(pin["fingerprint"].as_str().unwrap().to_uppercase())
}
