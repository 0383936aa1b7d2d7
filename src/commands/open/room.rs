//! Where an opening may read and write, made before the cage closes around it.
//!
//! Promise 9: of all folders, only the hidden ones in which reports are written before they are
//! published can be written to.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::files::Shelf;
use crate::commands::{Context, cage, context::is_dash};
use crate::{
    confinement::{Cage, Walls},
    disk::{PendingFolder, Workplaces},
    terminal::{Failure, Hint, OrFail},
};

/// What was made beforehand, and how well it is closed. The default is nothing, and no cage.
#[derive(Default)]
pub(in crate::commands) struct Room {
    places: Workplaces,
    scratch: Option<Workplaces>,
    walls: Walls,
    cage: Cage,
}

impl Room {
    /// For reports that will be opened into these folders.
    pub(in crate::commands) fn with_folders<'a>(
        folders: impl IntoIterator<Item = &'a Path>,
    ) -> Self {
        let folders: Vec<_> = folders.into_iter().collect();
        let mut room = Self::bare();
        room.places = Workplaces::for_folders(&folders);
        let (hidden, beside) = (room.places.hidden(), room.places.folders());
        room.cage = room.cage.writing(hidden).shelving(beside);
        // To see whether one that is there is empty.
        room.cage = room.cage.listing(folders);
        room
    }

    /// For one that goes to stdout, after it waited in a temporary file.
    pub(super) fn with_stdout() -> Result<Self, Failure> {
        Self::bare().with_scratch()
    }

    fn bare() -> Self {
        Self {
            cage: Cage::default().limited(MEMORY).asking(),
            ..Self::default()
        }
    }

    /// These will be read. What cannot be read twice, such as a pipe, may need a copy.
    pub(super) fn reading<'a>(
        mut self,
        sealed: impl IntoIterator<Item = &'a Path>,
    ) -> Result<Self, Failure> {
        let sealed: Vec<_> = sealed.into_iter().collect();
        let is_file = |path: &&Path| !is_dash(path) && path.is_file();
        let only_files = sealed.iter().all(is_file);
        self.cage = self.cage.reading(sealed);
        if self.scratch.is_none() && !only_files {
            self = self.with_scratch()?;
        }
        Ok(self)
    }

    fn with_scratch(mut self) -> Result<Self, Failure> {
        let scratch = Workplaces::temporary().context("cannot make a temporary folder")?;
        let (hidden, beside) = (scratch.hidden(), scratch.folders());
        self.cage = self.cage.writing(hidden).emptying(beside);
        self.scratch = Some(scratch);
        Ok(self)
    }

    /// A shelf that stays empty may be removed.
    pub(super) fn tidying(mut self, made: &Shelf<'_>) -> Self {
        self.cage = self.cage.emptying(made.holder());
        self
    }

    /// Everything in this folder may be changed.
    pub(in crate::commands) fn keeping_in(mut self, folder: &Path) -> Self {
        self.cage = self.cage.writing([folder]);
        self
    }

    /// Closes the cage.
    pub(in crate::commands) fn close(mut self, context: &Context<'_>) -> Result<Self, Failure> {
        let cage = std::mem::take(&mut self.cage);
        let cage = cage.reading(context.passphrases.file());
        self.walls = cage::enter(cage, context)?;
        Ok(self)
    }

    /// How well it is closed.
    pub(in crate::commands) fn walls(&self) -> &Walls {
        &self.walls
    }

    /// Begins a folder that is published at `destination`.
    pub(super) fn folder(&self, destination: &Path) -> Result<PendingFolder, Failure> {
        PendingFolder::create_in(&self.places, destination)
            .hint(Hint::words("name a new folder with -o DIR"))
    }

    /// Refuses early what could not be published later.
    pub(in crate::commands) fn refuse_unfit(&self, destination: &Path) -> Result<(), Failure> {
        self.folder(destination).map(drop)
    }

    /// A folder for temporary files.
    pub(in crate::commands) fn temporary(&self) -> PathBuf {
        let places = self.scratch.as_ref().unwrap_or(&self.places);
        let first = places.hidden().next();
        first.map_or_else(std::env::temp_dir, Path::to_owned)
    }
}

/// The memory that an opening may have, in bytes: several keys from passphrases at once (RFC 9106,
/// section 4, 2 GiB each), and far from what would bring a machine down.
const MEMORY: u64 = 16 << 30;
