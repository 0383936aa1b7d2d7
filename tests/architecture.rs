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
const ONE_FOLDER_ONLY: [(&str, &[&str]); 24] = [
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
    ("landlock", &["confinement"]),
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

/// Promise 47: what is built is what the lock file says, from one registry, and each of its packages
/// has a digest; nothing of the machine that builds gets in.
#[test]
fn p47_every_dependency_is_locked_and_has_a_digest() {
    let ours = ["sealpost", "sealpost-fuzz"];
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    for (lock, fewest) in [("Cargo.lock", 300), ("fuzz/Cargo.lock", 300)] {
        let packages = locked(lock);
        assert!(packages.len() > fewest, "{lock}");
        for package in packages {
            let text = |key: &str| package.get(key).and_then(|value| value.as_str());
            let name = text("name").unwrap();
            if ours.contains(&name) {
                assert_eq!(text("source"), None, "{lock}: {name}");
                continue;
            }
            assert_eq!(text("source"), Some(registry), "{lock}: {name}");
            let digest = text("checksum").unwrap_or_default();
            let is_hex = digest.bytes().all(|c| c.is_ascii_hexdigit());
            assert!(digest.len() == 64 && is_hex, "{lock}: {name}");
        }
    }
    for (table, dependencies) in dependencies(&manifest("Cargo.toml")) {
        for (name, wanted) in dependencies {
            let version = wanted.as_str().or_else(|| wanted.get("version")?.as_str());
            assert!(
                version.is_some_and(|version| version != "*"),
                "{table}: {name}"
            );
            for elsewhere in ["path", "git", "registry"] {
                assert!(wanted.get(elsewhere).is_none(), "{table}: {name}");
            }
        }
    }
}

#[test]
fn p47_nothing_of_the_machine_that_builds_gets_in() {
    assert!(!root().join("build.rs").exists());
    assert!(manifest("Cargo.toml")["package"].get("build").is_none());
    for (path, source) in sources() {
        let program = source.split("#[cfg(test)]").next().unwrap();
        let is_test = path.ends_with("tests.rs") || path.iter().any(|part| part == "tests");
        for line in code(program).filter(|_| !is_test) {
            let of_cargo = line.replace("env!(\"CARGO_PKG_", "");
            for foreign in ["env!(", "include!(", "file!(", "Location::caller"] {
                assert!(!of_cargo.contains(foreign), "{}: {line}", path.display());
            }
        }
    }
}

/// Each exception to what may come in says why, and is still needed.
#[test]
fn p47_exceptions_have_a_reason_and_a_use() {
    let deny = manifest("deny.toml");
    let list = |table: &str, key: &str| deny[table][key].as_array().unwrap().clone();
    for (table, key) in [("bans", "deny"), ("advisories", "ignore")] {
        for entry in list(table, key) {
            let reason = entry.get("reason").and_then(|reason| reason.as_str());
            assert!(reason.is_some_and(|reason| reason.len() > 10), "{entry}");
        }
    }
    let packages = locked("Cargo.lock");
    for entry in list("licenses", "exceptions") {
        let named = packages
            .iter()
            .any(|package| package["name"] == entry["crate"]);
        assert!(named, "{entry}");
    }
    // What no longer matches anything fails the gate.
    for key in ["unused-allowed-license", "unused-license-exception"] {
        assert_eq!(deny["licenses"][key].as_str(), Some("deny"));
    }
    let unused = deny["advisories"]["unused-ignored-advisory"].as_str();
    assert_eq!(unused, Some("deny"));
    let gate = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(gate.contains("\nstep deny deny\n"));
}

fn manifest(path: &str) -> toml::Table {
    let text = fs::read_to_string(root().join(path)).unwrap();
    text.parse().unwrap()
}

fn locked(path: &str) -> Vec<toml::Value> {
    let packages = &manifest(path)["package"];
    packages.as_array().unwrap().clone()
}

/// Each table of dependencies, those for one system only, too.
fn dependencies(manifest: &toml::Table) -> Vec<(String, toml::Table)> {
    let mut found = Vec::new();
    for (name, value) in manifest {
        let Some(table) = value.as_table() else {
            continue;
        };
        if name.ends_with("dependencies") {
            found.push((name.clone(), table.clone()));
        } else if name == "target" {
            found.extend(
                table
                    .values()
                    .filter_map(toml::Value::as_table)
                    .flat_map(dependencies),
            );
        }
    }
    assert!(!found.is_empty());
    found
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
