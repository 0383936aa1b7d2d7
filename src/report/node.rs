//! The front matter as a tree with line numbers, the same for YAML and TOML.
//!
//! Serves DESIGN.md, "The report". Depth, nodes and bytes are bounded by the parsers' budgets, and
//! YAML's anchors, aliases and merge keys are refused: a report has no use for them (promise 31).

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{
    Error as YamlError, MessageFormatter, Spanned, UserMessageFormatter,
    options::{DuplicateKeyPolicy, MergeKeyPolicy},
};
use toml::de::{DeTable, DeValue};

use super::{error::ReportError, front_matter::Format};

/// A value and the line where it begins, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

/// What YAML and TOML can say, as far as a report can use it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A fraction or an integer beyond 64 bits: always a mistake in a report.
    Number,
    /// A date or time that TOML knows as such, as written.
    Date(String),
    Text(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A field: its name, the line of the name, and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) value: Value,
}

impl Value {
    /// What it is, with its article, for a message.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) | Self::Number => "a number",
            Self::Date(_) => "a date",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    /// Parses the front matter, whose first line is the file's first line.
    pub(super) fn parse(file: &str, format: Format, text: &str) -> Result<Self, ReportError> {
        match format {
            Format::Yaml => Self::from_yaml(text),
            Format::Toml => Self::from_toml(text),
        }
        .map_err(|(line, detail)| ReportError::Syntax {
            file: file.into(),
            line,
            detail,
        })
    }

    fn from_yaml(text: &str) -> Result<Self, (usize, String)> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_aliases: 0,
                max_anchors: 0,
                max_documents: 1,
                max_depth: MAX_DEPTH,
                max_nodes: MAX_NODES,
                max_events: 4 * MAX_NODES,
                flow_nesting_limit: MAX_DEPTH,
            },
            duplicate_keys: DuplicateKeyPolicy::Error,
            merge_keys: MergeKeyPolicy::Error,
            strict_booleans: true,
            emit_comments: false,
            with_snippet: false,
        };
        serde_saphyr::from_str_with_options::<Option<Spanned<Value>>>(text, options)
            .map(|root| root.map_or(Self::EMPTY, Self::from))
            .map_err(|error| yaml_fault(&error))
    }

    fn from_toml(text: &str) -> Result<Self, (usize, String)> {
        let lines = Lines::of(text);
        let table = DeTable::parse(text).map_err(|error| {
            let line = error.span().map_or(1, |span| lines.line(span.start));
            (line, error.message().to_owned())
        })?;
        let value = toml_table(table.into_inner(), &lines);
        Ok(Self { line: 1, value })
    }

    const EMPTY: Self = Self {
        line: 1,
        value: Value::Table(Vec::new()),
    };
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        let line = line_of(spanned.referenced.line());
        let value = spanned.value;
        Self { line, value }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a number, a boolean, a list or a table")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Number, Value::Integer))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<Spanned<Value>>()? {
            items.push(Node::from(item));
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, value)) = access.next_entry::<Spanned<String>, Value>()? {
            let line = line_of(name.referenced.line());
            let name = name.value;
            entries.push(Entry { name, line, value });
        }
        Ok(Value::Table(entries))
    }
}

fn yaml_fault(error: &YamlError) -> (usize, String) {
    let line = error.location().map_or(1, |place| line_of(place.line()));
    let detail = match error.without_snippet() {
        YamlError::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is there twice"),
        YamlError::Budget { .. } => "too deep or too long for a front matter, or an anchor, an \
                                     alias or a second document: write the values out"
            .to_owned(),
        other => UserMessageFormatter.format_message(other).into_owned(),
    };
    (line, detail)
}

fn toml_value(value: DeValue<'_>, lines: &Lines) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Number, Value::Integer),
        DeValue::Float(_) => Value::Number,
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => {
            let node = |item: toml::Spanned<DeValue<'_>>| Node {
                line: lines.line(item.span().start),
                value: toml_value(item.into_inner(), lines),
            };
            Value::List(items.into_iter().map(node).collect())
        }
        DeValue::Table(table) => toml_table(table, lines),
    }
}

fn toml_table(table: DeTable<'_>, lines: &Lines) -> Value {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(name, value)| Entry {
            line: lines.line(name.span().start),
            name: name.into_inner().into_owned(),
            value: toml_value(value.into_inner(), lines),
        })
        .collect();
    entries.sort_by_key(|entry| entry.line);
    Value::Table(entries)
}

fn line_of(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX).max(1)
}

/// Where the lines of a text begin, so that offsets become line numbers.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|&end| end < offset) + 1
    }
}

/// A report needs three levels: fields, entries of `affected`, their values.
const MAX_DEPTH: usize = 8;
const MAX_NODES: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::{Entry, Format, Node, Value};

    fn fault(format: Format, text: &str) -> String {
        Node::parse("r.md", format, text).unwrap_err().to_string()
    }

    #[test]
    fn both_languages_make_the_same_tree() {
        let yaml = "\na: [x, 1]\nb:\n  c: true\n";
        let toml = "\na = ['x', 1]\n[b]\nc = true\n";
        let item = |value| Node { line: 2, value };
        let tree = |line| {
            Value::Table(vec![
                Entry {
                    name: "a".into(),
                    line: 2,
                    value: Value::List(vec![
                        item(Value::Text("x".into())),
                        item(Value::Integer(1)),
                    ]),
                },
                Entry {
                    name: "b".into(),
                    line,
                    value: Value::Table(vec![Entry {
                        name: "c".into(),
                        line: 4,
                        value: Value::Boolean(true),
                    }]),
                },
            ])
        };
        assert_eq!(Node::parse("r", Format::Yaml, yaml).unwrap().value, tree(3));
        assert_eq!(Node::parse("r", Format::Toml, toml).unwrap().value, tree(3));
    }

    #[test]
    fn p31_bombs_are_refused() {
        let deep = format!("\na: {}", "[".repeat(100_000));
        assert!(fault(Format::Yaml, &deep).starts_with("r.md:2: "));
        let deep = format!("\na = {}", "[".repeat(100_000));
        assert!(fault(Format::Toml, &deep).starts_with("r.md:2: "));
        let block: Vec<String> = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert!(fault(Format::Yaml, &block.concat()).contains("too deep"));
        let bomb = "\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert!(fault(Format::Yaml, bomb).contains("anchor"));
        let long = format!("\na: [{}]", "1,".repeat(50_000));
        assert!(fault(Format::Yaml, &long).contains("too long"));
    }

    #[test]
    fn duplicates_name_their_line() {
        assert_eq!(
            fault(Format::Yaml, "\na: 1\nb: 2\na: 3\n"),
            "r.md:4: `a` is there twice"
        );
        assert!(fault(Format::Toml, "\na = 1\nb = 2\na = 3\n").starts_with("r.md:4: duplicate"));
    }

    #[test]
    fn odd_bytes_and_documents_are_faults() {
        for text in [
            "\na: \"\\ud800\"\n",
            "\na: \0\n",
            "\na: 1\n--- x\n",
            "\n<<: {a: 1}\n",
        ] {
            fault(Format::Yaml, text);
        }
        for text in ["\na = \"\\ud800\"\n", "\na = \"\0\"\n", "\na = 1 b = 2\n"] {
            assert!(fault(Format::Toml, text).starts_with("r.md:2: "));
        }
    }
}
