//! Everything that a person sees or types: results, notes, failures, progress, passphrases.
//!
//! Nothing that a stranger wrote reaches the terminal raw: every way out of this folder escapes.
//! Serves the global options and exit codes of the command line (`--json`, `-q`, `-v`, `--color`,
//! `--passphrase-file`).

mod console;
pub mod escape;
mod failure;
mod hint;
mod json;
mod output;
mod progress;
mod prompt;
mod secret;

pub use console::confirm;
pub use failure::{Exit, Failure, OrFail};
pub use hint::Hint;
pub use json::inert;
pub use output::{Colour, Format, Output, OutputError, Volume};
pub use progress::Progress;
pub use prompt::{Passphrases, PromptError};
pub use secret::Secret;
