//! The writing side: report and attachments as one deterministic, padded ustar stream.
//!
//! Serves DESIGN.md, "The sealed report" (what is inside), and promises 33 and 37: nothing of the
//! machine, the user or the time gets into a header, and the size says little.

use std::io::{self, Write};

use super::manifest::{Manifest, ManifestError, ManifestFile};
use super::padding::padme;
use super::rename::Names;
use super::sink::{Buffered, Sink};
use super::source::SourceError;
use super::stream::{END, Member, Output, gap};
use super::{
    BLOCK, MANIFEST, MANIFEST_FOLDER, PROGRAM_LIMIT, REPORT_JSON, REPORT_MD, REPORTER,
    REPORTER_LIMIT,
};
use jiff::civil::Date;

/// A bundle that is being put together. Nothing of it is on disk but the attachments themselves.
#[derive(Debug)]
pub struct Bundle {
    created: Date,
    program: Option<String>,
    pub(super) members: Vec<Member>,
    pub(super) names: Names,
    pub(super) attached: usize,
}

impl Bundle {
    /// A bundle without attachments.
    ///
    /// # Errors
    ///
    /// [`BundleError::TooLong`] for a reporter's certificate or a program's name that the reading
    /// side would refuse.
    pub fn new(header: BundleHeader) -> Result<Self, BundleError> {
        let program = header.program.as_deref().unwrap_or_default();
        at_most("the program's name", program.len(), PROGRAM_LIMIT)?;
        let mut members = vec![
            Member::from_bytes(REPORT_MD, header.report_md),
            Member::from_bytes(REPORT_JSON, header.report_json),
        ];
        if let Some(reporter) = header.reporter {
            at_most("the reporter's certificate", reporter.len(), REPORTER_LIMIT)?;
            members.push(Member::from_bytes(REPORTER, reporter));
        }
        Ok(Self {
            created: header.created,
            program: header.program,
            members,
            names: Names::default(),
            attached: 0,
        })
    }

    /// The size of the whole stream, padding included, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        let manifest = self.manifest().map_or(0, |manifest| manifest.len() as u64);
        padme(self.unpadded(manifest))
    }

    /// Writes the stream, [`Self::size`] bytes, and calls `progress` with the bytes written so far.
    ///
    /// # Errors
    ///
    /// [`BundleError::Source`] if an attachment is not what it was when it was attached,
    /// [`BundleError::Write`] with the writer's own error.
    pub fn write_to<W: Write>(
        &self,
        writer: &mut W,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), BundleError> {
        self.stream_to(
            &mut Buffered::new(|bytes| writer.write_all(bytes)),
            progress,
        )
    }

    /// As [`Bundle::write_to`], for what has room of its own.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn stream_to<S: Sink>(
        &self,
        sink: &mut S,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), BundleError> {
        let manifest = Member::from_bytes(MANIFEST, self.manifest()?);
        let unpadded = self.unpadded(manifest.size());
        let mut output = Output::new(sink, progress);
        output.member(&Member::folder(MANIFEST_FOLDER))?;
        output.member(&manifest)?;
        for member in &self.members {
            output.member(member)?;
        }
        output.zeros(padme(unpadded) - unpadded + END)
    }

    /// The files of the bundle but its manifest, in their order, for those that write them in
    /// another form than an archive.
    pub fn files(&self) -> impl Iterator<Item = Enclosed<'_>> {
        let files = self.members.iter().filter(|member| !member.is_folder());
        files.map(Enclosed)
    }

    fn manifest(&self) -> Result<Vec<u8>, ManifestError> {
        let files = self
            .members
            .iter()
            .filter(|member| !member.is_folder())
            .map(|member| ManifestFile::new(member.name().to_owned(), member.size()))
            .collect();
        Manifest::new(self.created, self.program.clone(), files).to_json()
    }

    /// The size of the archive, the manifest's folder and the end mark included.
    fn unpadded(&self, manifest: u64) -> u64 {
        let sizes = self.members.iter().map(Member::size).chain([manifest]);
        sizes.fold(END + BLOCK as u64, |sum, size| {
            sum.saturating_add(BLOCK as u64)
                .saturating_add(size)
                .saturating_add(gap(size))
        })
    }
}

/// What goes into a bundle beside attachments.
#[derive(Debug, Clone)]
pub struct BundleHeader {
    /// The report as its author wrote it.
    pub report_md: Vec<u8>,
    /// The same report, parsed, as JSON.
    pub report_json: Vec<u8>,
    /// The certificate to answer to, armoured; at most 1 MiB.
    pub reporter: Option<Vec<u8>>,
    /// The program that the report is meant for; at most 1 KiB.
    pub program: Option<String>,
    /// Today, in UTC.
    pub created: Date,
}

/// One file of a bundle.
#[derive(Debug)]
pub struct Enclosed<'a>(&'a Member);

impl Enclosed<'_> {
    /// The name inside the archive: `report.md`, or `attachments/photo.png`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size()
    }

    /// Hands the content to `take`, piece by piece.
    ///
    /// # Errors
    ///
    /// [`BundleError::Source`] if an attachment is not what it was when it was attached,
    /// [`BundleError::Write`] with the error of `take`.
    pub fn read(&self, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), BundleError> {
        self.0.content(&mut Buffered::new(take))
    }
}

/// Why a bundle could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// An attachment is missing, unreadable, no regular file, or changed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The output failed; the cause is the writer's own error, untouched.
    #[error("cannot write the bundle")]
    Write(#[source] io::Error),
    /// More attachments than a manifest holds.
    #[error("more than {ATTACHMENT_LIMIT} attachments; put them into an archive and attach that")]
    TooMany,
    /// All files together are too large for any reader.
    #[error("the attachments are larger than any archive can be")]
    TooLarge,
    /// A part that is limited in length.
    #[error("{part} is longer than {limit} bytes")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// Bytes.
        limit: u64,
    },
    /// The manifest could not be made.
    #[error("cannot write the manifest")]
    Manifest(#[from] ManifestError),
}

fn at_most(part: &'static str, length: usize, limit: u64) -> Result<(), BundleError> {
    if length as u64 > limit {
        return Err(BundleError::TooLong { part, limit });
    }
    Ok(())
}

/// The most attachments, so that the manifest stays below its limit with the longest names.
pub(super) const ATTACHMENT_LIMIT: usize = 4096;

/// The most bytes of content, so that no sum runs over.
pub(super) const SIZE_LIMIT: u64 = 1 << 60;

#[cfg(test)]
mod tests {
    use super::{Bundle, BundleError, BundleHeader, padme};
    use crate::bundle::fixtures::{bundle, bytes};
    use jiff::civil::date;
    use std::fs;
    use std::io::{self, Write};
    use std::path::Path;

    #[test]
    fn p33_the_bytes_depend_on_names_and_content_only() {
        let one = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let mut both = Vec::new();
        for folder in [&one, &other] {
            let path = folder.path().join("photo.png");
            fs::write(&path, [7; 1000]).unwrap();
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(both.len() as u64);
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(time)
                .unwrap();
            let mut bundle = bundle();
            bundle.attach(&path).unwrap();
            both.push(bytes(&bundle));
        }
        assert!(both[0] == both[1]);
    }

    #[test]
    fn p37_the_size_is_a_padme_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for size in (0..200_000).step_by(7_919) {
            fs::write(&path, vec![1; size]).unwrap();
            let mut bundle = bundle();
            bundle.attach(&path).unwrap();
            let length = bytes(&bundle).len() as u64;
            assert_eq!((padme(length), length % 512), (length, 0));
        }
    }

    #[test]
    fn a_rename_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.png");
        fs::write(&path, "x").unwrap();
        let mut bundle = bundle();
        assert!(!bundle.attach(&path).unwrap().renamed());
        let again = bundle.attach(&path).unwrap();
        assert_eq!(
            (again.name(), again.renamed(), again.size()),
            ("photo-2.png", true, 1)
        );
        assert_eq!(again.original(), path);
    }

    #[test]
    fn what_cannot_be_attached_is_named() {
        let mut bundle = bundle();
        let error = bundle.attach(Path::new("/nowhere/photo.png")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/photo.png"), "{error}");
        let size = bundle.size();
        assert!(bundle.attach(&std::env::temp_dir()).is_err());
        assert_eq!(bundle.size(), size);
    }

    #[test]
    fn a_changed_attachment_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        fs::write(&path, "before").unwrap();
        let mut bundle = bundle();
        bundle.attach(&path).unwrap();
        fs::write(&path, "before and after").unwrap();
        let error = bundle.write_to(&mut Vec::new(), &mut |_| {}).unwrap_err();
        assert!(matches!(error, BundleError::Source(_)));
        assert!(error.to_string().contains("a.log"), "{error}");
    }

    #[test]
    fn the_writers_error_is_kept() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        match bundle().write_to(&mut Full, &mut |_| {}).unwrap_err() {
            BundleError::Write(error) => assert_eq!(error.kind(), io::ErrorKind::StorageFull),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn lengths_have_limits() {
        let header = |reporter, program| BundleHeader {
            report_md: Vec::new(),
            report_json: Vec::new(),
            reporter,
            program,
            created: date(2026, 11, 22),
        };
        assert!(Bundle::new(header(Some(vec![b'a'; 1024 * 1024]), None)).is_ok());
        assert!(Bundle::new(header(Some(vec![b'a'; 1024 * 1024 + 1]), None)).is_err());
        assert!(Bundle::new(header(None, Some("a".repeat(1025)))).is_err());
    }
}
