//! `sealpost advisory`: an opened report in, a draft for publication out.

mod case;
mod github;
mod missing;

use std::io::Write;

use anyhow::Context as _;
use serde::Serialize;

use self::case::Case;
use super::{Context, context::is_dash};
use crate::{
    advisory::Form,
    cli::{Advisory, AdvisoryDraft, AdvisoryVerb},
    disk::{Overwrite, PendingFile},
    terminal::{Exit, Failure, Hint, OrFail, inert},
};

/// Does what was typed.
pub(super) fn run(args: &Advisory, context: &Context<'_>) -> Result<Exit, Failure> {
    match &args.verb {
        AdvisoryVerb::Csaf(args) => draft(args, Form::Csaf, context),
        AdvisoryVerb::Osv(args) => draft(args, Form::Osv, context),
        AdvisoryVerb::Cve(args) => draft(args, Form::Cve, context),
        AdvisoryVerb::Ghsa(args) => draft(args, Form::Ghsa, context),
        AdvisoryVerb::GitHub(args) => github::run(args, context),
    }
}

/// What `--json` prints where the advisory goes into a file.
#[derive(Serialize)]
struct Written {
    /// The file.
    advisory: String,
    /// `csaf`, `osv`, `cve` or `ghsa`.
    form: &'static str,
    /// What is known and has no place in this form.
    left_out: Vec<String>,
}

fn draft(args: &AdvisoryDraft, form: Form, context: &Context<'_>) -> Result<Exit, Failure> {
    let case = Case::open(&args.case)?;
    let (advisory, draft) = missing::draft(&case, &args.triage, form)?;
    for left_out in &draft.left_out {
        context.output.warn(format!("left out: {left_out}"));
    }
    if advisory.thanks_nobody() {
        context
            .output
            .say("nobody is thanked: the report has no reporter.credit, and triage adds no credit");
    }
    let document = inert(&draft.json);
    if is_dash(&args.output) {
        context.output.document(document.as_bytes())?;
        return Ok(Exit::Done);
    }
    let overwrite = if args.force {
        Overwrite::Replace
    } else {
        Overwrite::Refuse
    };
    let place = args.output.display().to_string();
    let mut file = PendingFile::create(&args.output, overwrite).hint(Hint::words(
        "name another file with -o FILE, or add --force",
    ))?;
    file.write_all(document.as_bytes())
        .with_context(|| format!("cannot write {place}"))?;
    file.finish()?;
    context.output.say(format!("wrote {place}"));
    context.output.json(&Written {
        advisory: place,
        form: word(form),
        left_out: draft.left_out,
    })?;
    Ok(Exit::Done)
}

fn word(form: Form) -> &'static str {
    match form {
        Form::Csaf => "csaf",
        Form::Osv => "osv",
        Form::Cve => "cve",
        Form::Ghsa => "ghsa",
    }
}
