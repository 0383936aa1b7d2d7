//! Finds the front matter: the lines between two fences at the very beginning of the file.
//!
//! Serves DESIGN.md, "The report": YAML between `---`, TOML between `+++`; a byte order mark and
//! CRLF line ends are accepted.

use super::{Report, error::ReportError};

/// How the front matter is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML between `---` lines.
    #[default]
    Yaml,
    /// TOML between `+++` lines.
    Toml,
}

impl Format {
    /// The line that opens and closes the front matter.
    #[must_use]
    pub fn fence(self) -> &'static str {
        match self {
            Self::Yaml => "---",
            Self::Toml => "+++",
        }
    }
}

/// A report's text, taken apart but not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrontMatter<'a> {
    /// By which fence it was opened.
    pub(super) format: Format,
    /// What stands between the fences, beginning with the rest of the first fence's line: a line
    /// of this text has the same number as in the file.
    pub(super) text: &'a str,
    /// Where the Markdown begins, in bytes of the whole file.
    pub(super) body: usize,
}

impl<'a> FrontMatter<'a> {
    /// Takes `report` apart; `file` is only for messages.
    pub(super) fn find(file: &str, report: &'a str) -> Result<Self, ReportError> {
        let text = report.strip_prefix('\u{feff}').unwrap_or(report);
        let mark = report.len() - text.len();
        let mut lines = text.split_inclusive('\n');
        let opening = lines.next().unwrap_or_default();
        let format = match opening.trim_end() {
            "---" => Format::Yaml,
            "+++" => Format::Toml,
            _ => return Err(ReportError::NoFrontMatter { file: file.into() }),
        };
        let start = format.fence().len();
        let mut end = opening.len();
        for line in lines {
            let next = end + line.len();
            if line.trim_end() == format.fence() {
                let text = text.get(start..end).unwrap_or_default();
                if text.len() > Report::FRONT_MATTER_LIMIT {
                    return Err(ReportError::FrontMatterTooLarge { file: file.into() });
                }
                let body = mark + next;
                return Ok(Self { format, text, body });
            }
            end = next;
        }
        let fence = format.fence();
        let file = file.into();
        Err(ReportError::Unclosed { file, fence })
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, FrontMatter};

    #[test]
    fn takes_apart_with_mark_and_crlf() {
        let text = "\u{feff}---\r\ntitle: a\r\n--- \r\nbody\r\n";
        let found = FrontMatter::find("r.md", text).unwrap();
        assert_eq!(found.format, Format::Yaml);
        assert_eq!(found.text, "\r\ntitle: a\r\n");
        assert_eq!(&text[found.body..], "body\r\n");
    }

    #[test]
    fn each_format_has_its_own_fence() {
        let found = FrontMatter::find("r.md", "+++\na = '''\n---\n'''\n+++").unwrap();
        assert_eq!(found.format, Format::Toml);
        assert_eq!(found.text, "\na = '''\n---\n'''\n");
        assert_eq!(found.body, 23);
    }

    #[test]
    fn says_what_to_do_without_front_matter() {
        for text in [
            "",
            "\n---\n---\n",
            "# Title\n",
            "----\n---\n",
            " ---\n---\n",
        ] {
            let message = FrontMatter::find("r.md", text).unwrap_err().to_string();
            assert!(message.starts_with("r.md:1: no front matter"), "{message}");
            assert!(message.contains("sealpost new"), "{message}");
        }
        let message = FrontMatter::find("r.md", "---\ntitle: a\n")
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "r.md:1: the front matter has no end: close it with a line `---`"
        );
    }
}
