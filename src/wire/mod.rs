//! The intake's HTTP contract, shared by the client and the server: paths, headers, ids, tokens,
//! documents, problems.
//!
//! DESIGN.md, "The intake's HTTP contract"; tus 1.0.0; RFC 9457 (problem documents). Nothing here
//! does any I/O.

pub mod header;
mod id;
pub mod path;
mod problem;
pub mod range;
mod token;
pub mod tus;
mod view;

pub use id::{MessageId, NotAnId, ReportId, UploadId};
pub use problem::{Problem, ProblemType};
pub use token::{NotAToken, Token, TokenHash};
pub use view::{Author, MessageList, MessageView, NewEvent, ReportList, ReportSummary, ReportView};
