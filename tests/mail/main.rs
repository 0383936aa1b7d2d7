//! Reports as mails, and mails as other programs write and mangle them.

mod keys;
mod scene;

#[path = "../corpus/mod.rs"]
mod corpus;

mod answers;

#[path = "../discovery/bench/mod.rs"]
#[expect(dead_code, reason = "the tests of discovery use all of it")]
mod bench;

mod documents;
mod from_corpus;
mod golden;
mod office;
mod opening;
mod peers;
mod sending;
mod server;
mod signatures;
mod sizes;
mod val_town;
