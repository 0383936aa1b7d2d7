//! A packet whose length is not known beforehand, written in parts.
//!
//! RFC 9580 section 4.2.1.4 (partial body lengths): parts of any power of two from 512 on, and a
//! last one of any size, never empty unless the whole body is.

use std::io::{self, Write};

/// A packet on its way to `sink`.
pub(super) struct Parts<W> {
    sink: W,
    packet_type: u8,
    begun: bool,
    /// Room for a header, then what may be the packet's end: written once more follows.
    held: Vec<u8>,
}

impl<W: Write> Parts<W> {
    /// A packet of this type (section 5); nothing is written yet.
    pub(super) fn new(sink: W, packet_type: u8) -> Self {
        Self {
            sink,
            packet_type,
            begun: false,
            held: vec![0; ROOM],
        }
    }

    /// Takes the next bytes of the body, and copies few of them.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        loop {
            let held = self.held.len() - ROOM;
            let length = held + bytes.len();
            if length <= SMALLEST {
                break;
            }
            // More than nothing stays for the last part.
            let power = (length - 1).ilog2().min(LARGEST);
            let (now, later) = bytes.split_at((1 << power) - held);
            self.begin_part(&[part_octet(power)])?;
            self.sink.write_all(now)?;
            bytes = later;
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes the last part and gives the sink back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.begin_part(&last_part(self.held.len() - ROOM)?)?;
        Ok(self.sink)
    }

    /// Writes the length of a part, and what was held.
    fn begin_part(&mut self, length: &[u8]) -> io::Result<()> {
        let mut start = ROOM - length.len();
        self.held[start..ROOM].copy_from_slice(length);
        if !std::mem::replace(&mut self.begun, true) {
            start -= 1;
            self.held[start] = first_octet(self.packet_type);
        }
        self.sink.write_all(&self.held[start..])?;
        self.held.truncate(ROOM);
        Ok(())
    }
}

/// The first octet of a packet in the new format (section 4.2).
pub(super) const fn first_octet(packet_type: u8) -> u8 {
    0xc0 | packet_type
}

/// The length of a part of 2 to the power of `power` bytes.
#[expect(clippy::cast_possible_truncation, reason = "a power is below 32")]
pub(super) const fn part_octet(power: u32) -> u8 {
    0xe0 | (power as u8 & 0x1f)
}

/// The length of a last part.
pub(super) fn last_part(length: usize) -> io::Result<[u8; 5]> {
    let length = u32::try_from(length).map_err(io::Error::other)?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok([0xff, a, b, c, d])
}

/// The longest header: the packet's type, and a length of five octets.
const ROOM: usize = 6;

/// Bytes of the smallest part that may come first.
const SMALLEST: usize = 512;

/// The power of two of the largest part: 256 KiB, which readers may take into memory.
const LARGEST: u32 = 18;

#[cfg(test)]
mod tests {
    use sequoia_openpgp::{
        Packet,
        parse::{PacketParser, PacketParserResult, Parse},
    };

    use super::*;

    #[test]
    fn every_length_around_the_boundaries_is_one_packet() {
        let largest = 1 << LARGEST;
        for boundary in [0, SMALLEST, 2 * SMALLEST, largest, 2 * largest] {
            for length in boundary.saturating_sub(8)..boundary + 3 {
                let body: Vec<u8> = (0..=250).cycle().take(length).collect();
                let mut parts = Parts::new(Vec::new(), 11);
                parts.take(b"b\0\0\0\0\0").unwrap();
                for piece in body.chunks(largest / 3) {
                    parts.take(piece).unwrap();
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
