//! Mail: a sealed report as a message that every OpenPGP mail program reads, and what such programs
//! send, read without believing any of it.
//!
//! RFC 3156 (PGP/MIME), RFC 9788 (header protection), RFC 5322 and 2045 to 2047 (the format),
//! RFC 5321 (submission). Nothing here opens a connection: the way to a server is handed in.

pub mod compose;
pub mod read;
pub mod sendmail;
pub mod smtp;
