//! Whether a report is of a class that the program does not want: by its VRT class, by its weakness, because a tool
//! made it, or because its own words say so.
//!
//! Serves DESIGN.md, "The program profile" (`[[exclusion]]`). What is said in title, method or summary is what the
//! report is about; the same words further down are mentioned, and so they are where the report is classed as
//! something else. At most one finding an exclusion comes from words.

use super::{
    finding::{Code, Finding, Place},
    text::{Sentence, sentences},
    topics::{Topic, topics},
};
use crate::{
    program::{Exclusion, Phrase, Program},
    report::Report,
};

/// Judges the report by every exclusion.
pub(super) fn exclusions(
    file: &str,
    report: &Report,
    program: &Program,
    findings: &mut Vec<Finding>,
) {
    let text = sentences(report);
    for exclusion in program.exclusions() {
        let case = Case {
            file,
            report,
            exclusion,
            by: program.name(),
        };
        let before = findings.len();
        case.by_id(findings);
        if findings.len() == before {
            findings.extend(case.by_words(&text));
        }
    }
}

struct Case<'a> {
    file: &'a str,
    report: &'a Report,
    exclusion: &'a Exclusion,
    by: &'a str,
}

impl Case<'_> {
    fn by_id(&self, findings: &mut Vec<Finding>) {
        for (index, class) in self.report.class().iter().enumerate() {
            if self.exclusion.covers_class(class.as_str()) {
                let line = self.report.line_of(&format!("class[{index}]"));
                findings.push(self.finding(Code::ExcludedClass, line, &format!("class {class}")));
            }
        }
        for (index, weakness) in self.report.weakness().iter().enumerate() {
            if self.exclusion.covers_weakness(weakness.number()) {
                let line = self.report.line_of(&format!("weakness[{index}]"));
                findings.push(self.finding(Code::ExcludedWeakness, line, &weakness.to_string()));
            }
        }
        if self.exclusion.covers_tool_output() && self.report.tool_generated() == Some(true) {
            let line = self.report.line_of("tool_generated");
            findings.push(self.finding(Code::ExcludedToolOutput, line, "tool_generated"));
        }
    }

    fn by_words(&self, text: &[Sentence]) -> Option<Finding> {
        let topics = topics().iter().filter(|topic| topic.is_of(self.exclusion));
        let topics: Vec<&Topic> = topics.collect();
        let mut mentioned = None;
        for sentence in text {
            for at in 0..sentence.words.len() {
                let Some((count, telling)) = self.opens(&topics, sentence, at) else {
                    continue;
                };
                let found = Found {
                    sentence,
                    at,
                    count,
                };
                if telling && sentence.spot.is_telling() {
                    return Some(self.said(Code::ExcludedText, &found));
                }
                mentioned.get_or_insert(found);
            }
        }
        mentioned.map(|found| self.said(Code::ExcludedMentioned, &found))
    }

    /// How many words from here on speak of the exclusion, and whether the report can be about it.
    fn opens(&self, topics: &[&Topic], sentence: &Sentence, at: usize) -> Option<(usize, bool)> {
        let (before, from) = sentence.words.split_at_checked(at)?;
        let phrases = |phrases: &[Phrase]| phrases.iter().find_map(|phrase| phrase.opens(from));
        if is_denied(before) {
            return None;
        }
        if let Some(count) = phrases(self.exclusion.phrases()) {
            return Some((count, true));
        }
        topics.iter().find_map(|topic| {
            let count = phrases(topic.phrases())?;
            let denied = topic.is_means() && is_needless(before);
            let telling = topic.can_be(self.report) && !(topic.is_aim() && is_consequence(before));
            (!denied).then_some((count, telling))
        })
    }

    fn said(&self, code: Code, found: &Found<'_>) -> Finding {
        let words = found.sentence.excerpt(found.at, found.count);
        let what = format!("“{words}” in {}", found.sentence.spot.name());
        self.finding(code, found.sentence.line(found.at), &what)
    }

    fn finding(&self, code: Code, line: Option<usize>, what: &str) -> Finding {
        let id = self.exclusion.id().as_str();
        let words = self.exclusion.words().trim_end_matches('.');
        let message = format!("{what}: {} does not want this ({id}): {words}", self.by);
        Finding::new(code, Place::line(self.file, line), message).about(id)
    }
}

struct Found<'a> {
    sentence: &'a Sentence,
    at: usize,
    count: usize,
}

/// Whether the words before say that it is not so: “this is not self-XSS”.
fn is_denied(before: &[String]) -> bool {
    let near = before.iter().rev().take(4);
    near.into_iter()
        .any(|word| DENIALS.contains(&word.as_str()))
}

/// Whether the words before say that it takes none of it: “without social engineering”.
fn is_needless(before: &[String]) -> bool {
    let near = before.iter().rev().take(2);
    near.into_iter()
        .any(|word| NEEDLESS.contains(&word.as_str()))
}

/// Whether the words before say that it is what somebody could do with the flaw: “which lets an attacker phish”.
fn is_consequence(before: &[String]) -> bool {
    let near = before.iter().rev().take(5);
    near.into_iter()
        .any(|word| CONSEQUENCES.contains(&word.as_str()))
}

const DENIALS: [&str; 12] = [
    "not", "isn", "aren", "wasn", "doesn", "don", "never", "nor", "neither", "unlike", "rather",
    "instead",
];

const NEEDLESS: [&str; 4] = ["no", "without", "any", "zero"];

const CONSEQUENCES: [&str; 18] = [
    "can",
    "could",
    "may",
    "might",
    "let",
    "lets",
    "allow",
    "allows",
    "allowing",
    "enable",
    "enables",
    "enabling",
    "facilitates",
    "for",
    "or",
    "further",
    "leading",
    "help",
];
