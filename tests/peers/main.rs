//! Real peers at the binary's door: GnuPG, sq, rsop and OpenPGP.js read what sealpost seals, and
//! sealpost opens what they encrypt.
//!
//! What needs GnuPG alone runs with every `cargo test`, and prints a line instead where gpg is not
//! installed. The tests of the other peers are ignored: `.ci/run` fetches those, names them in
//! `SEALPOST_SQ`, `SEALPOST_RSOP` and `SEALPOST_OPENPGPJS`, and runs them with
//! `cargo test --test peers -- --ignored`.

#![cfg(unix)]

mod agent;
mod calendar;
mod cleartext;
mod desk;
mod from_gnupg;
mod gnupg_keys;
mod modern;
mod peer;
mod secret_keys;
mod sectxt;
mod to_gnupg;
