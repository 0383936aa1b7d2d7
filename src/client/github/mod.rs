//! GitHub's REST API, as far as it is about repository security advisories: typed calls.
//!
//! GitHub's OpenAPI description, `security-advisories/*` and
//! `repos/check-private-vulnerability-reporting`; API version 2022-11-28. What is sent is readable
//! to GitHub: this is not an end-to-end encrypted channel.

mod api;
mod error;
mod filing;
mod mark;
mod token;
mod view;

pub use api::GitHub;
pub use error::{GitHubError, Limit, Refusal};
pub use filing::{Filed, FilingError};
pub use mark::{Mark, NotAMark};
pub use token::{GitHubToken, NotAToken};
pub use view::{AdvisoryState, AdvisoryView, Fork, Thanked, Update};
