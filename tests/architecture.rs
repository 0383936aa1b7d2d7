//! The laws of the house: a file imports only from lower floors or from its own folder, and some
//! crates are named in one folder only.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folder (or file) below `src` → floor.
const FLOORS: [(&str, u8); 20] = [
    ("report", 0),
    ("program", 0),
    ("case", 0),
    ("metadata", 0),
    ("bundle", 1),
    ("check", 1),
    ("openpgp", 2),
    ("network", 3),
    ("wire", 3),
    ("advisory", 3),
    ("mail", 3),
    ("discover", 4),
    ("client", 4),
    ("intake", 4),
    ("disk", 4),
    ("terminal", 4),
    ("confinement", 4),
    ("cli", 5),
    ("commands", 6),
    ("run", 7),
];

/// Crate → the folders that may name it.
const ONE_FOLDER_ONLY: [(&str, &[&str]); 23] = [
    ("sequoia_openpgp", &["openpgp"]),
    ("aws_lc_rs", &["openpgp"]),
    ("num_bigint_dig", &["openpgp"]),
    ("reqwest", &["network"]),
    ("hickory_resolver", &["network"]),
    ("rustls_platform_verifier", &["network"]),
    ("encoding_rs", &["mail"]),
    ("psl", &["program"]),
    ("tar", &["bundle"]),
    ("rpassword", &["terminal"]),
    ("indicatif", &["terminal"]),
    ("signal_hook", &["disk"]),
    ("bip39", &["case"]),
    ("clap", &["cli", "commands", "run"]),
    ("axum", &["intake"]),
    ("sqlx", &["intake"]),
    ("object_store", &["intake"]),
    ("utoipa_axum", &["intake"]),
    ("prometheus_client", &["intake"]),
    ("governor", &["intake"]),
    ("askama", &["intake"]),
    ("qrcode", &["intake"]),
    ("tracing", &["intake"]),
];

#[test]
fn imports_go_down() {
    for (path, source) in sources() {
        let Some(own) = folder(&path) else { continue };
        for imported in imports(&source) {
            let allowed = imported == own || floor(&imported) < floor(&own);
            assert!(
                allowed,
                "{}: {own} may not import {imported}",
                path.display()
            );
        }
    }
}

#[test]
fn some_crates_live_in_one_folder() {
    for (path, source) in sources() {
        let Some(own) = folder(&path) else { continue };
        for (name, folders) in ONE_FOLDER_ONLY {
            let named = code(&source).any(|line| {
                line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
                    .any(|word| word.starts_with(&format!("{name}::")))
            });
            assert!(
                !named || folders.contains(&own.as_str()),
                "{}: names {name}",
                path.display()
            );
        }
    }
}

/// Promise 11: the intake cannot read what it keeps. Of `openpgp` it may name what judges, names and
/// signs; what opens, it may not, and neither what is inside.
#[test]
fn p11_the_intake_names_nothing_that_decrypts() {
    for (path, source) in sources() {
        if folder(&path).as_deref() != Some("intake") || path.iter().any(|part| part == "tests") {
            continue;
        }
        let program = source.split("#[cfg(test)]").next().unwrap();
        for forbidden in ["bundle", "report", "network", "client"] {
            let named = imports(program).iter().any(|name| name == forbidden);
            assert!(!named, "{}: imports {forbidden}", path.display());
        }
        for name in from_openpgp(program) {
            let allowed = INTAKE_MAY_NAME.contains(&name.as_str());
            assert!(allowed, "{}: names openpgp::{name}", path.display());
        }
    }
}

/// What the intake may name of `openpgp`.
const INTAKE_MAY_NAME: [&str; 8] = [
    "Admission",
    "Certificate",
    "Doorkeeper",
    "Fingerprint",
    "NotAdmitted",
    "Recipients",
    "Signer",
    "sign_receipt",
];

/// What a source names as `openpgp::…`, one by one or in braces.
fn from_openpgp(source: &str) -> Vec<String> {
    let text: String = code(source).collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for after in text.split("openpgp::").skip(1) {
        match after.strip_prefix('{') {
            None => found.push(first_word(after)),
            Some(group) => found.extend(top_level_names(group)),
        }
    }
    found
}

/// Secret key material becomes something that computes in one place, which keeps RSA away from the
/// backend's variable-time implementation.
#[test]
fn secret_keys_compute_in_one_place() {
    for (path, source) in sources() {
        let program = source.split("#[cfg(test)]").next().unwrap();
        let computes = code(program).any(|line| line.contains("into_keypair("));
        assert!(
            !computes || path.ends_with("tests.rs") || path.ends_with("openpgp/secret_key.rs"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn main_is_short_and_files_open_with_their_duty() {
    for (path, source) in sources() {
        assert!(
            source.starts_with("//! "),
            "{} does not say what it is for",
            path.display()
        );
    }
    let main = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() < 40);
}

fn floor(folder: &str) -> u8 {
    let found = FLOORS.iter().find(|(name, _)| *name == folder);
    found
        .unwrap_or_else(|| panic!("{folder} has no floor: add it to the table"))
        .1
}

/// The folder of a source file: `None` for the library's root and the program's.
fn folder(path: &Path) -> Option<String> {
    let below = path.strip_prefix(root().join("src")).unwrap();
    let first = below.components().next()?.as_os_str().to_str()?;
    let name = first.trim_end_matches(".rs");
    (name != "lib" && name != "main").then(|| name.to_owned())
}

/// The folders that a file names after `crate::`, one by one or in braces.
fn imports(source: &str) -> Vec<String> {
    let text: String = code(source).collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for after in text.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => found.push(first_word(after)),
            Some(group) => found.extend(top_level_names(group)),
        }
    }
    found
}

/// The first words of the members of `{a::{b, c}, d}`, without the outer opening brace.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(first_word(group[start..at].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(first_word(group[start..at].trim()));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The lines that are not comments.
fn code(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                files.push((path, source));
            }
        }
    }
    assert!(files.len() > 50);
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
