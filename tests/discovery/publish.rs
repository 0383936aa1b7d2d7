//! `publish`: what it writes is served, found, sealed to, checked and renewed; and what it refuses.

use sequoia_openpgp::{
    Cert,
    cert::{CertBuilder, CipherSuite},
    serialize::SerializeInto as _,
};
use serde_json::json;

use crate::{
    bench::{
        Bench, ended,
        vendors::{self, Vendor},
        web::Web,
    },
    site::{DOMAIN, Site, finds_with, publish, serving},
};

const SECURITY_TXT: &str = ".well-known/security.txt";
const REPORT: &str = "---\ntitle: A\nassets: [\"https://example.test/\"]\n---\n\n## Summary\n\nB.\n\n\
    ## Steps to reproduce\n\nC.\n\n## Impact\n\nD.\n\n## Mitigation\n\nE.\n";

#[test]
fn the_folder_is_told_of_and_for_everyone() {
    let bench = Bench::new();
    let done = publish(&bench, vendors::vendor(), &["--json"])
        .expect(0)
        .json();
    let site = Site::read(&bench.path("site"));
    let files = site.0.iter();
    let files: Vec<_> = files
        .map(|(path, content)| json!({"path": path, "size": content.len()}))
        .collect();
    assert_eq!(done["files"], json!(files));
    let key = &vendors::vendor().fingerprint;
    assert_eq!(
        (&done["fingerprint"], &done["signed_by"]),
        (&json!(key), &json!(key))
    );
    assert_eq!(done["addresses"], json!(["security@example.test"]));
    assert_eq!(
        (&done["domain"], &done["folder"]),
        (&json!(DOMAIN), &json!("site"))
    );
    let expires = done["expires"].as_str().unwrap();
    assert!(
        site.text(SECURITY_TXT)
            .contains(&format!("\nExpires: {}Z\n", &expires[..19]))
    );
    let hash = "t5s8ztdbon8yzntexy6oz5y48etqsnbb";
    for path in [
        format!(".well-known/openpgpkey/hu/{hash}"),
        format!(".well-known/openpgpkey/{DOMAIN}/hu/{hash}"),
    ] {
        assert!(site.0[&path] == vendors::vendor().binary, "{path}");
    }
    for path in ["", ".well-known", SECURITY_TXT] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = bench
            .path("site")
            .join(path)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o044, 0o044, "{path}: {mode:o}");
    }
    assert!(
        site.text("key.asc")
            .starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    );
}

#[test]
fn the_site_is_found_and_sealed_to() {
    let bench = serving(&Site::sound());
    let found = bench.find(&[DOMAIN]).expect(0).json();
    let key = &vendors::vendor().fingerprint;
    let file = &found["security_txt"];
    assert_eq!(
        (&file["strict"], &file["void"]),
        (&json!(true), &json!(null))
    );
    assert_eq!(
        (&file["signature"], &file["signed_by"]),
        (&json!("verified"), &json!(key))
    );
    assert_eq!(file["findings"], json!([]));
    assert_eq!(found["contacts"][0]["uri"], "mailto:security@example.test");
    assert_eq!(found["program"]["encryption"]["fingerprints"], json!([key]));
    assert_eq!(found["decision"]["verdict"], "one-source");
    let sources = found["candidates"][0]["sources"].as_array().unwrap();
    let sources: Vec<_> = sources
        .iter()
        .map(|one| one["source"].as_str().unwrap())
        .collect();
    assert_eq!(sources, ["security-txt", "wkd"]);
    assert_eq!(finds_with(&bench, 0, &[]), ["one-source advice"]);
}

/// The same folder on a second server, as openpgpkey.DOMAIN, is no second voice: the key is asked for
/// once.
#[test]
fn two_servers_of_a_site_are_one_voice_and_the_report_is_sealed() {
    let bench = serving(&Site::sound());
    let second = Web::on("127.0.0.2".parse().unwrap());
    Site::sound().serve(&second, "openpgpkey.example.test");
    let link = format!("--connect-to=openpgpkey.example.test={}", second.address());
    let checked = bench
        .run(["publish", "--check", DOMAIN, "--json", &link])
        .expect(0)
        .json();
    assert_eq!(checked["findings"].as_array().unwrap().len(), 1);
    assert_eq!(checked["findings"][0]["code"], "one-source");
    assert!(second.asked().contains(&format!(
        "openpgpkey.example.test/.well-known/openpgpkey/{DOMAIN}/policy"
    )));
    bench.write("report.md", REPORT);
    bench
        .run(["seal", "report.md", "--to", DOMAIN, &link])
        .expect(3);
    bench
        .run([
            "seal",
            "report.md",
            "--to",
            DOMAIN,
            "--yes-trust-first-use",
            &link,
        ])
        .expect(0);
    let secret = bench.write("secret.pgp", &vendors::vendor().secret);
    let mut open = bench.command();
    open.args(["open", "report.pgp", "-o", "opened", "--key"])
        .arg(secret);
    ended(open).expect(0);
    assert!(bench.path("opened/report.md").is_file());
}

#[test]
fn the_page_and_the_binary_are_certificates_too() {
    let bench = Bench::new();
    publish(&bench, vendors::vendor(), &[]).expect(0);
    bench.write("report.md", REPORT);
    let page = Site::read(&bench.path("site")).text("key.html");
    assert!(!page.contains("<script") && !page.contains("<style") && !page.contains("http:"));
    assert!(page.contains("default-src 'none'"));
    let wkd = ".well-known/openpgpkey/hu/t5s8ztdbon8yzntexy6oz5y48etqsnbb";
    for file in ["key.asc", "key.html", wkd] {
        let mut seal = bench.command();
        seal.args(["seal", "report.md", "--force", "--json", "--key"])
            .arg(bench.path("site").join(file));
        let sealed = ended(seal).expect(0).json();
        assert_eq!(
            sealed["recipients"][0]["fingerprint"],
            vendors::vendor().fingerprint
        );
    }
}

#[test]
fn p24_hostile_user_ids_stay_words_on_the_page() {
    let hostile = "</pre><script src=//evil.test></script><img onerror=x> <security@example.test>";
    let vendor = Vendor::generate("security@example.test");
    let cert: Cert = vendor.certificate.parse().unwrap();
    let (made, _) = CertBuilder::general_purpose(Some(hostile))
        .set_cipher_suite(CipherSuite::Cv25519)
        .generate()
        .unwrap();
    assert_ne!(cert, made);
    let bench = Bench::new();
    bench.write("hostile.asc", made.armored().to_vec().unwrap());
    publish(
        &bench,
        &vendor,
        &["--key", "hostile.asc", "--unsigned", "--contact", "tel:123"],
    )
    .expect(0);
    let page = Site::read(&bench.path("site")).text("key.html");
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "{page}"
    );
    assert!(page.contains("&lt;script src=//evil.test&gt;"));
}

#[test]
fn the_profile_and_the_flags_are_published() {
    let bench = Bench::new();
    bench.write(
        "program.toml",
        "[program]\nname = \"Example\"\nid = \"example\"\npolicy = \"https://example.test/policy\"\n\
         [[contact]]\nuri = \"https://example.test/report\"\n[[contact]]\nuri = \"mailto:security@example.test\"\n\
         [encryption]\nwanted = \"required\"\n[scope]\nin = [\"*.example.test\"]\n",
    );
    let options = [
        "--program",
        "program.toml",
        "--acknowledgments",
        "https://example.test/thanks",
        "--hiring",
        "https://example.test/jobs",
        "--language",
        "en,pt-BR",
        "--expires",
        "90d",
    ];
    publish(&bench, vendors::vendor(), &options).expect(0);
    let site = Site::read(&bench.path("site"));
    let text = site.text(SECURITY_TXT);
    for line in [
        "Contact: https://example.test/report\nContact: mailto:security@example.test\n",
        "Encryption: https://example.test/key.asc\n",
        "Acknowledgments: https://example.test/thanks\n",
        "Preferred-Languages: en, pt-BR\n",
        "Canonical: https://example.test/.well-known/security.txt\n",
        "Policy: https://example.test/policy\n",
        "Hiring: https://example.test/jobs\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let program: serde_json::Value = serde_json::from_str(&site.text("program.json")).unwrap();
    assert_eq!(program["encryption"]["wanted"], "required");
    assert_eq!(program["scope"]["in"], json!(["*.example.test"]));
    let bench = serving(&site);
    assert_eq!(finds_with(&bench, 0, &[]), ["one-source advice"]);
    let found = bench.find(&[DOMAIN]).expect(0).json();
    assert_eq!(found["policies"], json!(["https://example.test/policy"]));
}

#[test]
fn what_expires_is_renewed() {
    let bench = Bench::new();
    publish(&bench, vendors::vendor(), &["--expires", "20d"]).expect(0);
    Site::read(&bench.path("site")).serve(&bench.web, DOMAIN);
    assert_eq!(
        finds_with(&bench, 4, &[])[0],
        "security-txt-expires-soon warning"
    );
    publish(&bench, vendors::vendor(), &[])
        .expect(1)
        .says(&["not empty"]);
    std::fs::remove_dir_all(bench.path("site")).unwrap();
    publish(&bench, vendors::vendor(), &[]).expect(0);
    Site::read(&bench.path("site")).serve(&bench.web, DOMAIN);
    assert_eq!(finds_with(&bench, 0, &[]), ["one-source advice"]);
}

#[test]
fn another_domain_has_no_directory() {
    let bench = Bench::new();
    bench.write("vendor.asc", &vendors::vendor().certificate);
    let mut command = bench.command();
    command.args([
        "publish",
        "--domain",
        "Other.TEST",
        "--key",
        "vendor.asc",
        "--unsigned",
        "-o",
        "site",
    ]);
    command.args(["--contact", "https://other.test/report"]);
    ended(command)
        .expect(0)
        .says(&["warning", "WKD is left out"]);
    let site = Site::read(&bench.path("site"));
    let files: Vec<_> = site.0.keys().map(String::as_str).collect();
    assert_eq!(files, [SECURITY_TXT, "key.asc", "key.html", "program.json"]);
    assert!(
        site.text(SECURITY_TXT)
            .contains("Canonical: https://other.test/.well-known/security.txt\n")
    );
}

#[test]
fn security_txt_does_not_outlive_the_key() {
    let bench = Bench::new();
    let mut command = bench.command();
    command.args([
        "keygen",
        "--name",
        "A",
        "--email",
        "security@example.test",
        "--no-passphrase",
    ]);
    command.args(["--expires", "10d", "-o", "keys"]);
    ended(command).expect(0);
    let options = [
        "--key",
        "keys/certificate.asc",
        "--sign-with",
        "keys/receipts.pgp",
    ];
    publish(&bench, vendors::vendor(), &options)
        .expect(0)
        .says(&["warning", "expires on"]);
    Site::read(&bench.path("site")).serve(&bench.web, DOMAIN);
    let findings = finds_with(&bench, 4, &[]);
    for expected in [
        "security-txt-expires-soon warning",
        "key-expires-soon warning",
    ] {
        assert!(
            findings.iter().any(|found| found == expected),
            "{findings:?}"
        );
    }
}

/// The records are those that the DNS wants: RFC 7929 section 3, RFC 3597 section 5.
#[test]
fn the_records_hold_the_certificate() {
    let site = Site::sound();
    let records = site.text("dane.txt");
    let record = records.lines().find(|line| !line.starts_with(';')).unwrap();
    let words: Vec<_> = record.split(' ').collect();
    let owner = format!(
        "{}._openpgpkey.{DOMAIN}.",
        crate::bench::dnssec::hash("security")
    );
    let binary = &vendors::vendor().binary;
    assert_eq!(words[..4], [owner.as_str(), "IN", "TYPE61", "\\#"]);
    assert_eq!(words[4], binary.len().to_string());
    assert_eq!(
        &data_encoding::HEXLOWER.decode(words[5].as_bytes()).unwrap(),
        binary
    );
}
