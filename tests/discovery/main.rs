//! From a domain to a key that one may trust, or a plain refusal: against real servers on loopback,
//! with a certificate authority and a DNS of our own.

mod bench;
mod bench_resolves;
mod bench_works;
mod documents;
mod security_txt_corpus;
