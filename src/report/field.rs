//! Reads typed values out of the front matter's tree; every error names file, line and field.
//!
//! Serves DESIGN.md, "The report".

use std::str::FromStr;

use jiff::civil::Date;
use url::Url;

use super::{
    error::{Fault, ReportError, excerpt},
    node::{Entry, Node, Value},
};

/// One value and where it stands.
#[derive(Debug)]
pub(super) struct Field<'a> {
    file: &'a str,
    line: usize,
    path: String,
    value: Value,
}

impl<'a> Field<'a> {
    /// The error that this field is to blame for.
    pub(super) fn fault(&self, fault: impl Into<Fault>) -> ReportError {
        ReportError::Field {
            file: self.file.into(),
            line: self.line,
            field: self.path.clone(),
            fault: fault.into(),
        }
    }

    /// One line of text, trimmed.
    pub(super) fn one_line(&self) -> Result<String, ReportError> {
        let text = self.scalar("text")?;
        if text.chars().any(char::is_control) {
            return Err(self.fault(Fault::Control));
        }
        Ok(text.to_owned())
    }

    /// Text that may have several lines, trimmed.
    pub(super) fn prose(&self) -> Result<String, ReportError> {
        let text = self.scalar("text")?.replace("\r\n", "\n");
        let hidden = |c: char| c.is_control() && c != '\n' && c != '\t';
        if text.chars().any(hidden) {
            return Err(self.fault(Fault::Control));
        }
        Ok(text)
    }

    /// One line of text that `T` can read.
    pub(super) fn parsed<T>(&self) -> Result<T, ReportError>
    where
        T: FromStr,
        Fault: From<T::Err>,
    {
        let text = self.one_line()?;
        text.parse().map_err(|error: T::Err| self.fault(error))
    }

    pub(super) fn boolean(&self) -> Result<bool, ReportError> {
        match self.value {
            Value::Boolean(flag) => Ok(flag),
            _ => Err(self.mistyped("`true` or `false`")),
        }
    }

    pub(super) fn days(&self) -> Result<u32, ReportError> {
        let wanted = "a number of days from 0 to 3650";
        match self.value {
            Value::Integer(days @ 0..=3650) => {
                u32::try_from(days).map_err(|_| self.mistyped(wanted))
            }
            _ => Err(self.mistyped(wanted)),
        }
    }

    /// A day such as `2026-11-22`.
    pub(super) fn date(&self) -> Result<Date, ReportError> {
        let written = match &self.value {
            Value::Date(written) => written.as_str(),
            _ => self.scalar("a date such as 2026-11-22")?,
        };
        // The parser also takes `20261122` and a time of day: ten bytes are neither.
        let date = (written.len() == 10).then(|| written.parse::<Date>());
        match date {
            Some(Ok(date)) => Ok(date),
            _ => Err(self.fault(Fault::Date {
                written: excerpt(written),
            })),
        }
    }

    /// An absolute URL with a host.
    pub(super) fn url(&self) -> Result<Url, ReportError> {
        let written = self.one_line()?;
        let url = Url::parse(&written).ok().filter(Url::has_host);
        url.ok_or_else(|| {
            self.fault(Fault::Url {
                written: excerpt(&written),
            })
        })
    }

    /// A language tag such as `en` or `pt-BR`, as written.
    pub(super) fn language(&self) -> Result<String, ReportError> {
        let written = self.one_line()?;
        let mut parts = written.split('-');
        let first = parts.next().unwrap_or_default();
        let plain = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        let letters =
            (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
        if letters && written.len() <= 35 && parts.all(plain) {
            return Ok(written);
        }
        Err(self.fault(Fault::Language {
            written: excerpt(&written),
        }))
    }

    /// The items of a list; a single value counts as a list of one.
    pub(super) fn one_or_more(self) -> Result<Vec<Self>, ReportError> {
        match self.value {
            Value::List(_) => self.list(),
            Value::Null => Err(self.fault(Fault::Empty)),
            Value::Table(_) => Err(self.mistyped("text or a list")),
            _ => Ok(vec![self]),
        }
    }

    /// The items of a list.
    pub(super) fn list(self) -> Result<Vec<Self>, ReportError> {
        let Value::List(items) = self.value else {
            return Err(self.mistyped("a list"));
        };
        let item = |(index, node): (usize, Node)| Self {
            file: self.file,
            line: node.line,
            path: format!("{}[{index}]", self.path),
            value: node.value,
        };
        Ok(items.into_iter().enumerate().map(item).collect())
    }

    /// A table that has no other fields than `known`.
    pub(super) fn table(self, known: &'static [&'static str]) -> Result<Table<'a>, ReportError> {
        let Value::Table(entries) = self.value else {
            return Err(self.mistyped("a table of fields"));
        };
        let table = Table {
            file: self.file,
            line: self.line,
            path: self.path,
            entries,
        };
        match table
            .entries
            .iter()
            .find(|entry| !known.contains(&entry.name.as_str()))
        {
            None => Ok(table),
            Some(entry) => {
                let nearest = nearest(&entry.name, known);
                let name = excerpt(&entry.name);
                Err(table.fault(entry.line, &name, Fault::Unknown { nearest }))
            }
        }
    }

    /// Text as it is for a person: a number is text to YAML only in quotes.
    fn scalar(&self, wanted: &'static str) -> Result<&str, ReportError> {
        match &self.value {
            Value::Text(text) => match text.trim() {
                "" => Err(self.fault(Fault::Empty)),
                text => Ok(text),
            },
            Value::Integer(_) | Value::Number | Value::Boolean(_) if wanted == "text" => {
                Err(self.mistyped("text (put it in quotes)"))
            }
            _ => Err(self.mistyped(wanted)),
        }
    }

    pub(super) fn mistyped(&self, wanted: &'static str) -> ReportError {
        match &self.value {
            Value::Null => self.fault(Fault::Empty),
            other => self.fault(Fault::Type {
                wanted,
                found: other.noun(),
            }),
        }
    }

    /// The number, where an id may be written as one.
    pub(super) fn integer(&self) -> Option<i64> {
        match self.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// Whether the value is this word.
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.value, Value::Text(text) if text == word)
    }
}

/// A table whose field names are all known.
#[derive(Debug)]
pub(super) struct Table<'a> {
    file: &'a str,
    line: usize,
    path: String,
    entries: Vec<Entry>,
}

impl<'a> Table<'a> {
    /// The front matter itself.
    pub(super) fn root(
        file: &'a str,
        root: Node,
        known: &'static [&'static str],
    ) -> Result<Self, ReportError> {
        if !matches!(root.value, Value::Table(_)) {
            return Err(ReportError::Syntax {
                file: file.into(),
                line: root.line,
                detail: format!("the front matter must be fields, not {}", root.value.noun()),
            });
        }
        let field = Field {
            file,
            line: 1,
            path: String::new(),
            value: root.value,
        };
        field.table(known)
    }

    /// A field, if it is there.
    pub(super) fn optional(&mut self, name: &str) -> Option<Field<'a>> {
        let index = self.entries.iter().position(|entry| entry.name == name)?;
        let entry = self.entries.swap_remove(index);
        Some(Field {
            file: self.file,
            line: entry.line,
            path: self.path_of(name),
            value: entry.value,
        })
    }

    /// A field that must be there.
    pub(super) fn required(&mut self, name: &str) -> Result<Field<'a>, ReportError> {
        let missing = self.fault(self.line, name, Fault::Missing);
        self.optional(name).ok_or(missing)
    }

    fn fault(&self, line: usize, name: &str, fault: Fault) -> ReportError {
        ReportError::Field {
            file: self.file.into(),
            line,
            field: self.path_of(name),
            fault,
        }
    }

    fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}

/// The known name that is spelt most like `name`.
fn nearest(name: &str, known: &'static [&'static str]) -> &'static str {
    let name: String = name.chars().take(40).collect();
    let name = name.to_lowercase().replace(['-', ' '], "_");
    let distance = |known: &&&str| strsim::damerau_levenshtein(known, &name);
    known
        .iter()
        .min_by_key(distance)
        .copied()
        .unwrap_or_default()
}
