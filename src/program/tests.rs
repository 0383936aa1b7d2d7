//! Tests of reading profiles: errors with their places, the JSON Schema, hostile text.
//!
//! Serves DESIGN.md, "The program profile".

use std::{fs, path::PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const SMALL: &str = "[program]\nname = \"Example\"\nid = \"example.org\"\n[[contact]]\nuri = \"mailto:security@example.org\"\n";

fn fault(text: &str) -> String {
    Program::parse("program.toml", text)
        .unwrap_err()
        .to_string()
}

fn fault_after(table: &str) -> String {
    fault(&format!("{SMALL}{table}"))
}

#[test]
fn a_small_profile_is_enough() {
    let program = Program::parse("program.toml", SMALL).unwrap();
    assert_eq!(program.encryption().wanted(), Wanted::NonePublished);
    assert_eq!(
        program.scope().judge(&host_of("example.org").unwrap()),
        Verdict::Unstated
    );
    assert!(
        program.goes_by(" EXAMPLE.org ")
            && program.goes_by("example")
            && !program.goes_by("evilexample.org")
    );
}

#[test]
fn a_repository_is_a_name() {
    let program = Program::parse(
        "program.toml",
        &SMALL.replace("mailto:security@example.org", "github:Owner/Repo"),
    );
    let program = program.unwrap();
    assert!(program.goes_by("github:owner/repo") && !program.goes_by("github:owner/other"));
}

#[test]
fn unknown_fields_name_the_nearest() {
    assert_eq!(
        fault_after("[scope]\nin = []\nsubdomain = true\n"),
        "program.toml:8: unknown field `scope.subdomain`; the nearest known one is `subdomains`"
    );
    assert_eq!(
        fault("[[contact]]\nurl = \"tel:110\"\n[programme]\n"),
        "program.toml:2: unknown field `contact.url`; the nearest known one is `uri`"
    );
    assert!(
        fault_after("[[exclusions]]\n")
            .contains("unknown field `exclusions`; the nearest known one is `exclusion`")
    );
    assert!(fault_after("\"\\u001b[31m\" = 1\n").contains("`contact.\\u{1b}[31m`"));
}

#[test]
fn wrong_values_name_line_and_field() {
    for (table, expected) in [
        (
            "[[contact]]\nuri = \"xmpp:a@b\"\n",
            "program.toml:7: contact[1].uri: a contact begins with",
        ),
        (
            "[scope]\nin = [\"example.org\",\n\"evil*.org\"]\n",
            "program.toml:8: scope.in[1]: a `*` stands before the domain",
        ),
        (
            "[encryption]\nwanted = \"maybe\"\n",
            "program.toml:7: encryption.wanted: unknown variant `maybe`",
        ),
        (
            "[encryption]\nfingerprints = [\"12 34\"]\n",
            "program.toml:7: encryption.fingerprints[0]: a fingerprint has",
        ),
        (
            "[[exclusion]]\nid = \"a\"\ncwe = [\"79\"]\nwords = \"\"\n",
            "program.toml:8: exclusion[0].cwe[0]: a weakness is",
        ),
        (
            "[[exclusion]]\nid = \"a\"\n",
            "program.toml:6: exclusion[0]: missing field `words`",
        ),
        (
            "[disclosure]\nembargo_days = -1\n",
            "program.toml:7: disclosure.embargo_days: invalid value",
        ),
        (
            "[promises]\nbounty = true\n",
            "program.toml:7: promises.bounty: ",
        ),
        (
            "[scope]\nsubdomains = \"yes\"\n",
            "program.toml:7: scope.subdomains: invalid type",
        ),
    ] {
        let said = fault_after(table);
        assert!(said.starts_with(expected), "{said}");
    }
    let dated = SMALL.replace("id =", "updated = 2023-12-04T00:00:00Z\nid =");
    assert_eq!(
        fault(&dated),
        "program.toml:3: program.updated: a day is written like 2026-11-22"
    );
    assert!(fault("[program\n").starts_with("program.toml:1: not TOML: "));
}

#[test]
fn values_must_go_together() {
    let key = "a".repeat(40);
    for (table, expected) in [
        (
            "[encryption]\nwanted = \"refused\"\n".to_owned(),
            Rule::RefusedWithoutWhy,
        ),
        (
            "[encryption]\nwanted = \"refused\"\nwhy = \" \"\n".to_owned(),
            Rule::RefusedWithoutWhy,
        ),
        (
            format!("[encryption]\nfingerprints = [\"{key}\"]\n"),
            Rule::KeysContradict,
        ),
        (
            "[disclosure]\nembargo_days = 9999\n".to_owned(),
            Rule::EmbargoTooLong,
        ),
    ] {
        let file = "program.toml".to_owned();
        let found = Program::parse(&file, &format!("{SMALL}{table}"));
        assert_eq!(
            found,
            Err(ProfileError::Rule {
                file,
                line: 6,
                rule: expected
            })
        );
    }
    let twice = "[[conduct]]\nid = \"a\"\nwords = \"\"\n".repeat(2);
    assert_eq!(
        fault_after(&twice),
        "program.toml:9: the id `a` is used twice"
    );
    assert!(
        fault("contact = []\n[program]\nname = \"A\"\nid = \"a\"\n")
            .ends_with("a program needs a [[contact]]")
    );
}

#[test]
fn days_are_read_from_dates_and_texts() {
    for day in ["2023-12-04", "\"2023-12-04\""] {
        let program = Program::parse(
            "program.toml",
            &SMALL.replace("id =", &format!("updated = {day}\nid =")),
        )
        .unwrap();
        assert_eq!(program.updated(), Some(jiff::civil::date(2023, 12, 4)));
    }
}

#[test]
fn size_and_depth_are_capped() {
    let large = format!("{SMALL}# {}", "x".repeat(MAX_BYTES));
    assert!(matches!(
        Program::parse("p", &large),
        Err(ProfileError::TooLarge { .. })
    ));
    for deep in [
        format!("a={}", "[".repeat(200_000)),
        format!("{}a=1", "a.".repeat(100_000)),
        "x".repeat(200_000),
    ] {
        assert!(matches!(
            Program::parse("p", &deep),
            Err(ProfileError::Syntax { .. })
        ));
    }
    let long = format!("{SMALL}{} = 1\n", "x".repeat(200_000));
    assert!(fault(&long).len() < 300);
}

#[test]
fn the_published_schema_is_the_generated_one() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("keys/program.schema.json");
    let generated = json_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, format!("{generated:#}\n")).unwrap();
    }
    let published = fs::read_to_string(&path)
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    assert!(
        published == Some(generated),
        "keys/program.schema.json is not what the code generates; run UPDATE_SCHEMA=1 cargo test published_schema"
    );
}

#[test]
fn shipped_profiles_are_valid_in_both_forms() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    for shipped in shipped() {
        let table: toml::Table = toml::from_str(shipped.toml()).unwrap();
        for form in [
            to_json(toml::Value::Table(table)),
            serde_json::to_value(shipped.program().unwrap()).unwrap(),
        ] {
            let faults: Vec<String> = validator
                .iter_errors(&form)
                .map(|fault| fault.to_string())
                .collect();
            assert!(faults.is_empty(), "{}: {faults:#?}", shipped.id());
        }
    }
    let wrong =
        serde_json::json!({"program": {"name": "a", "id": "A b"}, "contact": [], "scopes": {}});
    assert_eq!(validator.iter_errors(&wrong).count(), 3);
}

fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(day) => Value::String(day.to_string()),
        toml::Value::Array(entries) => entries.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, to_json(value)))
            .collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

#[test]
fn what_is_written_as_toml_is_read_again() {
    for shipped in shipped() {
        let program = shipped.program().unwrap();
        let text = toml::to_string(&program).unwrap();
        assert_eq!(Program::parse(shipped.id(), &text), Ok(program));
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = Program::parse("p", &text);
    }

    #[test]
    fn no_broken_profile_panics(cut in 0_usize..4_000, pasted in "\\PC{0,12}", at in 0_usize..4_000) {
        let mut text: Vec<char> = shipped().iter().flat_map(|shipped| shipped.toml().chars().take(800)).collect();
        text.truncate(cut);
        let at = at.min(text.len());
        text.splice(at..at, pasted.chars());
        let _ = Program::parse("p", &text.into_iter().collect::<String>());
    }
}

#[test]
fn json_reads_back_what_toml_said() {
    for shipped in shipped() {
        let program = shipped.program().unwrap();
        let json = serde_json::to_vec(&program).unwrap();
        assert_eq!(Program::parse_json("program.json", &json).unwrap(), program);
    }
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"program":{"name":"x","id":"x"},"contact":[]}"#,
    ] {
        let error = Program::parse_json("program.json", bad.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("program.json: "), "{error}");
    }
}

#[test]
fn a_vendor_without_a_profile_is_called_by_its_host() {
    let contact = "mailto:security@example.org".parse().unwrap();
    let program = Program::announced("github:Owner/a_repo", &[contact], None).unwrap();
    assert_eq!(program.id().as_str(), "github-owner-a-repo");
    assert_eq!(Program::announced("example.org", &[], None), None);
}
