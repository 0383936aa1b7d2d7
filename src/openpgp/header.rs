//! The header of a packet, read from as many bytes as are there: RFC 9580 section 4.2.

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
