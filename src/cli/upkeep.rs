//! `sealpost fsck` and `sealpost sweep`: looking after what an intake keeps.

use clap::Args;
use jiff::Timestamp;

use super::{Span, StoreOptions};

/// Compare the database of an intake with its sealed reports
///
/// Finds reports whose bytes are lost, short or altered, and bytes that belong to nothing. It may
/// run beside a server. Ends with 1 while anything is left that does not fit. A report that was
/// acknowledged is never removed: one whose bytes are lost is marked as damaged, until somebody
/// brings them back from a backup or deletes it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sealpost fsck\n  sealpost fsck --deep --repair --data /srv/intake"
)]
pub struct Fsck {
    /// Mend what can be mended: remove what belongs to nothing, and uploads that lack bytes; mark
    /// damaged reports
    #[arg(long)]
    pub repair: bool,

    /// Read every byte, and compare its SHA-256 with that of the receipt
    #[arg(long)]
    pub deep: bool,

    /// Take for lost what belongs to nothing for this long
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub grace: Span,

    /// Act as if it were this time: for tests.
    #[arg(long, value_name = "TIME", hide = true)]
    pub now: Option<Timestamp>,

    /// Where the intake is.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Remove from an intake what has had its time
///
/// Uploads that expired, bytes that belong to nothing, the traces of deleted reports, revoked
/// tokens; and, if you say so, closed reports. What was deleted then leaves the files of the
/// database, too. A running server does it every six hours with the usual times; this may run beside
/// it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sealpost sweep\n  sealpost sweep --closed-after 90d")]
pub struct Sweep {
    /// Delete reports that have been closed for this long [default: never]
    #[arg(long, value_name = "TIME")]
    pub closed_after: Option<Span>,

    /// Forget deleted reports (their ids) and revoked tokens (their names) after this long
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub tombstones_after: Span,

    /// Remove what belongs to nothing for this long; what arrives more slowly has to begin again
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub grace: Span,

    /// Act as if it were this time: for tests.
    #[arg(long, value_name = "TIME", hide = true)]
    pub now: Option<Timestamp>,

    /// Where the intake is.
    #[command(flatten)]
    pub store: StoreOptions,
}
