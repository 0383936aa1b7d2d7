//! The report: what was found, as front matter and Markdown.
//!
//! Serves DESIGN.md, "The report".

mod asset;
mod cvss3;
mod error;
mod field;
mod fields;
mod front_matter;
mod node;
mod places;
mod score;
mod sections;
mod severity;
mod template;
mod weakness;

use jiff::civil::Date;
use serde_json::Value;
use url::Url;

pub use self::{
    asset::{Asset, AssetError, AssetKind, Repository},
    error::{Fault, ReportError},
    fields::{Affected, Disclosure, Exploited, Override, Reporter},
    front_matter::Format,
    places::Line,
    score::{Rating, Score},
    sections::Section,
    severity::{CvssVersion, Severity, SeverityError},
    template::Template,
    weakness::{Cwe, VrtId, WeaknessError},
};
use self::{
    fields::Fields, front_matter::FrontMatter, node::Node, places::Places, sections::Sections,
};

/// A report that was read: its fields are known to be well formed, its text is unchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    source: String,
    body: usize,
    fields: Fields,
    places: Places,
    sections: Sections,
}

impl Report {
    /// The largest report that is read, in bytes.
    pub const LIMIT: usize = 16 * 1024 * 1024;

    /// The largest front matter that is read, in bytes.
    pub const FRONT_MATTER_LIMIT: usize = 256 * 1024;

    /// Reads a report. `file` is only its name for messages.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a limit is passed, the front matter is absent or not well formed, or
    /// a field is unknown, missing, doubled or of the wrong kind. Sections may be missing.
    pub fn parse(file: &str, text: &str) -> Result<Self, ReportError> {
        if text.len() > Self::LIMIT {
            return Err(ReportError::ReportTooLarge { file: file.into() });
        }
        let FrontMatter {
            format,
            text: front,
            body,
        } = FrontMatter::find(file, text)?;
        let root = Node::parse(file, format, front)?;
        let places = Places::of(&root);
        let fields = Fields::read(file, root)?;
        let sections = Sections::find(text.get(body..).unwrap_or_default());
        let source = text.to_owned();
        Ok(Self {
            source,
            body,
            fields,
            places,
            sections,
        })
    }

    /// The report exactly as it was given, front matter included.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The Markdown after the front matter.
    #[must_use]
    pub fn body(&self) -> &str {
        self.source.get(self.body..).unwrap_or_default()
    }

    /// The line of a field (`title`) or of an item of one that is a list (`assets[2]`), counted
    /// from 1 in the whole file.
    #[must_use]
    pub fn line_of(&self, path: &str) -> Option<usize> {
        self.places.line(path)
    }

    /// Hands over the lines of the Markdown in their order, HTML comments left out.
    pub fn each_line(&self, mut see: impl FnMut(Line<'_>)) {
        let before = self.source.get(..self.body).unwrap_or_default();
        let first = before.matches('\n').count() + 1;
        let text = self.sections.without_comments(self.body());
        let mut start = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            see(Line {
                number: first + index,
                section: self.sections.at(start),
                text: line.trim_end_matches(['\n', '\r']),
            });
            start += line.len();
        }
    }

    /// A section's Markdown without its heading and without HTML comments; `None` where the
    /// section is absent or nothing is left.
    #[must_use]
    pub fn section(&self, section: Section) -> Option<&str> {
        self.sections.text(section)
    }

    /// The sections that are absent or empty, in the order of a report.
    #[must_use]
    pub fn missing_sections(&self) -> Vec<Section> {
        let missing = |section: &Section| self.section(*section).is_none();
        Section::ALL.into_iter().filter(missing).collect()
    }

    /// What `report.json` holds: an object whose members are the front matter's, typed.
    ///
    /// - Always there: `title`; `assets`, `weakness` (`"CWE-79"`), `class`, `severity`,
    ///   `affected`, `also_reported_to`, `references`, `overrides`, each a list that may be empty
    ///   (not `assets`); `exploited`: `true`, `false` or `"unknown"`; `sections`.
    /// - Only if the report has them: `program`, `discovered` and `disclosure.date`
    ///   (`"2026-11-22"`), `method`, `tool_generated`, `public`, `reporter`, `disclosure`,
    ///   `language`.
    /// - Each of `severity`: `{"vector": …, "version": "3.1", "score": 9.8, "rating":
    ///   "critical"}`, the vector in canonical form.
    /// - `sections`: those of `summary`, `steps_to_reproduce`, `impact` and `mitigation` that are
    ///   not empty, as Markdown.
    ///
    /// # Panics
    ///
    /// Never: every member name is a string and every score is finite.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut report = serde_json::to_value(&self.fields).expect("names are strings");
        let text =
            |section: Section| Some((section.name().to_owned(), self.section(section)?.into()));
        let sections = Section::ALL.into_iter().filter_map(text);
        if let Some(members) = report.as_object_mut() {
            members.insert("sections".into(), Value::Object(sections.collect()));
        }
        report
    }

    /// What was found, in one line.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.fields.title
    }

    /// The program that the report is for: its id, as written.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        self.fields.program.as_deref()
    }

    /// What it was found in; at least one.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.fields.assets
    }

    /// The weaknesses behind it.
    #[must_use]
    pub fn weakness(&self) -> &[Cwe] {
        &self.fields.weakness
    }

    /// Its classes in the vulnerability rating taxonomy.
    #[must_use]
    pub fn class(&self) -> &[VrtId] {
        &self.fields.class
    }

    /// At most one CVSS 3 and one CVSS 4 vector, in the order of the report.
    #[must_use]
    pub fn severity(&self) -> &[Severity] {
        &self.fields.severity
    }

    /// The packages that have it.
    #[must_use]
    pub fn affected(&self) -> &[Affected] {
        &self.fields.affected
    }

    /// The day when it was found.
    #[must_use]
    pub fn discovered(&self) -> Option<Date> {
        self.fields.discovered
    }

    /// How it was found; may have several lines.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.fields.method.as_deref()
    }

    /// Whether a tool wrote the report or its finding; `None` where it does not say.
    #[must_use]
    pub fn tool_generated(&self) -> Option<bool> {
        self.fields.tool_generated
    }

    /// Whether it is used by attackers.
    #[must_use]
    pub fn exploited(&self) -> Exploited {
        self.fields.exploited
    }

    /// Whether it is publicly known; `None` where the report does not say.
    #[must_use]
    pub fn public(&self) -> Option<bool> {
        self.fields.public
    }

    /// Who else was told.
    #[must_use]
    pub fn also_reported_to(&self) -> &[String] {
        &self.fields.also_reported_to
    }

    /// Who found it.
    #[must_use]
    pub fn reporter(&self) -> Option<&Reporter> {
        self.fields.reporter.as_ref()
    }

    /// What the reporter means to publish, and when.
    #[must_use]
    pub fn disclosure(&self) -> Option<&Disclosure> {
        self.fields.disclosure.as_ref()
    }

    /// Pages that say more.
    #[must_use]
    pub fn references(&self) -> &[Url] {
        &self.fields.references
    }

    /// The findings of `check` that the reporter answers, each with their reason.
    #[must_use]
    pub fn overrides(&self) -> &[Override] {
        &self.fields.overrides
    }

    /// The language that the report is written in, as a BCP 47 tag.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.fields.language.as_deref()
    }
}

#[cfg(test)]
mod tests;
