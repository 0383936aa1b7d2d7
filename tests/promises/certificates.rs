//! Promise 3: which certificates are never sealed to.

use std::collections::BTreeMap;

use sequoia_openpgp::packet::key::{Key4, SecretParts, SubordinateRole};
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::{Key, UserID};
use sequoia_openpgp::types::{Curve, HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};
use sequoia_openpgp::{Cert, Packet};

use crate::corpus;
use crate::forge;
use crate::scene::Scene;
use crate::vendor::{
    self, YEAR, for_encryption, key, key_without_encryption, make, now, primary, stranger,
};

/// Certificates that must not be sealed to, each with words of the reason.
fn unfit() -> Vec<(Vec<u8>, &'static str)> {
    let mut all = vec![
        (
            make(key("A <a@example.org>").set_validity_period(YEAR / 2)),
            "expired on",
        ),
        (
            make(key("A <a@example.org>").set_creation_time(now() + YEAR)),
            "not valid before",
        ),
        (
            make(key_without_encryption("A <a@example.org>")),
            "no encryption subkey",
        ),
        (
            with_subkey(x25519(), |builder| {
                builder.set_key_validity_period(YEAR / 2).unwrap()
            }),
            "encryption subkey expired on",
        ),
        (
            with_subkey(rsa_1024(), |builder| builder),
            "too weak (RSA 1024)",
        ),
        (
            with_subkey(x25519(), |builder| {
                builder.set_hash_algo(HashAlgorithm::SHA1)
            }),
            "not soundly bound",
        ),
        (weak_user_id(), "not soundly bound"),
        (unbound(), "no encryption subkey"),
    ];
    // The owner's word counts whatever it was signed with: GnuPG may still be told to use RIPEMD-160.
    for hash in [
        HashAlgorithm::SHA512,
        HashAlgorithm::SHA1,
        HashAlgorithm::RipeMD,
        HashAlgorithm::MD5,
    ] {
        all.push((revoked_subkey(hash), "encryption subkey is revoked"));
    }
    for (code, what) in [
        (
            ReasonForRevocation::KeyCompromised,
            "revoked by its owner (Key material has been compromised: stolen",
        ),
        (
            ReasonForRevocation::KeyRetired,
            "revoked by its owner (Key is retired",
        ),
        (ReasonForRevocation::Unspecified, "revoked by its owner ("),
    ] {
        let owner = make(key("A <a@example.org>"));
        let revocation = owner.revoke(&mut primary(&owner), code, b"stolen").unwrap();
        all.push((forge::with(&owner, vec![revocation.into()]), what));
    }
    all.into_iter()
        .map(|(cert, why)| (vendor::public(&cert), why))
        .collect()
}

pub(crate) type Subkey = Key<SecretParts, SubordinateRole>;

pub(crate) fn x25519() -> Subkey {
    let mut key: Key4<SecretParts, SubordinateRole> =
        Key4::generate_ecc(false, Curve::Cv25519).unwrap();
    key.set_creation_time(now() - YEAR).unwrap();
    key.into()
}

fn rsa_1024() -> Subkey {
    let mut key: Key4<SecretParts, SubordinateRole> = Key4::generate_rsa(1024).unwrap();
    key.set_creation_time(now() - YEAR).unwrap();
    key.into()
}

/// A sound certificate whose only key for encryption is bound in this way.
pub(crate) fn with_subkey(
    subkey: Subkey,
    change: impl FnOnce(SignatureBuilder) -> SignatureBuilder,
) -> Cert {
    let cert = make(key_without_encryption("A <a@example.org>"));
    let builder = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_hash_algo(HashAlgorithm::SHA512)
        .set_signature_creation_time(now() - YEAR)
        .unwrap()
        .set_key_flags(for_encryption())
        .unwrap();
    let binding = subkey
        .bind(&mut primary(&cert), &cert, change(builder))
        .unwrap();
    forge::with(&cert, vec![subkey.into(), binding.into()])
}

fn unbound() -> Cert {
    let cert = make(key_without_encryption("A <a@example.org>"));
    forge::with(&cert, vec![x25519().into()])
}

fn revoked_subkey(hash: HashAlgorithm) -> Cert {
    let subkey = x25519();
    let cert = with_subkey(subkey.clone(), |builder| builder);
    let revocation = SignatureBuilder::new(SignatureType::SubkeyRevocation)
        .set_hash_algo(hash)
        .set_reason_for_revocation(ReasonForRevocation::KeyCompromised, b"")
        .unwrap();
    let revocation = subkey.bind(&mut primary(&cert), &cert, revocation).unwrap();
    forge::with(&cert, vec![revocation.into()])
}

/// Everything about the primary key is stated by a signature over SHA-1.
fn weak_user_id() -> Cert {
    let sound = make(key("A <a@example.org>"));
    let user_id = UserID::from("A <a@example.org>");
    let owner = sound
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap();
    let bare = Cert::try_from(Packet::SecretKey(owner)).unwrap();
    let builder = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_hash_algo(HashAlgorithm::SHA1)
        .set_signature_creation_time(now() - YEAR)
        .unwrap()
        .set_key_flags(KeyFlags::empty().set_certification())
        .unwrap();
    let binding = user_id.bind(&mut primary(&sound), &bare, builder).unwrap();
    let mut packets = vec![Packet::from(user_id), binding.into()];
    for subkey in sound.keys().subkeys() {
        packets.push(subkey.key().clone().parts_into_secret().unwrap().into());
        packets.extend(subkey.self_signatures().cloned().map(Packet::from));
    }
    forge::with(&bare, packets)
}

/// Refused with exit 3, and nothing is written.
fn refused(scene: &Scene, keys: &[&str], why: &str) {
    let before = scene.names();
    for output in ["sealed.pgp", "-"] {
        let arguments = ["seal", "report.md", "-o", output];
        let run = scene.run(&[&arguments[..], keys].concat());
        assert_eq!(run.code, 3, "{why}: {run:?}");
        assert!(run.stderr.contains(why), "{why}: {run:?}");
        assert_eq!(run.text(), "", "{why}");
    }
    let run = scene.run(&[&["seal", "report.md", "-o", "s", "--json"], keys].concat());
    let document = run.json();
    assert_eq!(document["error"]["exit"], 3, "{why}");
    assert!(
        document["error"]["hints"][0]["text"].is_string(),
        "{document}"
    );
    assert_eq!(scene.names(), before, "{why}");
}

#[test]
fn p03_generated_certificates_are_refused_each_with_its_reason() {
    let scene = Scene::new();
    for (certificate, why) in unfit() {
        scene.write("unfit.asc", certificate);
        refused(&scene, &["--key", "unfit.asc"], why);
    }
    scene.write(
        "fit.asc",
        vendor::public(&with_subkey(x25519(), |builder| builder)),
    );
    scene.seal("sealed.pgp", &["--key", "fit.asc"]);
}

#[test]
fn p03_one_bad_recipient_fails_all() {
    let scene = Scene::new();
    scene.write("good.asc", vendor::public(stranger()));
    for (certificate, why) in unfit() {
        scene.write("unfit.asc", certificate);
        refused(
            &scene,
            &[
                "--key",
                "vendor.asc",
                "--key",
                "unfit.asc",
                "--key",
                "good.asc",
            ],
            why,
        );
        refused(
            &scene,
            &["--key", "unfit.asc", "--also-to", "good.asc"],
            why,
        );
        refused(
            &scene,
            &["--key", "vendor.asc", "--also-to", "unfit.asc"],
            why,
        );
    }
    scene.seal("s", &["--key", "vendor.asc", "--key", "good.asc"]);
}

#[test]
fn p03_certificates_of_the_corpus_that_must_not_be_used() {
    let Some(corpus) = corpus::folder("certificates") else {
        return;
    };
    let table = corpus::read(&corpus.join("MANIFEST.tsv"));
    let mut files = BTreeMap::<&str, Vec<&str>>::new();
    for row in table.lines().skip(1) {
        let fields: Vec<_> = row.split('\t').collect();
        files.entry(fields[0]).or_default().push(fields[3]);
    }
    let scene = Scene::new();
    let before = scene.names();
    let mut seen = [0; UNFIT.len()];
    for (file, traits) in files {
        // A file with several certificates may hold a good one.
        let [traits] = traits[..] else { continue };
        let Some(unfit) = UNFIT.iter().position(|word| traits.contains(word)) else {
            continue;
        };
        let path = corpus.join(file).display().to_string();
        let run = scene.run(&["seal", "report.md", "-o", "sealed.pgp", "--key", &path]);
        assert_eq!(run.code, 3, "{file} ({traits}): {run:?}");
        assert_eq!(scene.names(), before, "{file}");
        seen[unfit] += 1;
    }
    println!("{seen:?} of {UNFIT:?}");
    assert!(seen[..4].iter().all(|count| *count > 0), "{seen:?}");
    assert!(seen.iter().sum::<usize>() > 250, "{seen:?}");
}

/// Words of the table for what must not be sealed to, the first that applies.
const UNFIT: [&str; 6] = [
    "EXPIRED=",
    "REVOKED",
    "SHA1-ONLY",
    "ElGamal",
    "NO-LIVE-ENC",
    "NO-ENC",
];
