//! Secret keys that GnuPG exported, used from a file. RSA goes through aws-lc, so every size opens
//! and signs here.

use super::{
    desk::Desk,
    gnupg_keys::{GnupgKey, Kind},
};

#[test]
fn each_kind_opens_and_signs() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    for (name, kind) in [
        ("rsa2048", Kind::Rsa(2048)),
        ("curve", Kind::Curve25519),
        ("p256", Kind::P256),
    ] {
        opens_and_signs(&desk, &desk.gnupg_key(name, kind));
    }
}

#[test]
fn each_kind_opens_and_signs_under_a_passphrase() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    for (name, kind) in [("rsa2048", Kind::Rsa(2048)), ("curve", Kind::Curve25519)] {
        let key = desk.locked_gnupg_key(name, kind);
        opens_and_signs(&desk, &key);
        let line = format!("--passphrase-file wrong open {name}.gpg --key {name}.sec -o never");
        desk.sealpost(&line).fails(5, "wrong passphrase");
        let line = format!(
            "--passphrase-file wrong seal report.md --key {name}.asc --sign-with {name}.sec -o never"
        );
        desk.sealpost(&line).fails(5, "wrong passphrase");
        assert!(!desk.path("never").exists());
    }
}

#[test]
#[ignore = "GnuPG takes its time for such keys; .ci/run runs it"]
fn larger_rsa_keys_open_and_sign() {
    let Some(desk) = Desk::with_gnupg() else {
        assert!(std::env::var_os("CI").is_none(), "gpg is not installed");
        return;
    };
    for (name, bits) in [("rsa3072", 3072), ("rsa4096", 4096)] {
        opens_and_signs(&desk, &desk.gnupg_key(name, Kind::Rsa(bits)));
    }
    opens_and_signs(&desk, &desk.locked_gnupg_key("locked", Kind::Rsa(4096)));
}

/// gpg-agent computes with such keys; what signs, it would sign with DSA, which is not taken.
#[test]
fn algorithms_without_a_safe_implementation_are_left_to_the_agent() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    let dsa = desk.gnupg_key("dsa", Kind::Dsa);
    desk.gnupg_key("brainpool", Kind::Brainpool);
    desk.gnupg_key("vendor", Kind::Curve25519);
    let reason = "no constant-time implementation";
    for name in ["dsa", "brainpool"] {
        desk.gpg(&format!("-r {name}@example.org -o message.gpg -e poc.py"))
            .ok();
        desk.sealpost(&format!("open message.gpg --key {name}.sec -o never"))
            .fails(1, reason);
        desk.sealpost(&format!("open message.gpg -o {name}")).ok();
        assert_eq!(desk.read(&format!("{name}/poc.py")), desk.read("poc.py"));
    }
    desk.seal("--key vendor.asc --sign-with dsa.sec -o never")
        .fails(1, reason);
    desk.seal(&format!(
        "--key vendor.asc --sign-with {} -o never",
        dsa.fingerprint
    ))
    .fails(1, "no secret key that may sign");
    assert!(!desk.path("never").exists());
}

fn opens_and_signs(desk: &Desk, key: &GnupgKey) {
    let GnupgKey {
        name, fingerprint, ..
    } = key;
    desk.gpg(&format!("-r {name}@example.org -o {name}.gpg -e noise.bin"))
        .ok();
    desk.sealpost(&format!(
        "--passphrase-file passphrase open {name}.gpg --key {name}.sec -o {name}"
    ))
    .ok();
    let opened = desk.read(&format!("{name}/noise.bin"));
    assert!(opened == desk.read("noise.bin"), "{name}");

    desk.seal(&format!(
        "--passphrase-file passphrase --key {name}.asc --sign-with {name}.sec -o {name}.pgp"
    ))
    .ok();
    let verified = desk
        .gpg(&format!(
            "--passphrase-file passphrase -o {name}.tar -d {name}.pgp"
        ))
        .ok()
        .stderr;
    assert!(verified.contains("Good signature"), "{verified}");
    desk.untar(&format!("{name}.tar"), &format!("{name}-gpg"));
    desk.assert_is_bundle(&format!("{name}-gpg"));
    desk.sealpost(&format!(
        "--passphrase-file passphrase open {name}.pgp --key {name}.sec --signer {name}.asc -o {name}-opened"
    ))
    .says(&format!("signed by {fingerprint}, verified"));
    desk.assert_is_bundle(&format!("{name}-opened"));
}
