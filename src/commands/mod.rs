//! One verb a file: resolve what was typed, orchestrate the floors below, nothing else.

mod context;
mod demo;
mod keygen;
mod manual;
mod new;
mod open;
mod seal;
mod target;

pub use context::Context;

use crate::{
    cli::Command,
    terminal::{Exit, Failure},
};

/// Does what was typed.
///
/// # Errors
/// A [`Failure`] with its exit code and what to do next.
pub fn dispatch(command: Command, context: &Context<'_>) -> Result<Exit, Failure> {
    match command {
        Command::New(args) => new::run(&args, context),
        Command::Seal(args) => seal::run(&args, context),
        Command::Open(args) => open::run(&args, context),
        Command::Keygen(args) => keygen::run(&args, context),
        Command::Demo(args) => demo::run(&args, context),
        Command::Completions { shell } => manual::completions(shell, context),
        Command::Man { folder } => manual::pages(&folder),
    }
}
