//! Handing a mail to the sender's own server: submission, encrypted or not at all (promise 45).
//!
//! RFC 5321 (SMTP), RFC 6409 (submission), RFC 8314 (implicit TLS), RFC 3207 (STARTTLS), RFC 4954
//! (AUTH), RFC 1870 (SIZE). The dialogue alone: connections are handed in, and a [`Session`] takes
//! those that are [`Confidential`] by their type. What is said is the same on every machine
//! (promise 34).

mod data;
mod error;
mod reply;
mod server;
mod session;
mod wire;

pub use error::SmtpError;
pub use reply::Reply;
pub use server::{NotAServer, Security, Server};
pub use session::{Confidential, Opening, Session, ask_for_tls};

/// What the client calls itself: an address that says nothing, the same for everybody.
const NAME: &str = "[127.0.0.1]";
