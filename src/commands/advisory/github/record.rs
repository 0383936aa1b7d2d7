//! `github.toml` beside an opened report: which advisory at GitHub belongs to it.

use std::{
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};

use crate::{
    advisory::GhsaId,
    client::github::Mark,
    commands::context::read_capped,
    disk::{Overwrite, PendingFile},
    terminal::Failure,
};

/// What is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// `OWNER/REPO`.
    pub(super) repository: String,
    /// What tells this advisory from all others, in its description.
    pub(super) mark: Mark,
    /// Its id, once GitHub gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) advisory: Option<GhsaId>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
}

impl Record {
    /// A record with a mark of its own.
    pub(super) fn new(repository: String) -> Result<Self, Failure> {
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy)
            .map_err(|why| anyhow!("no randomness from the system: {why}"))?;
        Ok(Self {
            repository,
            mark: Mark::new(entropy),
            advisory: None,
            page: None,
        })
    }

    /// Reads it; `None` where there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = path(folder);
        let name = path.display().to_string();
        let bytes = match read_capped(&path, LIMIT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(format!("cannot read {name}"))
                    .into());
            }
        };
        let text =
            std::str::from_utf8(&bytes).with_context(|| format!("{name} is not UTF-8 text"))?;
        let record = toml::from_str(text).with_context(|| format!("{name} cannot be read"))?;
        Ok(Some(record))
    }

    /// As [`Record::read`], where there must be one.
    pub(super) fn existing(folder: &Path) -> Result<Self, Failure> {
        Self::read(folder)?.ok_or_else(|| {
            let error = anyhow!("{} belongs to no advisory at GitHub yet", folder.display());
            Failure::from(error).with_hint(crate::terminal::Hint::words(
                "open one: sealpost advisory github open CASE_DIR --repository OWNER/REPO",
            ))
        })
    }

    /// Keeps it.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let path = path(folder);
        let text = toml::to_string(self).context("cannot write github.toml")?;
        let mut file = PendingFile::create(&path, Overwrite::Replace)?;
        file.write_all(format!("{HEAD}{text}").as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(file.finish()?)
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("github.toml")
}

const HEAD: &str = "# Written by sealpost: the advisory at GitHub that belongs to this report.\n";
const LIMIT: u64 = 64 << 10;
