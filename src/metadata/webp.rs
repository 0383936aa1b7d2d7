//! WebP: chunks in a RIFF.
//!
//! Serves the stripping of metadata. RFC 9649 sections 2.3 to 2.7. The chunks of the picture stay byte for byte; the header's
//! size and flags are made to fit.

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
    input.skip(4)?;
    let size = u64::from(u32::from_le_bytes(input.array()?));
    input.skip(4)?;
    let end = 8 + size + size % 2;
    if size < 4 || 8 + size > input.size() {
        return Err(Fault::Broken);
    }
    let mut walk = Walk::default();
    while input.at() + 8 <= 8 + size {
        walk.chunk(input, 8 + size, traces)?;
        if walk.cut.is_crumbled() {
            return Err(Fault::Broken);
        }
    }
    traces.remove_trailing(input.size().saturating_sub(end));
    walk.finish()
}

#[derive(Default)]
struct Walk {
    /// Behind the header of the extended form.
    cut: Cut,
    /// The header of the extended form.
    extended: Option<[u8; 10]>,
    turned: bool,
}

impl Walk {
    fn chunk<R: Read + Seek>(
        &mut self,
        input: &mut Input<'_, R>,
        end: u64,
        traces: &mut Traces,
    ) -> Result<(), Fault> {
        let start = input.at();
        let name: [u8; 4] = input.array()?;
        let length = u64::from(u32::from_le_bytes(input.array()?));
        // The last one may lack the byte that makes it even.
        let padded = (length + length % 2).min(end.saturating_sub(input.at()));
        if padded < length {
            return Err(Fault::Broken);
        }
        match &name {
            b"VP8X" if length == 10 && self.extended.is_none() => {
                self.extended = Some(input.array()?);
            }
            b"EXIF" => {
                let block = input.bytes(length)?;
                input.skip(padded - length)?;
                let block = block.strip_prefix(b"Exif\0\0").unwrap_or(&block);
                self.exif(block, traces);
            }
            name if SHOWING.contains(&name) => {
                input.skip(padded)?;
                self.cut.keep(start..input.at());
                self.cut.zeros(padded % 2);
                if name == b"ICCP" {
                    traces.keep("colours", "profile of its colours");
                }
            }
            name => {
                input.skip(padded)?;
                let (kind, words) = match name {
                    b"XMP " => ("xmp", "XMP"),
                    _ => ("other", "data of applications"),
                };
                traces.remove(kind, words, 8 + padded);
            }
        }
        Ok(())
    }

    fn exif(&mut self, block: &[u8], traces: &mut Traces) {
        let orientation = Exif::read(block).and_then(|exif| exif.orientation());
        if let Some((kind, words)) = describe(block) {
            traces.remove_words(kind, words);
            if orientation.is_some() {
                traces.keep("orientation", "how to turn it");
            }
        }
        if let Some(orientation) = orientation {
            let block = only_orientation(orientation);
            let length = u32::try_from(block.len()).unwrap_or_default();
            let chunk = [&b"EXIF"[..], &length.to_le_bytes(), &block].concat();
            self.cut.bytes(chunk);
            self.turned = true;
        }
    }

    /// The whole file, with the header that fits.
    fn finish(self) -> Result<Cut, Fault> {
        let mut head = b"RIFF\0\0\0\0WEBP".to_vec();
        if let Some(mut extended) = self.extended {
            extended[0] &= !(HAS_EXIF | HAS_XMP);
            if self.turned {
                extended[0] |= HAS_EXIF;
            }
            head.extend(b"VP8X\x0a\0\0\0");
            head.extend(extended);
        }
        let size = head.len() as u64 - 8 + self.cut.size();
        let size = u32::try_from(size).map_err(|_| Fault::Broken)?;
        if let Some(place) = head.get_mut(4..8) {
            place.copy_from_slice(&size.to_le_bytes());
        }
        Ok(self.cut.behind(head))
    }
}

/// The chunks of the picture, of its movement and colours.
const SHOWING: [&[u8; 4]; 6] = [b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];

const HAS_EXIF: u8 = 0x08;

const HAS_XMP: u8 = 0x04;
