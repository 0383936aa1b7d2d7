//! Members on their way into an ustar stream.
//!
//! Serves DESIGN.md, "The sealed report" (what is inside), and promise 33: nothing of the machine,
//! the user or the time gets into a header.

use std::io::{self, Write};

use tar::{EntryType, Header};

use super::BLOCK;
use super::pieces::{self, Substitute};
use super::sink::{self, Fill, Sink};
use super::source::Source;
use super::write::BundleError;
use crate::metadata::Cut;

/// A member of the archive.
#[derive(Debug)]
pub(super) struct Member {
    name: String,
    content: Content,
}

/// Where the bytes of a member are.
#[derive(Debug)]
enum Content {
    Folder,
    Bytes(Vec<u8>),
    Source(Source),
    /// Some of it.
    Pieces(Source, Cut),
    /// Something else in its place.
    Substitute(Source, Substitute),
}

impl Member {
    /// A folder. `tar` would do without, `gpgtar` makes no folder that is not named.
    pub(super) fn folder(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Folder,
        }
    }

    /// A member whose content is in memory.
    pub(super) fn from_bytes(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Bytes(bytes),
        }
    }

    /// A member whose content is on disk.
    pub(super) fn from_source(name: String, source: Source) -> Self {
        Self {
            name,
            content: Content::Source(source),
        }
    }

    /// A member whose content is pieces of what is on disk.
    pub(super) fn from_pieces(name: String, source: Source, cut: Cut) -> Self {
        let content = Content::Pieces(source, cut);
        Self { name, content }
    }

    /// A member with something in the place of what is on disk.
    pub(super) fn from_substitute(name: String, source: Source, substitute: Substitute) -> Self {
        let content = Content::Substitute(source, substitute);
        Self { name, content }
    }

    /// The name inside the archive.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self.content, Content::Folder)
    }

    /// Bytes of content.
    pub(super) fn size(&self) -> u64 {
        match &self.content {
            Content::Folder => 0,
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Source(source) => source.size(),
            Content::Pieces(_, cut) => cut.size(),
            Content::Substitute(_, substitute) => substitute.size(),
        }
    }

    /// Gives the content to `sink`, which reads what lies on disk to where it wants it.
    pub(super) fn content(&self, sink: &mut dyn Sink) -> Result<(), BundleError> {
        match &self.content {
            Content::Folder => Ok(()),
            Content::Bytes(bytes) => sink.write_all(bytes).map_err(BundleError::Write),
            Content::Source(source) => pieces::whole(source, sink),
            Content::Pieces(source, cut) => pieces::cut(source, cut, sink),
            Content::Substitute(source, substitute) => substitute.content(source, sink),
        }
    }

    /// The same header on every machine: no owner, no time, fixed modes.
    fn header(&self) -> io::Result<Header> {
        let (kind, mode) = match self.content {
            Content::Folder => (EntryType::Directory, 0o700),
            _ => (EntryType::Regular, 0o600),
        };
        let mut header = Header::new_ustar();
        header.set_path(&self.name)?;
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_device_major(0)?;
        header.set_device_minor(0)?;
        header.set_size(self.size());
        header.set_entry_type(kind);
        header.set_cksum();
        Ok(header)
    }
}

/// The stream on its way out.
pub(super) struct Output<'a, W> {
    writer: &'a mut W,
    progress: &'a mut dyn FnMut(u64),
    written: u64,
}

impl<'a, W: Sink> Output<'a, W> {
    /// A stream from its first byte.
    pub(super) fn new(writer: &'a mut W, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self {
            writer,
            progress,
            written: 0,
        }
    }

    /// Header, content, and the gap up to the next block.
    pub(super) fn member(&mut self, member: &Member) -> Result<(), BundleError> {
        let header = member.header().map_err(BundleError::Write)?;
        self.write_all(header.as_bytes())
            .map_err(BundleError::Write)?;
        member.content(self)?;
        self.zeros(gap(member.size()))
    }

    /// That many zeros.
    pub(super) fn zeros(&mut self, count: u64) -> Result<(), BundleError> {
        sink::zeros(self, count).map_err(BundleError::Write)
    }

    fn advance(&mut self, count: usize) {
        self.written = self.written.saturating_add(count as u64);
        (self.progress)(self.written);
    }
}

impl<W: Sink> Write for Output<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.advance(count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<W: Sink> Sink for Output<'_, W> {
    fn fill(&mut self, most: usize, read: Fill<'_>) -> io::Result<usize> {
        let count = self.writer.fill(most, read)?;
        self.advance(count);
        Ok(count)
    }
}

/// The zeros between the content of a member and the next block.
pub(super) fn gap(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

/// The end mark: two blocks of zeros.
pub(super) const END: u64 = 2 * BLOCK as u64;
