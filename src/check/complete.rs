//! Whether a report has what makes it complete, and what this program would like beside that.
//!
//! Serves DESIGN.md, "Commands" (`check`): title, assets and the four sections make a report complete; wishes that
//! follow from the program's profile are hints.

use super::finding::{Code, Finding, Place};
use crate::{
    program::{Bounty, Contact, Exclusion, Program},
    report::{Disclosure, Fault, Report, ReportError},
};

/// The finding for a report that could not be read.
#[must_use]
pub fn unreadable(file: &str, error: &ReportError) -> Finding {
    let place = Place::line(file, error.line());
    let (code, about) = match error {
        ReportError::Field { field, fault, .. } => {
            let missing = matches!(fault, Fault::Missing | Fault::Empty);
            let code = if missing {
                Code::FieldMissing
            } else {
                Code::FieldInvalid
            };
            (code, Some(field.clone()))
        }
        _ => (Code::FrontMatterInvalid, None),
    };
    // The error says the place itself: it is not said twice.
    let message = error.to_string();
    let before = match error.line() {
        Some(line) => format!("{file}:{line}: "),
        None => format!("{file}: "),
    };
    let message = message.strip_prefix(&before).unwrap_or(&message);
    Finding {
        about,
        ..Finding::new(code, place, message)
    }
}

/// What is missing for everybody.
pub(super) fn sections(file: &str, report: &Report, findings: &mut Vec<Finding>) {
    for section in report.missing_sections() {
        let message = format!("the report says nothing under “{}”", section.title());
        let finding = Finding::new(Code::SectionMissing, Place::file(file), message);
        findings.push(finding.about(section.name()));
    }
}

/// What this program would like to know, too.
pub(super) fn wishes(file: &str, report: &Report, program: &Program, findings: &mut Vec<Finding>) {
    let name = program.name();
    let mut hint = |code, field: &str, message: String| {
        let place = Place::line(file, report.line_of(field));
        findings.push(Finding::new(code, place, message).about(field));
    };
    let classified = !report.class().is_empty() || !report.weakness().is_empty();
    if !classified && !program.exclusions().is_empty() {
        hint(
            Code::ClassUnstated,
            "weakness",
            format!(
                "{name} excludes some classes of findings: say which it is in `weakness` or `class`"
            ),
        );
    }
    let tools = program
        .exclusions()
        .iter()
        .any(Exclusion::covers_tool_output);
    if tools && report.tool_generated().is_none() {
        hint(
            Code::ToolUnstated,
            "tool_generated",
            format!(
                "{name} wants no output of tools: say that this is none with `tool_generated: false`"
            ),
        );
    }
    let paid = matches!(
        program.promises().bounty(),
        Some(Bounty::Yes | Bounty::Partial)
    );
    if paid && report.severity().is_empty() {
        hint(
            Code::SeverityUnstated,
            "severity",
            format!("{name} pays for findings: a CVSS vector in `severity` says how bad it is"),
        );
    }
    let on_github = program
        .contacts()
        .any(|contact| matches!(contact, Contact::GitHub(_) | Contact::GitHubUnnamed));
    if on_github && report.affected().is_empty() {
        hint(
            Code::AffectedUnstated,
            "affected",
            format!(
                "{name} works with advisories: `affected` says which packages and versions have the flaw"
            ),
        );
    }
    disclosure(report, program, hint);
}

fn disclosure(report: &Report, program: &Program, mut hint: impl FnMut(Code, &str, String)) {
    let name = program.name();
    let credited = report
        .reporter()
        .is_some_and(|reporter| reporter.credit().is_some());
    if program.disclosure().credit().is_some() && !credited {
        hint(
            Code::CreditUnstated,
            "reporter",
            format!("{name} names reporters: `reporter.credit` says how, if you wish to be named"),
        );
    }
    let theirs = program.disclosure().embargo_days().map(u32::from);
    let yours = report.disclosure().and_then(Disclosure::embargo_days);
    if let (Some(theirs), Some(yours)) = (theirs, yours)
        && yours < theirs
    {
        hint(
            Code::EmbargoShorter,
            "disclosure",
            format!("you mean to wait {yours} days, and {name} asks for {theirs}"),
        );
    }
    if report.public() == Some(true) {
        hint(
            Code::AlreadyPublic,
            "public",
            format!(
                "the report says that the flaw is public: tell {name} where, under `references`"
            ),
        );
    }
}

/// Whether the report is meant for this program.
pub(super) fn addressee(
    file: &str,
    report: &Report,
    program: &Program,
    findings: &mut Vec<Finding>,
) {
    if let Some(named) = report.program().filter(|named| !program.goes_by(named)) {
        let id = program.id();
        let message = format!("the report says that it is for {named}, and it is checked for {id}");
        let place = Place::line(file, report.line_of("program"));
        findings.push(Finding::new(Code::ProgramDiffers, place, message).about(named));
    }
}
