//! `inbox fetch`: sealed reports as files, taken up again where a download was cut.

use std::{collections::HashSet, fs::DirBuilder, path::Path};

use anyhow::Context as _;
use serde::Serialize;

use super::{
    desk::{Desk, Role, patience},
    mine::Mine,
    proof::{self, Proof},
};
use crate::commands::{Context, crowd, open::Keys};
use crate::{
    cli::InboxFetch,
    client::{Download, IntakeError},
    disk::{DiskError, PartialFile},
    terminal::{Exit, Failure, Hint, OrFail, Progress},
    wire::{ReportId, ReportSummary},
};

/// What `--json` prints.
#[derive(Serialize)]
struct Document {
    reports: Vec<Fetched>,
}

#[derive(Serialize)]
struct Fetched {
    id: String,
    file: String,
    size: u64,
    sha256: String,
    /// What its receipt proves: `verified`, `unverified` or `unsigned`.
    receipt: &'static str,
}

pub(super) fn run(args: &InboxFetch, context: &Context<'_>) -> Result<Exit, Failure> {
    let desk = Desk::resolve(&args.at, context)?;
    let mine = Mine::of(&Keys::resolve(&args.key, false, context)?, context);
    create(&args.output)?;
    let mut reports = Vec::new();
    let work = |id: &ReportId| {
        let report = desk.report(id)?;
        let proof = proof::check(&desk, &report, mine.certificates(), context)?;
        let path = args.output.join(format!("{id}.pgp"));
        fetch(&desk, &report, &path, context)?;
        Ok::<_, Failure>((fetched(&report, &path, proof), proof))
    };
    crowd::in_order(&args.id, at_once(&args.id), work, |_, done| {
        let (fetched, proof) = done?;
        context.output.print_fields(&[
            ("fetched", fetched.file.clone()),
            ("size", format!("{} bytes", fetched.size)),
            ("sha256", fetched.sha256.clone()),
            ("receipt", proof.words().to_owned()),
        ])?;
        reports.push(fetched);
        Ok::<_, Failure>(())
    })?;
    context.output.json(&Document { reports })?;
    Ok(Exit::Done)
}

/// How many are fetched at the same time: one that is named twice would meet itself.
fn at_once(ids: &[ReportId]) -> usize {
    let different: HashSet<_> = ids.iter().map(ReportId::as_str).collect();
    if different.len() == ids.len() {
        ids.len().clamp(1, AT_ONCE)
    } else {
        1
    }
}

/// Downloads wait for the network more than for a core.
const AT_ONCE: usize = 4;

fn fetched(report: &ReportSummary, path: &Path, proof: Proof) -> Fetched {
    Fetched {
        id: report.id.to_string(),
        file: path.display().to_string(),
        size: report.size,
        sha256: report.sha256.clone(),
        receipt: proof.code(),
    }
}

fn create(folder: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder
        .create(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?)
}

/// What broke off a download.
enum Fault {
    Intake(IntakeError),
    Disk(DiskError),
}

fn fetch(
    desk: &Desk,
    report: &ReportSummary,
    path: &Path,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let mut file = PartialFile::open(path).hint(Hint::words("name another folder with -o DIR"))?;
    let intake = desk.intake();
    let mut download = Download::new(&intake, desk.token(), report, patience()?);
    let progress = Progress::bytes(context.output, Some(report.size), "fetching");
    let there = file.replay(|piece| download.has(piece))?;
    if there > report.size {
        file.restart()?;
        download = Download::new(&intake, desk.token(), report, patience()?);
    } else {
        progress.add(there);
    }
    let done = desk.wait(async {
        while let Some(piece) = download.chunk().await.map_err(Fault::Intake)? {
            file.write(&piece).map_err(Fault::Disk)?;
            progress.add(piece.len() as u64);
        }
        Ok(())
    });
    match done {
        Ok(()) => Ok(file.finish()?),
        Err(Fault::Disk(why)) => Err(why.into()),
        Err(Fault::Intake(why)) => {
            // Other bytes than those of the report are of no use for the next attempt.
            if matches!(why, IntakeError::Altered) {
                file.discard()?;
            }
            Err(desk.failed(why, Role::Read))
        }
    }
}
