//! PNG and APNG: chunks.
//!
//! Serves the stripping of metadata. PNG third edition, sections 5.3 and 11. A chunk that pictures need, or that says how to
//! show them, stays byte for byte; every other one that a reader may skip goes.

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
    input.skip(SIGNATURE)?;
    cut.keep(0..SIGNATURE);
    loop {
        let start = input.at();
        let length = u32::from_be_bytes(input.array()?);
        let name: [u8; 4] = input.array()?;
        if length > i32::MAX.unsigned_abs() || !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(Fault::Broken);
        }
        let length = u64::from(length);
        if &name == b"eXIf" {
            exif(input, start, length, (traces, &mut cut))?;
        } else if stays(name) {
            input.skip(length + CRC)?;
            cut.keep(start..input.at());
            if &name == b"iCCP" {
                traces.keep("colours", "profile of its colours");
            }
        } else {
            other(input, name, length, traces)?;
        }
        if &name == b"IEND" {
            break;
        }
        if cut.is_crumbled() {
            return Err(Fault::Broken);
        }
    }
    traces.remove_trailing(input.size() - input.at());
    Ok(cut)
}

/// Whether it is a chunk without which the picture cannot be read, or looks another.
fn stays(name: [u8; 4]) -> bool {
    name[0].is_ascii_uppercase() || SHOWING.contains(&&name)
}

/// A chunk that goes.
fn other<R: Read + Seek>(
    input: &mut Input<'_, R>,
    name: [u8; 4],
    length: u64,
    traces: &mut Traces,
) -> Result<(), Fault> {
    let size = length + 12;
    match &name {
        b"tIME" => traces.remove_words("png-time", "time of the last change"),
        b"tEXt" | b"zTXt" | b"iTXt" => {
            let head = input.bytes(length.min(KEYWORD))?;
            input.skip(length - head.len() as u64 + CRC)?;
            let (kind, words) = text(&head);
            traces.remove(kind, words, size);
            return Ok(());
        }
        _ => {
            let name = String::from_utf8_lossy(&name);
            traces.remove("other", format!("data of applications ({name})"), size);
        }
    }
    input.skip(length + CRC)
}

fn text(head: &[u8]) -> (&'static str, String) {
    let keyword = head.split(|byte| *byte == 0).next().unwrap_or_default();
    let plain = !keyword.is_empty() && keyword.iter().all(|byte| (b' '..=b'~').contains(byte));
    if keyword == b"XML:com.adobe.xmp" {
        ("xmp", "XMP".to_owned())
    } else if plain {
        let keyword = String::from_utf8_lossy(keyword);
        ("png-text", format!("the text “{keyword}”"))
    } else {
        ("png-text", "a text".to_owned())
    }
}

fn exif<R: Read + Seek>(
    input: &mut Input<'_, R>,
    start: u64,
    length: u64,
    (traces, cut): (&mut Traces, &mut Cut),
) -> Result<(), Fault> {
    let block = input.bytes(length)?;
    input.skip(CRC)?;
    let Some((kind, words)) = describe(&block) else {
        cut.keep(start..input.at());
        return Ok(());
    };
    traces.remove_words(kind, words);
    let orientation = Exif::read(&block).and_then(|exif| exif.orientation());
    if let Some(orientation) = orientation {
        traces.keep("orientation", "how to turn it");
        cut.bytes(chunk(*b"eXIf", &only_orientation(orientation)));
    }
    Ok(())
}

fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or_default();
    let named = [&name[..], body].concat();
    let sum = crc(&named);
    [&length.to_be_bytes()[..], &named, &sum.to_be_bytes()].concat()
}

/// The sum of a chunk (annex D).
pub(super) fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| {
        let carry = if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
        (sum >> 1) ^ carry
    };
    let byte = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), step);
    !bytes.iter().fold(u32::MAX, byte)
}

/// Chunks that say how to show the picture, or move it.
const SHOWING: [&[u8; 4]; 17] = [
    b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD",
    b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT", b"oFFs",
];

const SIGNATURE: u64 = 8;

const CRC: u64 = 4;

/// The longest keyword of a text, with its end.
const KEYWORD: u64 = 80;
