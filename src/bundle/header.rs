//! One header block of an archive, taken only where every tar reader reads the same.
//!
//! Serves promise 10. The fields are found by the `tar` crate; what is added here is strictness,
//! since readers differ in how they mend a crooked header.

use tar::{EntryType, Header};

use super::BLOCK;
use super::refusal::Refusal;

/// A header that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MemberHeader {
    /// What the header announces.
    pub(super) kind: Kind,
    /// Bytes of content that follow.
    pub(super) size: u64,
    /// The name of the header itself, prefix included.
    pub(super) name: Vec<u8>,
}

/// What a header announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// GNU `L`: the content is the name of the next member.
    LongName,
    /// pax `x`: records for the next member.
    Extended,
    /// pax `g`: records for all that follows.
    Global,
}

/// Whether a block can start an archive: the magic of ustar or GNU, and a checksum that holds.
pub(super) fn starts_archive(block: &[u8; BLOCK]) -> bool {
    let header = Header::from_byte_slice(block);
    (header.as_ustar().is_some() || header.as_gnu().is_some()) && checksum_holds(header)
}

/// Parses a block that is not all zeros.
pub(super) fn parse(block: &[u8; BLOCK]) -> Result<MemberHeader, Refusal> {
    let header = Header::from_byte_slice(block);
    if !checksum_holds(header) {
        return Err(Refusal::Checksum);
    }
    plain_layout(header)?;
    plain_numbers(header)?;
    let name = header.path_bytes().into_owned();
    let size = header.entry_size().map_err(|_| Refusal::Number("size"))?;
    let kind = kind(header, &name, size)?;
    Ok(MemberHeader { kind, size, name })
}

/// The type, if it is one that is taken and all readers agree on.
fn kind(header: &Header, name: &[u8], size: u64) -> Result<Kind, Refusal> {
    let kind = header.entry_type();
    match kind {
        // Python takes the old type byte with a trailing slash for a folder, whatever the long name
        // is.
        EntryType::Regular if kind_byte(header) == 0 && name.ends_with(b"/") => {
            Err(Refusal::FileOrFolder)
        }
        EntryType::Regular => Ok(Kind::File),
        EntryType::Directory if size != 0 => Err(Refusal::FileOrFolder),
        EntryType::Directory => Ok(Kind::Folder),
        EntryType::GNULongName => Ok(Kind::LongName),
        EntryType::XHeader => Ok(Kind::Extended),
        EntryType::XGlobalHeader => Ok(Kind::Global),
        EntryType::Symlink => Err(Refusal::Kind("a symbolic link")),
        EntryType::Link => Err(Refusal::Kind("a hard link")),
        EntryType::GNULongLink => Err(Refusal::Kind("a link with a long target")),
        EntryType::Char | EntryType::Block => Err(Refusal::Kind("a device")),
        EntryType::Fifo => Err(Refusal::Kind("a FIFO")),
        EntryType::GNUSparse => Err(Refusal::Kind("a sparse file")),
        _ => Err(Refusal::Kind("of another kind")),
    }
}

/// The type byte as it stands.
fn kind_byte(header: &Header) -> u8 {
    header
        .as_old()
        .linkflag
        .first()
        .copied()
        .unwrap_or_default()
}

/// ustar or GNU, with nothing hidden behind the end of a name or where one of the two has no
/// fields.
fn plain_layout(header: &Header) -> Result<(), Refusal> {
    let names_end = if let Some(ustar) = header.as_ustar() {
        ends_in_zeros(&ustar.prefix) && is_zero(&ustar.pad)
    } else if header.as_gnu().is_some() {
        // Times, offsets and sparse maps of old GNU archives; Python reads a prefix there.
        header.as_bytes().get(345..).is_some_and(is_zero)
    } else {
        return Err(Refusal::UnknownFormat);
    };
    if names_end && ends_in_zeros(&header.as_old().name) {
        Ok(())
    } else {
        Err(Refusal::HeaderTail)
    }
}

/// Every number is one that all readers read, and read alike.
fn plain_numbers(header: &Header) -> Result<(), Refusal> {
    let old = header.as_old();
    let mut fields = vec![
        ("mode", is_octal(&old.mode) || is_zero(&old.mode)),
        ("owner", is_owner(&old.uid)),
        ("group", is_owner(&old.gid)),
        ("time", is_time(&old.mtime)),
        ("size", is_octal(&old.size) || is_big_size(&old.size)),
    ];
    // Both formats hold the device numbers at the same place.
    for device in [
        header.as_bytes().get(329..337),
        header.as_bytes().get(337..345),
    ] {
        fields.push((
            "device",
            device.is_some_and(|field| is_octal(field) || is_zero(field)),
        ));
    }
    match fields.iter().find(|(_, plain)| !plain) {
        Some((field, _)) => Err(Refusal::Number(field)),
        None => Ok(()),
    }
}

/// The unsigned sum, written in octal.
fn checksum_holds(header: &Header) -> bool {
    let mut summed = header.clone();
    summed.set_cksum();
    is_octal(&header.as_old().cksum)
        && matches!((header.cksum(), summed.cksum()), (Ok(said), Ok(is)) if said == is)
}

/// Spaces, octal digits, then nothing but spaces and zero bytes.
fn is_octal(field: &[u8]) -> bool {
    let spaces = field.iter().take_while(|byte| **byte == b' ').count();
    let (_, field) = field.split_at(spaces);
    let digits = field
        .iter()
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count();
    let (_, end) = field.split_at(digits);
    digits > 0 && end.iter().all(|byte| matches!(byte, 0 | b' '))
}

/// An owner or group: octal, absent, or GNU's binary form of 32 bits.
fn is_owner(field: &[u8]) -> bool {
    is_octal(field) || is_zero(field) || field.starts_with(&[0x80, 0, 0, 0])
}

/// A time: octal, absent, or GNU's binary form of 64 bits with a sign.
fn is_time(field: &[u8; 12]) -> bool {
    let binary = matches!(
        field,
        [0x80, 0, 0, 0, 0..=0x7f, ..] | [0xff, 0xff, 0xff, 0xff, 0x80..=0xff, ..]
    );
    is_octal(field) || is_zero(field) || binary
}

/// GNU's binary form of a size too large for eleven octal digits.
fn is_big_size(field: &[u8; 12]) -> bool {
    let [0x80, 0, 0, 0, value @ ..] = field else {
        return false;
    };
    let value = u64::from_be_bytes(*value);
    (OCTAL_SIZES..=MOST).contains(&value)
}

/// Whether a text field has nothing behind its first zero byte.
fn ends_in_zeros(field: &[u8]) -> bool {
    field
        .iter()
        .skip_while(|byte| **byte != 0)
        .all(|byte| *byte == 0)
}

/// Whether all bytes are zero.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// The first size that eleven octal digits cannot hold: 8 GiB.
const OCTAL_SIZES: u64 = 1 << 33;

/// The largest size that readers with signed offsets hold.
const MOST: u64 = i64::MAX as u64;

#[cfg(test)]
mod tests {
    use super::{Kind, is_big_size, is_octal, parse, starts_archive};
    use crate::bundle::Refusal;
    use tar::{EntryType, Header};

    fn header(change: impl FnOnce(&mut Header)) -> [u8; 512] {
        let mut header = Header::new_ustar();
        header.set_path("folder/file").unwrap();
        header.set_mode(0o600);
        header.set_size(3);
        header.set_entry_type(EntryType::Regular);
        change(&mut header);
        header.set_cksum();
        *header.as_bytes()
    }

    #[test]
    fn a_plain_header_passes() {
        let parsed = parse(&header(|_| {})).unwrap();
        assert_eq!((parsed.kind, parsed.size), (Kind::File, 3));
        assert_eq!(parsed.name, b"folder/file");
        assert!(starts_archive(&header(|_| {})));
        let long = parse(&header(|h| {
            h.set_path("p".repeat(99) + "/" + &"n".repeat(99)).unwrap();
        }));
        assert_eq!(long.unwrap().name.len(), 199);
        assert_eq!(
            parse(&header(|h| h.set_size(1 << 33))).unwrap().size,
            1 << 33
        );
    }

    #[test]
    fn p10_checksums_must_hold() {
        let mut block = header(|_| {});
        block[0] ^= 1;
        assert_eq!(parse(&block), Err(Refusal::Checksum));
        assert!(!starts_archive(&block));
        let mut block = header(|_| {});
        block[154] = b'+';
        assert_eq!(parse(&block), Err(Refusal::Checksum));
    }

    #[test]
    fn p09_other_kinds_are_refused() {
        for kind in b"123467SDVMNKXA" {
            let block = header(|h| h.set_entry_type(EntryType::new(*kind)));
            assert!(matches!(parse(&block), Err(Refusal::Kind(_))), "{kind}");
        }
        let block = header(|h| h.set_entry_type(EntryType::Directory));
        assert_eq!(parse(&block), Err(Refusal::FileOrFolder));
    }

    #[test]
    fn p10_crooked_fields_are_refused() {
        let old = |change: fn(&mut tar::OldHeader)| header(|h| change(h.as_old_mut()));
        assert_eq!(parse(&old(|o| o.name[50] = b'x')), Err(Refusal::HeaderTail));
        assert_eq!(
            parse(&old(|o| o.size = *b"+0000000003\0")),
            Err(Refusal::Number("size"))
        );
        assert_eq!(
            parse(&old(|o| o.size = [0; 12])),
            Err(Refusal::Number("size"))
        );
        assert_eq!(
            parse(&old(|o| o.size[0] = 0x80)),
            Err(Refusal::Number("size"))
        );
        assert_eq!(
            parse(&old(|o| o.uid = *b"1_000\0\0\0")),
            Err(Refusal::Number("owner"))
        );
        assert_eq!(
            parse(&old(|o| o.pad[0] = b'x')),
            Err(Refusal::UnknownFormat)
        );
        assert_eq!(parse(&old(|o| o.pad[254] = b'x')), Err(Refusal::HeaderTail));
    }

    #[test]
    fn p10_numbers_are_strict() {
        for plain in [&b"0000003\0"[..], b"     3 \0", b"77777777", b"3\0\0\0"] {
            assert!(is_octal(plain));
        }
        for crooked in [
            &b"8"[..],
            b"",
            b"\x003",
            b"3 3",
            b"3\x003",
            b"-3",
            b"0o3",
            b"3_3",
            b"    ",
        ] {
            assert!(!is_octal(crooked));
        }
        assert!(is_big_size(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"));
        assert!(!is_big_size(b"\x80\0\0\0\0\0\0\x01\0\0\0\0"));
        assert!(!is_big_size(b"\x80\0\0\0\x80\0\0\x02\0\0\0\0"));
        assert!(!is_big_size(b"\x80\0\0\x01\0\0\0\x02\0\0\0\0"));
    }
}
