//! The intake: the vendor's server, which takes sealed reports, keeps them, and cannot read them.
//!
//! DESIGN.md, "The intake's HTTP contract". Serves promise 11: nothing here imports what decrypts.
//!
//! - [`store`]: rows and objects, durable before anything is acknowledged

pub mod store;
