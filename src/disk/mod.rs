//! Owner-only files and folders that are published whole or not at all, and the home folder
//! with its pins, certificates, cases and outbox.
//!
//! Serves "writes nothing into place until everything is authenticated", `--home`, and the part of
//! promises 9, 13 and 14 that is about files. Everything created here is 0600 or 0700 from its
//! first moment, and is gone again after a failure, a panic or Ctrl-C.

mod cases;
mod certificates;
mod destination;
mod error;
mod folder;
mod home;
#[cfg(unix)]
pub mod interrupt;
mod interruption;
mod outbox;
mod partial;
mod pending;
mod pins;
mod record;
mod registry;
mod reporters;
mod scratch;
mod secret_file;
mod vault;
mod workplaces;

pub use cases::{CaseHold, Cases, WhichCase};
pub use certificates::CertificateStore;
pub use destination::Destination;
pub use error::DiskError;
pub use folder::PendingFolder;
pub use home::Home;
pub use interruption::{Interrupted, Interruption};
pub use outbox::{Entries, Entry, EntryKind, HeldEntry, Outbox, PendingEntry};
pub use partial::PartialFile;
pub use pending::{Overwrite, PendingFile};
pub use pins::{Pin, Pins};
pub use record::{CaseRecord, Delivered, NoIntake, NotARecord, Seen};
pub use reporters::Reporters;
pub use scratch::Scratch;
pub use secret_file::{Exposure, SecretFile};
pub use vault::{AskPassphrase, Seeds, Vault, VaultError};
pub use workplaces::Workplaces;

#[cfg(not(unix))]
pub mod interrupt {
    //! Elsewhere an interruption ends the process without a chance to tidy up.

    /// Does nothing.
    ///
    /// # Errors
    /// None.
    pub fn install() -> std::io::Result<()> {
        Ok(())
    }

    /// Does nothing.
    ///
    /// # Errors
    /// None.
    pub fn renew() -> std::io::Result<()> {
        Ok(())
    }

    /// Does nothing.
    pub fn hand_over() {}
}
