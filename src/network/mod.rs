//! The client's way into the network: one policy, one resolver, one HTTP client.
//!
//! The only folder that names `reqwest` and `hickory_resolver`. What may be dialled, how far a
//! redirect leads, how much is read and how long is waited stands in [`policy`] alone; the other
//! files carry it out. TLS is rustls with the platform's roots (`SSL_CERT_FILE` replaces them), and
//! nothing switches its checks off.

mod address;
mod dial;
mod error;
mod http;
mod names;
pub mod policy;
mod stream;
mod tunnel;

pub use address::is_public;
pub use dial::{Connection, Secured};
pub use error::{FetchError, NetworkError, Refusal};
pub use http::{Answer, Get, Network};
pub use policy::{ConnectTo, Policy, ProxyUrl, Redirects};
pub use stream::{Body, Method, Request, Streamed};
