//! Line ends as mail has them, and a writer that only counts.

use std::io::{self, Write};

/// Turns each LF into CRLF. What is written must have no CR of its own: an armour.
pub(super) struct Crlf<W>(pub(super) W);

impl<W: Write> Write for Crlf<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut lines = Vec::with_capacity(buffer.len() + buffer.len() / 32);
        for piece in buffer.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(line) => {
                    lines.extend_from_slice(line);
                    lines.extend_from_slice(b"\r\n");
                }
                None => lines.extend_from_slice(piece),
            }
        }
        self.0.write_all(&lines)?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Counts what is written, perhaps on its way to somewhere.
pub(super) struct Counted<W> {
    pub(super) out: W,
    pub(super) written: u64,
}

impl<W> Counted<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, written: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n = self.out.write(buffer)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
