//! The durable store: rows that say what there is, and objects that hold the sealed bytes.
//!
//! DESIGN.md, "Embedded default" and "To scale out". Serves promises 6, 7, 18, 20 and 21. The order
//! is what makes it safe: an object is durable before a row names it, and a row is gone before its
//! object is removed. So a crash leaves at most an object that no row names, which [`Store::sweep`]
//! removes; it never leaves a report without its bytes.
//!
//! - [`Settings`]: where it is
//! - [`SegmentWriter`], [`Segment`]: bytes that become durable
//! - [`NewUpload`], [`Piece`]: uploads, by compare-and-swap of their offset
//! - [`NewReport`], [`Accepted`]: reports, each once
//! - [`NewMessage`]: sealed messages
//! - [`Sealed`]: bytes on their way out
//! - [`Role`], [`VendorToken`]: who may look
//! - [`Check`], [`Ages`]: looking after it
//! - [`Alone`]: one server at a time, where there may be one only

mod alone;
mod batch;
mod database;
mod drift;
mod error;
mod events;
mod figures;
mod fsck;
mod listing;
mod messages;
mod objects;
mod open;
mod removal;
mod reports;
mod schema;
mod sealed;
mod segment;
mod settings;
mod sweep;
mod tokens;
mod uploads;

use std::{fmt, path::Path, sync::Arc};

pub use alone::Alone;
pub use drift::{Checked, Drift, DriftKind, PartOf};
pub use error::{Cause, StoreError};
pub use figures::{Space, Statistics};
pub use fsck::Check;
pub use listing::{Cursor, NotACursor, Page, Selection};
pub use messages::{AddedMessage, NewMessage};
pub use removal::Deleted;
pub use reports::{Accepted, KeyHash, NewReport, Origin, Report};
pub use sealed::Sealed;
pub use segment::{Part, Segment, SegmentWriter};
pub use settings::{
    Absent, Bucket, BucketKeys, DatabaseAt, Flushes, NotAStore, ObjectsAt, PostgresUrl, Settings,
};
pub use sweep::{Ages, Swept};
pub use tokens::{NotATokenName, Role, TokenName, TokenRow, VendorToken};
pub use uploads::{Created, NewUpload, Piece, Upload};

use batch::Batch;
use database::Database;
use objects::Objects;

/// A store. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    objects: Arc<dyn Objects>,
    settings: Settings,
    batch: Batch,
}

impl Store {
    fn database(&self) -> &Database {
        &self.0.database
    }

    fn objects(&self) -> &Arc<dyn Objects> {
        &self.0.objects
    }

    /// The data folder; it need not be there if rows and objects are elsewhere.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0.settings.folder
    }

    /// Whether rows can be read and objects written now.
    ///
    /// # Errors
    /// They cannot.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.database()
            .row("SELECT version FROM schema_version", &[])
            .await?;
        self.objects().ready().await
    }

    /// Ends every connection to the database.
    pub async fn close(&self) {
        self.database().close().await;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.settings.fmt(f)
    }
}

#[cfg(test)]
mod tests;
