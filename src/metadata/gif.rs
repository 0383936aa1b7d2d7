//! GIF: blocks and extensions.
//!
//! Serves the stripping of metadata. GIF 89a, sections 15 to 26. Comments go, and what applications wrote, but for how often
//! the picture moves.

use std::io::{Read, Seek};

use super::{
    cut::Cut,
    input::{Fault, Input},
    trace::Traces,
};

/// What of the picture stays.
pub(super) fn walk<R: Read + Seek>(
    input: &mut Input<'_, R>,
    traces: &mut Traces,
) -> Result<Cut, Fault> {
    let mut cut = Cut::default();
    let [.., flags, _, _]: [u8; 13] = input.array()?;
    input.skip(colours(flags))?;
    cut.keep(0..input.at());
    loop {
        let start = input.at();
        match input.byte()? {
            EXTENSION => {
                if !extension(input, start, traces)? {
                    continue;
                }
            }
            PICTURE => {
                let [.., flags]: [u8; 9] = input.array()?;
                input.skip(colours(flags) + 1)?;
                blocks(input)?;
            }
            END => {
                cut.keep(start..input.at());
                break;
            }
            _ => return Err(Fault::Broken),
        }
        cut.keep(start..input.at());
        if cut.is_crumbled() {
            return Err(Fault::Broken);
        }
    }
    traces.remove_trailing(input.size() - input.at());
    Ok(cut)
}

/// Whether an extension stays.
fn extension<R: Read + Seek>(
    input: &mut Input<'_, R>,
    start: u64,
    traces: &mut Traces,
) -> Result<bool, Fault> {
    let label = input.byte()?;
    let name = if label == APPLICATION {
        let length = u64::from(input.byte()?);
        input.bytes(length)?
    } else {
        Vec::new()
    };
    blocks(input)?;
    let size = input.at() - start;
    let (kind, words) = match (label, name.as_slice()) {
        (CONTROL | TEXT, _) | (APPLICATION, b"NETSCAPE2.0" | b"ANIMEXTS1.0") => return Ok(true),
        (APPLICATION, b"ICCRGBG1012") => {
            traces.keep("colours", "profile of its colours");
            return Ok(true);
        }
        (APPLICATION, b"XMP DataXMP") => ("xmp", "XMP"),
        (COMMENT, _) => ("comment", "comment"),
        _ => ("other", "data of applications"),
    };
    traces.remove(kind, words, size);
    Ok(false)
}

/// Goes on behind the blocks that belong together.
fn blocks<R: Read + Seek>(input: &mut Input<'_, R>) -> Result<(), Fault> {
    loop {
        match input.byte()? {
            0 => return Ok(()),
            length => input.skip(u64::from(length))?,
        }
    }
}

/// Bytes of the table that the flags announce.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

const EXTENSION: u8 = 0x21;

const PICTURE: u8 = 0x2c;

const END: u8 = 0x3b;

const APPLICATION: u8 = 0xff;

const COMMENT: u8 = 0xfe;

const CONTROL: u8 = 0xf9;

const TEXT: u8 = 0x01;
