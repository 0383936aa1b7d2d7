//! The content of a message, as a literal packet in the parts that a stream needs.
//!
//! RFC 9580 sections 5.9 (literal data) and 4.2.1.4 (partial body lengths). Nothing waits until its
//! part is full: a part is announced as a full one, and the last is taken back to say its length.

use std::io::{self, Write};

use super::{
    container::ContainerWriter,
    header::LITERAL,
    lane::PIECE,
    parts::{first_octet, last_part, part_octet},
};

/// A literal packet on its way into a container.
pub(super) struct Literal<W: Send + 'static> {
    container: ContainerWriter<W>,
    /// Bytes in the part that was begun.
    part: usize,
}

impl<W: Write + Send + 'static> Literal<W> {
    pub(super) fn begin(mut container: ContainerWriter<W>) -> io::Result<Self> {
        container.write_all(&[first_octet(LITERAL), part_octet(POWER)])?;
        let mut literal = Self { container, part: 0 };
        literal.write_all(HEADER)?;
        Ok(literal)
    }

    /// Lets `read` put the next bytes, `most` of them, where they are encrypted; says how many it
    /// read.
    pub(super) fn fill(
        &mut self,
        most: usize,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.part == PART {
            self.container.write_all(&[part_octet(POWER)])?;
            self.part = 0;
        }
        let n = self.container.fill(most.min(PART - self.part), read)?;
        self.part += n;
        Ok(n)
    }

    /// Ends the last part and gives the container back.
    pub(super) fn finish(mut self) -> io::Result<ContainerWriter<W>> {
        let last = self.container.take_back(1 + self.part);
        self.container.write_all(&last_part(self.part)?)?;
        self.container.write_all(&last[1..])?;
        Ok(self.container)
    }
}

impl<W: Write + Send + 'static> Write for Literal<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.fill(buffer.len(), |room| {
            room.copy_from_slice(&buffer[..room.len()]);
            Ok(room.len())
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Binary, without a name and a date.
const HEADER: &[u8] = b"b\0\0\0\0\0";

/// Bytes of a part.
pub(super) const PART: usize = 1 << POWER;
const POWER: u32 = 18;

const _: () = assert!(PART < PIECE, "a part and its length can be taken back");
