//! From a domain to a key that one may trust, or a plain refusal: against real servers on loopback,
//! with a certificate authority and a DNS of our own.

mod believing;
mod bench;
mod bench_resolves;
mod bench_works;
mod dane;
mod display;
mod documents;
mod impersonation;
#[path = "../members/mod.rs"]
mod members;
mod memory;
mod network_rules;
mod pace;
mod pins;
mod publish;
mod publish_check;
mod publish_peers;
mod publish_refuses;
mod refusals;
mod scenes;
mod security_txt_corpus;
mod site;
mod sources;
mod undeliverable;
mod unfit;
