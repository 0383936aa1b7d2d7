//! What files tell beside their content: place and time of a photograph, authors of documents.
//!
//! Serves `check`, which names it; nothing is changed. EXIF 3.0 (JPEG, and wherever else its mark stands), PNG's text
//! chunks (PNG section 11.3.3), PDF's document information (ISO 32000-2 section 14.3.3), XMP, Office, `QuickTime`.

use super::{Hit, What, view::View};

/// Which files the place lies in; one may lie in another.
#[derive(Default)]
pub(super) struct Inside {
    png: bool,
    pdf: bool,
}

impl Inside {
    /// What begins here.
    pub(super) fn find(&mut self, view: &View<'_>) -> Option<Hit> {
        let found = self
            .png(view)
            .or_else(|| self.pdf(view))
            .or_else(|| anywhere(view));
        let (kind, words) = found?;
        let what = What::Metadata(kind, words);
        Some(Hit { what, length: 1 })
    }

    fn png(&mut self, view: &View<'_>) -> Option<(&'static str, String)> {
        if view.starts_with(b"\x89PNG\r\n\x1a\n") {
            self.png = true;
            return None;
        }
        if !self.png {
            return None;
        }
        let chunk = view.ahead().get(..4)?;
        let length = view
            .behind()
            .last_chunk::<4>()
            .map(|length| u32::from_be_bytes(*length))?;
        match chunk {
            b"IEND" if length == 0 => {
                self.png = false;
                None
            }
            b"eXIf" => exif(view.ahead().get(4..)?),
            b"tIME" if length == 7 => Some((
                "png-time",
                "the picture says when it was last changed".to_owned(),
            )),
            b"tEXt" | b"zTXt" | b"iTXt" if length < 1 << 24 => {
                let body = view.ahead().get(4..)?;
                let end = body.iter().take(80).position(|byte| *byte == 0)?;
                let keyword = std::str::from_utf8(body.get(..end)?).ok()?;
                let plain = !keyword.is_empty()
                    && keyword.bytes().all(|byte| (b' '..=b'~').contains(&byte));
                plain.then(|| {
                    (
                        "png-text",
                        format!("the picture holds the text “{keyword}”"),
                    )
                })
            }
            _ => None,
        }
    }

    fn pdf(&mut self, view: &View<'_>) -> Option<(&'static str, String)> {
        if view.starts_with(b"%PDF-") {
            self.pdf = true;
            return None;
        }
        let entry = |name: &[u8]| {
            let value = view.ahead().strip_prefix(name)?.trim_ascii_start();
            let text = matches!(value, [b'(', second, ..] if *second != b')');
            let hex = matches!(value, [b'<', second, ..] if second.is_ascii_hexdigit());
            let reference = matches!(value, [digit, ..] if digit.is_ascii_digit());
            (text || hex || reference).then_some(())
        };
        if !self.pdf {
            None
        } else if entry(b"/Author").is_some() {
            Some(("pdf-author", "the document names its author".to_owned()))
        } else if entry(b"/Creator").or_else(|| entry(b"/Producer")).is_some() {
            Some((
                "pdf-software",
                "the document names the programs that made it".to_owned(),
            ))
        } else {
            None
        }
    }
}

fn anywhere(view: &View<'_>) -> Option<(&'static str, String)> {
    let said = |kind, words: &str| Some((kind, words.to_owned()));
    match view.ahead().first()? {
        b'E' => exif(view.ahead().strip_prefix(b"Exif\0\0")?),
        b'<' if view.starts_with(b"<x:xmpmeta") => said(
            "xmp",
            "the file holds XMP: it may name authors, programs and times",
        ),
        0xa9 if view.starts_with(b"\xa9xyz") && is_iso_position(view.ahead()) => said("gps", GPS),
        b'c' if view.starts_with(b"com.apple.quicktime.location.ISO6709") => said("gps", GPS),
        b'd' if view.starts_with(b"docProps/core.xml") => said("office-properties", OFFICE),
        b'm' if view.starts_with(b"mimetypeapplication/vnd.oasis.opendocument") => {
            said("office-properties", OFFICE)
        }
        0xd0 if view.is_beginning()
            && view.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) =>
        {
            said("office-properties", OFFICE)
        }
        _ => None,
    }
}

/// A TIFF header with its first directory: whether that leads to a position.
fn exif(tiff: &[u8]) -> Option<(&'static str, String)> {
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let tiff = Tiff { bytes: tiff, big };
    let entries = tiff.directory(tiff.u32(4)?)?;
    let gps = entries.iter().find(|entry| entry.tag == GPS_DIRECTORY);
    // A directory that lies beyond what can be seen counts as a position.
    let position = gps.is_some_and(|gps| {
        tiff.directory(gps.value)
            .is_none_or(|inside| inside.iter().any(|entry| entry.tag == LATITUDE))
    });
    if position {
        return Some(("gps", GPS.to_owned()));
    }
    let telling = entries.iter().any(|entry| TELLING.contains(&entry.tag));
    telling.then(|| {
        (
            "exif",
            "the picture says with what or when it was taken, or by whom".to_owned(),
        )
    })
}

struct Tiff<'a> {
    bytes: &'a [u8],
    big: bool,
}

struct Entry {
    tag: u16,
    value: u32,
}

impl Tiff<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..)?.first_chunk::<2>()?;
        Some(if self.big {
            u16::from_be_bytes(*bytes)
        } else {
            u16::from_le_bytes(*bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..)?.first_chunk::<4>()?;
        Some(if self.big {
            u32::from_be_bytes(*bytes)
        } else {
            u32::from_le_bytes(*bytes)
        })
    }

    /// The entries of a directory, as far as they can be seen; `None` where it begins beyond that.
    fn directory(&self, at: u32) -> Option<Vec<Entry>> {
        let at = usize::try_from(at).ok()?;
        let count = usize::from(self.u16(at)?).min(MOST_ENTRIES);
        let entry = |index: usize| {
            let place = at.checked_add(2 + 12 * index)?;
            Some(Entry {
                tag: self.u16(place)?,
                value: self.u32(place + 8)?,
            })
        };
        Some((0..count).map_while(entry).collect())
    }
}

/// How what files tell begins.
pub(super) const STARTS: &[&[u8]] = &[
    b"\x89PNG\r\n\x1a\n",
    b"IEND",
    b"eXIf",
    b"tIME",
    b"tEXt",
    b"zTXt",
    b"iTXt",
    b"%PDF-",
    b"/Author",
    b"/Creator",
    b"/Producer",
    b"Exif\0\0",
    b"<x:xmpmeta",
    b"\xa9xyz",
    b"com.apple.quicktime.location.ISO6709",
    b"docProps/core.xml",
    b"mimetypeapplication/vnd.oasis.opendocument",
];

/// `+52.5200+013.4050/` behind the atom's length and language.
fn is_iso_position(atom: &[u8]) -> bool {
    matches!(atom.get(8), Some(b'+' | b'-')) && atom.get(9).is_some_and(u8::is_ascii_digit)
}

const GPS: &str = "it says where it was taken";

const OFFICE: &str = "the document has properties: they may name its author, programs and times";

const GPS_DIRECTORY: u16 = 0x8825;

const LATITUDE: u16 = 2;

/// Description, make, model, software, time, artist, computer, copyright, and the directory of EXIF.
const TELLING: [u16; 9] = [
    0x010e, 0x010f, 0x0110, 0x0131, 0x0132, 0x013b, 0x013c, 0x8298, 0x8769,
];

const MOST_ENTRIES: usize = 200;
