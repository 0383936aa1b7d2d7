//! The header of a packet, read from as many bytes as are there, and packets that come in parts:
//! RFC 9580 section 4.2.

use std::io::{self, Read, Write};

use sequoia_openpgp::{
    Packet, Result as LibraryResult,
    parse::{Dearmor, PacketParserBuilder, PacketParserResult, Parse},
};

/// A packet's header.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    /// The packet's type.
    pub(super) tag: u8,
    /// The length of its body, or of the first part of it.
    pub(super) length: Length,
    /// The bytes of the header itself.
    pub(super) size: usize,
}

/// A length in a header or before a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Length {
    /// Of everything, or of the last part.
    Full(u32),
    /// Of a part that is followed by another (section 4.2.1.4).
    Partial(u32),
}

/// Why no packet of a known length begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NoHeader {
    /// The first octet is no packet's.
    NoPacket,
    /// The packet has no end of its own (section 4.2.2).
    NoEnd,
}

/// The header that `bytes` are, or `None` while they are not all of it.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Header>, NoHeader> {
    let Some((&octet, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let tag = tag(octet).ok_or(NoHeader::NoPacket)?;
    let length = if octet & 0x40 == 0 {
        old_length(octet, rest)?
    } else {
        length(rest)
    };
    let size = bytes.len();
    Ok(length.map(|length| Header { tag, length, size }))
}

/// The header of the next packet, with its bytes; `None` at the end.
pub(super) fn next(reader: &mut impl Read) -> io::Result<Option<(Header, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        match octet(reader)? {
            Some(octet) => bytes.push(octet),
            None if bytes.is_empty() => return Ok(None),
            None => return Err(cut()),
        }
        match read(&bytes) {
            Ok(Some(header)) => return Ok(Some((header, bytes))),
            Ok(None) => {}
            Err(NoHeader::NoPacket) => return Err(invalid("there is no packet where one must be")),
            Err(NoHeader::NoEnd) => return Err(invalid("a packet has no end")),
        }
    }
}

/// The packet that `bytes` are, with its header. What is not understood of it is an unknown packet.
pub(super) fn parse(bytes: &[u8]) -> LibraryResult<Packet> {
    let parser = PacketParserBuilder::from_bytes(bytes)?
        .dearmor(Dearmor::Disabled)
        .build()?;
    match parser {
        PacketParserResult::Some(parser) => Ok(parser.next()?.0),
        PacketParserResult::EOF(_) => Err(cut().into()),
    }
}

/// How much is left of a packet's body that is being read.
pub(super) struct Left(pub(super) Length);

impl Left {
    /// Bytes that follow without a header between them; none at the end of the packet.
    pub(super) fn here(&mut self, reader: &mut impl Read) -> io::Result<usize> {
        let mut bytes = Vec::new();
        while self.0 == Length::Partial(0) {
            bytes.push(octet(reader)?.ok_or_else(cut)?);
            if let Some(length) = length(&bytes) {
                self.0 = length;
                bytes.clear();
            }
        }
        let (Length::Full(left) | Length::Partial(left)) = self.0;
        Ok(usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// Reads from `reader` what belongs to the body.
    pub(super) fn read(&mut self, reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.here(reader)?.min(buffer.len());
        let n = reader.read(&mut buffer[..most])?;
        if n == 0 && most > 0 {
            return Err(cut());
        }
        let (Length::Full(left) | Length::Partial(left)) = &mut self.0;
        *left = left.saturating_sub(u32::try_from(n).unwrap_or(u32::MAX));
        Ok(n)
    }
}

/// Copies the body of a packet.
pub(super) fn copy_body(
    reader: &mut impl Read,
    length: u32,
    into: &mut impl Write,
) -> io::Result<()> {
    let copied = io::copy(&mut reader.take(length.into()), into)?;
    if copied == u64::from(length) {
        Ok(())
    } else {
        Err(cut())
    }
}

fn octet(reader: &mut impl Read) -> io::Result<Option<u8>> {
    let mut octet = [0];
    loop {
        match reader.read(&mut octet) {
            Ok(n) => return Ok((n > 0).then_some(octet[0])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn cut() -> io::Error {
    invalid("the message was cut off")
}

pub(super) fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The length that `bytes` are in the present format (section 4.2.1), or `None` while they are not
/// all of it.
pub(super) fn length(bytes: &[u8]) -> Option<Length> {
    match *bytes {
        [one @ 0..192] => Some(Length::Full(u32::from(one))),
        [one @ 192..=223, two] => Some(Length::Full(
            ((u32::from(one) - 192) << 8) + u32::from(two) + 192,
        )),
        [one @ 224..=254] => Some(Length::Partial(1 << (one & 0x1f))),
        [255, a, b, c, d] => Some(Length::Full(u32::from_be_bytes([a, b, c, d]))),
        _ => None,
    }
}

/// The same in the format of before 1998 (section 4.2.2).
fn old_length(octet: u8, bytes: &[u8]) -> Result<Option<Length>, NoHeader> {
    let length = match (octet & 3, bytes) {
        (0, [one]) => u32::from(*one),
        (1, [one, two]) => u32::from(u16::from_be_bytes([*one, *two])),
        (2, [a, b, c, d]) => u32::from_be_bytes([*a, *b, *c, *d]),
        (3, _) => return Err(NoHeader::NoEnd),
        _ => return Ok(None),
    };
    Ok(Some(Length::Full(length)))
}

/// The type of the packet that begins with this octet; `None` if none does.
pub(super) fn tag(octet: u8) -> Option<u8> {
    match octet {
        0..0x80 => None,
        0x80..0xc0 => Some((octet >> 2) & 0x0f),
        _ => Some(octet & 0x3f),
    }
}

/// What a packet is that stands where a message begins.
pub(super) enum Outermost {
    /// A container, or what may stand before one (section 10.3).
    Belongs,
    Key,
    NotEncrypted,
    Compressed,
    /// Of before 2001, without a protection from manipulation (section 5.7).
    OldContainer,
    /// GnuPG's own, which no standard took over.
    GnuPgContainer,
    Other,
}

impl Outermost {
    pub(super) fn of(tag: u8) -> Self {
        match tag {
            SESSION_KEY | PASSPHRASE | MARKER | CONTAINER | PADDING => Self::Belongs,
            5..=7 | 14 => Self::Key,
            SIGNATURE | ONE_PASS_SIGNATURE | LITERAL => Self::NotEncrypted,
            8 => Self::Compressed,
            9 => Self::OldContainer,
            20 => Self::GnuPgContainer,
            _ => Self::Other,
        }
    }
}

/// Packet types (section 5).
pub(super) const SESSION_KEY: u8 = 1;
pub(super) const SIGNATURE: u8 = 2;
pub(super) const PASSPHRASE: u8 = 3;
pub(super) const ONE_PASS_SIGNATURE: u8 = 4;
pub(super) const MARKER: u8 = 10;
pub(super) const LITERAL: u8 = 11;
pub(super) const CONTAINER: u8 = 18;
pub(super) const PADDING: u8 = 21;

/// The first type that whoever does not know it passes over (section 4.3).
pub(super) const NOT_CRITICAL: u8 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_the_specification() {
        // Section 4.2.1.5, and 4.2.2.
        for (bytes, expected) in [
            (&[0x64][..], Some(Length::Full(100))),
            (&[0xc5], None),
            (&[0xc5, 0xfb], Some(Length::Full(1723))),
            (&[0xff, 0, 1, 0x86], None),
            (&[0xff, 0, 1, 0x86, 0xa0], Some(Length::Full(100_000))),
            (&[0xef], Some(Length::Partial(32_768))),
            (&[], None),
        ] {
            assert_eq!(length(bytes), expected, "{bytes:x?}");
        }
        let old = |bytes| read(bytes).map(|header| header.map(|header| header.length));
        assert_eq!(old(&[0x84, 94]), Ok(Some(Length::Full(94))));
        assert_eq!(old(&[0x85, 1]), Ok(None));
        assert_eq!(old(&[0x85, 1, 12]), Ok(Some(Length::Full(268))));
        assert_eq!(old(&[0x86, 0, 0, 1, 0]), Ok(Some(Length::Full(256))));
        assert_eq!(old(&[0x87]), Err(NoHeader::NoEnd));
        assert_eq!(old(b"x"), Err(NoHeader::NoPacket));
    }
}
