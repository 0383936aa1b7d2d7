//! What was decrypted becomes files in a fresh folder: a bundle, a foreign archive, a text, or one
//! file.
//!
//! Serves DESIGN.md, "The sealed report", deliverable "open" (also what `gpg -e`, `gpgtar -e`, `sq`
//! and OpenPGP.js made), and promises 9, 10 and 32.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::archive::{Archive, Member};
use super::header::{Kind, parse, starts_archive};
use super::input::Input;
use super::manifest::{Manifest, ManifestFile};
use super::refusal::{ExtractError, Limit, Limits, Refusal};
use super::single::{HEAD, is_text, single_file};
use super::tree::Tree;
use super::{ATTACHMENTS, BLOCK, MANIFEST, MANIFEST_FOLDER, REPORTER};

/// Writes everything that `reader` gives into the folder `into`, which exists, is empty, and
/// belongs to the caller alone. The reader is read to its very end, so that a reader which
/// authenticates at the end has done so when this returns; until then nothing in the folder may be
/// trusted or shown.
///
/// After an error the folder holds whatever was written before: the caller removes it.
///
/// # Errors
///
/// [`ExtractError::Read`] hands the reader's own error through; [`ExtractError::Write`] names the
/// path on this machine; all others name what is refused, or the limit that was reached.
pub fn extract(
    reader: &mut dyn Read,
    into: &Path,
    options: &ExtractOptions<'_>,
) -> Result<Contents, ExtractError> {
    let tree = Tree::new(into, options.limits)?;
    let mut input = Input::new(reader);
    let head = input.peek(HEAD)?;
    match head.first_chunk::<BLOCK>() {
        Some(block) if starts_archive(block) => {
            let shape = archive_shape(head);
            let archive = Archive::new(input, options.limits);
            Extraction::new(archive, tree, shape, options).run()
        }
        _ => {
            let shape = if is_text(head) {
                Shape::Text
            } else {
                Shape::File
            };
            single_file(input, into, shape, options)
        }
    }
}

/// How to extract.
#[derive(Debug, Clone)]
pub struct ExtractOptions<'a> {
    /// Where to stop.
    pub limits: Limits,
    /// The file name of the literal packet, as hostile as the rest; used for a text or a single
    /// file where it is plain, and otherwise passed over.
    pub suggested_name: Option<&'a [u8]>,
    /// Whether to compute the SHA-256 of each file.
    pub checksums: bool,
}

/// What was found and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// What kind of content it was.
    pub shape: Shape,
    /// The manifest of a bundle; it agrees with the files.
    pub manifest: Option<Manifest>,
    /// All files, in the order of the archive, a bundle's manifest included.
    pub files: Vec<ExtractedFile>,
    /// The content of a bundle's `reporter.asc`.
    pub reporter: Option<Vec<u8>>,
}

/// The kinds of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An archive that starts with `sealpost/manifest.json`, or with that file's folder and then
    /// it.
    Bundle,
    /// Another ustar, pax or GNU tar archive.
    Archive,
    /// A text in UTF-8, judged by its first 64 KiB.
    Text,
    /// Anything else.
    File,
    /// The payload of a mail; see `mail::read`.
    Mail,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractedFile {
    /// Relative to the folder; only plain components, but still the sender's words.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// The SHA-256, where it was asked for.
    pub sha256: Option<[u8; 32]>,
}

/// An archive on its way into a tree.
struct Extraction<'a> {
    archive: Archive<'a>,
    tree: Tree<'a>,
    options: &'a ExtractOptions<'a>,
    contents: Contents,
}

impl<'a> Extraction<'a> {
    fn new(
        archive: Archive<'a>,
        tree: Tree<'a>,
        shape: Shape,
        options: &'a ExtractOptions<'a>,
    ) -> Self {
        Self {
            archive,
            tree,
            options,
            contents: Contents {
                shape,
                manifest: None,
                files: Vec::new(),
                reporter: None,
            },
        }
    }

    fn run(mut self) -> Result<Contents, ExtractError> {
        while let Some(member) = self.archive.next_member()? {
            self.agrees(&member)?;
            let Some(path) = &member.path else { continue };
            path.refuse_the_vendors(self.spared())
                .map_err(|reason| member.refuse(reason))?;
            let Some(size) = member.size else {
                self.tree.folder(path)?;
                continue;
            };
            let kept = self.kept(path.as_str());
            if let Some(limit) = kept.limit(&self.options.limits, size) {
                return Err(ExtractError::Limit(limit));
            }
            let file = self.tree.file(path)?.hashed(self.options.checksums);
            let mut file = file.copied(kept != Kept::Nothing);
            self.archive.content(size, &mut |bytes| file.write(bytes))?;
            let (file, copy) = file.finish();
            self.contents.files.push(file);
            self.keep(kept, copy.unwrap_or_default())?;
        }
        self.complete()?;
        Ok(self.contents)
    }

    /// The folder in which a bundle has its attachments, and another archive whatever it likes.
    fn spared(&self) -> Option<&'static str> {
        (self.contents.shape == Shape::Bundle).then_some(ATTACHMENTS)
    }

    /// Which part of the contents the file becomes, beside a file.
    fn kept(&self, name: &str) -> Kept {
        match (self.contents.shape, name) {
            (Shape::Bundle, MANIFEST) => Kept::Manifest,
            (Shape::Bundle, REPORTER) => Kept::Reporter,
            _ => Kept::Nothing,
        }
    }

    fn keep(&mut self, kept: Kept, copy: Vec<u8>) -> Result<(), ExtractError> {
        match kept {
            Kept::Manifest => self.contents.manifest = Some(Manifest::from_json(&copy)?),
            Kept::Reporter => self.contents.reporter = Some(copy),
            Kept::Nothing => {}
        }
        Ok(())
    }

    /// In a bundle, each file after the manifest is the next that the manifest names.
    fn agrees(&self, member: &Member) -> Result<(), ExtractError> {
        let Some(manifest) = &self.contents.manifest else {
            return Ok(());
        };
        if member.size.is_none() && member.shown == ATTACHMENTS {
            return Ok(());
        }
        let (Some(size), Some(named)) = (member.size, self.next_named(manifest)) else {
            return Err(member.refuse(Refusal::NotInManifest));
        };
        if named.name() != member.shown {
            return Err(member.refuse(Refusal::NotInManifest));
        }
        if named.size() != size {
            return Err(member.refuse(Refusal::Size {
                manifest: named.size(),
                archive: size,
            }));
        }
        Ok(())
    }

    /// At the end, nothing is left that the manifest names, nor is the manifest itself missing.
    fn complete(&self) -> Result<(), ExtractError> {
        let missing = match &self.contents.manifest {
            Some(manifest) => self.next_named(manifest).map(ManifestFile::name),
            None => (self.contents.shape == Shape::Bundle).then_some(MANIFEST),
        };
        match missing {
            Some(name) => Err(ExtractError::Refused {
                entry: name.to_owned(),
                reason: Refusal::Missing,
            }),
            None => Ok(()),
        }
    }

    /// The manifest's word on the next file; the first file was the manifest itself.
    fn next_named<'m>(&self, manifest: &'m Manifest) -> Option<&'m ManifestFile> {
        let done = self.contents.files.len().saturating_sub(1);
        manifest.files().get(done)
    }
}

/// Which files are kept in memory as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Manifest,
    Reporter,
    Nothing,
}

impl Kept {
    /// The limit that a file of this size goes over.
    fn limit(self, limits: &Limits, size: u64) -> Option<Limit> {
        match self {
            Self::Manifest if size > limits.manifest => Some(Limit::Manifest(limits.manifest)),
            Self::Reporter if size > limits.reporter => Some(Limit::Reporter(limits.reporter)),
            _ => None,
        }
    }
}

/// Whether an archive is ours: the manifest comes first, or second after its folder.
fn archive_shape(head: &[u8]) -> Shape {
    let blocks = head.as_chunks::<BLOCK>().0.iter();
    let mut headers = blocks.take(2).map_while(|block| parse(block).ok());
    let first = headers
        .find(|header| header.kind != Kind::Folder || header.name != MANIFEST_FOLDER.as_bytes());
    match first {
        Some(header) if header.kind == Kind::File && header.name == MANIFEST.as_bytes() => {
            Shape::Bundle
        }
        _ => Shape::Archive,
    }
}

#[cfg(test)]
mod tests {
    use super::{ExtractError, ExtractOptions, Shape, extract};
    use crate::bundle::{Bundle, BundleHeader, Limit, Limits};
    use jiff::civil::date;
    use std::fs;
    use std::io::{self, Read};
    use std::path::Path;

    const OPTIONS: ExtractOptions<'static> = ExtractOptions {
        limits: Limits {
            entries: 100,
            total: 1024 * 1024,
            names: 10_000,
            manifest: 10_000,
            reporter: 10_000,
            extended_header: 10_000,
        },
        suggested_name: None,
        checksums: false,
    };

    fn sealed(folder: &Path, attachment: &[u8]) -> Vec<u8> {
        let path = folder.join("a.bin");
        fs::write(&path, attachment).unwrap();
        let mut bundle = Bundle::new(BundleHeader {
            report_md: b"# Report\n".to_vec(),
            report_json: b"{}".to_vec(),
            reporter: Some(b"a certificate".to_vec()),
            program: None,
            created: date(2026, 11, 22),
        })
        .unwrap();
        bundle.attach(&path).unwrap();
        let mut bytes = Vec::new();
        bundle.write_to(&mut bytes, &mut |_| {}).unwrap();
        bytes
    }

    #[test]
    fn a_bundle_comes_back() {
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bytes = sealed(from.path(), &vec![9; 300_000]);
        let options = ExtractOptions {
            checksums: true,
            ..OPTIONS
        };
        let contents = extract(&mut &*bytes, into.path(), &options).unwrap();
        assert_eq!(contents.shape, Shape::Bundle);
        assert_eq!(contents.reporter.unwrap(), b"a certificate");
        assert_eq!(contents.manifest.unwrap().created(), date(2026, 11, 22));
        let names: Vec<_> = contents
            .files
            .iter()
            .map(|file| file.path.to_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "sealpost/manifest.json",
                "report.md",
                "report.json",
                "reporter.asc",
                "attachments/a.bin"
            ]
        );
        assert!(contents.files.iter().all(|file| file.sha256.is_some()));
        assert_eq!(
            fs::read(into.path().join("attachments/a.bin")).unwrap(),
            vec![9; 300_000]
        );
    }

    #[cfg(unix)]
    #[test]
    fn p09_modes_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        extract(&mut &*sealed(from.path(), b"x"), into.path(), &OPTIONS).unwrap();
        let mode = |name| {
            into.path()
                .join(name)
                .metadata()
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(
            (mode("attachments"), mode("attachments/a.bin")),
            (0o700, 0o600)
        );
    }

    #[test]
    fn the_readers_error_is_kept() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the seal is broken"))
            }
        }
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bytes = sealed(from.path(), b"x");
        let error = extract(&mut bytes.chain(Broken), into.path(), &OPTIONS).unwrap_err();
        assert!(
            matches!(error, ExtractError::Read(cause) if cause.to_string() == "the seal is broken")
        );
    }

    #[test]
    fn the_folder_must_be_there_and_empty() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("old"), "").unwrap();
        let error = extract(&mut &b"x"[..], folder.path(), &OPTIONS).unwrap_err();
        assert!(matches!(error, ExtractError::NotEmpty { .. }));
        let error = extract(&mut &b"x"[..], &folder.path().join("new"), &OPTIONS).unwrap_err();
        assert!(matches!(error, ExtractError::Write { path, .. } if path.ends_with("new")));
    }

    #[test]
    fn p32_endless_padding_stops() {
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bytes = sealed(from.path(), b"x");
        let error = extract(&mut bytes.chain(io::repeat(0)), into.path(), &OPTIONS).unwrap_err();
        assert!(matches!(error, ExtractError::Limit(Limit::Padding(_))));
    }
}
