//! Everything that `check` finds, for whoever asks: report and attachments, with the reporter's reasons.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::{
    bundle::{Bundle, BundleHeader},
    check::{self, Finding, Place},
    commands::Context,
    program::Program,
    report::{Report, ReportError},
    terminal::{Failure, Progress},
};

/// What there is to check.
pub(in crate::commands) struct Inspection<'a> {
    /// The report's name.
    pub(in crate::commands) file: &'a str,
    /// Its text.
    pub(in crate::commands) text: &'a str,
    /// The same, read, or why that failed.
    pub(in crate::commands) report: Result<&'a Report, &'a ReportError>,
    /// What it is meant for.
    pub(in crate::commands) program: Option<&'a Program>,
    /// What is to be attached.
    pub(in crate::commands) attach: &'a [PathBuf],
}

impl Inspection<'_> {
    /// All findings, problems first.
    pub(in crate::commands) fn findings(
        &self,
        context: &Context<'_>,
    ) -> Result<Vec<Finding>, Failure> {
        let mut findings = match self.report {
            Ok(report) => check::review(self.file, report, self.program),
            Err(error) => vec![check::unreadable(self.file, error)],
        };
        let text = &mut self.text.as_bytes();
        findings.extend(check::scan(self.file, text, &mut |_| {})?);
        self.attachments(&mut findings, context)?;
        let overrides = self.report.map_or(&[][..], Report::overrides);
        check::answer(&mut findings, overrides, |index| {
            let line = self.report.ok();
            let line = line.and_then(|report| report.line_of(&format!("overrides[{index}]")));
            Place::line(self.file, line)
        });
        Ok(findings)
    }

    fn attachments(
        &self,
        findings: &mut Vec<Finding>,
        context: &Context<'_>,
    ) -> Result<(), Failure> {
        if self.attach.is_empty() {
            return Ok(());
        }
        let sizes = attachable(self.attach, context)?;
        let progress = Progress::bytes(context.output, Some(sizes), "checking");
        for path in self.attach {
            let shown = path.display().to_string();
            let cannot_read = || format!("cannot read {shown}");
            let mut file = File::open(path).with_context(cannot_read)?;
            let found = check::attachment(&shown, &mut file, &mut |count| progress.add(count));
            findings.extend(found.with_context(cannot_read)?);
        }
        Ok(())
    }
}

/// Refuses what could not be attached either; gives the size of all.
fn attachable(files: &[PathBuf], context: &Context<'_>) -> Result<u64, Failure> {
    let mut bundle = Bundle::new(BundleHeader {
        report_md: Vec::new(),
        report_json: Vec::new(),
        reporter: None,
        program: None,
        created: context.today(),
    })?;
    let mut sizes = 0;
    for path in files {
        sizes += bundle.attach(Path::new(path))?.size();
    }
    Ok(sizes)
}
