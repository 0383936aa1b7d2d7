//! Where something that is looked for can begin.
//!
//! Serves `check`: one automaton over all beginnings passes over nearly all of a file at the speed of a search.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::{assigned, command, cookie, key, metadata, password, token};

/// The first place in `window` from `at` on, and before `end`, where something may begin.
pub(super) fn next(window: &[u8], at: usize, end: usize) -> Option<usize> {
    let Some(starts) = STARTS.as_ref() else {
        // Without the automaton it takes long, and finds the same.
        return Some(at);
    };
    let seen = window.len().min(end.saturating_add(LONGEST));
    let found = starts.find(Input::new(window).range(at.min(seen)..seen))?;
    Some(found.start()).filter(|start| *start < end)
}

static STARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let names = password::names();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let all = [
        key::STARTS,
        password::STARTS,
        metadata::STARTS,
        assigned::STARTS,
        &token::starts()[..],
        &names[..],
        &cookie::names()[..],
        &command::starts()[..],
    ]
    .concat();
    debug_assert!(all.iter().all(|start| start.len() <= LONGEST));
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        // The fastest, which is not chosen by itself for so many.
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .build(all)
        .ok()
});

/// The longest beginning.
const LONGEST: usize = 64;
