//! What keeps one client from taking the intake away from the others: rates, sizes, space, speed.
//!
//! Promises 39, 40 and 41.

mod address;
mod begun;
mod network;
mod pace;
mod rate;
mod share;
mod space;

pub(crate) use address::{ClientKey, Pseudonyms};
pub(crate) use begun::{Begun, Place};
pub use network::{Network, NotANetwork};
pub use pace::Pace;
pub(crate) use pace::{Arriving, Broken};
pub(crate) use rate::{Counted, RateLimits};
pub(crate) use share::Shares;
pub(crate) use space::{Promise, Promised};
