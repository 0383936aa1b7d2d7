//! Advisories as a whole: what they look like, that the official schemas and validators take them,
//! and that nothing is made up.
//!
//! `cases/` holds opened reports with what triage adds, and beside them the advisories that they
//! make. `SEALPOST_BLESS=1 cargo test --test advisory` writes those anew. The schemas are those of
//! the corpus.

mod cases;
mod command;
#[path = "../corpus/mod.rs"]
mod corpus;
mod csaf_validator;
mod generated;
#[path = "../corpus/github.rs"]
mod github;
mod golden;
mod schemas;
