//! Where things stand in a report's file, so that whoever finds fault with one can name its line.
//!
//! Serves DESIGN.md, "The report" and `check`. Lines count from 1, in the whole file.

use super::{
    node::{Node, Value},
    sections::Section,
};

/// One line of a report's Markdown, without HTML comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number.
    pub number: usize,
    /// The section that it belongs to, if it is one of the four.
    pub section: Option<Section>,
    /// The text, without its end.
    pub text: &'a str,
}

/// The lines of the fields, and of the items of those that are lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places(Vec<(String, usize)>);

impl Places {
    /// Where the fields of a front matter stand.
    pub(super) fn of(root: &Node) -> Self {
        let Value::Table(fields) = &root.value else {
            return Self::default();
        };
        let mut places = Vec::new();
        for field in fields {
            places.push((field.name.clone(), field.line));
            if let Value::List(items) = &field.value {
                let item =
                    |(index, item): (usize, &Node)| (format!("{}[{index}]", field.name), item.line);
                places.extend(items.iter().enumerate().map(item));
            }
        }
        Self(places)
    }

    /// The line of `title` or `assets[2]`. A single value that stands for a list is its first item.
    pub(super) fn line(&self, path: &str) -> Option<usize> {
        let find = |path: &str| self.0.iter().find(|(known, _)| known == path);
        let whole = || find(path.strip_suffix("[0]")?);
        find(path).or_else(whole).map(|(_, line)| *line)
    }
}
