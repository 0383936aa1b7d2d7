//! The intake at the binary's door: the real `serve`, real sockets, real disks, databases and peers.
//!
//! The tests' names carry the numbers of the promises. Most run over both backings: SQLite and a
//! folder with every `cargo test`; PostgreSQL and S3 with
//! `.ci/with-stores cargo test --test intake -- --ignored scaled`. Tests of peers are ignored too,
//! and `soak_…` are the long forms that `just soak` runs.
#![cfg(unix)]

mod actors;
mod answers;
mod bench;
#[expect(dead_code, reason = "the other bombs are for `open`")]
#[path = "../promises/bomb.rs"]
mod bomb;
mod canaries;
mod copies;
mod cuts;
mod deletion;
mod faults;
mod hostile;
mod ids;
mod inbox;
mod kills;
mod landing;
#[path = "../members/mod.rs"]
mod members;
mod peers;
mod quota;
mod repeats;
mod scale;
mod search;
mod shares;
mod shutdown;
mod slow;
mod starts;
mod sweeps;
mod tls;
mod writers;
