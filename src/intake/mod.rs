//! The intake: the vendor's server, which takes sealed reports, keeps them, and cannot read them.
//!
//! DESIGN.md, "The intake's HTTP contract". Serves promise 11: nothing here imports what decrypts.
//!
//! - [`store`]: rows and objects, durable before anything is acknowledged
//! - [`Intake`]: what a request is handled with; `routes/` says which request does what
//! - [`Server`]: connections, time-outs, TLS, the end

mod access;
mod arrival;
mod chunk;
mod clock;
mod counted;
mod lifecycle;
mod limits;
mod log;
mod metrics;
mod observe;
mod page;
mod pieces;
mod places;
mod receipt;
mod receive;
mod refusal;
mod request;
mod routes;
mod server;
mod site;
mod state;
pub mod store;
mod uploads;

pub use clock::Clock;
pub use limits::{Network, NotANetwork, Pace};
pub use log::LogLines;
pub use page::{Landing, PageError};
pub use server::{Connections, Listeners, Server, ServerError, Tls, TlsError};
pub use site::{File, Site, renew};
pub use state::{Intake, Limits, Parts};

#[cfg(test)]
mod tests;
