//! `sealpost new`: a report to fill in.

use std::{io::Write, path::Path};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::{Context, context::is_dash, target};
use crate::{
    cli::New,
    disk::{Overwrite, PendingFile},
    program::{EmbargoStart, Program, Wanted},
    report::{Format, Template},
    terminal::{Exit, Failure, Hint, OrFail},
};

/// Writes the report.
pub(super) fn run(args: &New, context: &Context<'_>) -> Result<Exit, Failure> {
    let target = args
        .to
        .as_deref()
        .map(|name| target::resolve(name, context))
        .transpose()?;
    if let Some(target) = &target
        && target.program.encryption().wanted() == Wanted::Refused
    {
        let name = target.program.name();
        context.output.warn(format!(
            "{name} takes no encrypted reports: this one cannot be sealed for it"
        ));
    }
    let mut template = target
        .as_ref()
        .map(|target| shaped_by(&target.program))
        .unwrap_or_default();
    if args.toml {
        template.format = Format::Toml;
    }
    let text = template.to_string();
    if is_dash(&args.file) {
        if context.output.is_json() {
            return Err(Failure::new(
                Exit::Usage,
                anyhow!("--json and the report both want stdout"),
            ));
        }
        context.output.document(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    write(&args.file, &text, args.force)?;
    let written = args.file.display().to_string();
    context.output.json(&Written { report: &written })?;
    context.output.say(format!(
        "wrote {written}: fill in title, assets and the four sections"
    ));
    Ok(Exit::Done)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Written<'a> {
    report: &'a str,
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let overwrite = if force {
        Overwrite::Replace
    } else {
        Overwrite::Refuse
    };
    let mut file = PendingFile::create(path, overwrite)
        .hint(Hint::words("name another file, or add --force"))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file.finish()?)
}

fn shaped_by(program: &Program) -> Template {
    let disclosure = program.disclosure();
    let promises = program.promises();
    let starts = disclosure.starts().map(|starts| match starts {
        EmbargoStart::Report => "the report",
        EmbargoStart::Acknowledgement => "the acknowledgement",
        EmbargoStart::SecurityRelease => "the security release",
    });
    Template {
        format: Format::Yaml,
        program: Some(program.id().as_str().to_owned()),
        name: Some(program.name().to_owned()),
        policy: program.policy().map(|url| url.as_str().to_owned()),
        asset_examples: program
            .scope()
            .inside()
            .iter()
            .take(3)
            .map(ToString::to_string)
            .collect(),
        exclusions: program
            .exclusions()
            .iter()
            .map(|e| e.words().to_owned())
            .collect(),
        conduct: program
            .conduct()
            .iter()
            .map(|c| c.words().to_owned())
            .collect(),
        promises: [promises.legal(), promises.confidentiality()]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect(),
        embargo_days: disclosure.embargo_days().map(u32::from),
        embargo_starts: starts.map(str::to_owned),
    }
}
