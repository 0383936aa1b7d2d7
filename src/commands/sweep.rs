//! `sealpost sweep`: what has had its time leaves the intake.

use jiff::SignedDuration;
use serde::Serialize;

use super::{Context, store};
use crate::{
    cli::{Span, Sweep},
    intake::store::{Absent, Ages, Swept},
    terminal::{Exit, Failure},
};

/// Removes, and says how much.
pub(super) fn run(args: &Sweep, context: &Context<'_>) -> Result<Exit, Failure> {
    let ages = Ages {
        now: args.now.map_or_else(|| context.time(), Ok)?,
        grace: signed(args.grace),
        known_until: None,
        tombstones: signed(args.tombstones_after),
        closed: args.closed_after.map(signed),
    };
    let opened = store::open(&args.store, Absent::Refuse, context)?;
    let swept = opened.wait(|store| async move {
        if ages.grace.is_zero() {
            return store.sweep(&ages).await;
        }
        let newest = store.newest().await?;
        store.sweep(&ages.knowing(newest)).await
    })?;
    context.output.json(&Document::from(swept))?;
    context.output.say(format!(
        "removed: {} uploads, {} closed reports, {} objects that belonged to nothing, {} tombstones, {} tokens",
        swept.uploads, swept.reports, swept.orphans, swept.tombstones, swept.tokens
    ));
    if swept.younger > 0 {
        context.output.warn(format!(
            "{} objects without a row are younger than all that the database knows, and were left: after a backup was brought back, they are reports that came in since; --grace 0s removes them",
            swept.younger
        ));
    }
    if swept.left > 0 {
        context
            .output
            .warn(format!("{} objects could not be removed", swept.left));
    }
    if !swept.compacted {
        context
            .output
            .warn("the database is in use: what was deleted is still in its log");
    }
    Ok(if swept.left == 0 && swept.compacted {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn signed(span: Span) -> SignedDuration {
    SignedDuration::try_from(span.0).unwrap_or(SignedDuration::MAX)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document {
    uploads: u64,
    reports: u64,
    orphans: u64,
    younger: u64,
    tombstones: u64,
    tokens: u64,
    left: u64,
    compacted: bool,
}

impl From<Swept> for Document {
    fn from(swept: Swept) -> Self {
        Self {
            uploads: swept.uploads,
            reports: swept.reports,
            orphans: swept.orphans,
            younger: swept.younger,
            tombstones: swept.tombstones,
            tokens: swept.tokens,
            left: swept.left,
            compacted: swept.compacted,
        }
    }
}
