//! `sealpost case lock` and `unlock`: the passphrase of the records.

use anyhow::anyhow;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    cli::CaseLock,
    commands::{Context, context::passphrase},
    disk::Seeds,
    terminal::{Exit, Failure, Passphrases},
};

/// What `--json` prints.
#[derive(Serialize)]
struct Locked {
    locked: bool,
    /// How many records there are.
    cases: usize,
}

/// Sets or changes it.
pub(super) fn set(args: &CaseLock, context: &Context<'_>) -> Result<Exit, Failure> {
    let mut cases = context.cases()?;
    let prompt = "new passphrase for the cases";
    let new = match &args.new_passphrase_file {
        Some(path) => Passphrases::resolve(Some(path.clone()))?.ask(prompt)?,
        None => context
            .output
            .without_progress(|| context.passphrases.ask_twice(prompt))?,
    };
    let mut entropy = Zeroizing::new([0; 64]);
    getrandom::fill(entropy.as_mut())
        .map_err(|why| anyhow!("no randomness from the system: {why}"))?;
    cases.lock(&passphrase(&new), Seeds::from_entropy(*entropy))?;
    let count = cases.names()?.len();
    context.output.json(&Locked {
        locked: true,
        cases: count,
    })?;
    context
        .output
        .say(format!("locked, as all cases to come: {count} so far"));
    Ok(Exit::Done)
}

/// Takes it away.
pub(super) fn remove(context: &Context<'_>) -> Result<Exit, Failure> {
    let mut cases = context.cases()?;
    if !cases.vault().has_passphrase() {
        context.output.say("the cases have no passphrase");
    }
    cases.leave_open()?;
    let count = cases.names()?.len();
    context.output.json(&Locked {
        locked: false,
        cases: count,
    })?;
    Ok(Exit::Done)
}
