//! `sealpost check`: what stands in the way of a report, before it is sealed or sent.

mod inspection;
mod sending;

use serde::Serialize;

pub(super) use self::{inspection::Inspection, sending::before_sending};
use super::{Context, sealing::report_text, target, vendor};
use crate::{
    check::{Code, Finding, Severity},
    cli::Check,
    program::Program,
    report::Report,
    terminal::{Exit, Failure},
};

/// Checks.
pub(super) fn run(args: &Check, context: &Context<'_>) -> Result<Exit, Failure> {
    let (file, text) = report_text(&args.report)?;
    let report = Report::parse(&file, &text);
    let program = match &args.to {
        Some(name) => Some(program_of(name, args, context)?),
        None => report
            .as_ref()
            .ok()
            .and_then(|report| named(report, context)),
    };
    let inspection = Inspection {
        file: &file,
        text: &text,
        report: report.as_ref(),
        program: program.as_ref(),
        attach: &args.attach,
    };
    let findings = inspection.findings(context)?;
    let document = Document::of(&file, program.as_ref(), &findings);
    context.output.json(&document)?;
    tell(&document, context)?;
    Ok(if document.problems > 0 {
        Exit::Findings
    } else {
        Exit::Done
    })
}

/// The program of `--to`: its profile, else what the vendor publishes, else what was typed.
fn program_of(name: &str, args: &Check, context: &Context<'_>) -> Result<Program, Failure> {
    let vendor = vendor::resolve(name, context)?;
    if vendor.target.is_known {
        return Ok(vendor.target.program);
    }
    let found = vendor::investigate(&vendor, &args.network, None, context)?;
    if found.discovery.program.is_none() {
        context.output.warn(format!(
            "{name} has no profile: its scope and its exclusions are not known"
        ));
    }
    Ok(vendor::program_of(&vendor, &found).clone())
}

/// The profile that the report itself names, if there is one.
fn named(report: &Report, context: &Context<'_>) -> Option<Program> {
    let target = target::resolve(report.program()?, context).ok()?;
    target.is_known.then_some(target.program)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    report: &'a str,
    /// The program's id; null where none was named.
    program: Option<&'a str>,
    /// How many findings stand in the way.
    problems: usize,
    findings: Vec<Found<'a>>,
    conduct: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    code: Code,
    severity: &'static str,
    about: Option<&'a str>,
    message: &'a str,
    file: &'a str,
    line: Option<u64>,
    offset: Option<u64>,
    /// The reporter's reason to send it all the same.
    overridden: Option<&'a str>,
}

/// What the program asks of reporters.
#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    words: &'a str,
}

impl<'a> Document<'a> {
    fn of(report: &'a str, program: Option<&'a Program>, findings: &'a [Finding]) -> Self {
        let rules = program.into_iter().flat_map(Program::conduct);
        Self {
            report,
            program: program.map(|program| program.id().as_str()),
            problems: findings
                .iter()
                .filter(|one| one.stands_in_the_way())
                .count(),
            findings: findings.iter().map(Found::from).collect(),
            conduct: rules
                .map(|rule| Rule {
                    id: rule.id().as_str(),
                    words: rule.words(),
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a Finding> for Found<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            code: finding.code,
            severity: finding.code.severity().as_str(),
            about: finding.about.as_deref(),
            message: &finding.message,
            file: &finding.place.file,
            line: finding.place.line,
            offset: finding.place.offset,
            overridden: finding.overridden.as_deref(),
        }
    }
}

impl Found<'_> {
    /// `problem: report.md:4: … [code]`
    fn line(&self) -> String {
        let severity = match self.overridden {
            Some(_) => "overridden",
            None => self.severity,
        };
        let place = match (self.line, self.offset) {
            (Some(line), _) => format!("{}:{line}", self.file),
            (None, Some(offset)) => format!("{}, byte {offset}", self.file),
            (None, None) => self.file.to_owned(),
        };
        let code = self.code.as_str();
        let why = self.overridden.map(|why| format!(" (your reason: {why})"));
        format!(
            "{severity}: {place}: {} [{code}]{}",
            self.message,
            why.unwrap_or_default()
        )
    }
}

fn tell(document: &Document<'_>, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    for found in &document.findings {
        output.print(found.line())?;
    }
    for rule in &document.conduct {
        output.say(format!("asked of you: {}", rule.words));
    }
    let hints = document.findings.iter();
    let hints = hints
        .filter(|found| found.severity == Severity::Hint.as_str())
        .count();
    let plural =
        |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let counts = format!(
        "{}, {}",
        plural(document.problems, "problem"),
        plural(hints, "hint")
    );
    let report = document.report;
    if document.problems == 0 {
        output.say(format!("{report}: nothing stands in the way: {counts}"));
    } else {
        output.say(format!("{report}: {counts}"));
        output
            .say("mend each problem, or answer it in the report: overrides: [{ code: …, why: … }]");
    }
    Ok(())
}
