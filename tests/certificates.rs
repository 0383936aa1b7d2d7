//! Certificates as vendors publish them: every file of the corpus gets a verdict, and the verdicts
//! agree with GnuPG's on what is expired and what is revoked.

mod corpus;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sealpost::openpgp::{
    Certificate, CertificateError, CleartextError, GeneratedKey, KeyCondition, Reason,
    SignatureVerdict, Verdict, generate, is_cleartext_signed, read_certificates, read_cleartext,
    verify_detached,
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

/// A row of the table of signatures.
struct Row<'a> {
    file: &'a str,
    /// GnuPG's word for it.
    word: &'a str,
    /// The key that made it, where GnuPG had it.
    signer: &'a str,
    /// The text of a signature in a file of its own, or empty where none of the site's fits.
    against: &'a str,
}

impl Row<'_> {
    /// How the names of all files and keys of the site begin.
    fn site(&self) -> String {
        let name = self.file.rsplit('/').next().unwrap();
        let parts: Vec<_> = name.splitn(3, "__").collect();
        format!("{}__{}__", parts[0], parts[1])
    }

    fn verdict(&self, folder: &Path, keys: &[&Certificate]) -> SignatureVerdict {
        let bytes = std::fs::read(folder.join(self.file)).unwrap();
        if is_cleartext_signed(&bytes) {
            let text = read_cleartext(&bytes).unwrap_or_else(|why| panic!("{}: {why}", self.file));
            return text.verify(keys, clock());
        }
        let texts = match self.against {
            "" => of_site(&folder.join("files"), &self.site()),
            "(inline)" => vec![folder.join(self.file)],
            text => vec![folder.join(text)],
        };
        let mut verdict = SignatureVerdict::Unsigned;
        for text in texts {
            let content = std::fs::read(text).unwrap();
            verdict = verify_detached(&bytes, &content, keys, clock());
            if matches!(verdict, SignatureVerdict::Verified { .. }) {
                break;
            }
        }
        verdict
    }

    /// Whether the verdict is GnuPG's. It tells of a key that expired since: here, the key does.
    fn agrees(&self, verdict: &SignatureVerdict, keys: &[&Certificate]) -> bool {
        use SignatureVerdict::{Bad, UnknownSigner, Verified};
        let mut states = keys.iter().flat_map(|key| key.keys(clock()));
        let condition = states
            .find(|state| state.fingerprint.as_hex() == self.signer)
            .map(|state| state.condition);
        match (self.word, verdict) {
            ("GOODSIG", Verified { .. }) => condition == Some(KeyCondition::Usable),
            ("EXPKEYSIG", Verified { .. }) => condition == Some(KeyCondition::Expired),
            ("EXPKEYSIG", Bad { why }) => why.contains("expired"),
            (word, Bad { .. }) => word.starts_with("BADSIG") || word == "no-candidate-verifies",
            (word, UnknownSigner { .. }) => word == "ERRSIG",
            _ => false,
        }
    }
}

#[test]
fn every_signature_of_the_corpus_is_judged_as_gpg_does() {
    let folders = (
        corpus::folder("security-txt"),
        corpus::folder("certificates"),
    );
    let (Some(texts), Some(certificates)) = folders else {
        return;
    };
    let table = corpus::read(&texts.join("GPG-VERIFY.tsv"));
    let (mut agreed, mut differ) = (0, Vec::new());
    for line in table.lines().skip(1) {
        let field: Vec<_> = line.split('\t').collect();
        let row = Row {
            file: field[0],
            word: field[1],
            signer: field[2],
            against: field[3],
        };
        let keys = keys_of(&certificates.join("vendor-web"), &row.site());
        let keys: Vec<_> = keys.iter().collect();
        let verdict = row.verdict(&texts, &keys);
        if row.agrees(&verdict, &keys) {
            agreed += 1;
        } else {
            println!("{}: gpg {}, here {verdict:?}", row.file, row.word);
            differ.push(row.file);
        }
    }
    println!("{agreed} signatures judged as gpg does");
    assert!(agreed > 60, "only {agreed} compared");
    assert_eq!(differ, JUDGED_OTHERWISE);
}

/// The first key says of one User ID that it expired, and of a newer one that it never does: here
/// the newer word counts. The second file is a whole signed message (`PGP MESSAGE`), which has no
/// place beside a text. The key of the last two is bound by SHA-1, which GnuPG 2.2 still takes.
const JUDGED_OTHERWISE: [&str; 4] = [
    "files/anonaddy__addy.io__05_660a3f3d.txt",
    "signatures/ilyaglow__ilyaglow.github.io__02_1d7503e5.txt.sig",
    "files/nicokaiser__kaiser.me__02_19342cc6.txt",
    "files/nicokaiser__kaiser.me__03_1ec40799.txt",
];

/// All keys of a site, the versions of each made one.
fn keys_of(folder: &Path, site: &str) -> Vec<Certificate> {
    let mut keys = BTreeMap::new();
    for path in of_site(folder, site) {
        let found = read_certificates(site, &std::fs::read(path).unwrap());
        for certificate in found.into_iter().flatten() {
            let merged = match keys.remove(&certificate.fingerprint()) {
                Some(known) => certificate.merge(known).unwrap(),
                None => certificate,
            };
            keys.insert(merged.fingerprint(), merged);
        }
    }
    keys.into_values().collect()
}

fn of_site(folder: &Path, site: &str) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap();
    let paths = paths.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(site)
        })
        .collect()
}

/// Every signed text of the corpus is read, and what is read stands in its file line by line.
#[test]
fn every_signed_text_of_the_corpus_is_read() {
    let Some(folder) = corpus::folder("security-txt") else {
        return;
    };
    let (mut read, mut folders) = (0, vec![folder]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let text = match read_cleartext(&bytes) {
                Ok(text) => text,
                Err(CleartextError::None) => {
                    assert!(!is_cleartext_signed(&bytes));
                    continue;
                }
                Err(why) => panic!("{}: {why}", path.display()),
            };
            read += 1;
            let file = String::from_utf8_lossy(&bytes).into_owned();
            let lines: Vec<_> = file.lines().skip(text.first_line() - 1).collect();
            for (line, in_file) in text.text().lines().zip(lines) {
                let escaped = format!("- {line}");
                let in_file = in_file.trim_end();
                assert!(in_file == line || in_file == escaped, "{}", path.display());
            }
        }
    }
    println!("{read} signed texts read");
    assert!(read > 50, "only {read} read");
}
