//! `docs/` says what is so: its examples parse, and its tables name the members that are there.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path, process::Command};

use sealpost::{check, discover::security_txt::Code, program::Program, report::Report};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    blocks,
    members::{known, paths, same},
    paper,
};

/// The first column of the tables in a part of a page: what stands there between backquotes.
fn names(part: &str) -> BTreeSet<String> {
    part.lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .flat_map(|row| row.split(" |").next().unwrap().split(", "))
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn the_report_in_the_docs_has_every_field() {
    let page = paper("docs/report.md");
    let example = blocks(&page, "markdown").concat();
    let report = Report::parse("docs/report.md", &example).unwrap();
    assert_eq!(report.missing_sections(), []);
    let json = report.to_json();
    let members = json.as_object().unwrap().keys().cloned();
    let members: BTreeSet<_> = members.filter(|name| name != "sections").collect();
    let table = page.split("## Fields").nth(1).unwrap();
    assert_eq!(members, names(table.split("\n## ").next().unwrap()));
}

#[test]
fn the_profile_in_the_docs_has_every_field() {
    let page = paper("docs/profile.md");
    let example = blocks(&page, "toml").concat();
    let program = Program::parse("docs/profile.md", &example).unwrap();
    let found = paths(&serde_json::to_value(&program).unwrap());
    let found: BTreeSet<_> = found.iter().map(|path| path.replace("[]", "")).collect();
    let mut named = names(&page);
    // They do not go together with the rest of the example.
    for other in [
        "encryption.why",
        "encryption.passphrase_profile",
        "disclosure.words",
    ] {
        assert!(named.remove(other), "{other}");
    }
    let tables = ["contact", "exclusion", "conduct"];
    let found: BTreeSet<_> = found
        .into_iter()
        .filter(|path| !tables.contains(&path.as_str()))
        .collect();
    assert_eq!(found, named);
}

#[test]
fn the_findings_in_the_docs_are_those_of_the_reader() {
    let page = paper("docs/security-txt.md");
    let mut table = String::new();
    for code in Code::ALL {
        let severity = serde_json::to_value(code.severity()).unwrap();
        let severity = severity.as_str().unwrap();
        writeln!(
            table,
            "| `{}` | {severity} | {} |",
            code.as_str(),
            code.meaning()
        )
        .unwrap();
    }
    assert!(page.ends_with(&table), "the table should read:\n{table}");
}

#[test]
fn the_codes_in_the_docs_are_those_of_check() {
    let page = paper("docs/check.md");
    let table = page.split("## Findings").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: Vec<_> = rows
        .map(|row| {
            let mut cells = row.split(" | ");
            let code = cells.next().unwrap().trim_end_matches('`');
            (code, cells.next().unwrap())
        })
        .collect();
    let codes = check::Code::ALL.iter();
    let codes: Vec<_> = codes
        .map(|code| (code.as_str(), code.severity().as_str()))
        .collect();
    assert_eq!(documented, codes);
}

/// Runs sealpost in `folder`; gives the JSON document.
fn printed(folder: &Path, line: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_sealpost"))
        .args(line.split(' '))
        .args(["--json", "--passphrase-file", "passphrase"])
        .env("SEALPOST_HOME", folder.join("home"))
        .env("SEALPOST_OFFLINE", "1")
        .current_dir(folder)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{line}: {why}: {output:?}"))
}

#[test]
fn each_member_of_json_is_documented() {
    let page = paper("docs/json.md");
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    fs::write(folder.join("passphrase"), "correct horse\n").unwrap();
    fs::write(folder.join("a.txt"), "an attachment\n").unwrap();
    fs::write(
        folder.join("report.md"),
        "---\ntitle: A\nassets: [example.org]\noverrides: [{code: secret, about: jwt, why: old}]\n---\n",
    )
    .unwrap();
    // An object that belongs to nothing, so that `fsck` has something to say.
    fs::create_dir_all(folder.join("intake/objects/aa")).unwrap();
    fs::write(folder.join("intake/objects/aa").join("a".repeat(26)), "x").unwrap();
    let runs = [
        ("new", "new new.md"),
        ("keygen", "keygen --name A --email a@example.org -o vendor"),
        ("check", "check report.md -a a.txt --to val.town"),
        (
            "seal",
            "seal report.md -a a.txt --key vendor/certificate.asc",
        ),
        (
            "open",
            "open report.pgp missing.pgp --key vendor/secret.pgp -o opened",
        ),
        ("trust", "trust example.org --key vendor/certificate.asc"),
        (
            "publish",
            "publish --domain example.com --key vendor/certificate.asc --unsigned --contact tel:123 -o site",
        ),
        ("token add", "token add alice --role read --data intake"),
        ("token list", "token list --data intake"),
        ("fsck", "fsck --data intake --grace 0s"),
        ("sweep", "sweep --data intake --grace 0s"),
        ("demo", "demo --keep kept"),
        ("A failure", "seal report.md --to val.town -o refused.pgp"),
    ];
    let mut commands = BTreeSet::from(ELSEWHERE);
    for (section, line) in runs {
        let document = printed(folder, line);
        if section == "open" {
            // Some of its members are those of a mail alone.
            known(section, &document);
        } else {
            same(section, &[document]);
        }
        commands.insert(section);
    }
    let sections = page.lines().filter_map(|line| line.strip_prefix("## "));
    assert_eq!(sections.collect::<BTreeSet<_>>(), commands);
}

/// Sections whose members other tests compare with what servers make of them (`tests/discovery`,
/// `tests/delivery`, `tests/intake`), or with what a report needs (`tests/advisory`, `tests/github`, `tests/mail`).
const ELSEWHERE: [&str; 24] = [
    "find",
    "publish --check",
    "send",
    "send --dry-run",
    "case list, show, sync, event, recover",
    "case reply",
    "case embargo, inbox embargo",
    "case forget",
    "case lock, unlock",
    "inbox list",
    "inbox fetch",
    "inbox open",
    "inbox ack, inbox event",
    "inbox messages",
    "inbox reply",
    "inbox delete",
    "advisory csaf, osv, cve, ghsa",
    "advisory github",
    "advisory github event",
    "send --via github",
    "send --via github --dry-run",
    "send --via mail",
    "send --via mail --dry-run",
    "request-key",
];
