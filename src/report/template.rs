//! The report to fill in: what `sealpost new` writes.
//!
//! Serves DESIGN.md, "The report", and the command `new`. The vendor's words come out of a profile
//! and are hostile text: inside the front matter they stand in escaped strings, elsewhere in one
//! HTML comment that they cannot end.

use std::fmt::{self, Formatter};

use super::{front_matter::Format, sections::Section};

/// What a fill-in report is shaped by: plain data, all of it optional. `Display` writes it.
///
/// The result has an empty title and an empty asset; with these filled in, `Report::parse`
/// reads it. A line of its front matter that begins with `# ` is a field once the `# ` is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The language of the front matter.
    pub format: Format,
    /// The program's id: becomes the field `program`.
    pub program: Option<String>,
    /// The program's name for people.
    pub name: Option<String>,
    /// Where its policy is published.
    pub policy: Option<String>,
    /// Assets as the program would name them, such as `https://api.example.com`.
    pub asset_examples: Vec<String>,
    /// What the program does not accept, in words.
    pub exclusions: Vec<String>,
    /// What it asks of researchers, in words.
    pub conduct: Vec<String>,
    /// What it promises them, in words.
    pub promises: Vec<String>,
    /// How many days it asks to wait before publication.
    pub embargo_days: Option<u32>,
    /// When these days begin, in words.
    pub embargo_starts: Option<String>,
}

impl fmt::Display for Template {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let fence = self.format.fence();
        writeln!(out, "{fence}")?;
        self.write_required(out)?;
        for (name, example) in self.optional() {
            self.write_field(out, "# ", name, &example)?;
        }
        writeln!(out, "{fence}\n")?;
        self.write_conditions(out)?;
        for (section, placeholder) in PLACEHOLDERS {
            writeln!(out, "## {}\n\n<!-- {placeholder} -->\n", section.title())?;
        }
        Ok(())
    }
}

impl Template {
    fn write_required(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "## The title in one line, and where the flaw is.")?;
        self.write_field(out, "", "title", &Example::Text(String::new()))?;
        if let Some(program) = &self.program {
            self.write_field(out, "", "program", &Example::Text(program.clone()))?;
        }
        self.write_field(out, "", "assets", &Example::texts(&[""]))?;
        let own: Vec<&str> = self.asset_examples.iter().map(String::as_str).collect();
        let examples = if own.is_empty() {
            &ASSETS[..]
        } else {
            &own[..]
        };
        write!(out, "## Assets are URLs, domains, packages, repositories: ")?;
        self.write_example(out, &Example::texts(examples))?;
        writeln!(out, "\n## Take the # off the fields that you want to use.")
    }

    fn optional(&self) -> [(&'static str, Example); 15] {
        use Example::{Plain, Table, Text};
        let text = |words: &str| Text(words.to_owned());
        let days = self.embargo_days.unwrap_or(90).to_string();
        [
            ("weakness", Example::texts(&["CWE-79"])),
            (
                "class",
                Example::texts(&["cross_site_scripting_xss.stored"]),
            ),
            ("severity", Example::texts(&VECTORS)),
            (
                "affected",
                Example::List(vec![Table(vec![
                    ("package", text("example")),
                    ("ecosystem", text("npm")),
                    ("range", text("< 1.2.3")),
                    ("patched", text("1.2.3")),
                ])]),
            ),
            ("discovered", text("2026-11-22")),
            ("method", text("by hand")),
            ("tool_generated", Plain("false".into())),
            ("exploited", text("unknown")),
            ("public", Plain("false".into())),
            ("also_reported_to", Example::texts(&["nobody else"])),
            (
                "reporter",
                Table(vec![
                    ("name", text("a name or pseudonym")),
                    ("contact", text("where to answer")),
                    ("credit", text("how to be credited")),
                ]),
            ),
            (
                "disclosure",
                Table(vec![
                    ("plan", text("coordinated")),
                    ("date", text("2027-02-20")),
                    ("embargo_days", Plain(days)),
                ]),
            ),
            ("references", Example::texts(&["https://example.com/"])),
            ("language", text("en")),
            (
                "overrides",
                Example::List(vec![Table(vec![
                    ("code", text("out-of-scope")),
                    ("why", text("why it is reported all the same")),
                ])]),
            ),
        ]
    }

    /// What the program says, as one comment; nothing where it says nothing.
    fn write_conditions(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        let who = self.name.as_ref().or(self.program.as_ref());
        lines.extend(who.map(|who| format!("This report goes to {}.", words(who))));
        lines.extend(
            self.policy
                .iter()
                .map(|url| format!("Policy: {}", words(url))),
        );
        for (heading, items) in [
            ("Not accepted:", &self.exclusions),
            ("Asked of you:", &self.conduct),
            ("Promised to you:", &self.promises),
        ] {
            lines.extend((!items.is_empty()).then(|| heading.to_owned()));
            lines.extend(items.iter().map(|item| format!("- {}", words(item))));
        }
        if let Some(days) = self.embargo_days {
            let starts = self.embargo_starts.as_ref();
            let starts = starts.map(|starts| format!(", from: {}", words(starts)));
            lines.push(format!(
                "Embargo: {days} days{}",
                starts.unwrap_or_default()
            ));
        }
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(out, "<!--\n{}\n-->\n", lines.join("\n"))
    }

    fn write_field(
        &self,
        out: &mut Formatter<'_>,
        mark: &str,
        name: &str,
        example: &Example,
    ) -> fmt::Result {
        write!(out, "{mark}{name}{}", self.sign())?;
        self.write_example(out, example)?;
        writeln!(out)
    }

    fn write_example(&self, out: &mut Formatter<'_>, example: &Example) -> fmt::Result {
        match example {
            Example::Plain(text) => out.write_str(text),
            Example::Text(text) => out.write_str(&quoted(text)),
            Example::List(items) => {
                out.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { ", " })?;
                    self.write_example(out, item)?;
                }
                out.write_str("]")
            }
            Example::Table(entries) => {
                out.write_str("{ ")?;
                for (index, (name, value)) in entries.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { ", " })?;
                    write!(out, "{name}{}", self.sign())?;
                    self.write_example(out, value)?;
                }
                out.write_str(" }")
            }
        }
    }

    fn sign(&self) -> &'static str {
        match self.format {
            Format::Yaml => ": ",
            Format::Toml => " = ",
        }
    }
}

/// A value that YAML (in flow style) and TOML write the same way but for the sign after names.
enum Example {
    Plain(String),
    Text(String),
    List(Vec<Example>),
    Table(Vec<(&'static str, Example)>),
}

impl Example {
    fn texts(texts: &[&str]) -> Self {
        Self::List(
            texts
                .iter()
                .map(|&text| Self::Text(text.to_owned()))
                .collect(),
        )
    }
}

/// A string in double quotes with escapes that mean the same in YAML and in TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() => out.push(c),
            c => out.extend(format!("\\U{:08X}", u32::from(c)).chars()),
        }
    }
    out.push('"');
    out
}

/// Hostile words on one line of an HTML comment: nothing there can end the comment, break the
/// line or turn its direction.
fn words(text: &str) -> String {
    let visible = |c: char| match c {
        '<' => '‹',
        '>' => '›',
        c if c.is_control() || c.is_whitespace() => ' ',
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => '\u{fffd}',
        c => c,
    };
    let line: String = text.chars().map(visible).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

const PLACEHOLDERS: [(Section, &str); 4] = [
    (
        Section::Summary,
        "What is wrong, in two or three sentences.",
    ),
    (
        Section::Steps,
        "Each step, so that somebody who was not there sees it happen.",
    ),
    (
        Section::Impact,
        "What an attacker gains, and what they need for it.",
    ),
    (
        Section::Mitigation,
        "What helps at once, and how it could be mended.",
    ),
];

const ASSETS: [&str; 4] = [
    "https://app.example.com/login",
    "example.com",
    "pkg:npm/example@1.2.2",
    "github:owner/name",
];

const VECTORS: [&str; 2] = [
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Format, Template};
    use crate::report::{Report, Section};

    fn template(format: Format, words: &str) -> Template {
        Template {
            format,
            program: Some("example".into()),
            name: Some(words.into()),
            policy: Some(words.into()),
            asset_examples: vec![words.into(), words.into()],
            exclusions: vec![words.into(), words.into()],
            conduct: vec![words.into()],
            promises: vec![words.into()],
            embargo_days: Some(30),
            embargo_starts: Some(words.into()),
        }
    }

    fn filled(text: &str) -> String {
        text.replacen("\ntitle: \"\"", "\ntitle: \"Found\"", 1)
            .replacen("\ntitle = \"\"", "\ntitle = \"Found\"", 1)
            .replacen("\nassets: [\"\"]", "\nassets: [\"example.com\"]", 1)
            .replacen("\nassets = [\"\"]", "\nassets = [\"example.com\"]", 1)
    }

    #[test]
    fn asks_for_the_title_then_for_the_assets() {
        for (format, sign) in [(Format::Yaml, ": "), (Format::Toml, " = ")] {
            let text = template(format, "x").to_string();
            let message = Report::parse("r.md", &text).unwrap_err().to_string();
            assert_eq!(message, "r.md:3: title is empty");
            let titled =
                text.replacen(&format!("title{sign}\"\""), &format!("title{sign}\"a\""), 1);
            let message = Report::parse("r.md", &titled).unwrap_err().to_string();
            assert_eq!(message, "r.md:5: assets[0] is empty");
        }
    }

    #[test]
    fn reads_back_with_every_field_in_use() {
        for format in [Format::Yaml, Format::Toml] {
            let text = filled(&template(format, "x").to_string());
            let lines: Vec<&str> = text
                .lines()
                .map(|l| l.strip_prefix("# ").unwrap_or(l))
                .collect();
            let report = Report::parse("r.md", &lines.join("\n")).unwrap();
            let json = report.to_json();
            assert_eq!(json.as_object().unwrap().len(), 19, "{json:#}");
            assert_eq!(json["disclosure"]["embargo_days"], 30);
            assert_eq!(report.missing_sections(), Section::ALL);
        }
    }

    #[test]
    fn says_what_the_program_says() {
        let text = template(Format::Yaml, "no --> scanners").to_string();
        assert!(
            text.contains("\nNot accepted:\n- no --› scanners\n"),
            "{text}"
        );
        assert!(
            text.contains("\nEmbargo: 30 days, from: no --› scanners\n-->\n"),
            "{text}"
        );
        let plain = Template::default().to_string();
        assert!(
            !plain.contains("Embargo") && plain.contains("example.com"),
            "{plain}"
        );
        assert!(Report::parse("r.md", &filled(&plain)).is_ok());
    }

    proptest! {
        #[test]
        fn hostile_words_stay_inside(words in "(-->|\"|\n|---|\\+\\+\\+|# Impact|\\\\|\\PC|.|\u{202e}){0,20}", toml: bool) {
            let format = if toml { Format::Toml } else { Format::Yaml };
            let text = filled(&template(format, &words).to_string());
            let report = Report::parse("r.md", &text).unwrap();
            prop_assert_eq!(report.title(), "Found");
            prop_assert_eq!(report.program(), Some("example"));
            prop_assert_eq!(report.missing_sections(), Section::ALL);
            let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            prop_assert!(!text.contains(hidden));

            let hostile = Template { program: Some(words.clone()), ..template(format, &words) };
            match Report::parse("r.md", &filled(&hostile.to_string())) {
                Ok(report) => prop_assert_eq!(report.program(), Some(words.trim())),
                Err(error) => prop_assert_eq!(error.field(), Some("program")),
            }
        }
    }
}
