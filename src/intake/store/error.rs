//! What goes wrong in the store, told apart as far as an answer over HTTP has to tell it apart.

use std::{error::Error, fmt, io, path::PathBuf, sync::Arc};

use crate::wire::ReportId;

/// Why the store did not do it. Unless it is [`StoreError::Unsure`], the state before remains.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is nothing of this id.
    #[error("there is nothing of this id")]
    NotFound,
    /// It was deleted, and its tombstone still stands.
    #[error("it was deleted")]
    Gone,
    /// The upload is at another offset.
    #[error("the upload is at offset {offset}")]
    Conflict {
        /// Where it is.
        offset: u64,
    },
    /// The upload has become a report and takes nothing more.
    #[error("the upload has become report {0}")]
    Finished(ReportId),
    /// The upload has another length than is now said.
    #[error("the upload has another length")]
    WrongLength,
    /// The idempotency key was used for something else.
    #[error("this idempotency key was used for something else")]
    KeyReused,
    /// A vendor token of this name is in use.
    #[error("there is a token named {0}")]
    NameTaken(String),
    /// Before the segment got its row, `sweep` took it for an orphan, or somebody else removed it.
    #[error("what arrived was swept away before it was acknowledged")]
    Swept,
    /// The disk, the bucket or the database is full.
    #[error("no space is left")]
    NoSpace(#[source] Cause),
    /// The database or the bucket cannot be reached, or is overrun; nothing was changed.
    #[error("the database or the bucket cannot be reached now")]
    Away(#[source] Cause),
    /// The database failed; nothing was changed.
    #[error("the database failed")]
    Database(#[source] Cause),
    /// The database broke off while it committed: the change may stand, or not.
    #[error("the database broke off while it committed")]
    Unsure(#[source] Cause),
    /// The objects failed.
    #[error("the objects failed")]
    Objects(#[source] Cause),
    /// The database speaks of an object that is not there, or is too short.
    #[error("object {0} is missing or too short")]
    Damaged(String),
    /// There is no store yet, and none was to be made.
    #[error("there is no intake in {}", .0.display())]
    NoStore(PathBuf),
    /// Another server works over the data folder, whose rows are a file.
    #[error("another server runs on the data folder {}", .0.display())]
    Served(PathBuf),
    /// The data folder cannot be used.
    #[error("cannot use the data folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A newer version made this database.
    #[error("the database has version {found}, and this program knows up to {known}")]
    TooNew {
        /// Of the database.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// What the store was given does not add up: a fault of the caller.
    #[error("{0}")]
    Inconsistent(&'static str),
}

/// What lies below an error of the store.
pub type Cause = Box<dyn Error + Send + Sync>;

impl StoreError {
    /// An error of reading or writing an object.
    pub(super) fn object_io(error: io::Error) -> Self {
        if is_full(&error) {
            Self::NoSpace(Box::new(error))
        } else {
            Self::Objects(Box::new(error))
        }
    }

    /// An error of an S3 server.
    pub(super) fn object_store(error: object_store::Error) -> Self {
        // The crate keeps the status to itself; S3-compatible servers say it in the text, too.
        let text = error.to_string();
        let full = [
            "507",
            "InsufficientStorage",
            "XMinioStorageFull",
            "QuotaExceeded",
        ];
        match error {
            _ if full.iter().any(|word| text.contains(word)) => Self::NoSpace(Box::new(error)),
            object_store::Error::Generic { .. } => Self::Away(Box::new(error)),
            _ => Self::Objects(Box::new(error)),
        }
    }

    /// What each of several is told that failed together.
    pub(super) fn common(error: &Arc<Self>) -> Self {
        let cause = Box::new(Common(Arc::clone(error)));
        match **error {
            Self::NoSpace(_) => Self::NoSpace(cause),
            Self::Away(_) => Self::Away(cause),
            Self::Unsure(_) => Self::Unsure(cause),
            _ => Self::Database(cause),
        }
    }

    /// Whether the change may stand although it failed: objects that it names must stay.
    #[must_use]
    pub fn may_stand(&self) -> bool {
        matches!(self, Self::Unsure(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        match (code.as_deref(), &error) {
            // SQLITE_FULL; PostgreSQL's disk_full (appendix A of its manual).
            (Some("13" | "53100"), _) => Self::NoSpace(Box::new(error)),
            // SQLITE_BUSY; too_many_connections, and what a server says that goes down or comes up.
            (Some("5" | "53300" | "57P01" | "57P02" | "57P03"), _) => Self::Away(Box::new(error)),
            (_, sqlx::Error::Io(io)) if is_full(io) => Self::NoSpace(Box::new(error)),
            (_, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => {
                Self::Away(Box::new(error))
            }
            _ => Self::Database(Box::new(error)),
        }
    }
}

/// An error that several are told of.
#[derive(Debug)]
struct Common(Arc<StoreError>);

impl fmt::Display for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Common {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
