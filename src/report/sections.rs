//! The four sections of a report's Markdown.
//!
//! Serves DESIGN.md, "The report". A section is a heading of any level and what follows it, up to
//! the next heading of the same or a higher level or the next of the four. HTML comments are the
//! template's placeholders and never part of a section.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// One of the sections that make a report complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// What is wrong, in short.
    Summary,
    /// How the vendor sees it happen.
    Steps,
    /// What it lets an attacker do.
    Impact,
    /// What helps until it is mended, or mends it.
    Mitigation,
}

impl Section {
    /// All four, in the order of a report.
    pub const ALL: [Self; 4] = [Self::Summary, Self::Steps, Self::Impact, Self::Mitigation];

    /// The heading, as `sealpost new` writes it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Steps => "Steps to reproduce",
            Self::Impact => "Impact",
            Self::Mitigation => "Mitigation",
        }
    }

    /// The member of `sections` in `report.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Steps => "steps_to_reproduce",
            Self::Impact => "impact",
            Self::Mitigation => "mitigation",
        }
    }

    /// Reads a heading such as `Impact`, `IMPACT:` or `3. Impact`.
    fn of_heading(heading: &str) -> Option<Self> {
        let words: Vec<&str> = heading
            .trim_matches(|c: char| !c.is_alphabetic())
            .split_whitespace()
            .collect();
        let heading = words.join(" ");
        Self::ALL
            .into_iter()
            .find(|section| section.title().eq_ignore_ascii_case(&heading))
    }
}

/// The sections of one report; those that are absent or empty are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sections {
    found: Vec<Found>,
    comments: Vec<Range<usize>>,
}

/// A section with its text, and where it stands in the Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    section: Section,
    text: String,
    place: Range<usize>,
}

impl Sections {
    /// Finds the sections of a report's Markdown.
    pub(super) fn find(body: &str) -> Self {
        // The parser's tree can be sixty times as large as its input: this bounds it.
        let scanned = body
            .get(..body.floor_char_boundary(SCANNED))
            .unwrap_or(body);
        let outline = Outline::of(scanned);
        let mut found = Self::default();
        for (index, heading) in outline.headings.iter().enumerate() {
            let Some(section) = heading
                .section
                .filter(|&section| found.text(section).is_none())
            else {
                continue;
            };
            let end = outline
                .headings
                .iter()
                .skip(index + 1)
                .find(|next| next.level <= heading.level || next.section.is_some());
            let end = end.map_or(body.len(), |next| next.place.start);
            let text = outline.without_comments(body, heading.place.end..end);
            if !text.is_empty() {
                let place = heading.place.end..end;
                found.found.push(Found {
                    section,
                    text,
                    place,
                });
            }
        }
        found.comments = outline.comments;
        found
    }

    /// Its Markdown, without white space around it.
    pub(super) fn text(&self, section: Section) -> Option<&str> {
        let found = self.found.iter().find(|one| one.section == section);
        found.map(|one| one.text.as_str())
    }

    /// The section to which the byte at this place of the Markdown belongs.
    pub(super) fn at(&self, place: usize) -> Option<Section> {
        let found = self.found.iter().find(|one| one.place.contains(&place));
        found.map(|one| one.section)
    }

    /// The Markdown with spaces in the place of comments: every line stays where it was.
    pub(super) fn without_comments(&self, body: &str) -> String {
        let mut text = String::with_capacity(body.len());
        let mut at = 0;
        for comment in &self.comments {
            text.push_str(body.get(at..comment.start).unwrap_or_default());
            let hidden = body.get(comment.start.max(at)..comment.end);
            for c in hidden.unwrap_or_default().chars() {
                let blank = if c == '\n' { 1 } else { c.len_utf8() };
                text.extend(std::iter::repeat_n(
                    if c == '\n' { '\n' } else { ' ' },
                    blank,
                ));
            }
            at = at.max(comment.end);
        }
        text.push_str(body.get(at..).unwrap_or_default());
        text
    }
}

struct Heading {
    level: usize,
    section: Option<Section>,
    place: Range<usize>,
}

/// Where headings and HTML comments are; headings inside quotes and lists are content.
#[derive(Default)]
struct Outline {
    headings: Vec<Heading>,
    comments: Vec<Range<usize>>,
}

impl Outline {
    fn of(markdown: &str) -> Self {
        let mut outline = Self::default();
        let mut depth = 0usize;
        let mut title: Option<String> = None;
        for (event, place) in Parser::new_ext(markdown, Options::empty()).into_offset_iter() {
            match event {
                Event::Start(tag) => {
                    match tag {
                        Tag::Heading { .. } if depth == 0 => title = Some(String::new()),
                        Tag::HtmlBlock => outline.comments.extend(comments(markdown, place)),
                        _ => {}
                    }
                    depth += 1;
                }
                Event::End(tag) => {
                    depth = depth.saturating_sub(1);
                    if let (TagEnd::Heading(level), Some(text)) =
                        (tag, title.take_if(|_| depth == 0))
                    {
                        let section = Section::of_heading(&text);
                        let level = level as usize;
                        outline.headings.push(Heading {
                            level,
                            section,
                            place,
                        });
                    }
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(title) = &mut title {
                        title.push_str(&text);
                    }
                }
                Event::InlineHtml(html) if html.starts_with("<!--") => outline.comments.push(place),
                _ => {}
            }
        }
        outline
    }

    /// The text of `place` in `body`, trimmed.
    fn without_comments(&self, body: &str, place: Range<usize>) -> String {
        let first = self
            .comments
            .partition_point(|comment| comment.start < place.start);
        let mut text = String::new();
        let mut at = place.start;
        for comment in self.comments.iter().skip(first) {
            if comment.start >= place.end {
                break;
            }
            text.push_str(body.get(at..comment.start).unwrap_or_default());
            at = comment.end;
        }
        text.push_str(body.get(at..place.end).unwrap_or_default());
        text.trim().to_owned()
    }
}

/// The comments inside a block of HTML; one that never ends goes to the block's end.
fn comments(markdown: &str, block: Range<usize>) -> Vec<Range<usize>> {
    let html = markdown.get(block.clone()).unwrap_or_default();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = html.get(at..).and_then(|rest| rest.find("<!--")) {
        let start = at + start;
        let end = html.get(start..).and_then(|rest| rest.find("-->"));
        at = end.map_or(html.len(), |end| start + end + "-->".len());
        found.push(block.start + start..block.start + at);
    }
    found
}

/// How much of the Markdown is searched for headings, in bytes. The last section found there
/// still runs to the report's end.
const SCANNED: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::{SCANNED, Section, Sections};

    #[test]
    fn any_level_any_case() {
        let found = Sections::find(
            "# A title\nintro\n## SUMMARY:\nshort\n\n### detail\nlong\n\
             ## 2. Steps  to Reproduce\n1. go\n\n# *Impact*\nbad\n\n## more\nworse\n# Other\nx\n\
             ###### mitigation ######\nnone\n",
        );
        assert_eq!(
            found.text(Section::Summary),
            Some("short\n\n### detail\nlong")
        );
        assert_eq!(found.text(Section::Steps), Some("1. go"));
        assert_eq!(found.text(Section::Impact), Some("bad\n\n## more\nworse"));
        assert_eq!(found.text(Section::Mitigation), Some("none"));
    }

    #[test]
    fn setext_and_numbered_headings() {
        let found =
            Sections::find("Summary\n=======\na\n\nSteps to reproduce\n---\nb\n\n# 3. Impact\nc");
        assert_eq!(found.text(Section::Summary), Some("a"));
        assert_eq!(found.text(Section::Steps), Some("b"));
        assert_eq!(found.text(Section::Impact), Some("c"));
    }

    #[test]
    fn code_quotes_and_lists_hold_no_sections() {
        let found =
            Sections::find("```\n# Summary\na\n```\n> # Impact\n> b\n\n- # Mitigation\n  c\n");
        assert_eq!(found, Sections::default());
    }

    #[test]
    fn comments_are_not_content() {
        let found = Sections::find(
            "# Summary\n\n<!-- write\n\nhere -->\n# Impact\n<!-- a --> kept <!-- b -->\n\
             # Mitigation\n```html\n<!-- payload -->\n```\n# Steps to reproduce\n1. a <!-- b --> c\n",
        );
        assert_eq!(found.text(Section::Summary), None);
        assert_eq!(found.text(Section::Impact), Some("kept"));
        assert_eq!(
            found.text(Section::Mitigation),
            Some("```html\n<!-- payload -->\n```")
        );
        assert_eq!(found.text(Section::Steps), Some("1. a  c"));
    }

    #[test]
    fn the_first_that_is_not_empty_counts() {
        let found = Sections::find("# Impact\n# Impact\nx\n# Impact\ny");
        assert_eq!(found.text(Section::Impact), Some("x"));
    }

    #[test]
    fn p31_long_bodies_are_scanned_to_a_point() {
        let body = format!("# Impact\n{}\n# Mitigation\nx", "é\n".repeat(SCANNED));
        let found = Sections::find(&body);
        assert!(
            found
                .text(Section::Impact)
                .unwrap()
                .ends_with("# Mitigation\nx")
        );
        assert_eq!(found.text(Section::Mitigation), None);
        for hostile in ["> ", "[", "*a_", "# Impact\n", "# Impact\n<!-- -->\n", "\0"] {
            Sections::find(&hostile.repeat(2 * SCANNED / hostile.len()));
        }
    }
}
