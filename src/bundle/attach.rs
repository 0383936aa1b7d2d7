//! Files that are attached to a report, as they are or without what they tell beside their content.
//!
//! Serves DESIGN.md, "The sealed report", and the stripping of metadata: the original is never touched.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{
    ATTACHMENTS,
    pieces::Substitute,
    source::{Source, SourceError},
    stream::Member,
    write::{ATTACHMENT_LIMIT, Bundle, BundleError, SIZE_LIMIT},
};
use crate::metadata::Survey;

/// A file that was looked at, and may be attached.
#[derive(Debug)]
pub struct Attachable {
    source: Source,
    survey: Survey,
}

impl Attachable {
    /// Looks at a regular file, and at what it tells beside its content.
    ///
    /// # Errors
    ///
    /// [`BundleError::Source`] names the path that is missing, unreadable or no regular file.
    pub fn look(path: &Path) -> Result<Self, BundleError> {
        let source = Source::look(path)?;
        let survey = source.survey()?;
        Ok(Self { source, survey })
    }

    /// What it is, and what it tells.
    #[must_use]
    pub fn survey(&self) -> &Survey {
        &self.survey
    }
}

impl Bundle {
    /// Attaches a regular file, which must stay as it is until it was written, and says under which
    /// name.
    ///
    /// # Errors
    ///
    /// [`BundleError::Source`] names the path that is missing, unreadable or no regular file.
    pub fn attach(&mut self, path: &Path) -> Result<Attached, BundleError> {
        let source = Source::look(path)?;
        self.add(source, |name, source| Ok(Member::from_source(name, source)))
    }

    /// Attaches what is left of a picture without what it tells; another file as it is.
    ///
    /// # Errors
    ///
    /// [`BundleError::TooMany`], [`BundleError::TooLarge`].
    pub fn attach_stripped(&mut self, file: Attachable) -> Result<Attached, BundleError> {
        let picture = file.survey.picture;
        let cut = picture.filter(|picture| !picture.removed.is_empty());
        self.add(file.source, |name, source| {
            Ok(match cut {
                Some(picture) => Member::from_pieces(name, source, picture.cut),
                None => Member::from_source(name, source),
            })
        })
    }

    /// Attaches something in the place of a file, under its name.
    ///
    /// # Errors
    ///
    /// [`BundleError::Source`] if it cannot be read, [`BundleError::TooMany`], [`BundleError::TooLarge`].
    pub fn attach_instead(
        &mut self,
        file: Attachable,
        substitute: File,
    ) -> Result<Attached, BundleError> {
        self.add(file.source, |name, source| {
            let substitute =
                Substitute::new(substitute).map_err(|error| SourceError::Substitute {
                    path: source.path().to_owned(),
                    source: error,
                })?;
            Ok(Member::from_substitute(name, source, substitute))
        })
    }

    fn add(
        &mut self,
        source: Source,
        member: impl FnOnce(String, Source) -> Result<Member, BundleError>,
    ) -> Result<Attached, BundleError> {
        if self.attached >= ATTACHMENT_LIMIT {
            return Err(BundleError::TooMany);
        }
        let original = source.path().to_owned();
        let size = source.size();
        let total = self
            .members
            .iter()
            .try_fold(size, |sum, member| sum.checked_add(member.size()));
        if total.is_none_or(|total| total > SIZE_LIMIT) {
            return Err(BundleError::TooLarge);
        }
        let name = self.names.choose(original.file_name().unwrap_or_default());
        let member = member(format!("{ATTACHMENTS}{name}"), source)?;
        let size = member.size();
        if self.attached == 0 {
            self.members.push(Member::folder(ATTACHMENTS));
        }
        self.attached += 1;
        self.members.push(member);
        Ok(Attached {
            original,
            name,
            size,
        })
    }
}

/// An attachment, and what it is called inside the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    original: PathBuf,
    name: String,
    size: u64,
}

impl Attached {
    /// The path as it was given.
    #[must_use]
    pub fn original(&self) -> &Path {
        &self.original
    }

    /// The base name inside the bundle.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes, inside the bundle.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the name is another than the file's own.
    #[must_use]
    pub fn renamed(&self) -> bool {
        self.original.file_name() != Some(self.name.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::{Attachable, BundleError};
    use crate::bundle::fixtures::{bundle, bytes};
    use std::fs;
    use std::path::Path;

    /// A GIF with a comment, and its size without it.
    fn gif(path: &Path) -> u64 {
        let head = b"GIF89a\x01\0\x01\0\0\0\0";
        let picture = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b";
        fs::write(path, [&head[..], b"\x21\xfe\x06canary\0", picture].concat()).unwrap();
        (head.len() + picture.len()) as u64
    }

    #[test]
    fn a_picture_goes_without_what_it_tells_and_stays_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gif");
        let size = gif(&path);
        let before = fs::read(&path).unwrap();
        let mut whole = bundle();
        whole.attach(&path).unwrap();
        let mut stripped = bundle();
        let attached = stripped
            .attach_stripped(Attachable::look(&path).unwrap())
            .unwrap();
        assert_eq!((attached.size(), attached.name()), (size, "a.gif"));
        let holds = |bytes: &[u8]| bytes.windows(6).any(|part| part == b"canary");
        assert!(holds(&bytes(&whole)) && !holds(&bytes(&stripped)));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_picture_that_changes_meanwhile_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gif");
        gif(&path);
        let mut bundle = bundle();
        bundle
            .attach_stripped(Attachable::look(&path).unwrap())
            .unwrap();
        fs::write(&path, b"GIF89a and something else").unwrap();
        let error = bundle.write_to(&mut Vec::new(), &mut |_| {}).unwrap_err();
        assert!(matches!(error, BundleError::Source(_)), "{error}");
    }

    #[test]
    fn something_may_stand_in_the_place_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pdf");
        fs::write(&path, "%PDF-1.7 canary").unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "clean").unwrap();
        let mut bundle = bundle();
        let look = Attachable::look(&path).unwrap();
        let attached = bundle
            .attach_instead(look, fs::File::open(&other).unwrap())
            .unwrap();
        assert_eq!((attached.size(), attached.name()), (5, "a.pdf"));
        for _ in 0..2 {
            let bytes = bytes(&bundle);
            assert!(bytes.windows(5).any(|part| part == b"clean"));
            assert!(!bytes.windows(6).any(|part| part == b"canary"));
        }
    }
}
