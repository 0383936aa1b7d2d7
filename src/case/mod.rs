//! A case: a report after it left the reporter's hands, and the secret that stays there.

mod secret;

pub use secret::{CaseSecret, WordsError};
