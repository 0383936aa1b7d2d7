//! Both ends of a vulnerability report: sealed so that only the vendor can read it, opened so that
//! nothing is believed that was not authenticated.
//!
//! The floors, from the ground up; a folder imports only from floors below it, or from itself
//! (`tests/architecture.rs` keeps it so):
//!
//! - 0: [`report`], [`program`], [`case`]: the words; [`metadata`]: what files tell beside their content
//! - 1: [`bundle`]: a report with its attachments as one tar stream; [`check`]: what stands in the
//!   way of sending it
//! - 2: [`openpgp`]: certificates, sealing, opening; the only folder that names sequoia
//! - 3: [`network`]: the policy for every request, one resolver, one HTTP client; [`wire`]: the
//!   intake's contract; [`mail`]: reports as mails, and back; [`advisory`]: a report as CSAF, OSV,
//!   CVE, GHSA
//! - 4: [`discover`]: from a name to a key that may be trusted; [`client`]: from here to an intake;
//!   [`disk`], [`terminal`], [`confinement`]: this machine and the person at it
//! - 5: [`cli`]: what was typed
//! - 6: [`commands`]: one verb a file
//! - 7: [`run`]: parse, run, report

pub mod advisory;
pub mod bundle;
pub mod case;
pub mod check;
pub mod cli;
pub mod client;
pub mod commands;
pub mod confinement;
pub mod discover;
pub mod disk;
pub mod intake;
pub mod mail;
pub mod metadata;
pub mod network;
pub mod openpgp;
pub mod program;
pub mod report;
pub mod run;
pub mod terminal;
pub mod wire;
