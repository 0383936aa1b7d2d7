//! A case: a report after it left the reporter's hands. The secret that stays there, what happens
//! to it, and the intake's receipt.

mod calendar;
mod embargo;
mod event;
mod name;
mod receipt;
mod secret;

pub use calendar::CalendarEntry;
pub use embargo::{Embargo, EmbargoStart, EmbargoTerms, MayPublish, UnderEmbargo};
pub use event::{Event, EventKind, State};
pub use name::{CaseName, NotACaseName};
pub use receipt::{NotAReceipt, Receipt};
pub use secret::{CaseSecret, WordsError};
