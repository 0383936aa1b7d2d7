//! The folder in which the demonstration happens.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::commands::Context;
use crate::{cli::Demo, disk::PendingFolder, terminal::Failure};

/// The folder of the demonstration.
pub(super) enum Stage {
    Temporary(tempfile::TempDir),
    Kept(PendingFolder, PathBuf),
}

impl Stage {
    pub(super) fn set(args: &Demo) -> Result<Self, Failure> {
        Ok(match &args.keep {
            Some(folder) => {
                let folder = std::path::absolute(folder).context("the current folder is gone")?;
                Self::Kept(PendingFolder::create(&folder)?, folder)
            }
            None => Self::Temporary(
                tempfile::Builder::new()
                    .prefix("sealpost-demo-")
                    .tempdir()
                    .context("cannot make a temporary folder")?,
            ),
        })
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder, _) => folder.path(),
        }
    }

    pub(super) fn end(self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Temporary(folder) => folder
                .close()
                .context("cannot remove the temporary folder")?,
            Self::Kept(folder, path) => {
                folder.finish()?;
                context
                    .output
                    .say(format!("everything is in {}", path.display()));
            }
        }
        Ok(())
    }
}
