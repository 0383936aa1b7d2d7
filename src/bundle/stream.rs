//! Members on their way into an ustar stream.
//!
//! Serves DESIGN.md, "The sealed report" (what is inside), and promise 33: nothing of the machine,
//! the user or the time gets into a header.

use std::io::{self, Write};

use tar::{EntryType, Header};

use super::pieces::{self, Substitute};
use super::source::Source;
use super::write::BundleError;
use super::{BLOCK, CHUNK};
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

    /// Hands the content to `take`, piece by piece.
    pub(super) fn content(
        &self,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), BundleError> {
        match &self.content {
            Content::Folder => Ok(()),
            Content::Bytes(bytes) => take(bytes).map_err(BundleError::Write),
            Content::Pieces(source, cut) => pieces::cut(source, cut, take),
            Content::Substitute(source, substitute) => substitute.content(source, take),
            Content::Source(source) => {
                let mut reading = source.reopen()?;
                let mut buffer = vec![0; CHUNK];
                loop {
                    let count = reading.read(&mut buffer)?;
                    if count == 0 {
                        return Ok(());
                    }
                    take(buffer.get(..count).unwrap_or_default()).map_err(BundleError::Write)?;
                }
            }
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

/// Where a bundle goes: bytes are written to it, or read straight to where it wants them, which
/// saves a copy of what lies on disk.
pub trait Sink: Write {
    /// Lets `read` put the next bytes, `most` of them and not none, into a room of the sink's, and
    /// takes as many as it says that it read.
    ///
    /// # Errors
    /// That of `read`, or the sink's own.
    fn fill(&mut self, most: usize, read: Fill<'_>) -> io::Result<usize>;
}

/// Reads into a room, and says how many bytes.
pub type Fill<'a> = &'a mut dyn FnMut(&mut [u8]) -> io::Result<usize>;

/// Any writer, with a room before it.
pub(super) struct Buffered<'a, W> {
    writer: &'a mut W,
    room: Vec<u8>,
}

impl<'a, W: Write> Buffered<'a, W> {
    pub(super) fn new(writer: &'a mut W) -> Self {
        let room = Vec::new();
        Self { writer, room }
    }
}

impl<W: Write> Write for Buffered<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<W: Write> Sink for Buffered<'_, W> {
    fn fill(&mut self, most: usize, read: Fill<'_>) -> io::Result<usize> {
        if self.room.len() < most {
            self.room.resize(most, 0);
        }
        let count = read(self.room.get_mut(..most).unwrap_or_default())?;
        self.writer
            .write_all(self.room.get(..count).unwrap_or_default())?;
        Ok(count)
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
        self.bytes(header.as_bytes())?;
        match &member.content {
            Content::Source(source) => self.source(source)?,
            _ => member.content(&mut |bytes| self.plain_bytes(bytes))?,
        }
        self.zeros(gap(member.size()))
    }

    /// All of a file, not copied on the way.
    fn source(&mut self, source: &Source) -> Result<(), BundleError> {
        let mut reading = source.reopen()?;
        while reading.left() > 0 {
            let most = usize::try_from(reading.left()).map_or(CHUNK, |left| left.min(CHUNK));
            let mut failed = None;
            let filled = self.writer.fill(most, &mut |room| {
                reading.read(room).map_err(|why| {
                    failed = Some(why);
                    io::ErrorKind::Other.into()
                })
            });
            if let Some(why) = failed {
                return Err(why.into());
            }
            self.advance(filled.map_err(BundleError::Write)?);
        }
        // Says whether that was all.
        reading.read(&mut [])?;
        Ok(())
    }

    /// That many zeros.
    pub(super) fn zeros(&mut self, count: u64) -> Result<(), BundleError> {
        let mut left = count;
        while left > 0 {
            let some = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
            self.bytes(ZEROS.get(..some).unwrap_or_default())?;
            left = left.saturating_sub(some as u64);
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.plain_bytes(bytes).map_err(BundleError::Write)
    }

    fn plain_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)?;
        self.advance(bytes.len());
        Ok(())
    }

    fn advance(&mut self, count: usize) {
        self.written = self.written.saturating_add(count as u64);
        (self.progress)(self.written);
    }
}

/// The zeros between the content of a member and the next block.
pub(super) fn gap(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

/// The end mark: two blocks of zeros.
pub(super) const END: u64 = 2 * BLOCK as u64;

/// Zeros to write from.
static ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];
