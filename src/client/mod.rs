//! The reporter's and the vendor's way to an intake: its whole HTTP contract as typed calls, uploads
//! that go on after anything, downloads that are checked, receipts that are verified.
//!
//! DESIGN.md, "The intake's HTTP contract". Everything goes through `network` and its policy. What
//! an intake says is a stranger's text: it is cut here, and escaped where it leaves.

mod cases;
mod download;
mod error;
pub mod github;
mod intake;
mod pace;
mod receipt;
mod reports;
mod source;
mod tus;
mod upload;

pub use download::Download;
pub use error::{IntakeError, Refused};
pub use intake::{Intake, Offer};
pub use pace::Pace;
pub use receipt::{Attested, Expected, NotAttested};
pub use reports::{Posted, Query, Submission};
pub use source::{Growth, Source};
pub use tus::{Piece, UploadProgress};
pub use upload::{Delivery, DeliveryError, Watch};
