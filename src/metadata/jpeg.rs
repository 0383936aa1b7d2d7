//! JPEG: segments before the coded picture, and what stands behind its end.
//!
//! Serves the stripping of metadata. ISO/IEC 10918-1 annex B, JFIF 1.02, Exif 3.0 section 4.7. The coded picture and its
//! tables stay byte for byte, and so do the profile of colours and the mark of Adobe that says how they are coded.

use std::io::{Read, Seek};

use super::{
    cut::Cut,
    exif::{Exif, describe, only_orientation},
    input::{Fault, Input},
    trace::Traces,
};

/// What of the picture stays.
pub(super) fn walk<R: Read + Seek>(
    input: &mut Input<'_, R>,
    traces: &mut Traces,
) -> Result<Cut, Fault> {
    let mut cut = Cut::default();
    input.skip(2)?;
    cut.keep(0..2);
    let mut coded = false;
    loop {
        let from = input.at();
        let Some((start, code)) = marker(input, coded)? else {
            // Cut off while it was copied: the part that is there can be looked at all the same.
            cut.keep(from..input.size());
            return Ok(cut);
        };
        // What is coded; a marker may have more than one byte of its first.
        cut.keep(from..start);
        match code {
            END => {
                cut.keep(start..input.at());
                break;
            }
            // The next picture: this one was cut off.
            BEGIN if coded => {
                input.go(start)?;
                break;
            }
            BEGIN => return Err(Fault::Broken),
            0x01 | 0xd0..=0xd7 => cut.keep(start..input.at()),
            0xe0..=0xef | COMMENT => application((start, code), input, traces, &mut cut)?,
            _ => {
                let body = length(input)?;
                input.skip(body)?;
                cut.keep(start..input.at());
            }
        }
        coded |= code == SCAN;
        if cut.is_crumbled() {
            return Err(Fault::Broken);
        }
    }
    traces.remove_trailing(input.size() - input.at());
    Ok(cut)
}

/// The place and the code of the next marker; within the coded picture, behind what is coded.
fn marker<R: Read + Seek>(
    input: &mut Input<'_, R>,
    coded: bool,
) -> Result<Option<(u64, u8)>, Fault> {
    loop {
        if !coded && input.byte()? != 0xff {
            return Err(Fault::Broken);
        }
        if coded && !input.behind(0xff)? {
            return Ok(None);
        }
        let start = input.at() - 1;
        let mut code = 0xff;
        while code == 0xff {
            if coded && input.is_at_end() {
                return Ok(None);
            }
            code = input.byte()?;
        }
        match code {
            0 | 0xd0..=0xd7 if coded => {}
            0 => return Err(Fault::Broken),
            code => return Ok(Some((start, code))),
        }
    }
}

/// A segment that is no part of the picture.
fn application<R: Read + Seek>(
    (start, code): (u64, u8),
    input: &mut Input<'_, R>,
    traces: &mut Traces,
    cut: &mut Cut,
) -> Result<(), Fault> {
    let length = length(input)?;
    let body = input.bytes(length)?;
    let size = input.at() - start;
    match (code, body.as_slice()) {
        (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) if length <= 14 => cut.keep(start..input.at()),
        (0xe0, [b'J', b'F', b'I', b'F', 0, rest @ ..]) => {
            traces.remove("thumbnail", "thumbnail", size);
            let density = rest.get(..7).unwrap_or_default();
            cut.bytes(segment(0xe0, &[b"JFIF\0", density, &[0, 0]].concat()));
        }
        (0xe1, [b'E', b'x', b'i', b'f', 0, _, block @ ..]) => {
            exif(block, start, input.at(), (traces, cut));
        }
        (0xe2, body) if body.starts_with(b"ICC_PROFILE\0") => {
            traces.keep("colours", "profile of its colours");
            cut.keep(start..input.at());
        }
        (0xee, [b'A', b'd', b'o', b'b', b'e', ..]) if length == ADOBE => {
            cut.keep(start..input.at());
        }
        (0xee, [b'A', b'd', b'o', b'b', b'e', rest @ ..]) if length > ADOBE => {
            traces.remove("other", "data of applications (APP14)", length - ADOBE);
            let rest = rest.get(..7).unwrap_or_default();
            cut.bytes(segment(0xee, &[b"Adobe", rest].concat()));
        }
        (code, body) => {
            let (kind, words) = named(code, body);
            traces.remove(kind, words, size);
        }
    }
    Ok(())
}

/// Exif goes, but for how to turn the picture.
fn exif(block: &[u8], start: u64, end: u64, (traces, cut): (&mut Traces, &mut Cut)) {
    let Some((kind, words)) = describe(block) else {
        cut.keep(start..end);
        return;
    };
    traces.remove_words(kind, words);
    let orientation = Exif::read(block).and_then(|exif| exif.orientation());
    if let Some(orientation) = orientation {
        traces.keep("orientation", "how to turn it");
        let block = only_orientation(orientation);
        cut.bytes(segment(0xe1, &[b"Exif\0\0", block.as_slice()].concat()));
    }
}

fn named(code: u8, body: &[u8]) -> (&'static str, String) {
    let begins = |mark: &[u8]| body.starts_with(mark);
    let (kind, words) = match code {
        COMMENT => ("comment", "comment"),
        0xe0 if begins(b"JFXX\0") => ("thumbnail", "thumbnail"),
        0xe1 if begins(b"http://ns.adobe.com/x") => ("xmp", "XMP"),
        0xe2 if begins(b"MPF\0") => ("other", "list of further pictures (MPF)"),
        0xeb if begins(b"JP") => ("other", "content credentials"),
        0xed if begins(b"Photoshop") => ("iptc", "IPTC"),
        code => {
            return (
                "other",
                format!("data of applications (APP{})", code & 0x0f),
            );
        }
    };
    (kind, words.to_owned())
}

fn segment(code: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap_or(2);
    [&[0xff, code][..], &length.to_be_bytes(), body].concat()
}

/// The bytes of a segment behind its length.
fn length<R: Read + Seek>(input: &mut Input<'_, R>) -> Result<u64, Fault> {
    let length = u16::from_be_bytes(input.array()?);
    u64::from(length).checked_sub(2).ok_or(Fault::Broken)
}

const BEGIN: u8 = 0xd8;

const END: u8 = 0xd9;

const SCAN: u8 = 0xda;

const COMMENT: u8 = 0xfe;

/// Bytes of Adobe's mark.
const ADOBE: u64 = 12;
