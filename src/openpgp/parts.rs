//! A packet whose length is not known beforehand, written in parts.
//!
//! RFC 9580 section 4.2.1.4 (partial body lengths): parts of a fixed size, and a last one of any
//! size, never empty unless the whole body is.

use std::io::{self, Write};

/// A packet on its way to `sink`.
pub(super) struct Parts<W> {
    sink: W,
    packet_type: u8,
    begun: bool,
    /// Room for the header, then the part: one write for both.
    part: Vec<u8>,
}

impl<W: Write> Parts<W> {
    /// A packet of this type (section 5); nothing is written yet.
    pub(super) fn new(sink: W, packet_type: u8) -> Self {
        Self {
            sink,
            packet_type,
            begun: false,
            part: vec![0; ROOM],
        }
    }

    /// Writes the last part and gives the sink back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let length = u32::try_from(self.part.len() - ROOM).map_err(io::Error::other)?;
        let [a, b, c, d] = length.to_be_bytes();
        self.write_part(&[0xff, a, b, c, d])?;
        Ok(self.sink)
    }

    fn write_part(&mut self, length: &[u8]) -> io::Result<()> {
        let mut start = ROOM - length.len();
        self.part[start..ROOM].copy_from_slice(length);
        if !std::mem::replace(&mut self.begun, true) {
            start -= 1;
            self.part[start] = NEW_FORMAT | self.packet_type;
        }
        self.sink.write_all(&self.part[start..])?;
        self.part.truncate(ROOM);
        Ok(())
    }
}

impl<W: Write> Write for Parts<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        // A full part is written only when more follows.
        if self.part.len() == ROOM + PART {
            self.write_part(&[PART_OCTET])?;
        }
        let n = buffer.len().min(ROOM + PART - self.part.len());
        self.part.extend_from_slice(&buffer[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// The first octet of a packet in the new format (section 4.2).
const NEW_FORMAT: u8 = 0xc0;

/// The longest header: the packet's type, and a length of five octets.
const ROOM: usize = 6;

/// Bytes of a part: 2 to the power of the octet's low five bits.
pub(super) const PART: usize = 1 << (PART_OCTET & 0x1f);
const PART_OCTET: u8 = 0xe0 | 0x11;

#[cfg(test)]
mod tests {
    use sequoia_openpgp::{
        Packet,
        parse::{PacketParser, PacketParserResult, Parse},
    };

    use super::*;

    #[test]
    fn every_length_around_the_boundaries_is_one_packet() {
        for boundary in [0, PART, 2 * PART] {
            for length in boundary.saturating_sub(8)..boundary + 3 {
                let body: Vec<u8> = (0..=250).cycle().take(length).collect();
                let mut parts = Parts::new(Vec::new(), 11);
                parts.write_all(b"b\0\0\0\0\0").unwrap();
                for piece in body.chunks(PART / 3) {
                    parts.write_all(piece).unwrap();
                }
                let bytes = parts.finish().unwrap();
                let parsed = PacketParser::from_bytes(&bytes).unwrap();
                let PacketParserResult::Some(mut parser) = parsed else {
                    panic!("no packet");
                };
                parser.buffer_unread_content().unwrap();
                let (packet, rest) = parser.next().unwrap();
                let Packet::Literal(literal) = packet else {
                    panic!("{packet:?}");
                };
                assert!(literal.body() == body, "{length} bytes");
                assert!(rest.is_eof());
            }
        }
    }
}
