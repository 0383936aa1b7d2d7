//! What Ctrl-C leaves of a report that cannot be gone on with: nothing here, and as little as possible there.
//!
//! tus 1.0.0, "Termination": what was uploaded of a report that will have no end is taken back.

use anyhow::anyhow;
use url::Url;

use super::delivery::{Shared, locked};
use crate::{
    client::Intake,
    commands::online::Online,
    disk::Interrupted,
    network::policy::PATIENCE,
    terminal::{Exit, Failure, Hint},
};

/// Takes back what was uploaded, and says what became of it.
pub(super) fn withdraw(
    (why, interrupted): (&str, Interrupted),
    shared: &Shared,
    intake: &Intake<'_>,
    online: &Online,
) -> Failure {
    let exit = Exit::of_signal(interrupted.signal);
    let failure = Failure::new(exit, anyhow!("interrupted: {why}"));
    let Some(upload) = locked(shared).upload.clone() else {
        return failure;
    };
    let cancelling = async { tokio::time::timeout(PATIENCE, intake.cancel_upload(&upload)).await };
    let place = intake.endpoint();
    let became = match online.wait(cancelling) {
        Ok(Ok(())) => format!("what was uploaded to {place} until then was removed there"),
        Ok(Err(error)) if error.is_gone() => {
            format!("what was uploaded to {place} until then is not there any more")
        }
        Ok(Err(error)) if error.is_settled() => return arrived(exit, place),
        _ => format!(
            "what was uploaded to {place} until then could not be removed: unless it was all of the report, nobody can read it, and it expires there"
        ),
    };
    failure.with_hint(Hint::words(became))
}

/// All of it was there before anything could be taken back.
fn arrived(exit: Exit, place: &Url) -> Failure {
    let what = anyhow!("interrupted: the report had arrived at {place} already");
    Failure::new(exit, what).with_hint(Hint::words(
        "with the words of the case, `sealpost case recover` brings its receipt and the answers",
    ))
}
