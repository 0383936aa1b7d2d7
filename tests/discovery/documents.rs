//! docs/json.md names each member of what `find --json` prints, and no other.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use crate::bench::{Bench, TEXT, vendors};

/// A host with letters beyond ASCII, so that the document says how it could be mistaken.
const HOST: &str = "xn--bcher-kva.test";

#[test]
fn each_member_of_find_is_documented() {
    let bench = Bench::new();
    let signed = format!(
        "Contact: mailto:security@{HOST}\nExpires: 2025-01-01T00:00:00Z\nPolicy: https://{HOST}/policy\n\
         Encryption: https://{HOST}/key.asc\nEncryption: https://{HOST}/old.asc"
    );
    let vendor = vendors::vendor();
    let page = json!({
        "program": { "name": "Example", "id": HOST },
        "contact": [{ "uri": format!("mailto:security@{HOST}") }]
    });
    bench
        .web
        .host(HOST)
        .serve("/.well-known/security.txt", TEXT, vendor.sign(&signed))
        .serve("/key.asc", TEXT, &vendor.certificate)
        .serve("/old.asc", TEXT, vendors::expired())
        .serve("/program.json", "application/json", page.to_string())
        .status("/security.txt", 503);
    let pin = ["trust", HOST, "--fingerprint", &vendor.fingerprint];
    bench.run(pin).expect(0);
    let mut found = BTreeSet::new();
    for pinned in [true, false] {
        if !pinned {
            bench.run(["trust", "--remove", HOST]).expect(0);
        }
        paths(&bench.find(&[HOST]).expect(0).json(), "", &mut found);
    }
    assert_eq!(found, documented("find"));
}

/// The members in a section of docs/json.md. An object alone is named for its meaning; its members
/// are what is compared.
fn documented(section: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md");
    let page = fs::read_to_string(path).unwrap();
    let part = page.split(&format!("\n## {section}\n")).nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter(|row| !row.contains("| object or null |") || row.starts_with("program`"))
        .map(|row| row.split('`').next().unwrap().to_owned())
        .collect()
}

/// The paths of all values; a profile is described elsewhere.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) if path != "program" => {
            for (name, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                paths(value, &format!("{path}{dot}{name}"), found);
            }
        }
        Value::Array(items) => {
            found.insert(path.to_owned());
            for item in items.iter().filter(|item| item.is_object()) {
                paths(item, &format!("{path}[]"), found);
            }
        }
        Value::Null if NULLABLE.contains(&path) => {}
        _ => drop(found.insert(path.to_owned())),
    }
}

/// Objects that may be absent.
const NULLABLE: [&str; 3] = ["look_alike", "security_txt", "pin"];
