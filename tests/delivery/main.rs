//! Sending at the binary's door: the real `send` and `case` against the real `serve`, through networks
//! and deaths of all kinds, and against intakes that lie.
//!
//! The tests' names carry the numbers of the promises; `soak_…` are the long forms, which `just soak`
//! runs.
#![cfg(unix)]

mod checked;
mod cuts;
mod deaths;
mod desk;
mod documents;
mod embargo;
mod https;
mod interruptions;
mod liar;
mod line;
#[path = "../members/mod.rs"]
mod members;
mod proxies;
mod receipts;
mod records;
#[path = "../intake/bench/strace.rs"]
#[expect(dead_code, reason = "tests/intake uses all of it")]
mod strace;
mod traces;
mod vendor;
mod words;
