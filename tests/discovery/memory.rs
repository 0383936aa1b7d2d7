//! Promise 4: a revocation that was seen once counts for ever; and looking alone leaves no trace.

use crate::scenes::{CONTACT, KEYS, Place, World, YES, fresh_signing_only, impostor, vendor};

#[test]
fn p04_a_revocation_is_remembered_when_it_is_served_no_more() {
    for pinned in [false, true] {
        for place in [Place::Link, Place::Csaf, Place::Wkd, Place::Vks] {
            let world = World::new();
            if pinned {
                world.pin(&vendor().certificate);
            }
            world.publish(place, Some(&vendor().revoked()));
            let what = format!("{place:?} {pinned}");
            let found = world.find(0, &["example.test"]);
            let candidate = &found["candidates"][0];
            assert_eq!(candidate["usable"], false, "{what}");
            assert_eq!(candidate["reasons"][0]["code"], "revoked", "{what}");
            // The owner of every server leaves it out from now on.
            for place in [Place::Link, Place::Csaf, Place::Wkd, Place::Vks] {
                world.publish(place, Some(&vendor().certificate));
            }
            for more in [&[][..], &[YES], &["--fingerprint", &vendor().fingerprint]] {
                let done = world.seal(more).expect(3).says(&["revoked by its owner"]);
                assert!(done.stderr.contains(&vendor().fingerprint), "{what}");
            }
            let file = world.bench.write("vendor.asc", &vendor().certificate);
            let file = file.to_str().unwrap();
            let args = ["seal", "report.md", "-o", "out.pgp", "--key", file];
            world.run(&args).expect(3).says(&["revoked"]);
            let args = ["trust", "example.test", "--key", file];
            world.run(&args).expect(3).says(&["revoked"]);
            assert_eq!(world.sealed_to(&[]), None, "{what}");
        }
    }
}

/// The revocation need not come from the vendor: key servers carry it, too.
#[test]
fn p04_a_key_server_that_knows_of_a_revocation_is_heard() {
    let world = World::new();
    world.publish(Place::Link, Some(&vendor().certificate));
    world.publish(Place::Vks, Some(&vendor().certificate));
    world.seal(&[]).expect(0);
    std::fs::remove_file(world.bench.path("out.pgp")).unwrap();
    revoked_at_hkp(&world);
    world
        .seal(&[])
        .expect(3)
        .says(&["the pinned key", "revoked"]);
    hkp_forgets(&world, &hkp_path());
    world
        .seal(&[])
        .expect(3)
        .says(&["the pinned key", "revoked"]);
    world.seal(&["--offline"]).expect(3);
    assert_eq!(world.sealed_to(&[]), None);
}

/// Whoever serves the key chooses its URL and what stands beside it: neither keeps a key server from being asked.
#[test]
fn p04_nothing_on_a_page_keeps_a_revocation_from_being_looked_up() {
    let key = &vendor().fingerprint;
    let named = format!("/keys/{key}.asc");
    let lower = format!("/{}/key.asc", key.to_lowercase());
    for path in [named.as_str(), lower.as_str()] {
        let world = World::new();
        let link = format!("Encryption: https://example.test{path}");
        world.security_txt(&[CONTACT, &link]);
        world.site().serve(path, KEYS, &vendor().certificate);
        revoked_at_hkp(&world);
        world.seal(&[YES]).expect(3).says(&["revoked"]);
    }
    // Eight keys that nobody can use, and only then the one that is meant.
    let world = World::new();
    let dead: Vec<String> = (0..8).map(|_| fresh_signing_only()).collect();
    world.publish(Place::Link, Some(&dead.concat()));
    world.publish(Place::Csaf, Some(&vendor().certificate));
    revoked_at_hkp(&world);
    world.seal(&[YES]).expect(3).says(&["must not be used"]);
    assert_eq!(world.sealed_to(&[]), None);
}

/// A key server that gives no answer may be one that somebody keeps from giving it.
#[test]
fn p04_a_look_up_that_fails_is_told() {
    let world = World::new();
    world.publish(Place::Link, Some(&vendor().certificate));
    let path = hkp_path();
    let hkp = world.other.host("keyserver.ubuntu.com");
    hkp.status(&path, 500);
    let told = "was revoked could not be asked at https://keyserver.ubuntu.com";
    world.seal(&[YES]).expect(0).says(&[told, "status 500"]);
    std::fs::remove_file(world.bench.path("out.pgp")).unwrap();
    hkp_forgets(&world, &path);
    let done = world.seal(&[]).expect(0);
    assert!(!done.stderr.contains(told), "{}", done.stderr);
}

fn hkp_path() -> String {
    format!(
        "/pks/lookup?op=get&options=mr&search=0x{}",
        vendor().fingerprint
    )
}

fn revoked_at_hkp(world: &World) {
    let hkp = world.other.host("keyserver.ubuntu.com");
    hkp.serve(&hkp_path(), KEYS, vendor().revoked());
}

fn hkp_forgets(world: &World, path: &str) {
    world.other.host("keyserver.ubuntu.com").status(path, 404);
}

#[test]
fn p04_somebody_elses_revocation_takes_nothing_away() {
    let world = World::new();
    // Both stand in one file, with the revocation of the other one.
    let both = format!("{}\n{}", impostor().revoked(), vendor().certificate);
    world.publish(Place::Link, Some(&both));
    world.seal(&[YES]).expect(0);
    assert_eq!(
        world.sealed_to(&[vendor(), impostor()]),
        Some(vendor().fingerprint.as_str())
    );
}

#[test]
fn looking_leaves_nothing_behind() {
    let world = World::new();
    for place in [Place::Link, Place::Csaf, Place::Wkd, Place::Vks] {
        world.publish(place, Some(&vendor().certificate));
        world.find(0, &["example.test"]);
        world.run(&["find", "example.test"]).expect(0);
    }
    world.run(&["find", "nowhere.test"]).expect(1);
    world.seal(&["--offline"]).expect(3);
    world.run(&["trust", "--list"]).expect(0);
    assert!(world.home().is_empty(), "{:?}", world.home());
}
