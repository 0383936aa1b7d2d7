//! Keys that gpg-agent holds: `open` without `--key`, and `--sign-with FINGERPRINT`.

use super::{
    desk::Desk,
    gnupg_keys::{GnupgKey, Kind},
};

const KINDS: [(&str, Kind); 3] = [
    ("rsa", Kind::Rsa(2048)),
    ("curve", Kind::Curve25519),
    ("p256", Kind::P256),
];

#[test]
fn the_agent_opens_and_signs() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    for (name, kind) in KINDS {
        opens_and_signs(&desk, &desk.gnupg_key(name, kind), "");
    }
}

#[test]
fn the_agent_opens_and_signs_with_a_passphrase_from_a_file() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    for (name, kind) in KINDS {
        let key = desk.locked_gnupg_key(name, kind);
        desk.agent_forgets();
        opens_and_signs(&desk, &key, "--passphrase-file passphrase");
    }
}

#[test]
fn a_wrong_passphrase_is_not_authenticated() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    let key = desk.locked_gnupg_key("vendor", Kind::Curve25519);
    for to in ["-r", "-R"] {
        desk.gpg(&format!("{to} vendor@example.org -o message.gpg -e poc.py"))
            .ok();
        desk.agent_forgets();
        desk.sealpost("--passphrase-file wrong open message.gpg -o never")
            .fails(5, "wrong passphrase for gpg-agent");
    }
    desk.agent_forgets();
    let sign = format!(
        "--passphrase-file wrong --key vendor.asc --sign-with {} -o never",
        key.fingerprint
    );
    desk.seal(&sign).fails(1, "bad passphrase");
    assert!(!desk.path("never").exists());
}

#[test]
fn a_key_that_the_agent_lacks_is_named() {
    let (Some(desk), Some(other)) = (Desk::with_gnupg(), Desk::with_gnupg()) else {
        return;
    };
    let theirs = other.gnupg_key("theirs", Kind::Curve25519);
    desk.gpg(&format!("--import {}", other.path("theirs.asc").display()))
        .ok();
    desk.gpg("-r theirs@example.org -o message.gpg -e poc.py")
        .ok();
    let says = format!("encrypted to {}", theirs.encryption_key);
    // First with no secret key in the agent at all, then with one that is not asked for.
    desk.sealpost("open message.gpg -o never").fails(1, &says);
    desk.gnupg_key("own", Kind::Curve25519);
    desk.sealpost("open message.gpg -o never").fails(1, &says);
    // A certificate is no secret key, even where the agent has that.
    desk.sealpost("open message.gpg --key own.asc -o never")
        .fails(1, "no OpenPGP secret key in it");
    let sign = format!("--key own.asc --sign-with {} -o never", theirs.fingerprint);
    desk.seal(&sign).fails(1, "no secret key that may sign");
    assert!(!desk.path("never").exists());
}

#[test]
fn the_agent_is_left_alone_where_a_key_is_named() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    let key = desk.gnupg_key("vendor", Kind::Curve25519);
    desk.gnupg_key("other", Kind::Curve25519);
    desk.gpg("-r vendor@example.org -o message.gpg -e poc.py")
        .ok();
    desk.sealpost("open message.gpg --key other.sec -o never")
        .fails(1, &format!("encrypted to {}", key.encryption_key));
}

#[test]
fn the_agent_opens_what_is_hidden_among_its_keys() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    for (name, kind) in KINDS {
        desk.gnupg_key(name, kind);
    }
    for (name, _) in KINDS {
        desk.seal(&format!(
            "--key {name}.asc --also-to {name}.asc -o {name}.pgp"
        ))
        .ok();
        desk.sealpost(&format!("open {name}.pgp -o {name}"))
            .says("2 hidden recipients");
        desk.assert_is_bundle(name);
    }
}

fn opens_and_signs(desk: &Desk, key: &GnupgKey, global: &str) {
    let GnupgKey {
        name, fingerprint, ..
    } = key;
    desk.gpg(&format!("-r {name}@example.org -o {name}.gpg -e noise.bin"))
        .ok();
    desk.sealpost(&format!("{global} open {name}.gpg -o {name}"))
        .ok();
    let opened = desk.read(&format!("{name}/noise.bin"));
    assert!(opened == desk.read("noise.bin"), "{name}");

    desk.agent_forgets();
    desk.seal(&format!(
        "{global} --key {name}.asc --sign-with {fingerprint} -o {name}.pgp"
    ))
    .ok();
    desk.agent_forgets();
    desk.sealpost(&format!(
        "{global} open {name}.pgp --signer {name}.asc -o {name}-signed"
    ))
    .says(&format!("signed by {fingerprint}, verified"));
    desk.assert_is_bundle(&format!("{name}-signed"));
}
