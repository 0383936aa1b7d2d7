//! What files tell beside their content: place and time of a photograph, authors of documents.
//!
//! Serves `check`, which names it; nothing is changed. Exif 3.0, wherever its mark stands, PDF's document information
//! (ISO 32000-2 section 14.3.3), XMP, Office, `QuickTime`. Pictures of their own have walkers in `metadata/`.

use super::{Hit, What, view::View};
use crate::metadata::{Exif, TELLS_PLACE};

/// Whether the place lies in a document.
#[derive(Default)]
pub(super) struct Inside {
    pdf: bool,
}

impl Inside {
    /// What begins here.
    pub(super) fn find(&mut self, view: &View<'_>) -> Option<Hit> {
        let found = self.pdf(view).or_else(|| anywhere(view));
        let (kind, words) = found?;
        let what = What::Metadata(kind, words);
        Some(Hit { what, length: 1 })
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

/// A block of Exif: whether it tells a position, or anything.
fn exif(block: &[u8]) -> Option<(&'static str, String)> {
    let tells = Exif::read(block)?.tells();
    if tells.contains(&TELLS_PLACE) {
        return Some(("gps", GPS.to_owned()));
    }
    let words = "the picture says with what or when it was taken, or by whom";
    (!tells.is_empty()).then(|| ("exif", words.to_owned()))
}

/// How what files tell begins.
pub(super) const STARTS: &[&[u8]] = &[
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
