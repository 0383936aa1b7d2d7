//! The log: lines on stderr, of this program alone.
//!
//! Promise 41: libraries below write the addresses of peers and parts of requests into their own
//! lines, so none of them is let through.

use std::io;

use tracing::Level;
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt,
    layer::SubscriberExt,
    util::{SubscriberInitExt, TryInitError},
};

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLines {
    /// One JSON document.
    Json,
    /// For people.
    Text,
}

impl LogLines {
    /// Begins to write to stderr.
    ///
    /// # Errors
    /// Somebody has begun before.
    pub fn start(self) -> Result<(), TryInitError> {
        let own = Targets::new().with_target(env!("CARGO_PKG_NAME"), Level::INFO);
        let lines = fmt::layer().with_writer(io::stderr).with_ansi(false);
        let registry = tracing_subscriber::registry();
        match self {
            Self::Json => {
                let lines = lines.json().flatten_event(true).with_span_list(false);
                registry.with(lines.with_filter(own)).try_init()
            }
            Self::Text => registry.with(lines.with_filter(own)).try_init(),
        }
    }
}
