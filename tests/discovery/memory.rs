//! Promise 4: a revocation that was seen once counts for ever; and looking alone leaves no trace.

use crate::scenes::{Place, World, YES, impostor, vendor};

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
    let path = format!(
        "/pks/lookup?op=get&options=mr&search=0x{}",
        vendor().fingerprint
    );
    let hkp = world.other.host("keyserver.ubuntu.com");
    hkp.serve(&path, "application/pgp-keys", vendor().revoked());
    world
        .seal(&[])
        .expect(3)
        .says(&["the pinned key", "revoked"]);
    hkp_forgets(&world, &path);
    world
        .seal(&[])
        .expect(3)
        .says(&["the pinned key", "revoked"]);
    world.seal(&["--offline"]).expect(3);
    assert_eq!(world.sealed_to(&[]), None);
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
