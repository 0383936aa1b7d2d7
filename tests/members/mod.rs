//! What docs/json.md says of a JSON document, and what is in one: for all tests that compare the two.

use std::collections::BTreeSet;

use serde_json::Value;

/// The paths of all values in a document, such as `reports[].size`. A list counts itself, too; an object does not.
pub(crate) fn paths(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(document, "", &mut found);
    found
}

fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                collect(value, &format!("{path}{dot}{name}"), found);
            }
        }
        Value::Array(items) => {
            found.insert(path.to_owned());
            for item in items.iter().filter(|item| item.is_object()) {
                collect(item, &format!("{path}[]"), found);
            }
        }
        _ => drop(found.insert(path.to_owned())),
    }
}

/// A section of docs/json.md.
struct Section {
    /// Its values and lists.
    values: BTreeSet<String>,
    /// Objects, which may be null.
    objects: BTreeSet<String>,
}

impl Section {
    fn read(title: &str) -> Self {
        let page = include_str!("../../docs/json.md");
        let part = page.split(&format!("\n## {title}\n")).nth(1);
        let part = part.unwrap_or_else(|| panic!("docs/json.md has no section `{title}`"));
        let part = part.split("\n## ").next().unwrap();
        let (mut values, mut objects) = (BTreeSet::new(), BTreeSet::new());
        for row in part.lines().filter_map(|line| line.strip_prefix("| ")) {
            let (names, rest) = row.split_once(" | ").unwrap();
            let names = names.split(", ").filter_map(|name| {
                let name = name.strip_prefix('`')?.strip_suffix('`')?;
                Some(name.to_owned())
            });
            if rest.starts_with("object") {
                objects.extend(names);
            } else {
                values.extend(names);
            }
        }
        Self { values, objects }
    }

    /// What is in documents and counts: no object that is null, and nothing of one whose members are
    /// described elsewhere.
    fn counting(&self, documents: &[Value]) -> BTreeSet<String> {
        let mut found: BTreeSet<_> = documents.iter().flat_map(paths).collect();
        found.retain(|path| {
            let elsewhere = self.objects.iter().any(|object| {
                let below = format!("{object}.");
                path.starts_with(&below) && !self.values.iter().any(|it| it.starts_with(&below))
            });
            !elsewhere && !self.objects.contains(path)
        });
        found
    }
}

/// Asserts that the documents have together what the section names, and nothing else.
#[track_caller]
#[allow(dead_code, reason = "some tests know only a part of a document")]
pub(crate) fn same(title: &str, documents: &[Value]) {
    let section = Section::read(title);
    assert_eq!(section.counting(documents), section.values, "{title}");
}

/// Asserts that the section names each member of a document.
#[track_caller]
#[allow(dead_code, reason = "some tests know only a part of a document")]
pub(crate) fn known(title: &str, document: &Value) {
    let section = Section::read(title);
    let found = section.counting(std::slice::from_ref(document));
    let missing: Vec<_> = found.difference(&section.values).collect();
    assert!(
        missing.is_empty(),
        "{title}: {missing:?} are not in docs/json.md"
    );
}
