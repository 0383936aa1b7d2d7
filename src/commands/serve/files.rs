//! How many connections the limit of open files allows.
//!
//! Each connection takes a file, and each upload another; the soft limit is that of programs of
//! another time, so it is raised as far as the system lets it.

use crate::commands::Context;

/// As many as were asked for, with a warning where the limit does not allow that; where nobody asked,
/// as many as it allows, up to a number that is enough.
pub(super) fn connections(asked: Option<usize>, context: &Context<'_>) -> usize {
    let wanted = asked.unwrap_or(ENOUGH).max(1);
    let needed = (wanted as u64).saturating_mul(2).saturating_add(OTHERS);
    let Some(files) = raised(needed).filter(|files| *files < needed) else {
        return wanted;
    };
    if asked.is_some() {
        context.output.warn(format!(
            "this process may open {files} files, and {wanted} connections may need {needed}: raise the limit, or lower --max-connections"
        ));
        return wanted;
    }
    let fits = files.saturating_sub(OTHERS) / 2;
    usize::try_from(fits).unwrap_or(wanted).max(LEAST)
}

/// The limit after it was raised towards `needed`; `None` where there is none.
#[cfg(unix)]
fn raised(needed: u64) -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    if current >= needed {
        return Some(current);
    }
    limit.current = Some(limit.maximum.map_or(needed, |most| most.min(needed)));
    let raised = setrlimit(Resource::Nofile, limit).is_ok();
    if raised { limit.current } else { Some(current) }
}

#[cfg(not(unix))]
fn raised(_: u64) -> Option<u64> {
    None
}

const ENOUGH: usize = 16_384;
/// However low the limit is.
const LEAST: usize = 16;
/// The database, libraries, and what else is open.
const OTHERS: u64 = 256;
