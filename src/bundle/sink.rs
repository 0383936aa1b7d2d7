//! Where the bytes of a bundle go, and how what lies on disk gets there.

use std::io::{self, Write};

use super::CHUNK;
use super::write::BundleError;

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

/// Whatever takes bytes, with a room before it.
pub(super) struct Buffered<T> {
    take: T,
    room: Vec<u8>,
}

impl<T: FnMut(&[u8]) -> io::Result<()>> Buffered<T> {
    pub(super) fn new(take: T) -> Self {
        let room = Vec::new();
        Self { take, room }
    }
}

impl<T: FnMut(&[u8]) -> io::Result<()>> Write for Buffered<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.take)(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T: FnMut(&[u8]) -> io::Result<()>> Sink for Buffered<T> {
    fn fill(&mut self, most: usize, read: Fill<'_>) -> io::Result<usize> {
        if self.room.len() < most {
            self.room.resize(most, 0);
        }
        let count = read(self.room.get_mut(..most).unwrap_or_default())?;
        (self.take)(self.room.get(..count).unwrap_or_default())?;
        Ok(count)
    }
}

/// Has `read` give `sink` the next `left` bytes; why it could not is told as it is.
pub(super) fn fill(
    sink: &mut dyn Sink,
    mut left: u64,
    mut read: impl FnMut(&mut [u8]) -> Result<usize, BundleError>,
) -> Result<(), BundleError> {
    while left > 0 {
        let most = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        let mut failed = None;
        let filled = sink.fill(most, &mut |room| {
            debug_assert!(
                !room.is_empty(),
                "a room for nothing would be filled for ever"
            );
            read(room).map_err(|why| {
                failed = Some(why);
                io::ErrorKind::Other.into()
            })
        });
        if let Some(why) = failed {
            return Err(why);
        }
        let count = filled.map_err(BundleError::Write)?;
        left = left.saturating_sub(count as u64);
    }
    Ok(())
}

/// Writes that many zeros.
pub(super) fn zeros(sink: &mut dyn Sink, mut left: u64) -> io::Result<()> {
    while left > 0 {
        let some = usize::try_from(left).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
        sink.write_all(ZEROS.get(..some).unwrap_or_default())?;
        left = left.saturating_sub(some as u64);
    }
    Ok(())
}

/// Zeros to write from.
static ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];
