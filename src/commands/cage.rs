//! Closes the cage around a command, and says where it does not stand.
//!
//! Promise 9, and docs/threat-model.md, "The cage".

use anyhow::Context as _;

use super::Context;
use crate::{
    confinement::{Cage, Walls},
    disk::interrupt,
    terminal::Failure,
};

/// Closes `cage` around this process. Threads that were started before stay outside; the one that
/// waits for interruptions is replaced by one within. Where more commands follow, as in the
/// demonstration, which opens its own report, nothing is closed.
pub(super) fn enter(cage: Cage, context: &Context<'_>) -> Result<Walls, Failure> {
    if !context.is_last {
        return Ok(Walls::None);
    }
    let walls = cage.enter();
    interrupt::renew().context("cannot watch for Ctrl-C")?;
    match &walls {
        Walls::Full => {}
        Walls::Partial => context.output.detail(
            1,
            "this kernel does not know all of Landlock: the cage is not whole",
        ),
        Walls::None if cfg!(target_os = "linux") => context.output.caution(
            "this system has no Landlock: what strangers sent is read without a cage around it",
        ),
        Walls::None => context.output.detail(1, "this system has no cage"),
    }
    Ok(walls)
}
