//! Hidden folders that are there before a process confines itself to them.
//!
//! Serves `open` in its cage: what is opened is written in a workplace, and only moved out of it whole.
//! With its name known beforehand, nothing else needs to be writable.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::folder::{PRIVATE, find_place, hidden_folder};
use super::registry::Ticket;

/// Workplaces, each beside destinations that folders will be published at. All go, with what is in
/// them, when this is dropped or the process is interrupted.
#[derive(Debug, Default)]
pub struct Workplaces(Vec<Workplace>);

// Dropped in this order: removed first, then forgotten.
#[derive(Debug)]
struct Workplace {
    hidden: TempDir,
    _ticket: Ticket,
    /// The folder that it lies in.
    folder: PathBuf,
}

impl Workplaces {
    /// Makes one in each folder that takes some of these destinations. Destinations that cannot be
    /// are left to whoever begins a folder there, and gets the error.
    pub fn for_folders<P: AsRef<Path>>(destinations: impl IntoIterator<Item = P>) -> Self {
        let mut all = Self::default();
        for destination in destinations {
            let Ok((_, folder)) = find_place(destination.as_ref()) else {
                continue;
            };
            if all.beside(&folder).is_none() {
                let _told_later = all.add(folder);
            }
        }
        all
    }

    /// One in the folder for temporary files.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn temporary() -> io::Result<Self> {
        let mut one = Self::default();
        one.add(std::env::temp_dir())?;
        Ok(one)
    }

    /// The workplaces themselves.
    pub fn hidden(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|place| place.hidden.path())
    }

    /// The folders that they lie in.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|place| &*place.folder)
    }

    /// The one in this folder.
    pub(super) fn beside(&self, folder: &Path) -> Option<&Path> {
        let mut all = self.0.iter();
        let found = all.find(|place| place.folder == folder)?;
        Some(found.hidden.path())
    }

    fn add(&mut self, folder: PathBuf) -> io::Result<()> {
        let (hidden, ticket) = hidden_folder(&folder, PRIVATE)?;
        self.0.push(Workplace {
            hidden,
            _ticket: ticket,
            folder,
        });
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::{PendingFolder, registry::tests::is_entered};
    use super::*;
    use std::fs;

    #[test]
    fn folders_are_written_in_them_and_published_beside_them() {
        let base = tempfile::tempdir().unwrap();
        let (one, two) = (base.path().join("one"), base.path().join("two"));
        let lost = base.path().join("no/such");
        let places = Workplaces::for_folders([&one, &two, &lost]);
        let [hidden] = places.hidden().collect::<Vec<_>>().try_into().unwrap();
        let hidden = hidden.to_owned();
        assert!(hidden.starts_with(base.path()));
        let folder = PendingFolder::create_in(&places, &one).unwrap();
        assert!(folder.path().starts_with(&hidden));
        fs::write(folder.path().join("a"), "a").unwrap();
        folder.finish().unwrap();
        let dropped = PendingFolder::create_in(&places, &two).unwrap();
        assert!(PendingFolder::create_in(&places, &lost).is_err());
        drop(dropped);
        assert_eq!(fs::read_dir(&hidden).unwrap().count(), 0);
        drop(places);
        assert!(!is_entered(base.path()));
        let left: Vec<_> = fs::read_dir(base.path()).unwrap().collect();
        assert_eq!(
            (left.len(), fs::read(one.join("a")).unwrap()),
            (1, b"a".to_vec())
        );
    }
}
