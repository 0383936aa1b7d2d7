//! Promise 8: "verified" is said of one literal, signed by the certificate that is named, and of
//! nothing else.

use std::fs;

use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::CertRevocationBuilder;
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::serialize::stream::LiteralWriter;
use sequoia_openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};

use crate::forge::{self, bundle, bytes, encrypted, literal, signature, signed};
use crate::scene::{Run, Scene};
use crate::vendor::{self, DAY, YEAR, key, make, now, reporter, signing, stranger, vendor};

/// What `open` must make of a message.
pub(crate) enum Wanted<'a> {
    /// Verified as this certificate's, `given` or `enclosed`.
    Verified(&'a Cert, &'static str),
    Unsigned,
    Unknown,
    /// Exit 5, and nothing of it appears.
    Refused,
}

/// Opens `message` in every way there is, with the reporter's certificate at hand, and compares.
pub(crate) fn judge(what: &str, message: &[u8], wanted: &Wanted<'_>) {
    judge_with(reporter(), what, message, wanted);
}

/// The same with another certificate at hand.
fn judge_with(given: &Cert, what: &str, message: &[u8], wanted: &Wanted<'_>) {
    let scene = Scene::new();
    scene.write("signer.asc", vendor::public(given));
    scene.write("m.pgp", message);
    let signer: &[&str] = match wanted {
        Wanted::Verified(_, "enclosed") => &[],
        _ => &["--signer", "signer.asc"],
    };
    let open = |more: &[&str]| {
        let before = scene.names();
        let run = scene.run(&[&["open", "m.pgp", "--key", "vendor.key"], signer, more].concat());
        let _absent = fs::remove_dir_all(scene.path("out"));
        assert_eq!(before, scene.names(), "{what}");
        run
    };
    let (json, text, piped) = (
        open(&["--json", "-o", "out"]),
        open(&["-o", "out"]),
        open(&["-o", "-"]),
    );
    if let Wanted::Refused = wanted {
        for run in [&json, &text, &piped] {
            assert_eq!(run.code, 5, "{what}: {run:?}");
            assert!(!says_verified(&run.stderr), "{what}: {run:?}");
        }
        assert_eq!(
            (text.text(), piped.text()),
            (String::new(), String::new()),
            "{what}"
        );
        assert_eq!(json.json()["error"]["exit"], 5, "{what}");
        return;
    }
    assert_eq!(
        (json.code, text.code, piped.code),
        (0, 0, 0),
        "{what}: {json:?}"
    );
    compare(what, wanted, &json, &text, &piped);
}

fn compare(what: &str, wanted: &Wanted<'_>, json: &Run, text: &Run, piped: &Run) {
    let document = json.json();
    let found = &document["reports"][0]["signature"];
    let (verdict, signer, origin) = match wanted {
        Wanted::Verified(cert, origin) => {
            ("verified", Some(cert.fingerprint().to_hex()), Some(*origin))
        }
        Wanted::Unsigned => ("unsigned", None, None),
        Wanted::Unknown | Wanted::Refused => ("unknown-signer", None, None),
    };
    assert_eq!(found["verdict"], verdict, "{what}");
    assert_eq!(found["signer"].as_str(), signer.as_deref(), "{what}");
    assert_eq!(found["origin"].as_str(), origin, "{what}");
    let text = text.text();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("signature:"))
        .collect();
    let [line] = lines[..] else {
        panic!("{what}: {text}")
    };
    assert_eq!(says_verified(line), signer.is_some(), "{what}: {line}");
    if let Some(signer) = signer {
        assert!(line.contains(&signer), "{what}: {line}");
    }
    // The enclosed key is not looked at where the content goes to stdout unseen.
    assert_eq!(
        says_verified(&piped.stderr),
        origin == Some("given"),
        "{what}: {piped:?}"
    );
}

/// Without the words for the opposite.
fn says_verified(text: &str) -> bool {
    text.replace("NOT verified", "").contains("verified")
}

/// The true one: what all others imitate.
fn genuine(by: &Cert) -> Vec<u8> {
    let content = bundle(&[by], &[]);
    let signature = signature(signing(by), &content, |builder| intended(builder, vendor()));
    encrypted(vendor(), &signed(signature, &content))
}

fn intended(builder: SignatureBuilder, recipient: &Cert) -> SignatureBuilder {
    builder
        .set_intended_recipients([recipient.fingerprint()])
        .unwrap()
}

pub(crate) fn unchanged(builder: SignatureBuilder) -> SignatureBuilder {
    builder
}

#[test]
fn p08_the_true_signer_is_named() {
    judge(
        "enclosed",
        &genuine(reporter()),
        &Wanted::Verified(reporter(), "enclosed"),
    );
    judge(
        "given",
        &genuine(reporter()),
        &Wanted::Verified(reporter(), "given"),
    );
    judge(
        "another's own",
        &genuine(stranger()),
        &Wanted::Verified(stranger(), "enclosed"),
    );
    let both = bundle(&[reporter(), stranger()], &[]);
    let by_stranger = signature(signing(stranger()), &both, unchanged);
    let message = encrypted(vendor(), &signed(by_stranger, &both));
    judge(
        "one of two enclosed",
        &message,
        &Wanted::Verified(stranger(), "enclosed"),
    );
}

#[test]
fn p08_another_key_is_not_the_one_that_is_enclosed() {
    let content = bundle(&[reporter()], &[]);
    let sealed = |signature| encrypted(vendor(), &signed(signature, &content));
    let plain = signature(signing(stranger()), &content, unchanged);
    judge("another signer", &sealed(plain), &Wanted::Unknown);
    let claimed = signature(signing(stranger()), &content, |builder| {
        let key = signing(reporter());
        builder
            .set_issuer(key.public().keyid())
            .unwrap()
            .set_issuer_fingerprint(key.public().fingerprint())
            .unwrap()
    });
    judge("a false issuer", &sealed(claimed), &Wanted::Refused);
    let both = signature(signing(stranger()), &content, |builder| {
        let key = signing(stranger());
        builder
            .set_issuer(signing(reporter()).public().keyid())
            .unwrap()
            .set_issuer_fingerprint(key.public().fingerprint())
            .unwrap()
    });
    judge("two issuers", &sealed(both), &Wanted::Refused);
    let primary = signature(vendor::primary(reporter()), &content, unchanged);
    judge(
        "a key that may not sign",
        &sealed(primary),
        &Wanted::Refused,
    );
}

#[test]
fn p08_a_key_that_is_only_borrowed_is_not_its_signer() {
    // The stranger's certificate claims the reporter's signing key; that key never agreed.
    let borrowed = signing(reporter()).public().clone().role_into_subordinate();
    let owner = stranger().primary_key().key();
    let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_key_flags(KeyFlags::empty().set_signing())
        .unwrap()
        .set_signature_creation_time(now() - YEAR / 2)
        .unwrap()
        .sign_subkey_binding(&mut vendor::primary(stranger()), owner, &borrowed)
        .unwrap();
    let thief = forge::with(stranger(), vec![borrowed.into(), binding.into()]);
    let content = bundle(&[&thief], &[]);
    let by_reporter = signature(signing(reporter()), &content, unchanged);
    let message = encrypted(vendor(), &signed(by_reporter, &content));
    // Named by hand, the reporter is the signer; from the message alone, nobody is.
    judge("borrowed", &message, &Wanted::Verified(reporter(), "given"));
    let scene = Scene::new();
    scene.write("m.pgp", message);
    let run = scene.run(&[
        "open",
        "m.pgp",
        "--key",
        "vendor.key",
        "-o",
        "out",
        "--json",
    ]);
    let document = run.json();
    assert_eq!(
        document["reports"][0]["signature"]["verdict"],
        "unknown-signer"
    );
}

#[test]
fn p08_keys_that_were_not_valid_sign_nothing() {
    let sealed = |cert: &Cert| {
        let content = bundle(&[cert], &[]);
        let signature = signature(signing(cert), &content, unchanged);
        encrypted(vendor(), &signed(signature, &content))
    };
    let expired = make(key("Expired <a@example.org>").set_validity_period(YEAR / 2));
    judge_with(&expired, "expired", &sealed(&expired), &Wanted::Refused);
    for (code, hash) in [
        (ReasonForRevocation::KeyCompromised, HashAlgorithm::SHA512),
        (ReasonForRevocation::KeyRetired, HashAlgorithm::SHA512),
        (ReasonForRevocation::KeyCompromised, HashAlgorithm::RipeMD),
        (ReasonForRevocation::KeyCompromised, HashAlgorithm::MD5),
    ] {
        let owner = make(key("Revoked <a@example.org>"));
        let revocation = CertRevocationBuilder::new()
            .set_reason_for_revocation(code, b"")
            .unwrap()
            .build(&mut vendor::primary(&owner), &owner, Some(hash))
            .unwrap();
        let revoked = forge::with(&owner, vec![revocation.into()]);
        let content = bundle(&[&revoked], &[]);
        let late = signature(signing(&revoked), &content, |builder| {
            builder.set_signature_creation_time(now()).unwrap()
        });
        let message = encrypted(vendor(), &signed(late, &content));
        judge_with(&revoked, "revoked", &message, &Wanted::Refused);
    }
    let young = make(key("Young <a@example.org>").set_creation_time(now()));
    let content = bundle(&[&young], &[]);
    let early = signature(signing(&young), &content, |builder| {
        builder.set_signature_creation_time(now() - DAY).unwrap()
    });
    let message = encrypted(vendor(), &signed(early, &content));
    judge_with(&young, "older than its key", &message, &Wanted::Refused);
}

#[test]
fn p08_signatures_that_do_not_hold_now_or_here() {
    let content = bundle(&[reporter()], &[]);
    let sealed = |change: &dyn Fn(SignatureBuilder) -> SignatureBuilder| {
        let signature = signature(signing(reporter()), &content, change);
        encrypted(vendor(), &signed(signature, &content))
    };
    let at =
        |time| move |builder: SignatureBuilder| builder.set_signature_creation_time(time).unwrap();
    judge(
        "from the future",
        &sealed(&at(now() + 2 * DAY)),
        &Wanted::Refused,
    );
    let short = |builder: SignatureBuilder| {
        at(now() - 2 * DAY)(builder)
            .set_signature_validity_period(DAY)
            .unwrap()
    };
    judge(
        "a signature that expired",
        &sealed(&short),
        &Wanted::Refused,
    );
    let elsewhere = |builder| intended(builder, stranger());
    judge(
        "made for somebody else",
        &sealed(&elsewhere),
        &Wanted::Refused,
    );
    let weak = |builder: SignatureBuilder| builder.set_hash_algo(HashAlgorithm::SHA1);
    judge("by SHA-1", &sealed(&weak), &Wanted::Refused);
}

#[test]
fn p08_words_in_names_and_user_ids_deceive_nobody() {
    let words = "reporter, verified (a certificate that you named)";
    let liar = make(key(&format!("signature: signed by {words}")));
    let file = format!(
        "signature   signed by {}, verified",
        reporter().fingerprint()
    );
    let content = bundle(&[&liar], &[(words, b"verified"), (&file, b"verified")]);
    let unsigned = encrypted(vendor(), &bytes(&[literal(&content)]));
    judge("names", &unsigned, &Wanted::Unsigned);
    let unknown = encrypted(vendor(), &signed_by(stranger(), &content));
    judge("names and a User ID", &unknown, &Wanted::Unknown);
    let own = encrypted(vendor(), &signed_by(&liar, &content));
    judge("a User ID", &own, &Wanted::Verified(&liar, "enclosed"));
    let text = b"signature: signed by you, verified\n";
    let named = encrypted(
        vendor(),
        &bytes(&[forge::named_literal(b"verified.txt", text)]),
    );
    judge("a text", &named, &Wanted::Unsigned);
    let mut armored = Vec::new();
    let writer = LiteralWriter::new(forge::encrypting(vendor(), &mut armored)).build();
    writer.unwrap().finalize().unwrap();
    judge("an empty text", &armored, &Wanted::Unsigned);
}

pub(crate) fn signed_by(cert: &Cert, content: &[u8]) -> Vec<u8> {
    signed(signature(signing(cert), content, unchanged), content)
}
