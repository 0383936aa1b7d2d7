//! `sealpost inbox`: what a vendor does at its intake.

mod desk;
mod embargo;
mod fetch;
mod list;
mod messages;
mod mine;
mod open;
mod proof;
mod reply;
mod triage;

use super::Context;
use crate::{
    cli::{Inbox, InboxVerb},
    terminal::{Exit, Failure},
};

/// Does what was typed.
pub(super) fn run(args: &Inbox, context: &Context<'_>) -> Result<Exit, Failure> {
    match &args.verb {
        InboxVerb::List(args) => list::run(args, context),
        InboxVerb::Fetch(args) => fetch::run(args, context),
        InboxVerb::Open(args) => open::run(args, context),
        InboxVerb::Ack(args) => triage::acknowledge(args, context),
        InboxVerb::Event(args) => triage::event(args, context),
        InboxVerb::Embargo(args) => embargo::run(args, context),
        InboxVerb::Messages(args) => messages::run(args, context),
        InboxVerb::Reply(args) => reply::run(args, context),
        InboxVerb::Delete(args) => triage::delete(args, context),
    }
}
