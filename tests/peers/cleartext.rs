//! Signed texts and signatures beside files, in both directions with GnuPG.

use std::time::SystemTime;

use sealpost::openpgp::{
    Certificate, GeneratedKey, SecretKey, SignatureVerdict, Signer, generate, is_cleartext_signed,
    read_certificates, read_cleartext, read_secret_keys, sign_cleartext, verify_detached,
};

use super::{desk::Desk, gnupg_keys::Kind};

/// Lines that need escapes, blank lines, letters beyond ASCII, and no line end behind the last.
const TEXT: &str = "Contact: mailto:security@example.org\n\n- a dash\n\
    -----BEGIN PGP SIGNED MESSAGE-----\nFrom here on\n\n\u{20ac} -\n--\n\tindented\nlast";

#[expect(clippy::disallowed_methods, reason = "gpg reads the clock, too")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn signer(key: &SecretKey) -> Signer {
    key.signer(now(), &mut |_, _| Ok(None)).unwrap()
}

fn only(file: &str, bytes: &[u8]) -> Certificate {
    let found = read_certificates(file, bytes).unwrap();
    <[_; 1]>::try_from(found).unwrap()[0].clone()
}

#[test]
fn gnupg_verifies_what_is_signed_and_reads_the_same_text() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    let wanted = GeneratedKey::new("Vendor", "security@example.org").unwrap();
    let made = generate(&wanted, now()).unwrap();
    desk.write("vendor.asc", &made.certificate);
    desk.gpg("--import vendor.asc").ok();
    let ours = read_secret_keys("receipts", &made.receipts).unwrap();
    let mut keys = vec![("ours", ours[0].clone())];
    for (name, kind) in [("rsa", Kind::Rsa(2048)), ("p256", Kind::P256)] {
        desk.gnupg_key(name, kind);
        let secret = read_secret_keys(name, &desk.read(&format!("{name}.sec"))).unwrap();
        keys.push((name, secret[0].clone()));
    }
    for (name, key) in keys {
        for text in [TEXT, "", "\n", "a\n", "a\n\n"] {
            let signed = sign_cleartext(text, &mut signer(&key), now()).unwrap();
            desk.write("signed.txt", &signed);
            desk.gpg("--verify signed.txt").says("Good signature");
            desk.gpg("-o read.txt --decrypt signed.txt").ok();
            let read = String::from_utf8(desk.read("read.txt")).unwrap();
            let ours = read_cleartext(&signed).unwrap();
            assert_eq!(
                read.trim_end_matches('\n'),
                ours.text().trim_end_matches('\n'),
                "{name}"
            );
            let changed = String::from_utf8(signed)
                .unwrap()
                .replacen("\n\n", "\n\nX", 1);
            desk.write("changed.txt", changed.as_bytes());
            desk.gpg("--verify changed.txt").fails_somehow();
        }
    }
}

#[test]
fn what_gnupg_signs_is_verified_and_read_the_same() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    for (name, kind) in [
        ("curve", Kind::Curve25519),
        ("rsa", Kind::Rsa(2048)),
        ("p256", Kind::P256),
    ] {
        let key = desk.gnupg_key(name, kind);
        let certificate = only(name, &desk.read(&format!("{name}.asc")));
        assert_eq!(certificate.fingerprint().as_hex(), key.fingerprint);
        desk.write("text.txt", format!("{TEXT} \t \r\n").as_bytes());
        desk.gpg(&format!(
            "-u {name}@example.org -o signed.txt --clearsign text.txt"
        ))
        .ok();
        let signed = desk.read("signed.txt");
        assert!(is_cleartext_signed(&signed));
        let text = read_cleartext(&signed).unwrap();
        assert_eq!(text.text(), TEXT);
        assert!(!text.outside());
        let verified = |verdict: SignatureVerdict| {
            let by_whom = match verdict {
                SignatureVerdict::Verified { signer, .. } => signer.to_string(),
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!(by_whom, key.fingerprint);
        };
        verified(text.verify(&[&certificate], now()));
        for (how, file) in [
            ("--detach-sign", "a.sig"),
            ("--armor --textmode --detach-sign", "b.asc"),
        ] {
            desk.gpg(&format!("-u {name}@example.org -o {file} {how} text.txt"))
                .ok();
            let content = desk.read("text.txt");
            let verdict = verify_detached(&desk.read(file), &content, &[&certificate], now());
            verified(verdict);
            let other = verify_detached(&desk.read(file), b"other", &[&certificate], now());
            assert!(matches!(other, SignatureVerdict::Bad { .. }), "{other:?}");
        }
    }
}
