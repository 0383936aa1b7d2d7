//! The name of an attachment inside the bundle: the file's own where that is plain, a plain one
//! otherwise.
//!
//! Serves deliverable "the bundle" (base names only, doubles renamed and said so) and promise 33.
//! Every name made here passes the reading side's rules in `name`.

use std::collections::HashMap;
use std::ffi::OsStr;

use super::ATTACHMENTS;
use super::name::{collision_key, is_bidi, is_control, is_device_name, is_invisible};

/// The names given out so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// For each name as file systems see it, the number to try next beside it.
    taken: HashMap<String, u32>,
}

impl Names {
    /// A name for the file, unlike all before it.
    pub(super) fn choose(&mut self, file: &OsStr) -> String {
        let wanted = plain(&file.to_string_lossy());
        let key = collision_key(&wanted);
        let Some(next) = self.taken.get(&key).copied() else {
            self.taken.insert(key, FIRST_DOUBLE);
            return wanted;
        };
        let (name, number) = (next..=u32::MAX)
            .map(|number| (numbered(&wanted, number), number))
            .find(|(name, _)| !self.taken.contains_key(&collision_key(name)))
            .unwrap_or((wanted, next));
        self.taken.insert(key, number.saturating_add(1));
        self.taken.insert(collision_key(&name), FIRST_DOUBLE);
        name
    }
}

/// The name with every character replaced that some system or reader takes amiss.
fn plain(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let name = match name.strip_prefix(['.', '-', ' ', '~']) {
        Some(rest) => format!("_{rest}"),
        None => name,
    };
    // Shortening comes first: it may lay bare the name of a device.
    let name = joined(name.trim_end_matches(['.', ' ']), "");
    match name.as_str() {
        "" | "_" => NAMELESS.to_owned(),
        name if is_device_name(name) => joined(&format!("_{name}"), ""),
        _ => name,
    }
}

/// `photo.png` becomes `photo-2.png`.
fn numbered(name: &str, number: u32) -> String {
    joined(name, &format!("-{number}"))
}

/// Puts `suffix` between stem and extension, and shortens the stem so that all fits.
fn joined(name: &str, suffix: &str) -> String {
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= EXTENSION_LIMIT => name.split_at(dot),
        _ => (name, ""),
    };
    let room = NAME_LIMIT - EXTENSION_LIMIT.min(extension.len()) - suffix.len();
    let stem = stem
        .get(..stem.floor_char_boundary(room))
        .unwrap_or_default();
    let joined = format!("{stem}{suffix}{extension}");
    joined.trim_end_matches(['.', ' ']).to_owned()
}

fn is_plain(c: char) -> bool {
    let reserved = matches!(c, '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*');
    !reserved
        && c != char::REPLACEMENT_CHARACTER
        && !is_control(c)
        && !is_bidi(c)
        && !is_invisible(c)
}

/// The longest name, bytes, so that it fits into the name field of an ustar header with its folder.
const NAME_LIMIT: usize = 100 - ATTACHMENTS.len();

/// The longest ending that is kept when a name is shortened, bytes, its dot included.
const EXTENSION_LIMIT: usize = 16;

/// What a file is called whose name leaves nothing.
const NAMELESS: &str = "attachment";

/// The number of the second file of a name.
const FIRST_DOUBLE: u32 = 2;

#[cfg(test)]
mod tests {
    use super::{NAME_LIMIT, Names};
    use crate::bundle::name::{collision_key, judge};
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::ffi::OsStr;

    fn one(name: &str) -> String {
        Names::default().choose(OsStr::new(name))
    }

    #[test]
    fn plain_names_stay() {
        for name in [
            "photo.png",
            "Crème brûlée.txt",
            "a.tar.gz",
            "no extension",
            "10.00\u{202f}AM.png",
        ] {
            assert_eq!(one(name), name);
        }
    }

    #[test]
    fn awkward_names_change() {
        for (name, plain) in [
            (".env", "_env"),
            ("-rf", "_rf"),
            ("a:b?.txt", "a_b_.txt"),
            ("a\\b", "a_b"),
            ("end. ", "end"),
            ("con.TXT", "_con.TXT"),
            ("exe\u{202e}gnp", "exe_gnp"),
            ("a\u{1b}[2J", "a_[2J"),
            ("...", "attachment"),
            ("   ", "attachment"),
            ("", "attachment"),
        ] {
            assert_eq!(one(name), plain, "{name:?}");
        }
        assert_eq!(one(&format!("CON{}x", " ".repeat(99))), "_CON");
        assert_eq!(one(&("n".repeat(200) + ".png")), "n".repeat(84) + ".png");
        assert_eq!(one(&"é".repeat(100)).len(), NAME_LIMIT);
    }

    #[test]
    fn doubles_are_numbered() {
        let mut names = Names::default();
        let mut choose = |name: &str| names.choose(OsStr::new(name));
        assert_eq!(choose("photo.png"), "photo.png");
        assert_eq!(choose("photo.png"), "photo-2.png");
        assert_eq!(choose("PHOTO.png"), "PHOTO-3.png");
        assert_eq!(choose("photo-2.png"), "photo-2-2.png");
        assert_eq!(choose("caf\u{e9}"), "caf\u{e9}");
        assert_eq!(choose("cafe\u{301}"), "cafe\u{301}-2");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_change() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(
            Names::default().choose(OsStr::from_bytes(b"a\xff.txt")),
            "a_.txt"
        );
    }

    proptest! {
        #[test]
        fn the_reading_side_takes_every_name(
            wild in proptest::collection::vec("\\PC{0,120}|[ .a-c]{0,4}|(CON|com1|nul)[ .]{0,2}|[\u{0}-\u{ff}]{0,99}", 1..20),
        ) {
            let mut names = Names::default();
            let mut seen = HashSet::new();
            for name in &wild {
                let chosen = names.choose(OsStr::new(name));
                prop_assert_eq!(judge(&chosen), Ok(()), "{:?}", chosen);
                prop_assert!(chosen.len() <= NAME_LIMIT && !chosen.starts_with(['.', '-']));
                prop_assert!(seen.insert(collision_key(&chosen)), "{:?} twice", chosen);
            }
        }
    }
}
