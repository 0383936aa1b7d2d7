//! What a file is, by its beginning and, where that says too little, by its name.
//!
//! Serves the stripping of metadata: which walker, whether mat2, and what to warn of.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// JPEG (ISO/IEC 10918-1).
    Jpeg,
    /// PNG (third edition), APNG.
    Png,
    /// GIF 89a.
    Gif,
    /// WebP (RFC 9649).
    WebP,
    /// TIFF 6.0.
    Tiff,
    /// Text: it says what one reads.
    Text,
    /// A document, a recording or another picture: what mat2 knows.
    Document(Cleaned),
    /// Something else, which may tell more than one sees.
    Unknown,
}

/// What mat2 strips, by the ending of the name by which it knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleaned(&'static str);

impl Cleaned {
    /// The ending, without its dot.
    #[must_use]
    pub fn ending(self) -> &'static str {
        self.0
    }
}

impl Form {
    /// What a file of this name is that begins so.
    pub(super) fn of(name: &str, head: &[u8]) -> Self {
        if head.starts_with(&[0xff, 0xd8, 0xff]) {
            Self::Jpeg
        } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
            Self::Png
        } else if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
            Self::Gif
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            Self::WebP
        } else if head.starts_with(b"II*\0") || head.starts_with(b"MM\0*") {
            Self::Tiff
        } else {
            document(name, head).map_or_else(|| Self::other(head), Self::Document)
        }
    }

    fn other(head: &[u8]) -> Self {
        let text = match std::str::from_utf8(head) {
            Ok(_) => true,
            // A letter may be cut in two where the look ends.
            Err(error) => error.error_len().is_none() && head.len() > 4,
        };
        if text && !head.contains(&0) {
            Self::Text
        } else {
            Self::Unknown
        }
    }

    /// Whether it is a picture that is walked here.
    #[must_use]
    pub fn is_picture(self) -> bool {
        !matches!(self, Self::Text | Self::Document(_) | Self::Unknown)
    }
}

fn document(name: &str, head: &[u8]) -> Option<Cleaned> {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    let ending = ending.as_deref().unwrap_or_default();
    let named = |endings: &[&'static str], usual: &'static str| {
        let known = endings.iter().find(|known| **known == ending);
        Some(Cleaned(known.copied().unwrap_or(usual)))
    };
    let brand = head.get(8..12).unwrap_or_default();
    // What readers pass over.
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if text.trim_ascii_start().starts_with(b"%PDF-") {
        named(&[], "pdf")
    } else if head.starts_with(b"PK\x03\x04") {
        let known = OFFICE.iter().find(|known| **known == ending)?;
        Some(Cleaned(known))
    } else if head.starts_with(b"ID3") || (ending == "mp3" && head.first() == Some(&0xff)) {
        named(&[], "mp3")
    } else if head.starts_with(b"OggS") {
        named(&["ogg", "oga", "opus"], "ogg")
    } else if head.starts_with(b"fLaC") {
        named(&[], "flac")
    } else if head.starts_with(b"RIFF") && matches!(brand, b"WAVE" | b"AVI ") {
        named(&[], if brand == b"WAVE" { "wav" } else { "avi" })
    } else if head.get(4..8) == Some(b"ftyp") {
        match brand {
            b"heic" | b"heix" | b"mif1" => named(&[], "heic"),
            b"qt  " => named(&[], "mov"),
            // Pictures that mat2 does not know, and would take for films.
            b"avif" | b"avis" | b"crx " => None,
            _ => named(&["m4a"], "mp4"),
        }
    } else if head.starts_with(&[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]) {
        named(&[], "wmv")
    } else if head.starts_with(b"BM") && ending == "bmp" {
        named(&[], "bmp")
    } else {
        None
    }
}

/// Endings of Office's and of free offices' files, and of books.
const OFFICE: [&str; 9] = [
    "docx", "xlsx", "pptx", "odt", "ods", "odp", "odg", "odf", "epub",
];
