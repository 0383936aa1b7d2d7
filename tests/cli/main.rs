//! What a person meets at the command line: results, exit codes, refusals with a next step,
//! prompts, and nothing left behind where something went wrong.

mod interrupt;
mod keys;
mod metadata;
mod open;
mod prompts;
mod scene;
mod seal;
