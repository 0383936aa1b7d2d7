//! What stands in the way of sending a report, and what could be better: findings with codes.
//!
//! Serves DESIGN.md, "Commands" (`check`), and whatever seals or sends. Nothing here asks the network, opens a file or
//! shows a secret: [`review`] judges a report by a program, [`scan`] and [`attachment()`] read what is handed to them, [`answer`] puts the
//! reporter's reasons to what was found.

mod attachment;
mod complete;
mod exclude;
mod finding;
mod scan;
mod scope;
mod text;
mod topics;

pub use attachment::attachment;
pub use complete::unreadable;
pub use finding::{Code, Finding, Place, Severity, answer};
pub use scan::{Scanner, scan};

use crate::{program::Program, report::Report};

/// What is to be said of a report that was read, and of what it means for this program. `file` is its name.
#[must_use]
pub fn review(file: &str, report: &Report, program: Option<&Program>) -> Vec<Finding> {
    let mut findings = Vec::new();
    complete::sections(file, report, &mut findings);
    if let Some(program) = program {
        complete::addressee(file, report, program, &mut findings);
        scope::assets(file, report, program, &mut findings);
        exclude::exclusions(file, report, program, &mut findings);
        complete::wishes(file, report, program, &mut findings);
    }
    findings
}

#[cfg(test)]
mod tests;
