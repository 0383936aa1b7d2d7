//! The header of a packet, read from as many bytes as are there: RFC 9580 section 4.2.

use super::NotAdmitted;

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

/// The header at the beginning of `bytes`, or `None` while it is not complete.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Header>, NotAdmitted> {
    let Some((&octet, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let tag = tag(octet).ok_or(NotAdmitted::NotOpenPgp)?;
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
fn old_length(octet: u8, bytes: &[u8]) -> Result<Option<Length>, NotAdmitted> {
    let length = match (octet & 3, bytes) {
        (0, [one]) => u32::from(*one),
        (1, [one, two]) => u32::from(u16::from_be_bytes([*one, *two])),
        (2, [a, b, c, d]) => u32::from_be_bytes([*a, *b, *c, *d]),
        (3, _) => return Err(NotAdmitted::Malformed("a packet in it has no end")),
        _ => return Ok(None),
    };
    Ok(Some(Length::Full(length)))
}

/// The type of the packet that begins with this octet; `None` if none does.
fn tag(octet: u8) -> Option<u8> {
    match octet {
        0..0x80 => None,
        0x80..0xc0 => Some((octet >> 2) & 0x0f),
        _ => Some(octet & 0x3f),
    }
}

/// Refuses, by its first octet, a packet that may not stand before the container: `is_first` where
/// nothing stood before it.
pub(super) fn refuse_others(octet: u8, is_first: bool) -> Result<(), NotAdmitted> {
    Err(match tag(octet) {
        Some(SESSION_KEY | PASSPHRASE | MARKER | CONTAINER | PADDING) => return Ok(()),
        None if is_first && octet == b'-' => NotAdmitted::Armored,
        Some(5..=7 | 14) => NotAdmitted::Key,
        Some(2 | 4 | 11) => NotAdmitted::NotEncrypted,
        Some(8) => NotAdmitted::Compressed,
        Some(9) => NotAdmitted::OldContainer,
        Some(20) => NotAdmitted::GnuPgContainer,
        _ if is_first => NotAdmitted::NotOpenPgp,
        _ => NotAdmitted::Malformed("something has no place before its container"),
    })
}

const SESSION_KEY: u8 = 1;
const PASSPHRASE: u8 = 3;
const MARKER: u8 = 10;
pub(super) const CONTAINER: u8 = 18;
const PADDING: u8 = 21;

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
        assert!(old(&[0x87]).is_err());
        assert_eq!(old(b"x"), Err(NotAdmitted::NotOpenPgp));
    }
}
