//! The promises that concern sealing, opening and keys, attacked from outside: the program is run, on
//! files that sealpost would never write itself.
//!
//! One module for each theme; the tests' names start with the number of the promise. What they share:
//! `scene` (a folder to run the program in), `vendor` (keys), `forge` and `bomb` (hostile messages),
//! `strangers` (hostile texts), `dump` (the packets of a message), `pty` (a terminal), `watch` (time
//! and memory).
#![cfg(unix)]

mod bomb;
mod certificates;
mod confinement;
mod damage;
mod display;
mod dump;
mod extraction;
mod faults;
mod flood;
mod forge;
mod layers;
mod machines;
mod packets;
mod passphrases;
mod plaintext;
mod pty;
mod random;
mod scene;
mod signatures;
mod sizes;
mod strangers;
mod tampering;
mod vendor;
mod versions;
mod watch;

#[path = "../bundle/archives.rs"]
#[expect(dead_code, reason = "some of it is for the tests of the bundle alone")]
mod archives;
#[path = "../corpus/mod.rs"]
mod corpus;
#[path = "../bundle/hostile.rs"]
mod hostile;
#[path = "../parsers/mutation.rs"]
mod mutation;
#[path = "../bundle/readers.rs"]
#[expect(dead_code, reason = "some of it is for the tests of the bundle alone")]
mod readers;
