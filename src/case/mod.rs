//! A case: a report after it left the reporter's hands. The secret that stays there, what happens
//! to it, and the intake's receipt.

mod event;
mod name;
mod receipt;
mod secret;

pub use event::{Event, EventKind, State};
pub use name::{CaseName, NotACaseName};
pub use receipt::{NotAReceipt, Receipt};
pub use secret::{CaseSecret, WordsError};
