//! Mails that are written: a sealed report, and the question for a key.
//!
//! Serves promises 34 (no host, user, zone or client name), 35 (constant outer subject) and 45 (no
//! injection through headers), each by its types: see [`Stamp`] and `field`.

mod autocrypt;
mod base64_lines;
mod crlf;
mod error;
mod field;
mod key_request;
mod payload;
mod quoted;
mod report_mail;
mod stamp;

pub use autocrypt::Autocrypt;
pub use error::ComposeError;
pub use key_request::KeyRequest;
pub use report_mail::{Parties, ReportMail, Sealer};
pub use stamp::Stamp;
