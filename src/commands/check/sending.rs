//! The check before a report is sealed and sent: what stands in the way ends with exit code 4.

use anyhow::anyhow;

use super::{Found, inspection::Inspection};
use crate::{
    check::{Finding, Severity},
    commands::Context,
    terminal::{Exit, Failure, Hint},
};

/// Refuses a report with a problem that its author did not answer. `to` is what was typed.
pub(in crate::commands) fn before_sending(
    inspection: &Inspection<'_>,
    to: &str,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let findings = inspection.findings(context)?;
    let again = || {
        let mut command = vec!["sealpost", "check", inspection.file];
        let attach: Vec<_> = inspection
            .attach
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        for path in &attach {
            command.extend(["-a", path]);
        }
        command.extend(["--to", to]);
        Hint::command("to see everything", command)
    };
    let problems: Vec<&Finding> = findings
        .iter()
        .filter(|one| one.stands_in_the_way())
        .collect();
    if problems.is_empty() {
        let hints = findings
            .iter()
            .filter(|one| one.code.severity() == Severity::Hint)
            .count();
        if hints > 0 {
            let again = context.output.completed(&again());
            let noun = if hints == 1 { "hint" } else { "hints" };
            context.output.say(format!("{hints} {noun}: {again}"));
        }
        return Ok(());
    }
    for problem in &problems {
        context.output.warn(Found::from(*problem).line());
    }
    let count = problems.len();
    let (noun, verb) = if count == 1 {
        ("problem", "stands")
    } else {
        ("problems", "stand")
    };
    let error = anyhow!("{count} {noun} {verb} in the way: nothing was sent");
    Err(Failure::new(Exit::Findings, error)
        .with_hint(again())
        .with_hint(Hint::words(
            "mend each, or answer it in the report: overrides: [{ code: …, why: … }]",
        )))
}
