//! `publish --check`: each thing that a reporter stumbles over is found, with its code and weight.

use std::{net::TcpListener, time::Duration};

use sequoia_openpgp::{cert::CertBuilder, types::HashAlgorithm};

use crate::{
    bench::{
        Bench, TEXT,
        ca::Leaf,
        dnssec::Dnssec,
        ended,
        vendors::{self, vendor},
    },
    site::{DOMAIN, Site, finds, finds_with, listed, serving},
    unfit::{
        DAY, Subkey, bare, encrypting, made, now, revoked_subkey, rsa_1024, with_subkey, x25519,
    },
};

const FILE: &str = ".well-known/security.txt";
const PAGE: &str = "<!DOCTYPE html>\n<html><body>Welcome</body></html>\n";

#[test]
fn a_sound_site_has_no_fault() {
    let bench = serving(&Site::sound());
    let done = bench.run(["publish", "--check", DOMAIN]).expect(0);
    assert!(done.stdout.is_empty());
    done.says(&[
        "advice: one server alone",
        "(one-source)\n",
        "no error and no warning",
    ]);
    let done = bench.run(["publish", "--check", DOMAIN, "-q"]).expect(0);
    assert_eq!((done.stdout.len(), done.stderr.as_str()), (0, ""));
}

#[test]
fn findings_are_told_in_words() {
    let bench = serving(&Site::sound().without(FILE));
    let done = bench.run(["publish", "--check", DOMAIN]).expect(4);
    let said = String::from_utf8(done.stdout).unwrap();
    let expected = "error: there is no security.txt, so reporters do not learn where to write: `sealpost publish` writes one (security-txt-missing)\n  at https://example.test/.well-known/security.txt\n";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn security_txt_that_is_not_there_or_cannot_be_read() {
    let missing = Site::sound().without(FILE);
    finds(&serving(&missing), &["security-txt-missing error"]);
    finds(
        &serving(&Site::sound().with(FILE, PAGE)),
        &["security-txt-not-a-security-txt error"],
    );
    let place = format!("/{FILE}");
    let bench = serving(&missing);
    bench.web.host(DOMAIN).status(&place, 503);
    finds(&bench, &["security-txt-http-status error"]);
    bench
        .web
        .host(DOMAIN)
        .redirect(&place, "https://elsewhere.test/security.txt");
    finds(&bench, &["security-txt-redirected-elsewhere error"]);
    bench.web.host(DOMAIN).certificate(Leaf::Expired);
    finds(&bench, &["security-txt-tls error"]);
}

#[test]
fn what_stands_in_security_txt() {
    let old = "2020-01-01T00:00:00Z";
    for (text, codes) in [
        (
            unsigned().replace("Expires:", "X-Expires:"),
            &["security-txt-expires-missing error"][..],
        ),
        (dated(old), &["security-txt-expired error"]),
        (unsigned(), &["security-txt-unsigned warning"]),
        (
            unsigned().replace("/.well-known/security.txt", "/x"),
            &["security-txt-canonical-mismatch error"],
        ),
        (
            unsigned().replace("Contact: mailto:", "Contact: "),
            &["security-txt-bare-address error"],
        ),
        (
            unsigned().replace("Canonical:", "Canonicals:"),
            &["security-txt-misspelt-field warning"],
        ),
        (
            unsigned()
                .replace("Encryption:", "X:")
                .replace("mailto:security@example.test", "https://example.test/"),
            &["security-txt-encryption-missing warning"],
        ),
        (
            signed().replace("Contact: mailto:s", "Contact: mailto:other-s"),
            &["signature-bad error"],
        ),
        (
            vendors::other().sign(&unsigned()),
            &["signature-unknown-signer warning"],
        ),
    ] {
        finds(&serving(&Site::sound().with(FILE, text)), codes);
    }
}

#[test]
fn how_security_txt_is_served() {
    let bench = serving(&Site::sound());
    let place = format!("/{FILE}");
    bench.web.host(DOMAIN).serve(&place, "text/html", signed());
    finds(&bench, &["security-txt-media-type-wrong error"]);
    let bench = serving(&Site::sound().without(FILE));
    bench
        .web
        .host(DOMAIN)
        .serve("/security.txt", TEXT, unsigned());
    finds(&bench, &["security-txt-old-location error"]);
}

#[test]
fn where_the_link_leads() {
    finds(
        &serving(&Site::sound().without("key.asc")),
        &["encryption-link-missing error"],
    );
    finds(
        &serving(&Site::sound().with("key.asc", PAGE)),
        &["encryption-link-no-certificate error"],
    );
    let bench = serving(&Site::sound());
    bench
        .web
        .host(DOMAIN)
        .redirect("/key.asc", "https://elsewhere.test/key.asc");
    finds(&bench, &["encryption-link-redirected-elsewhere error"]);
}

/// The gravest of all comes first, wherever it is.
#[test]
fn a_published_secret_key() {
    let wkd = wkd_path();
    for (path, text) in [("key.asc", unsigned()), (wkd.as_str(), signed())] {
        let site = Site::sound().with(FILE, text).with(path, &vendor().secret);
        let found = finds(&serving(&site), &["secret-key-published error"]);
        assert_eq!(found[0], "secret-key-published error");
    }
}

#[test]
fn what_is_wrong_with_the_key() {
    let now = now();
    let (soon, past) = (10 * DAY, 400 * DAY);
    let subkey = |key: Subkey, hash, lifetime: Option<Duration>| with_subkey(key, hash, lifetime);
    let plain = HashAlgorithm::SHA256;
    for (certificate, code) in [
        (vendors::expired().to_owned(), "key-expired error"),
        (vendor().revoked(), "key-revoked error"),
        (
            made(bare(now - DAY).add_signing_subkey()),
            "key-no-encryption-subkey error",
        ),
        (
            subkey(x25519(), plain, Some(390 * DAY)),
            "key-encryption-subkey-expired error",
        ),
        (subkey(rsa_1024(), plain, None), "key-weak-algorithm error"),
        (
            subkey(x25519(), HashAlgorithm::SHA1, None),
            "key-weak-binding error",
        ),
        (revoked_subkey(), "key-encryption-subkey-revoked error"),
        (
            made(encrypting(bare(now - DAY)).set_validity_period(soon)),
            "key-expires-soon warning",
        ),
        (
            subkey(x25519(), plain, Some(past + soon)),
            "encryption-subkey-expires-soon warning",
        ),
    ] {
        let site = Site::sound()
            .with(FILE, unsigned())
            .with("key.asc", certificate);
        finds(&serving(&site.without("openpgpkey")), &[code]);
    }
}

/// An old key beside one that can be used keeps nobody from writing.
#[test]
fn a_revoked_key_beside_a_sound_one_is_a_warning() {
    let both = vendors::other().revoked() + &vendor().certificate;
    let bench = serving(&Site::sound().with("key.asc", both));
    finds(&bench, &["key-revoked warning"]);
}

#[test]
fn a_key_that_nobody_has() {
    let way = format!("Encryption: openpgp4fpr:{}", vendor().fingerprint);
    let text = unsigned().replace("Encryption: https://example.test/key.asc", &way);
    let site = Site::sound().with(FILE, text);
    finds(
        &serving(&site.without("openpgpkey")),
        &["certificate-missing error"],
    );
}

#[test]
fn what_the_sources_say_together() {
    let (one, other) = (vendor(), vendors::other());
    let disagree = Site::sound().with(&wkd_path(), &other.binary);
    finds(&serving(&disagree), &["sources-disagree error"]);
    let both = one.certificate.clone() + &other.certificate;
    let several = Site::sound().with("key.asc", both).without("openpgpkey");
    finds(&serving(&several), &["several-keys error"]);
    let program = Site::sound()
        .text("program.json")
        .replace(&one.fingerprint, &other.fingerprint);
    finds(
        &serving(&Site::sound().with("program.json", program)),
        &["program-json-other-key warning"],
    );
    for (path, code) in [
        ("program.json", "program-json-not-a-profile advice"),
        (
            ".well-known/csaf/provider-metadata.json",
            "csaf-not-provider-metadata advice",
        ),
    ] {
        let bench = serving(&Site::sound().with(path, PAGE));
        assert_eq!(finds_with(&bench, 0, &[code]), [code, "one-source advice"]);
    }
    let stranger = made(encrypting(
        CertBuilder::new().add_userid("Example <a@example.test>"),
    ));
    let unnamed = Site::sound()
        .with(FILE, unsigned())
        .with("key.asc", stranger);
    finds(
        &serving(&unnamed.without("openpgpkey")),
        &["address-not-in-key warning"],
    );
}

#[test]
fn what_is_wrong_with_the_directory() {
    finds(
        &serving(&Site::sound().without("openpgpkey")),
        &["wkd-missing warning"],
    );
    finds(
        &serving(&Site::sound().without("policy")),
        &["wkd-policy-missing warning"],
    );
    let stranger = made(encrypting(
        CertBuilder::new().add_userid("Example <a@example.test>"),
    ));
    finds(
        &serving(&Site::sound().with(&wkd_path(), stranger)),
        &["wkd-other-address warning"],
    );
    let bench = serving(&Site::sound());
    bench
        .web
        .host(DOMAIN)
        .status(&format!("/{}", wkd_path()), 500);
    finds(&bench, &["wkd-http-status warning"]);
    let bench = serving(&Site::sound());
    bench
        .web
        .host("openpgpkey.example.test")
        .certificate(Leaf::WrongHost);
    finds(&bench, &["wkd-hidden warning"]);
}

/// A record in a signed zone is a second source; one that holds no key is a fault.
#[test]
#[ignore = "needs nsd and ldnsutils"]
fn the_dns_is_a_second_source() {
    let key = vendors::Vendor::generate("security@signed.test");
    for (record, expected) in [
        (key.binary.as_slice(), vec![]),
        (
            b"no key",
            vec!["dane-no-certificate warning", "one-source advice"],
        ),
    ] {
        let bench = Bench::new();
        bench.write("vendor.asc", &key.certificate);
        bench.write("receipts.pgp", &key.signing);
        let mut command = bench.command();
        command.args([
            "publish",
            "--domain",
            "signed.test",
            "--key",
            "vendor.asc",
            "--sign-with",
            "receipts.pgp",
            "-o",
            "site",
        ]);
        ended(command).expect(0);
        Site::read(&bench.path("site")).serve(&bench.web, "signed.test");
        let dns = Dnssec::start("security", record);
        let mut command = bench.command();
        command
            .args(["publish", "--check", "signed.test", "--json"])
            .args(bench.web.connections());
        command
            .arg(format!("--dns-server={}", dns.address()))
            .arg("--trust-anchor")
            .arg(dns.trust_anchor());
        let code = if expected.is_empty() { 0 } else { 4 };
        assert_eq!(listed(&ended(command).expect(code).json()), expected);
    }
}

/// A vendor checks what strangers see: neither its own pins and profiles nor what this machine
/// remembers.
#[test]
fn pins_and_profiles_are_no_evidence() {
    let bench = serving(&Site::sound());
    bench.write("other.asc", &vendors::other().certificate);
    let mut trust = bench.command();
    trust.args(["trust", DOMAIN, "--key", "other.asc"]);
    ended(trust).expect(0);
    std::fs::create_dir_all(bench.path("home/programs/own")).unwrap();
    let profile = format!(
        "[program]\nname = \"{DOMAIN}\"\nid = \"{DOMAIN}\"\nhomepage = \"https://elsewhere.test/\"\n[[contact]]\nuri = \"tel:123\"\n\
         [encryption]\nwanted = \"required\"\nfingerprints = [\"{}\"]\n",
        vendors::other().fingerprint
    );
    bench.write("home/programs/own/program.toml", profile);
    assert_eq!(finds_with(&bench, 0, &[]), ["one-source advice"]);
}

#[test]
fn what_cannot_be_checked_is_a_failure() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let bench = Bench::new();
    let dead = format!("--connect-to={DOMAIN}={free}");
    let failed = bench
        .run(["publish", "--check", DOMAIN, &dead, "--json"])
        .expect(1)
        .json();
    assert_eq!(failed["error"]["exit"], 1);
    bench
        .run(["publish", "--check", "nowhere.test"])
        .expect(1)
        .says(&["cannot check nowhere.test"]);
    bench
        .run(["publish", "--check", DOMAIN, "--offline"])
        .expect(1)
        .says(&["--offline"]);
    bench
        .run(["publish", "--check", "security@example.test"])
        .expect(2)
        .says(&["not a domain"]);
    assert_eq!(bench.web.accepted(), 0);
}

fn signed() -> String {
    Site::sound().text(FILE)
}

/// The text of the signed file.
fn unsigned() -> String {
    let signed = signed();
    let (_, text) = signed.split_once("\n\n").unwrap();
    text.split_once("-----BEGIN").unwrap().0.to_owned()
}

fn dated(day: &str) -> String {
    let unsigned = unsigned();
    let (before, rest) = unsigned.split_once("Expires: ").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    format!("{before}Expires: {day}\n{after}")
}

fn wkd_path() -> String {
    let site = Site::sound();
    let mut paths = site.0.keys();
    paths
        .find(|path| path.starts_with(".well-known/openpgpkey/hu/"))
        .unwrap()
        .clone()
}
