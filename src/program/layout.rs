//! Where things stand in a profile's text: unknown fields, and the line and name of what is wrong.
//!
//! Serves DESIGN.md, "The program profile": unknown fields are errors that name the nearest known one.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

/// A profile's TOML with the place of every key and value.
pub(super) struct Layout<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

/// A field that profiles do not have.
pub(super) struct UnknownField {
    pub(super) line: usize,
    pub(super) field: String,
    pub(super) nearest: &'static str,
}

impl<'t> Layout<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self, Error> {
        DeTable::parse(text).map(|root| Self { text, root })
    }

    /// The first unknown field of the file, if there is one.
    pub(super) fn unknown_field(&self) -> Option<UnknownField> {
        let mut found = Vec::new();
        collect_unknown("", self.root.get_ref(), &mut found);
        for (key, value) in self.root.get_ref() {
            for table in tables(value.get_ref()) {
                collect_unknown(key.get_ref(), table, &mut found);
            }
        }
        found.sort_by_key(|(span, _, _)| span.start);
        found
            .into_iter()
            .next()
            .map(|(span, field, nearest)| UnknownField {
                line: line_of(self.text, span.start),
                field,
                nearest,
            })
    }

    /// The line where the table of this name begins, or its `index`-th entry; the first line if it is not there.
    pub(super) fn line_of_table(&self, name: &str, index: usize) -> usize {
        let start = self
            .root
            .get_ref()
            .iter()
            .find(|(key, _)| key.get_ref() == name)
            .map(|(key, value)| {
                let entry = match value.get_ref() {
                    DeValue::Array(entries) => entries.get(index).map(Spanned::span),
                    _ => None,
                };
                entry.unwrap_or(key.span()).start
            });
        line_of(self.text, start.unwrap_or(0))
    }

    /// The field, such as `scope.in[1]`, in which this byte of the text stands; empty outside of all.
    pub(super) fn field_at(&self, offset: usize) -> String {
        let mut path = String::new();
        locate_in_table(self.root.get_ref(), offset, &mut path);
        path
    }
}

/// The line, from 1, of a byte of the text.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

type Unknown = (Range<usize>, String, &'static str);

fn collect_unknown(name: &str, table: &DeTable<'_>, found: &mut Vec<Unknown>) {
    let Some((_, known)) = FIELDS.iter().find(|(table, _)| *table == name) else {
        return;
    };
    for key in table
        .keys()
        .filter(|key| !known.contains(&key.get_ref().as_ref()))
    {
        let shown: String = key
            .get_ref()
            .chars()
            .take(SHOWN_CHARS)
            .flat_map(char::escape_debug)
            .collect();
        let distance = |field: &&&str| strsim::damerau_levenshtein(&shown, field);
        let Some(nearest) = known.iter().min_by_key(distance) else {
            continue;
        };
        let field = if name.is_empty() {
            shown
        } else {
            format!("{name}.{shown}")
        };
        found.push((key.span(), field, nearest));
    }
}

fn tables<'a, 't>(value: &'a DeValue<'t>) -> Vec<&'a DeTable<'t>> {
    match value {
        DeValue::Table(table) => vec![table],
        DeValue::Array(entries) => entries
            .iter()
            .filter_map(|entry| match entry.get_ref() {
                DeValue::Table(table) => Some(table),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

// Recursion is safe: the TOML reader refuses more than 80 levels.
fn locate_in_table(table: &DeTable<'_>, offset: usize, path: &mut String) -> bool {
    let length = path.len();
    for (key, value) in table {
        if !path.is_empty() {
            path.push('.');
        }
        path.extend(
            key.get_ref()
                .chars()
                .take(SHOWN_CHARS)
                .flat_map(char::escape_debug),
        );
        if key.span().contains(&offset) || locate(value, offset, path) {
            return true;
        }
        path.truncate(length);
    }
    false
}

fn locate(value: &Spanned<DeValue<'_>>, offset: usize, path: &mut String) -> bool {
    let length = path.len();
    match value.get_ref() {
        DeValue::Table(table) if locate_in_table(table, offset, path) => return true,
        DeValue::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
                if locate(entry, offset, path) {
                    return true;
                }
                path.truncate(length);
            }
        }
        _ => {}
    }
    value.span().contains(&offset)
}

/// The fields of each table; the empty name is the file itself. A test compares them with the JSON Schema.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "program",
            "contact",
            "encryption",
            "scope",
            "exclusion",
            "conduct",
            "disclosure",
            "promises",
        ],
    ),
    (
        "program",
        &["name", "id", "aliases", "homepage", "policy", "updated"],
    ),
    ("contact", &["uri"]),
    (
        "encryption",
        &["wanted", "fingerprints", "why", "passphrase_profile"],
    ),
    ("scope", &["in", "out", "subdomains", "user_content"]),
    (
        "exclusion",
        &["id", "vrt", "cwe", "tool_generated", "phrases", "words"],
    ),
    ("conduct", &["id", "words"]),
    ("disclosure", &["embargo_days", "starts", "credit", "words"]),
    (
        "promises",
        &["safe_harbor", "legal", "confidentiality", "bounty"],
    ),
];

/// How much of a key is quoted in an error.
const SHOWN_CHARS: usize = 60;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_known_fields_are_those_of_the_schema() {
        let schema = super::super::json_schema();
        let names = |node: &Value| -> BTreeSet<String> {
            node["properties"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect()
        };
        let definition = |field: &Value| -> Value {
            let node = if field["type"] == "array" {
                &field["items"]
            } else {
                field
            };
            let name = node["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
            schema["$defs"][name].clone()
        };
        for (table, known) in FIELDS {
            let node = if table.is_empty() {
                schema.clone()
            } else {
                definition(&schema["properties"][table])
            };
            let known: BTreeSet<String> = known.iter().map(|field| (*field).to_owned()).collect();
            assert_eq!(names(&node), known, "[{table}]");
        }
        assert_eq!(names(&schema).len() + 1, FIELDS.len());
    }

    #[test]
    fn fields_and_lines_are_found() {
        let text = "[scope]\nin = [\"a.example\",\n \"b.example\"]\n[[contact]]\nuri = \"x\"\n[[contact]]\nuri = \"y\"\n";
        let layout = Layout::parse(text).unwrap();
        assert_eq!(
            layout.field_at(text.find("b.example").unwrap()),
            "scope.in[1]"
        );
        assert_eq!(
            layout.field_at(text.find("\"y\"").unwrap()),
            "contact[1].uri"
        );
        assert_eq!(layout.line_of_table("contact", 1), 6);
        assert_eq!(layout.line_of_table("absent", 0), 1);
        assert_eq!(line_of(text, usize::MAX), 8);
    }
}
