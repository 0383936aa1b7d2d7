//! What stands behind a name: `name: value`, `"name" = "value"`, and the pair `"name": "…", "value": "…"` of HAR 1.2.
//!
//! Serves `check`. Quotes may be escaped, as in JSON inside of JSON.

use super::view::run;

/// The value that is assigned to the name after which `rest` begins, and which stood in the quotes `outside`.
pub(super) fn assigned(rest: &[u8], outside: Option<Quote>) -> Option<&[u8]> {
    let (own, behind) = quote(rest);
    if own.is_some()
        && let Some(value) = paired(behind)
    {
        return Some(value);
    }
    let behind = blanks(behind);
    let behind = behind.strip_prefix(b"]").map_or(behind, blanks);
    let listed = behind.strip_prefix(b",").filter(|_| own.is_some());
    let signs = [&b"=>"[..], b":=", b"=", b":"];
    let mut signs = signs.iter().filter_map(|sign| behind.strip_prefix(*sign));
    let value = blanks(listed.or_else(|| signs.next())?);
    Some(match quote(value) {
        (Some(mark), inside) => mark.inside(inside),
        (None, value) => outside
            .filter(|_| own.is_none())
            .map_or(value, |mark| mark.inside(value)),
    })
}

/// The value and the name of a pair in which the value stands first; `rest` begins after the word `value`.
pub(super) fn reversed(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (value, rest) = member(rest)?;
    let rest = space(rest).strip_prefix(b",")?;
    let (_, rest) = quoted(space(rest))?;
    let rest = [&b"name"[..], b"key"]
        .iter()
        .find_map(|word| rest.strip_prefix(*word))?;
    let (name, _) = member(rest)?;
    Some((value, name))
}

/// A quote, as it opens or closes a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    mark: u8,
    escaped: bool,
}

impl Quote {
    /// The quote with which `text` ends.
    pub(super) fn at_end(text: &[u8]) -> Option<Self> {
        let (mark, before) = text.split_last()?;
        matches!(mark, b'"' | b'\'').then(|| Self {
            mark: *mark,
            escaped: before.last() == Some(&b'\\'),
        })
    }

    /// What stands before the quote that closes; all, where none does.
    pub(super) fn inside(self, text: &[u8]) -> &[u8] {
        let text = text.get(..text.len().min(LONGEST)).unwrap_or_default();
        let mut marks = memchr::memchr_iter(self.mark, text);
        let end = marks.find(|at| Self::at_end(&text[..=*at]) == Some(self));
        let end = end.map_or(text.len(), |end| end - usize::from(self.escaped));
        text.get(..end).unwrap_or_default()
    }
}

/// A quote that may stand here, and what follows it.
pub(super) fn quote(text: &[u8]) -> (Option<Quote>, &[u8]) {
    let slashes = run(text, |byte| byte == b'\\').len();
    match text.get(slashes) {
        Some(mark @ (b'"' | b'\'')) if slashes <= 3 => {
            let (mark, escaped) = (*mark, slashes > 0);
            let rest = text.get(slashes + 1..).unwrap_or_default();
            (Some(Quote { mark, escaped }), rest)
        }
        _ => (None, text),
    }
}

/// `, "value": "…"`, and `value="…"` of XML.
fn paired(text: &[u8]) -> Option<&[u8]> {
    let text = space(text);
    let text = text.strip_prefix(b",").map_or(text, space);
    let (_, text) = quote(text);
    member(text.strip_prefix(b"value")?).map(|(value, _)| value)
}

/// The quoted value of a member of an object, behind its name, and what follows.
fn member(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = space(quote(text).1);
    let text = text
        .strip_prefix(b":")
        .or_else(|| text.strip_prefix(b"="))?;
    let (mark, text) = quoted(space(text))?;
    let value = mark.inside(text);
    let (_, rest) = quoted(text.get(value.len()..)?)?;
    Some((value, rest))
}

fn quoted(text: &[u8]) -> Option<(Quote, &[u8])> {
    let (mark, rest) = quote(text);
    Some((mark?, rest))
}

fn blanks(text: &[u8]) -> &[u8] {
    let count = run(text, |byte| matches!(byte, b' ' | b'\t')).len();
    text.get(count..).unwrap_or_default()
}

/// Past blanks and ends of lines, of which there are few.
fn space(text: &[u8]) -> &[u8] {
    let near = text.get(..text.len().min(100)).unwrap_or_default();
    let count = run(near, |byte| byte.is_ascii_whitespace()).len();
    text.get(count..).unwrap_or_default()
}

/// How the word before a value begins that stands before its name.
pub(super) const STARTS: &[&[u8]] = &[b"value\"", b"value\\"];

/// The longest value that is looked at.
pub(super) const LONGEST: usize = 4096;
