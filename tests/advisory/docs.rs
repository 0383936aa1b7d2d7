//! docs/advisories.md says what is so.

use std::collections::BTreeSet;

use sealpost::advisory::{Form, Triage};

use super::cases::advisory;

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/advisories.md");
    std::fs::read_to_string(path).unwrap()
}

fn example() -> String {
    let page = page();
    let (_, after) = page.split_once("```toml\n").unwrap();
    after.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_example_makes_every_form() {
    Triage::parse("docs/advisories.md", &example()).unwrap();
    let report = "---\ntitle: A flaw\nassets: example.org\n---\n\n# Summary\n\nIt breaks.\n";
    let advisory = advisory(report, &example()).unwrap();
    for form in [Form::Csaf, Form::Osv, Form::Cve, Form::Ghsa] {
        advisory.draft(form).unwrap();
    }
}

#[test]
fn the_table_has_every_field_of_the_example() {
    let table: toml::Table = example().parse().unwrap();
    let mut written = BTreeSet::new();
    for (name, value) in &table {
        let inner = value.as_table().or_else(|| value.as_array()?.first()?.as_table());
        match inner.filter(|_| name != "weakness_names") {
            Some(inner) => written.extend(inner.keys().map(|member| format!("{name}.{member}"))),
            None => drop(written.insert(name.clone())),
        }
    }
    let page = page();
    let part = page.split("Everything is optional").nth(1).unwrap();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
    let named = rows.flat_map(|(names, _)| names.split(", ").map(|name| name.trim_matches('`').to_owned()));
    assert_eq!(named.collect::<BTreeSet<_>>(), written);
}
