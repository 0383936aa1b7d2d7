//! What sealpost seals, GnuPG reads: `gpg -d FILE | tar x` and `gpgtar -d` give back every byte.

use super::{desk::Desk, gnupg_keys::Kind};

#[test]
fn gpg_and_gpgtar_give_back_every_byte() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.sealpost(
        "keygen --name Vendor --email security@example.org -o keys --no-passphrase --expires never",
    )
    .ok();
    desk.gpg("--import keys/secret.pgp").ok();
    desk.seal("--key keys/certificate.asc -o sealed.pgp").ok();
    assert_gnupg_reads(&desk, "sealed.pgp", "");
    desk.seal("--key keys/certificate.asc --armor -o sealed.asc")
        .ok();
    assert_gnupg_reads(&desk, "sealed.asc", "");
    desk.seal("--key keys/certificate.asc --unsigned -o unsigned.pgp")
        .ok();
    let said = desk.gpg("-o plain.tar -d unsigned.pgp").ok().stderr;
    assert!(!said.contains("signature"), "{said}");
}

#[test]
fn keys_that_gnupg_made_are_sealed_to() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    for (name, kind) in [
        ("rsa", Kind::Rsa(3072)),
        ("curve", Kind::Curve25519),
        ("p256", Kind::P256),
    ] {
        desk.gnupg_key(name, kind);
        let sealed = format!("{name}.pgp");
        desk.seal(&format!("--key {name}.asc -o {sealed}"))
            .says("SEIPDv1");
        assert_gnupg_reads(&desk, &sealed, "");
    }
    // GnuPG 2.2 keys do not say that they read version 2, and it does not.
    desk.seal("--key curve.asc --profile rfc9580 -o v2.pgp")
        .fails(2, "does not say that it reads the container of RFC 9580");
}

#[test]
fn several_recipients_are_hidden_and_each_can_read() {
    let (Some(vendor), Some(reporter)) = (Desk::with_gnupg(), Desk::with_gnupg()) else {
        return;
    };
    vendor.gnupg_key("vendor", Kind::Curve25519);
    reporter.gnupg_key("own", Kind::P256);
    reporter.write("vendor.asc", &vendor.read("vendor.asc"));
    let done = reporter
        .seal("--key vendor.asc --also-to own.asc -o sealed.pgp --json")
        .ok();
    assert!(done.text().contains("\"hidden\":true"), "{}", done.text());
    vendor.write("sealed.pgp", &reporter.read("sealed.pgp"));
    for desk in [&vendor, &reporter] {
        assert_gnupg_reads(desk, "sealed.pgp", "");
        let listing = desk.gpg("--list-packets sealed.pgp").ok().text();
        assert_eq!(
            listing.matches("keyid 0000000000000000").count(),
            2,
            "{listing}"
        );
    }
}

#[test]
fn a_passphrase_message_of_version_1_is_for_gnupg_and_of_version_2_is_not() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.seal("--passphrase --passphrase-file passphrase -o v1.pgp")
        .says("SEIPDv1");
    assert_gnupg_reads(&desk, "v1.pgp", "--passphrase-file passphrase");
    desk.gpg("--passphrase-file wrong -o wrong.tar -d v1.pgp")
        .fails(2, "Bad session key");
    // Argon2id and version 2 came with RFC 9580, which GnuPG does not follow.
    desk.seal("--passphrase --passphrase-file passphrase --profile rfc9580 -o v2.pgp")
        .says("SEIPDv2");
    desk.gpg("--passphrase-file passphrase -o v2.tar -d v2.pgp")
        .fails_somehow();
}

#[test]
fn gnupg_imports_what_keygen_writes() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.sealpost(
        "keygen --name Vendor --email security@example.org -o keys --passphrase-file passphrase",
    )
    .ok();
    desk.gpg("--import keys/certificate.asc")
        .says("imported: 1");
    let listing = |what: &str| {
        desk.gpg(&format!("--with-colons {what} security@example.org"))
            .ok()
            .text()
    };
    let public = listing("--list-keys");
    for (part, count) in [
        ("pub:u:255:22:", 1),
        ("sub:u:255:22:", 2),
        ("sub:u:255:18:", 1),
    ] {
        let part = part.replace(":u:", &format!(":{}:", validity(&public)));
        assert_eq!(public.matches(&part).count(), count, "{part} in\n{public}");
    }
    desk.gpg("--import keys/secret.pgp")
        .says("secret keys imported: 1");
    assert_eq!(sorted(&listing("--list-secret-keys")), ["#", "+", "+", "+"]);
    // What the vendor says is signed without the key of the receipts.
    desk.write("answer", b"fixed\n");
    desk.gpg("--passphrase-file passphrase -o answer.asc --clear-sign answer")
        .ok();
    desk.gpg("--verify answer.asc").says("Good signature");
    desk.gpg("--import keys/receipts.pgp").ok();
    assert_eq!(sorted(&listing("--list-secret-keys")), ["+", "+", "+", "+"]);

    desk.seal("--key keys/certificate.asc -o sealed.pgp").ok();
    assert_gnupg_reads(&desk, "sealed.pgp", "--passphrase-file passphrase");
    desk.agent_forgets();
    desk.gpg("--passphrase-file wrong -o no.tar -d sealed.pgp")
        .fails(2, "Bad passphrase");

    desk.gpg("--import keys/revocation.asc")
        .says("new key revocations: 1");
    assert_eq!(validity(&listing("--list-keys")), "r");
    desk.gpg("-o revoked.asc --armor --export security@example.org")
        .ok();
    desk.seal("--key revoked.asc -o never.pgp")
        .fails(3, "revoked by its owner");
}

#[test]
fn the_receipts_key_alone_signs_and_opens_nothing() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.sealpost(
        "keygen --name Vendor --email security@example.org -o keys --passphrase-file passphrase",
    )
    .ok();
    desk.gpg("--import keys/receipts.pgp").ok();
    let listing = desk.gpg("--with-colons --list-secret-keys").ok().text();
    assert_eq!(sorted(&listing), ["#", "#", "#", "+"]);
    desk.write("receipt", b"received\n");
    desk.gpg("-o receipt.asc --clear-sign receipt").ok();
    desk.gpg("--verify receipt.asc").says("Good signature");
    desk.seal("--key keys/certificate.asc -o sealed.pgp").ok();
    desk.gpg("-o no.tar -d sealed.pgp")
        .fails(2, "No secret key");
}

/// Both ways of GnuPG's to read `sealed`. It cannot verify the signature before the enclosed key of
/// the case was imported: until then the content comes out whole, and gpg ends with 2.
fn assert_gnupg_reads(desk: &Desk, sealed: &str, options: &str) {
    let name = |what: &str| format!("{sealed}-{what}");
    let decrypt = |into: &str| desk.gpg(&format!("{options} -o {into} -d {sealed}"));
    let (before, after) = (name("before.tar"), name("after.tar"));
    decrypt(&before).fails(2, "Can't check signature: No public key");
    desk.untar(&before, &name("before"));
    desk.assert_is_bundle(&name("before"));

    desk.gpg(&format!("--import {}/reporter.asc", name("before")))
        .ok();
    let said = decrypt(&after).says("Good signature from \"Reporter (sealpost case)\"");
    assert_no_warning(&said.stderr);
    desk.untar(&after, &name("after"));
    desk.assert_is_bundle(&name("after"));

    let folder = name("gpgtar");
    let inner = format!("--batch --pinentry-mode loopback --trust-model always {options}");
    let gpgtar = [
        "--batch",
        "--gpg-args",
        &inner,
        "--directory",
        &folder,
        "-d",
    ];
    std::fs::create_dir(desk.path(&folder)).unwrap();
    desk.run("gpgtar", [gpgtar.as_slice(), &[sealed]].concat())
        .ok();
    desk.assert_is_bundle(&folder);
}

/// That nobody has signed the fresh key of a case is the one thing that GnuPG may warn of; and it
/// looks for a smartcard where the recipient is hidden.
fn assert_no_warning(said: &str) {
    let others = said
        .lines()
        .filter(|line| line.contains("WARNING") || line.contains("rror"))
        .filter(|line| !line.contains("Using untrusted key") && !line.contains("scdaemon"))
        .collect::<Vec<_>>();
    assert_eq!(others, Vec::<&str>::new(), "{said}");
}

/// Where the secrets are, sorted: `+` here, `#` elsewhere.
fn sorted(listing: &str) -> Vec<&str> {
    let mut tokens: Vec<_> = listing
        .lines()
        .filter(|line| line.starts_with("sec:") || line.starts_with("ssb:"))
        .filter_map(|line| line.split(':').nth(14))
        .collect();
    tokens.sort_unstable();
    tokens
}

/// The validity of the primary key.
fn validity(listing: &str) -> String {
    let line = listing
        .lines()
        .find(|line| line.starts_with("pub:"))
        .unwrap();
    line.split(':').nth(1).unwrap().to_owned()
}
