//! `sealpost completions` and `sealpost man`: what a package installs beside the program.

use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory;

use super::Context;
use crate::{
    cli::Cli,
    terminal::{Exit, Failure},
};

/// Prints the completions for a shell.
pub(super) fn completions(
    shell: clap_complete::Shell,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sealpost", &mut script);
    context.output.document(&script)?;
    Ok(Exit::Done)
}

/// Writes one page for the program and one for each command.
pub(super) fn pages(folder: &Path) -> Result<Exit, Failure> {
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("cannot write manual pages into {}", folder.display()))?;
    Ok(Exit::Done)
}
