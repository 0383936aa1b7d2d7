//! `publish --check`: what reporters will stumble over, as a stranger sees it.

use anyhow::anyhow;
use serde::Serialize;

use super::{
    findings::{Finding, Findings, Severity},
    keys, sources,
};
use crate::{
    cli::NetworkOptions,
    commands::{
        Context,
        vendor::{self, Investigation, Vendor},
    },
    discover::{Kind, Outcome},
    network::{Get, Redirects},
    terminal::{Exit, Failure, Hint},
};

/// Asks, and tells.
pub(super) fn run(
    domain: &str,
    options: &NetworkOptions,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let vendor = vendor::stranger(domain, context)?;
    let found = vendor::observe(&vendor, options, context)?;
    if let Some(failure) = unreachable(&vendor, &found, context) {
        return Err(failure);
    }
    let mut findings = Findings::default();
    sources::judge(&found, &mut findings);
    keys::judge(&found, context, &mut findings);
    policies(&vendor, &found, (options, context), &mut findings)?;
    let checked = Checked {
        domain: vendor.subject.name,
        findings: findings.in_order(),
    };
    context.output.json(&checked)?;
    checked.print(context)?;
    Ok(checked.exit())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Checked {
    domain: String,
    findings: Vec<Finding>,
}

impl Checked {
    fn exit(&self) -> Exit {
        let counts = |finding: &Finding| finding.severity != Severity::Advice;
        if self.findings.iter().any(counts) {
            Exit::Findings
        } else {
            Exit::Done
        }
    }

    /// Advice goes where notes go, so that cron hears nothing with `--quiet` while all is well.
    fn print(&self, context: &Context<'_>) -> Result<(), Failure> {
        let output = context.output;
        for finding in &self.findings {
            let (severity, message) = (finding.severity.as_str(), &finding.message);
            let lines = [
                Some(format!("{severity}: {message} ({})", finding.code)),
                finding.at.as_ref().map(|at| format!("  at {at}")),
            ];
            for line in lines.into_iter().flatten() {
                match finding.severity {
                    Severity::Advice => output.say(line),
                    Severity::Error | Severity::Warning => output.print(line)?,
                }
            }
        }
        if self.exit() == Exit::Done {
            let domain = &self.domain;
            context
                .output
                .say(format!("{domain}: no error and no warning"));
        }
        Ok(())
    }
}

/// Why nothing can be said: nobody was asked, or the site did not answer.
fn unreachable(vendor: &Vendor, found: &Investigation, context: &Context<'_>) -> Option<Failure> {
    let name = &vendor.subject.name;
    if context.offline {
        let failure = Failure::from(anyhow!("cannot check {name}"));
        return Some(failure.with_hint(Hint::words("nobody was asked, because of --offline")));
    }
    let mut asked = found.discovery.asked.iter();
    let first = asked.find(|one| one.kind == Kind::SecurityTxt)?;
    match &first.outcome {
        Outcome::Fault(fault)
            if sources::is_of_network(fault) && found.discovery.security_txt.is_none() =>
        {
            let error = anyhow!("cannot check {name}: {}: {}", first.at, fault.message);
            Some(Failure::from(error))
        }
        _ => None,
    }
}

/// Asks for the policy files of the directories that were found.
fn policies(
    vendor: &Vendor,
    found: &Investigation,
    (options, context): (&NetworkOptions, &Context<'_>),
    findings: &mut Findings,
) -> Result<(), Failure> {
    let urls = sources::policies(found);
    let questions = urls.iter().map(|url| Get {
        url: url.clone(),
        redirects: Redirects::SameOrigin,
        accept: "text/plain, */*",
    });
    let answers = vendor::answers(vendor, questions.collect(), options, context)?;
    for (url, answer) in urls.iter().zip(answers) {
        if !answer.is_ok_and(|answer| answer.status == 200) {
            findings.warning(
                "wkd-policy-missing",
                "the Web Key Directory has no policy file, by which programs know it: put one there, which may be empty",
                url.as_str(),
            );
        }
    }
    Ok(())
}
