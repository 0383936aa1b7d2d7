//! What a block of Exif says, in words, and the little of it that a picture needs.
//!
//! Serves `check` and the walkers. Exif 3.0 section 4.6: directories of tags, as in TIFF 6.0 section 2.

/// A block, from its header on.
pub struct Exif<'a> {
    bytes: &'a [u8],
    big: bool,
}

/// What is said of a picture that knows where it was taken.
pub const TELLS_PLACE: &str = "GPS position";

/// A tag.
struct Entry {
    tag: u16,
    value: u32,
    /// The value again, where it is a short number.
    short: u16,
}

impl<'a> Exif<'a> {
    /// The block that begins here.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let big = match bytes.get(..4)? {
            b"MM\0*" => true,
            b"II*\0" => false,
            _ => return None,
        };
        Some(Self { bytes, big })
    }

    /// What it tells, each thing once.
    #[must_use]
    pub fn tells(&self) -> Vec<&'static str> {
        let mut words = Vec::new();
        let mut say = |word| {
            if !words.contains(&word) {
                words.push(word);
            }
        };
        let first = self.u32(4).and_then(|at| self.directory(at));
        let Some((entries, next)) = first else {
            return words;
        };
        // A directory that lies beyond what can be seen counts as a position.
        let gps = entries.iter().find(|entry| entry.tag == GPS);
        let place = gps.is_some_and(|gps| {
            self.directory(gps.value)
                .is_none_or(|(inside, _)| inside.iter().any(|one| PLACE.contains(&one.tag)))
        });
        if place {
            say(TELLS_PLACE);
        }
        let inner = entries.iter().find(|entry| entry.tag == EXIF);
        let inner = inner.and_then(|inner| self.directory(inner.value));
        let inner = inner.map_or_else(Vec::new, |(inside, _)| inside);
        let tags = || entries.iter().chain(&inner).map(|entry| entry.tag);
        for (known, word) in WORDS {
            if tags().any(|tag| known.contains(&tag)) {
                say(word);
            }
        }
        if next > 0 {
            say("thumbnail");
        }
        words
    }

    /// How to turn the picture: 2 to 8; `None` where it stands upright.
    #[must_use]
    pub fn orientation(&self) -> Option<u8> {
        let (entries, _) = self.directory(self.u32(4)?)?;
        let entry = entries.iter().find(|entry| entry.tag == ORIENTATION)?;
        u8::try_from(entry.short)
            .ok()
            .filter(|one| (2..=8).contains(one))
    }

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

    /// The entries of a directory, as far as they can be seen, and the place of the next; `None` where it begins beyond
    /// that.
    fn directory(&self, at: u32) -> Option<(Vec<Entry>, u32)> {
        let at = usize::try_from(at).ok()?;
        let all = usize::from(self.u16(at)?);
        let place = |index: usize| at.checked_add(2 + 12 * index);
        let entry = |index: usize| {
            let place = place(index)?;
            Some(Entry {
                tag: self.u16(place)?,
                value: self.u32(place.checked_add(8)?)?,
                short: self.u16(place.checked_add(8)?)?,
            })
        };
        let entries = (0..all.min(MOST)).map_while(entry).collect();
        let next = place(all).and_then(|place| self.u32(place));
        Some((entries, next.unwrap_or_default()))
    }
}

/// A block that says how to turn the picture, and nothing else.
pub(super) fn only_orientation(orientation: u8) -> Vec<u8> {
    let mut bytes = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    bytes.extend([orientation, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// `Exif: GPS position, camera`; `None` for a block that only turns the picture, as ours do.
pub(super) fn describe(block: &[u8]) -> Option<(&'static str, String)> {
    let exif = Exif::read(block);
    let words = exif.as_ref().map(Exif::tells).unwrap_or_default();
    let ours = exif.and_then(|exif| exif.orientation());
    if ours.is_some_and(|ours| only_orientation(ours) == block) {
        return None;
    }
    let kind = if words.contains(&TELLS_PLACE) {
        "gps"
    } else {
        "exif"
    };
    let words = if words.is_empty() {
        "Exif".to_owned()
    } else {
        format!("Exif: {}", words.join(", "))
    };
    Some((kind, words))
}

/// What a tag says, if it is one that tells.
pub(super) fn word(tag: u16) -> Option<&'static str> {
    let known = WORDS.iter().find(|(tags, _)| tags.contains(&tag));
    known.map(|(_, word)| *word)
}

/// What the tags say, in the order in which it is told: those of a first directory and of Exif's own have other numbers.
const WORDS: [(&[u16], &str); 12] = [
    (&[0x010f, 0x0110], "camera make and model"),
    (&[0xa431, 0xa435, 0xc62f], "serial number"),
    (&[0xa432, 0xa433, 0xa434], "lens"),
    (
        &[0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012],
        "time and time zone",
    ),
    (&[0x013b, 0xa430, 0x9c9d], "author"),
    (&[0x8298], "copyright"),
    (&[0x0131], "software"),
    (&[0x013c], "name of the computer"),
    (
        &[0x010e, 0x9286, 0x9c9b, 0x9c9c, 0x9c9e, 0x9c9f],
        "description",
    ),
    (&[0x927c], "maker's notes"),
    (&[0xa420], "identifier of the picture"),
    (&[0x829a, 0x829d, 0x8827, 0x920a], "exposure"),
];

const ORIENTATION: u16 = 0x0112;

/// The directory of Exif's own tags.
pub(super) const EXIF: u16 = 0x8769;

/// The directory of the position.
pub(super) const GPS: u16 = 0x8825;

/// Latitude, longitude, and those of the destination.
pub(super) const PLACE: [u16; 4] = [2, 4, 0x14, 0x16];

const MOST: usize = 200;
