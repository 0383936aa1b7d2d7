//! Promises 35, 36 and 38: the packets of a sealed report, outside and inside.

use std::collections::BTreeSet;

use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::types::{CompressionAlgorithm, DataFormat};
use sequoia_openpgp::{Cert, Fingerprint, KeyHandle, Packet};

use crate::dump::{Dump, Opener};
use crate::forge;
use crate::scene::{PASSPHRASE, Scene, contains};
use crate::vendor::{self, key, make, new_vendor, reporter, stranger, vendor};

/// What a sealed report must consist of.
fn inspect(message: &[u8], opener: &Opener<'_>, first: &[&str], signed: bool) -> Dump {
    let dump = Dump::of(message, opener);
    let mut wanted: Vec<&str> = first.to_vec();
    wanted.push("Sym. Encrypted and Integrity Protected Data Packet");
    if signed {
        wanted.extend([
            "One-Pass Signature Packet",
            "Literal Data Packet",
            "Signature Packet",
        ]);
    } else {
        wanted.push("Literal Data Packet");
    }
    let mut kinds = dump.kinds();
    kinds.retain(|kind| !kind.contains("Modification Detection"));
    assert_eq!(kinds, wanted);
    for packet in &dump.packets {
        if let Packet::Literal(literal) = packet {
            assert_eq!(literal.filename(), None);
            assert_eq!(literal.date(), None);
            assert_eq!(literal.format(), DataFormat::Binary);
        }
    }
    dump
}

const PKESK: &str = "Public-Key Encrypted Session Key Packet";
const SKESK: &str = "Symmetric-Key Encrypted Session Key Packet";

/// The names of the recipients on the outside, `None` for a hidden one.
fn named(dump: &Dump) -> Vec<Option<KeyHandle>> {
    let names = dump.packets.iter().filter_map(|packet| match packet {
        Packet::PKESK(pkesk) => Some(pkesk.recipient()),
        _ => None,
    });
    names.collect()
}

/// The certificates that the signature is for.
fn intended(dump: &Dump) -> BTreeSet<Fingerprint> {
    let intended = dump.packets.iter().filter_map(|packet| match packet {
        Packet::Signature(signature) => Some(signature.intended_recipients()),
        _ => None,
    });
    intended.flatten().cloned().collect()
}

fn of(certs: &[&Cert]) -> BTreeSet<Fingerprint> {
    certs.iter().map(|cert| cert.fingerprint()).collect()
}

#[test]
fn p35_p36_p38_one_recipient_is_named_and_nothing_else() {
    let scene = Scene::new();
    scene.write("new.asc", vendor::public(new_vendor()));
    scene.write("video.mp4", vec![0; 100_000]);
    for (file, cert) in [("vendor.asc", vendor()), ("new.asc", new_vendor())] {
        for more in [&[][..], &["--armor"], &["-a", "video.mp4"]] {
            let message = scene.seal("s", &[&["--key", file][..], more].concat());
            let dump = inspect(&message, &Opener::Key(cert), &[PKESK], true);
            let key = vendor::decryption(cert).public().fingerprint();
            let names = named(&dump);
            assert!(
                names[0].as_ref().unwrap().aliases(KeyHandle::from(key)),
                "{names:?}"
            );
            assert_eq!(intended(&dump), of(&[cert]));
        }
    }
    let message = scene.seal("s", &["--key", "vendor.asc", "--unsigned"]);
    inspect(&message, &Opener::Key(vendor()), &[PKESK], false);
}

#[test]
fn p35_p36_p38_several_recipients_are_all_hidden() {
    let scene = Scene::new();
    scene.write("new.asc", vendor::public(new_vendor()));
    scene.write("stranger.asc", vendor::public(stranger()));
    scene.write("reporter.asc", vendor::public(reporter()));
    let several = [
        "--key",
        "vendor.asc",
        "--key",
        "new.asc",
        "--key",
        "stranger.asc",
    ];
    let copy = ["--key", "vendor.asc", "--also-to", "reporter.asc"];
    let new = ["--key", "new.asc", "--also-to", "new.asc"];
    for (arguments, certs) in [
        (&several[..], &[vendor(), new_vendor(), stranger()][..]),
        (&copy, &[vendor(), reporter()]),
        (&new, &[new_vendor(), new_vendor()]),
    ] {
        let message = scene.seal("s", arguments);
        for cert in certs {
            let hidden = vec![PKESK; certs.len()];
            let dump = inspect(&message, &Opener::Key(cert), &hidden, true);
            assert_eq!(named(&dump), vec![None; certs.len()]);
            // Not even inside: each would learn of the others, and the vendor who the reporter is.
            assert_eq!(intended(&dump), of(&[]));
        }
        for cert in certs {
            for ka in cert.keys() {
                let handle = ka.key().keyid();
                assert!(
                    !contains(&message, handle.as_bytes()),
                    "{handle} on the outside"
                );
            }
        }
    }
}

#[test]
fn p35_p36_p38_a_passphrase_alone() {
    let scene = Scene::new();
    for profile in ["rfc4880", "rfc9580"] {
        let arguments = [
            "--passphrase",
            "--passphrase-file",
            "passphrase",
            "--profile",
            profile,
        ];
        let message = scene.seal("s", &arguments);
        let dump = inspect(&message, &Opener::Passphrase(PASSPHRASE), &[SKESK], true);
        assert_eq!(intended(&dump), BTreeSet::new());
    }
}

#[test]
fn p35_armour_has_no_headers() {
    let scene = Scene::new();
    let message = scene.seal("s", &["--key", "vendor.asc", "--armor"]);
    let text = String::from_utf8(message).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("-----BEGIN PGP MESSAGE-----"));
    assert_eq!(lines.next(), Some(""));
    assert!(!text.contains(':') && !text.contains("sealpost"), "{text}");
    assert_eq!(lines.next_back(), Some("-----END PGP MESSAGE-----"));
}

#[test]
fn p38_even_for_those_who_prefer_it() {
    let scene = Scene::new();
    let wishes = make(key("Packer <a@example.org>"));
    let user_id = wishes.userids().next().unwrap().userid().clone();
    let policy = StandardPolicy::new();
    let valid = wishes.with_policy(&policy, None).unwrap();
    let template = valid.primary_userid().unwrap().binding_signature().clone();
    let wish = SignatureBuilder::from(template)
        .set_preferred_compression_algorithms(vec![CompressionAlgorithm::Zlib])
        .unwrap();
    let wish = user_id
        .bind(&mut vendor::primary(&wishes), &wishes, wish)
        .unwrap();
    let wishes = forge::with(&wishes, vec![wish.into()]);
    scene.write("packer.asc", vendor::public(&wishes));
    scene.write("zeros", vec![0; 300_000]);
    let message = scene.seal("s", &["--key", "packer.asc", "-a", "zeros"]);
    inspect(&message, &Opener::Key(&wishes), &[PKESK], true);
    assert!(message.len() > 300_000);
}
