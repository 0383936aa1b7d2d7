//! What `publish` refuses, each with a reason and a next step, leaving nothing behind.

use sequoia_openpgp::{Cert, cert::CertBuilder, serialize::SerializeInto as _};

use crate::{
    bench::{
        Bench, ended,
        vendors::{self, Vendor},
    },
    site::{DOMAIN, publish},
};

#[test]
fn a_certificate_that_nobody_could_use_is_refused() {
    let vendor = vendors::vendor();
    let both = vendor.certificate.clone() + &vendors::other().certificate;
    for (name, content, word) in [
        ("expired", vendors::expired().to_owned(), "expired on"),
        ("revoked", vendor.revoked(), "revoked by its owner"),
        ("signs-alone", signs_alone(), "no encryption subkey"),
        ("secret", vendor.secret.clone(), "holds a secret key"),
        ("several", both, "2 certificates"),
        ("nothing", "words".to_owned(), "no OpenPGP certificate"),
    ] {
        let bench = Bench::new();
        bench.write(name, content);
        publish(&bench, vendor, &["--key", name])
            .expect(3)
            .says(&[word, "hint"]);
        assert!(is_empty_of_sites(&bench), "{name}");
    }
}

/// A revocation that was seen once stays seen.
#[test]
fn p04_a_revoked_certificate_is_remembered() {
    let bench = Bench::new();
    let vendor = Vendor::generate("security@example.test");
    bench.write("revoked.asc", vendor.revoked());
    publish(&bench, &vendor, &["--key", "revoked.asc"]).expect(3);
    publish(&bench, &vendor, &[])
        .expect(3)
        .says(&["revoked by its owner"]);
}

#[test]
fn somebody_else_does_not_sign_by_mistake() {
    let (vendor, other) = (vendors::vendor(), vendors::other());
    let bench = Bench::new();
    bench.write("other.pgp", &other.signing);
    publish(&bench, vendor, &["--sign-with", "other.pgp"])
        .expect(3)
        .says(&[&other.fingerprint, &vendor.fingerprint, "hint"]);
    let secret: Cert = vendor.secret.parse().unwrap();
    let secret = secret.retain_subkeys(|ka| !ka.key().pk_algo().for_signing());
    bench.write("secret.pgp", secret.as_tsk().armored().to_vec().unwrap());
    publish(&bench, vendor, &["--sign-with", "secret.pgp"])
        .expect(1)
        .says(&["secret.pgp"]);
    assert!(is_empty_of_sites(&bench));
}

/// receipts.pgp signs, and lies where the intake runs.
#[test]
fn the_key_of_the_intake_signs_with_a_warning() {
    let bench = Bench::new();
    publish(&bench, vendors::vendor(), &["--sign-with", "receipts.pgp"])
        .expect(0)
        .says(&["warning", "whoever runs the intake"]);
}

/// An older export of the certificate does not verify what a newer subkey signs.
#[test]
fn a_signature_that_the_certificate_does_not_verify_is_refused() {
    let vendor = vendors::vendor();
    let cert: Cert = vendor.certificate.parse().unwrap();
    let without = cert.retain_subkeys(|ka| !ka.key().pk_algo().for_signing());
    let bench = Bench::new();
    bench.write("old.asc", without.armored().to_vec().unwrap());
    publish(&bench, vendor, &["--key", "old.asc"])
        .expect(3)
        .says(&["export the certificate again"]);
    assert!(is_empty_of_sites(&bench));
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_next_step() {
    let bench = Bench::new();
    bench.write("vendor.asc", &vendors::vendor().certificate);
    bench.write(
        "refuses.toml",
        "[program]\nname = \"A\"\nid = \"a\"\n[[contact]]\nuri = \"tel:123\"\n\
         [encryption]\nwanted = \"refused\"\nwhy = \"no\"\n",
    );
    let base = ["publish", "--key", "vendor.asc", "-o", "site"];
    for (further, word) in [
        (&["--domain", DOMAIN][..], "--sign-with"),
        (
            &["--domain", DOMAIN, "--unsigned", "--expires", "2y"],
            "a year at most",
        ),
        (
            &["--domain", DOMAIN, "--unsigned", "--expires", "never"],
            "a year at most",
        ),
        (
            &["--domain", "https://example.test/", "--unsigned"],
            "not a domain",
        ),
        (&["--domain", "192.0.2.1", "--unsigned"], "not a domain"),
        (&["--domain", "other.test", "--unsigned"], "--contact"),
        (
            &["--domain", DOMAIN, "--unsigned", "--language", "x y"],
            "language",
        ),
        (
            &[
                "--domain",
                DOMAIN,
                "--unsigned",
                "--program",
                "./refuses.toml",
            ],
            "wanted",
        ),
        (
            &["--domain", DOMAIN, "--unsigned", "--check", DOMAIN],
            "--check",
        ),
        (&["--unsigned"], "--domain"),
    ] {
        let mut command = bench.command();
        command.args(base).args(further);
        ended(command).expect(2).says(&[word]);
        assert!(is_empty_of_sites(&bench), "{further:?}");
    }
}

fn is_empty_of_sites(bench: &Bench) -> bool {
    let entries = std::fs::read_dir(bench.path(".")).unwrap();
    let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    !names.any(|name| name == "site" || name.starts_with(".sealpost"))
}

fn signs_alone() -> String {
    let (cert, _) = CertBuilder::new()
        .add_userid("Example <security@example.test>")
        .add_signing_subkey()
        .generate()
        .unwrap();
    String::from_utf8(cert.armored().to_vec().unwrap()).unwrap()
}
