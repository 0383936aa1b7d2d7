//! The words of a report, sentence by sentence, with their lines.
//!
//! Serves `check`, which looks in them for what a program excludes. Markdown's marks, links and HTML comments are no
//! words; a sentence ends with its mark, an empty line, a heading or an item of a list.

use crate::report::{Line, Report, Section};

/// Where a sentence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Title,
    Method,
    In(Section),
    Elsewhere,
}

impl Spot {
    /// Whether what stands there says what the report is about, rather than mentioning it.
    pub(super) fn is_telling(self) -> bool {
        matches!(
            self,
            Self::Title | Self::Method | Self::In(Section::Summary)
        )
    }

    /// The name of the place.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Title => "the title",
            Self::Method => "`method`",
            Self::In(section) => section.title(),
            Self::Elsewhere => "the text",
        }
    }
}

/// Words that belong together.
#[derive(Debug)]
pub(super) struct Sentence {
    pub(super) spot: Spot,
    /// In lower case, letters and digits alone.
    pub(super) words: Vec<String>,
    /// The same as they were written.
    written: Vec<String>,
    lines: Vec<usize>,
}

impl Sentence {
    fn new(spot: Spot) -> Self {
        Self {
            spot,
            words: Vec::new(),
            written: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The line of a word.
    pub(super) fn line(&self, word: usize) -> Option<usize> {
        self.lines.get(word).copied()
    }

    /// Some words as they were written, without what stood between them.
    pub(super) fn excerpt(&self, from: usize, count: usize) -> String {
        let words = self.written.get(from..from + count).unwrap_or_default();
        words.join(" ")
    }
}

/// The sentences of a report: title, method, then the Markdown up to a bound.
pub(super) fn sentences(report: &Report) -> Vec<Sentence> {
    let mut reader = Reader::default();
    let mut field = |spot, path: &str, text: &str| {
        let line = report.line_of(path).unwrap_or(1);
        for text in text.lines() {
            reader.read(spot, line, text);
        }
        reader.end();
    };
    field(Spot::Title, "title", report.title());
    field(Spot::Method, "method", report.method().unwrap_or_default());
    let mut left = READ;
    report.each_line(
        |Line {
             number,
             section,
             text,
         }| {
            left = left.saturating_sub(text.len() + 1);
            if left > 0 {
                reader.read(section.map_or(Spot::Elsewhere, Spot::In), number, text);
            }
        },
    );
    reader.end();
    reader.sentences
}

#[derive(Default)]
struct Reader {
    sentences: Vec<Sentence>,
    open: Option<Sentence>,
}

impl Reader {
    fn read(&mut self, spot: Spot, line: usize, text: &str) {
        let text = text.trim();
        if text.is_empty() || text.starts_with(['#', '-', '*', '+', '|', '>']) || is_numbered(text)
        {
            self.end();
        }
        for chunk in text.split_whitespace() {
            // A link's address is no word of the reporter's.
            let words = chunk.split("http://").next().unwrap_or_default();
            let words = words.split("https://").next().unwrap_or_default();
            for word in words.split(|c: char| !c.is_alphanumeric()) {
                if !word.is_empty() {
                    self.word(spot, line, word);
                }
            }
            if chunk
                .trim_end_matches(['"', '\'', ')', '*', '_', '`', '”'])
                .ends_with(['.', '!', '?'])
            {
                self.end();
            }
        }
    }

    fn word(&mut self, spot: Spot, line: usize, word: &str) {
        if self.open.as_ref().is_some_and(|open| open.spot != spot) {
            self.end();
        }
        let open = self.open.get_or_insert_with(|| Sentence::new(spot));
        open.words.push(word.to_lowercase());
        open.written.push(word.to_owned());
        open.lines.push(line);
        if open.words.len() >= LONGEST {
            self.end();
        }
    }

    fn end(&mut self) {
        self.sentences.extend(self.open.take());
    }
}

/// `1. text` or `1) text`.
fn is_numbered(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.len() && rest.starts_with(['.', ')'])
}

/// How much Markdown is read, in bytes: what a report is about stands at its beginning.
const READ: usize = 1024 * 1024;

/// Words of the longest sentence; a longer one is cut.
const LONGEST: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_their_lines_and_places() {
        let report = Report::parse(
            "r.md",
            "---\ntitle: Self-XSS here\nassets: a.example\n---\n# Summary\n\nThe site's\nheader. It \
             [is](https://phish.example) so!\n- one\n- two <!-- phishing -->\n",
        );
        let report = report.unwrap();
        let found = sentences(&report);
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.spot, one.words.join(" ")))
            .collect();
        let summary = Spot::In(Section::Summary);
        assert_eq!(
            shown,
            [
                (Spot::Title, "self xss here".to_owned()),
                (Spot::Elsewhere, "summary".to_owned()),
                (summary, "the site s header".to_owned()),
                (summary, "it is so".to_owned()),
                (summary, "one".to_owned()),
                (summary, "two".to_owned()),
            ]
        );
        assert_eq!((found[0].line(0), found[2].line(3)), (Some(2), Some(8)));
        assert_eq!(found[0].excerpt(0, 2), "Self XSS");
    }
}
