//! Mails that others wrote: where the encrypted message is in one, and what its payload holds.
//!
//! RFC 5322, RFC 2045 to 2047, RFC 2231, RFC 3156, RFC 9788. Everything is a stream that is walked
//! once for its structure, and read again in parts; nothing is held in memory but bounded headers.
//! What stands outside the encryption is never shown as if it had been inside.

mod armor;
mod charset;
mod content;
mod decode;
mod error;
mod files;
mod find;
mod header;
mod lines;
mod mailbox;
mod media_type;
mod part;
mod section;
mod sniff;
mod structure;
mod text;
mod words;

pub use content::{Content, Signed};
pub use error::MailError;
pub use find::{Form, Found, find};
pub use mailbox::Mailbox;
pub use sniff::{looks_like_entity, looks_like_mail};
