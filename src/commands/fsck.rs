//! `sealpost fsck`: whether the rows and objects of an intake fit.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Context, store};
use crate::{
    cli::Fsck,
    intake::store::{Absent, Check, Checked, Drift, DriftKind, PartOf},
    terminal::{Exit, Failure, Hint},
};

/// Compares, and says what does not fit.
pub(super) fn run(args: &Fsck, context: &Context<'_>) -> Result<Exit, Failure> {
    let now = args.now.map_or_else(|| context.time(), Ok)?;
    let grace = SignedDuration::try_from(args.grace.0).unwrap_or(SignedDuration::MAX);
    let how = Check {
        repair: args.repair,
        deep: args.deep,
        grace_ended: now.checked_sub(grace).unwrap_or(Timestamp::MIN),
        now,
    };
    let opened = store::open(&args.store, Absent::Refuse, context)?;
    let checked = opened.wait(|store| async move { store.check(&how).await })?;
    context.output.json(&Document::from(&checked))?;
    tell(&checked, args, context)?;
    Ok(if checked.left() == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document {
    reports: u64,
    messages: u64,
    uploads: u64,
    objects: u64,
    bytes: u64,
    drift: Vec<Line>,
    left: usize,
}

#[derive(Serialize)]
struct Line {
    code: &'static str,
    report: Option<String>,
    message: Option<String>,
    upload: Option<String>,
    detail: String,
    mended: bool,
}

impl From<&Checked> for Document {
    fn from(checked: &Checked) -> Self {
        Self {
            reports: checked.reports,
            messages: checked.messages,
            uploads: checked.uploads,
            objects: checked.objects,
            bytes: checked.bytes,
            drift: checked.drift.iter().map(Line::from).collect(),
            left: checked.left(),
        }
    }
}

impl From<&Drift> for Line {
    fn from(drift: &Drift) -> Self {
        let (report, message, upload) = match &drift.part_of {
            None => (None, None, None),
            Some(PartOf::Report(id)) => (Some(id.to_string()), None, None),
            Some(PartOf::Message(report, id)) => {
                (Some(report.to_string()), Some(id.to_string()), None)
            }
            Some(PartOf::Upload(id)) => (None, None, Some(id.to_string())),
        };
        Self {
            code: drift.kind.as_str(),
            report,
            message,
            upload,
            detail: drift.what.clone(),
            mended: drift.mended,
        }
    }
}

fn tell(checked: &Checked, args: &Fsck, context: &Context<'_>) -> Result<(), Failure> {
    for drift in &checked.drift {
        let line = in_words(drift);
        let done = if drift.mended { " (mended)" } else { "" };
        if !context.output.is_json() {
            context.output.print(format!("{line}{done}"))?;
        }
        if lost(drift) {
            context
                .output
                .warn(format!("bytes of an acknowledged report are lost: {line}"));
        }
    }
    context.output.say(format!(
        "{} reports, {} messages, {} open uploads; {} objects, {} bytes; faults left: {}",
        checked.reports,
        checked.messages,
        checked.uploads,
        checked.objects,
        checked.bytes,
        checked.left()
    ));
    if checked.left() > 0 && !args.repair {
        let hint = Hint::command(
            "to mend what can be mended",
            ["sealpost", "fsck", "--repair"],
        );
        context.output.say(format!("hint: {hint}"));
    }
    Ok(())
}

/// Whether somebody who was told that a report arrived has lost it.
fn lost(drift: &Drift) -> bool {
    let of_a_report = matches!(drift.part_of, Some(PartOf::Report(_) | PartOf::Message(..)));
    of_a_report && drift.kind != DriftKind::Healed
}

fn in_words(drift: &Drift) -> String {
    let whole = match &drift.part_of {
        None => "nothing".to_owned(),
        Some(PartOf::Report(id)) => format!("report {id}"),
        Some(PartOf::Message(report, id)) => format!("message {id} of report {report}"),
        Some(PartOf::Upload(id)) => format!("upload {id}"),
    };
    let what = &drift.what;
    match drift.kind {
        DriftKind::Missing => format!("{whole}: object {what} is missing"),
        DriftKind::WrongSize => format!("{whole}: object {what}"),
        DriftKind::Incomplete => format!("{whole}: its objects do not make up the whole"),
        DriftKind::Altered => format!("{whole}: the bytes are others than were received: {what}"),
        DriftKind::Healed => format!("{whole}: marked as damaged, and whole again"),
        DriftKind::Orphan => format!("object {what} belongs to nothing"),
        DriftKind::Doomed => format!("object {what} of something deleted is still there"),
        DriftKind::Database => format!("the database says: {what}"),
    }
}
