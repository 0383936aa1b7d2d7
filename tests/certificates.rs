//! Certificates as vendors publish them: every file of the corpus gets a verdict, and the verdicts
//! agree with GnuPG's on what is expired and what is revoked.

mod corpus;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use sealpost::openpgp::{
    Certificate, CertificateError, GeneratedKey, Reason, Verdict, generate, read_certificates,
};

/// 2026-11-22, the clock of the corpus.
fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(20_779 * 24)
}

fn reasons(certificate: &Certificate) -> Vec<Reason> {
    match certificate.verdict(clock()) {
        Verdict::Usable(_) => Vec::new(),
        Verdict::Refused(reasons) => {
            assert!(!reasons.is_empty());
            reasons
        }
    }
}

#[test]
fn every_certificate_of_the_corpus_gets_a_verdict_as_gpg_has_it() {
    let Some(corpus) = corpus::folder("certificates") else {
        return;
    };
    let listed = gpg_listing(&corpus::read(&corpus.join("GPG-SHOWKEYS.tsv")));
    let (mut compared, mut differ, mut unlisted) = (0, Vec::new(), Vec::new());
    for (file, keys) in &listed {
        let certificates = match read_certificates(file, &std::fs::read(corpus.join(file)).unwrap())
        {
            Ok(certificates) => certificates,
            Err(why) => {
                if !keys.is_empty() {
                    differ.push(format!("{file}: {why}"));
                }
                continue;
            }
        };
        for certificate in &certificates {
            let fingerprint = certificate.fingerprint();
            let reasons = reasons(certificate);
            let Some(validity) = keys
                .iter()
                .find(|(id, _)| {
                    fingerprint.as_hex().ends_with(id.as_str())
                        || fingerprint.as_hex().starts_with(id.as_str())
                })
                .map(|(_, validity)| validity.as_str())
            else {
                unlisted.push(fingerprint.as_hex().to_owned());
                continue;
            };
            compared += 1;
            let expired = reasons
                .iter()
                .any(|reason| matches!(reason, Reason::Expired { .. }));
            let revoked = reasons
                .iter()
                .any(|reason| matches!(reason, Reason::Revoked { .. }));
            if expired != (validity == "e") || revoked != (validity == "r") {
                differ.push(format!(
                    "{file}: {fingerprint}: gpg {validity}, here {reasons:?}"
                ));
            }
        }
    }
    println!("{compared} certificates compared with gpg");
    assert!(compared > 400, "only {compared} compared");
    assert_eq!(differ, Vec::<String>::new());
    unlisted.sort();
    unlisted.dedup();
    assert_eq!(unlisted, UNKNOWN_TO_GPG_2_2);
}

/// GnuPG 2.2 knows neither version 6 (the two long ones), nor what follows such a certificate in
/// a file (7E46…), nor armour that is indented or wrapped in a signed text (D1CC…).
const UNKNOWN_TO_GPG_2_2: [&str; 4] = [
    "4B5C2F1DF220BD72D43402C727EC878D33DAEE4DDF1EBFF1F862219D3C5972BB",
    "7E4624258C406535D56D6F135054E4A45A6340B3",
    "D1CC3AE05ADAFF27BEE627B70B1A5390865E24D7",
    "FCD355B305707A62DA143AB6E422397E50FE8467A2A95343D246D6276AFEDF8F",
];

/// Whatever a folder of `keys/` holds, no secret key is in it, armoured or binary.
#[test]
fn nothing_secret_is_shipped() {
    let mut read = 0;
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("keys")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let found = read_certificates("keys", &std::fs::read(&path).unwrap());
            let secret = matches!(found, Err(CertificateError::Secret { .. }));
            assert!(!secret, "{}", path.display());
            read += 1;
        }
    }
    assert!(read > 5);
    let wanted = GeneratedKey::new("Example", "security@example.org").unwrap();
    let made = generate(&wanted, clock()).unwrap();
    let found = read_certificates("made", &made.secret);
    assert!(
        matches!(found, Err(CertificateError::Secret { .. })),
        "a secret key is told"
    );
}

/// File → (key ID, validity) of each primary key.
fn gpg_listing(table: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let mut files: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let field: Vec<_> = line.split('\t').collect();
        let keys = files.entry(field[0].to_owned()).or_default();
        if field[1] == "pub" {
            keys.push((field[5].to_owned(), field[2].to_owned()));
        }
    }
    files
}
