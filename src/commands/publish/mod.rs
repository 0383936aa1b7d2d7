//! `sealpost publish`: what a vendor publishes, as a folder for its web server; and what strangers
//! stumble over who look for it.

mod announcement;
mod check;
mod findings;
mod keys;
mod page;
mod plan;
mod remedy;
mod site;
mod sources;
mod write;

pub(super) use plan::certificate;

use super::Context;
use crate::{
    cli::Publish,
    terminal::{Exit, Failure},
};

/// Writes the folder, or checks.
pub(super) fn run(args: &Publish, context: &Context<'_>) -> Result<Exit, Failure> {
    match &args.check {
        Some(domain) => check::run(domain, &args.network, context),
        None => write::run(args, context),
    }
}
