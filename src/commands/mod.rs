//! One verb a file: resolve what was typed, orchestrate the floors below, nothing else.

mod advisory;
mod cage;
mod case;
mod check;
mod context;
mod crowd;
mod demo;
mod embargo;
mod find;
mod fsck;
mod github;
mod inbox;
mod keygen;
mod manual;
mod memory;
mod new;
mod online;
mod open;
mod post;
mod publish;
mod request_key;
mod seal;
mod sealing;
mod send;
mod serve;
mod store;
mod sweep;
mod target;
mod token;
mod trust;
mod vendor;

pub use context::{Context, Memory};

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
        Command::Find(args) => find::run(&args, context),
        Command::Trust(args) => trust::run(&args, context),
        Command::New(args) => new::run(&args, context),
        Command::Check(args) => check::run(&args, context),
        Command::Seal(args) => seal::run(&args, context),
        Command::Send(args) => send::run(&args, context),
        Command::Case(args) => case::run(&args, context),
        Command::Open(args) => open::run(&args, context),
        Command::Keygen(args) => keygen::run(&args, context),
        Command::RequestKey(args) => request_key::run(&args, context),
        Command::Publish(args) => publish::run(&args, context),
        Command::Serve(args) => serve::run(args.into_inner(), context),
        Command::Token(args) => token::run(&args, context),
        Command::Fsck(args) => fsck::run(&args, context),
        Command::Sweep(args) => sweep::run(&args, context),
        Command::Inbox(args) => inbox::run(&args, context),
        Command::Advisory(args) => advisory::run(&args, context),
        Command::Demo(args) => demo::run(&args, context),
        Command::Completions { shell } => manual::completions(shell, context),
        Command::Man { folder } => manual::pages(&folder),
    }
}
