//! Files that come one by one and in no archive, such as the parts of a mail: each gets a plain name
//! in one fresh folder.
//!
//! Serves promises 9 and 32, by the rules of `tree` and `rename`.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::extract::{ExtractOptions, ExtractedFile};
use super::name::MemberPath;
use super::refusal::{ExtractError, Limit, Limits};
use super::rename::Names;
use super::tree::Tree;
use super::{ATTACHMENTS, CHUNK};

/// A folder that is being filled.
pub struct LooseFiles<'a> {
    tree: Tree<'a>,
    limits: Limits,
    checksums: bool,
    top: Names,
    attachments: Names,
    total: u64,
    kept: u64,
    files: Vec<ExtractedFile>,
    buffer: Vec<u8>,
}

/// Where a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Into the folder itself: for names of ours alone, since one of its folders has a name, too.
    Top,
    /// Into its folder `attachments`.
    Attachment,
}

impl<'a> LooseFiles<'a> {
    /// Fills `into`, which exists, is empty, and belongs to the caller alone.
    ///
    /// # Errors
    ///
    /// [`ExtractError::NotEmpty`], or [`ExtractError::Write`] where it cannot be looked into.
    pub fn new(into: &'a Path, options: &ExtractOptions<'_>) -> Result<Self, ExtractError> {
        Ok(Self {
            tree: Tree::new(into, options.limits)?,
            limits: options.limits,
            checksums: options.checksums,
            top: Names::default(),
            attachments: Names::default(),
            total: 0,
            kept: 0,
            files: Vec::new(),
            buffer: vec![0; CHUNK],
        })
    }

    /// Whether a file of this name lies in the folder itself.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.path == Path::new(name))
    }

    /// Writes a file, under the name that is `wanted` or a plain one like it, and gives a copy of its
    /// content if that is to be kept.
    ///
    /// # Errors
    ///
    /// [`ExtractError::Read`] with the error of `content`, [`ExtractError::Write`], or the limit that
    /// was reached; a copy may be as large as the reporter's certificate.
    pub fn add(
        &mut self,
        place: Place,
        wanted: &str,
        content: &mut dyn Read,
        keep: bool,
    ) -> Result<Option<Vec<u8>>, ExtractError> {
        let path = self.choose(place, wanted);
        let refused = |reason| ExtractError::Refused {
            entry: path.clone(),
            reason,
        };
        let path = MemberPath::parse(path.as_bytes())
            .and_then(|it| it.refuse_the_vendors(Some(ATTACHMENTS)).map(|()| it))
            .map_err(refused)?;
        let file = self.tree.file(&path)?.hashed(self.checksums);
        let mut file = file.copied(keep);
        loop {
            let count = match content.read(&mut self.buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                count => count.map_err(ExtractError::Read)?,
            };
            if count == 0 {
                break;
            }
            self.total = self.total.saturating_add(count as u64);
            if self.total > self.limits.total {
                return Err(ExtractError::Limit(Limit::Total(self.limits.total)));
            }
            self.kept += if keep { count as u64 } else { 0 };
            if self.kept > self.limits.reporter {
                return Err(ExtractError::Limit(Limit::Reporter(self.limits.reporter)));
            }
            file.write(self.buffer.get(..count).unwrap_or_default())?;
        }
        let (file, copy) = file.finish();
        self.files.push(file);
        Ok(copy)
    }

    /// All files, in the order in which they came.
    #[must_use]
    pub fn finish(self) -> Vec<ExtractedFile> {
        self.files
    }

    fn choose(&mut self, place: Place, wanted: &str) -> String {
        match place {
            Place::Top => self.top.choose(OsStr::new(wanted)),
            Place::Attachment => {
                let name = self.attachments.choose(OsStr::new(wanted));
                format!("{ATTACHMENTS}{name}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(total: u64) -> ExtractOptions<'static> {
        ExtractOptions {
            limits: Limits {
                reporter: 10,
                ..Limits::new(total)
            },
            suggested_name: None,
            checksums: true,
        }
    }

    #[test]
    fn p09_whatever_name_is_wanted_becomes_a_plain_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = LooseFiles::new(folder.path(), &options(1000)).unwrap();
        for name in [
            "../../etc/passwd",
            "a",
            "A",
            "attachments",
            "CON",
            "",
            "\u{1b}[2J",
            "-rf",
        ] {
            files
                .add(Place::Attachment, name, &mut &b"x"[..], false)
                .unwrap();
            files
                .add(Place::Top, "a.txt", &mut &b"x"[..], false)
                .unwrap();
        }
        assert!(files.has("a.txt"));
        let written = files.finish();
        assert_eq!(written.len(), 16);
        for file in written {
            assert!(folder.path().join(&file.path).is_file(), "{:?}", file.path);
            assert!(file.path.components().count() <= 2);
        }
    }

    #[test]
    fn p32_limits_hold() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = LooseFiles::new(folder.path(), &options(1000)).unwrap();
        let error = files.add(Place::Top, "a", &mut std::io::repeat(0), false);
        assert!(matches!(
            error,
            Err(ExtractError::Limit(Limit::Total(1000)))
        ));
        let folder = tempfile::tempdir().unwrap();
        let mut files = LooseFiles::new(folder.path(), &options(1000)).unwrap();
        let copy = files.add(Place::Top, "a", &mut &b"copy"[..], true).unwrap();
        assert_eq!(copy.unwrap(), b"copy");
        let error = files.add(Place::Top, "b", &mut &[0; 7][..], true);
        assert!(matches!(
            error,
            Err(ExtractError::Limit(Limit::Reporter(10)))
        ));
    }
}
