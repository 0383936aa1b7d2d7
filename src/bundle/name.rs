//! Which names of archive members are taken, and when two of them are one.
//!
//! Serves promises 9 and 10: a name means the same file on every system, stays inside its folder,
//! and shows on a terminal as what it is.

use icu_properties::CodePointSetData;
use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint};
use unicode_normalization::UnicodeNormalization;

use super::refusal::Refusal;

/// The path of a member: relative, `/` between plain components, none of them empty, `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MemberPath(String);

impl MemberPath {
    /// Judges the name of a member. One leading `./` and, for folders, one trailing slash are
    /// dropped, as `tar c .` writes them.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let name = std::str::from_utf8(bytes).map_err(|_| Refusal::NotUtf8)?;
        if name.is_empty() {
            return Err(Refusal::EmptyName);
        }
        if name.len() > PATH_LIMIT {
            return Err(Refusal::PathTooLong(PATH_LIMIT));
        }
        if name.starts_with('/') {
            return Err(Refusal::Absolute);
        }
        let name = name.strip_prefix("./").unwrap_or(name);
        let name = name.strip_suffix('/').unwrap_or(name);
        if name.split('/').count() > DEPTH_LIMIT {
            return Err(Refusal::TooDeep(DEPTH_LIMIT));
        }
        name.split('/').try_for_each(judge)?;
        Ok(Self(name.to_owned()))
    }

    /// Refuses the names of the vendor's files, at any depth: a folder further down can hold a report,
    /// too, and be taken for the case. Only directly in `spared`, a folder of ours that holds no report,
    /// they are what any other name is.
    pub(super) fn refuse_the_vendors(&self, spared: Option<&str>) -> Result<(), Refusal> {
        let inside = spared.and_then(|folder| self.0.strip_prefix(folder));
        if inside.is_some_and(|name| !name.contains('/')) || !self.0.split('/').any(is_the_vendors)
        {
            return Ok(());
        }
        Err(Refusal::TheVendors)
    }

    /// The path as text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders above the member, the outermost first.
    pub(super) fn parents(&self) -> impl Iterator<Item = &str> {
        self.0
            .match_indices('/')
            .filter_map(|(at, _)| self.0.get(..at))
    }
}

/// Judges one component of a path: what no system and no reader could take for something else.
pub(super) fn judge(component: &str) -> Result<(), Refusal> {
    match component {
        "" => return Err(Refusal::EmptyComponent),
        "." => return Err(Refusal::CurrentFolder),
        ".." => return Err(Refusal::ParentFolder),
        _ => {}
    }
    if component.len() > COMPONENT_LIMIT {
        return Err(Refusal::NameTooLong(COMPONENT_LIMIT));
    }
    if component.chars().any(is_control) {
        return Err(Refusal::ControlCharacter);
    }
    if component.chars().any(is_bidi) {
        return Err(Refusal::BidiCharacter);
    }
    if component.contains(['\\', ':']) {
        return Err(Refusal::ReservedCharacter);
    }
    let visible: String = component.chars().filter(|c| !is_invisible(*c)).collect();
    if visible.is_empty() {
        return Err(Refusal::EmptyComponent);
    }
    if visible.ends_with(['.', ' ']) {
        return Err(Refusal::TrailingDotOrSpace);
    }
    if is_device_name(&visible) {
        return Err(Refusal::ReservedName);
    }
    Ok(())
}

/// What two names have in common that some file system takes for one: without case, without
/// invisible characters, canonically decomposed.
pub(super) fn collision_key(name: &str) -> String {
    name.chars()
        .filter(|c| !is_invisible(*c))
        .nfd()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfd()
        .collect()
}

/// Whether some file system takes a name for that of a file which the vendor's side
/// keeps there and believes.
pub(super) fn is_the_vendors(component: &str) -> bool {
    let key = collision_key(component);
    super::VENDORS_FILES.contains(&key.as_str())
}

/// Whether Windows takes the name for a device, whatever follows its first dot.
pub(super) fn is_device_name(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end_matches(' ');
    let stem = stem.to_ascii_uppercase();
    let numbered = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"));
    DEVICES.contains(&stem.as_str())
        || numbered.is_some_and(|number| {
            let mut digits = number.chars();
            matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³')) && digits.next().is_none()
        })
}

/// Control characters and the two separators that break lines.
pub(super) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that reorder the text around them.
pub(super) fn is_bidi(c: char) -> bool {
    CodePointSetData::new::<BidiControl>().contains(c)
}

/// Characters that show as nothing.
pub(super) fn is_invisible(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// The longest component, bytes: what every usual file system takes.
const COMPONENT_LIMIT: usize = 255;

/// The longest path, bytes: what every usual system takes.
const PATH_LIMIT: usize = 1024;

/// The most components in a path.
const DEPTH_LIMIT: usize = 16;

/// Names that Windows keeps for devices, beside the numbered ones.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

#[cfg(test)]
mod tests {
    use super::{MemberPath, collision_key};
    use crate::bundle::Refusal;

    fn refused(name: &str) -> Refusal {
        MemberPath::parse(name.as_bytes()).expect_err(name)
    }

    #[test]
    fn plain_names_pass() {
        for name in [
            "a",
            "a/b.txt",
            ".gitignore",
            "-rf",
            "Crème brûlée.png",
            "❤\u{fe0f}.png",
            "10.00\u{202f}AM.png",
        ] {
            assert_eq!(MemberPath::parse(name.as_bytes()).unwrap().as_str(), name);
        }
        assert_eq!(MemberPath::parse(b"./a/").unwrap().as_str(), "a");
        assert_eq!(
            MemberPath::parse(b"COMMA/console.log").unwrap().as_str(),
            "COMMA/console.log"
        );
    }

    #[test]
    fn p09_names_that_leave_the_folder_are_refused() {
        assert_eq!(refused("/etc/passwd"), Refusal::Absolute);
        assert_eq!(refused("../a"), Refusal::ParentFolder);
        assert_eq!(refused("a/../b"), Refusal::ParentFolder);
        assert_eq!(refused(".//a"), Refusal::EmptyComponent);
        assert_eq!(refused(""), Refusal::EmptyName);
        assert_eq!(refused("."), Refusal::CurrentFolder);
        assert_eq!(refused("a/./b"), Refusal::CurrentFolder);
        assert_eq!(refused("a//b"), Refusal::EmptyComponent);
        assert_eq!(refused("..\\a"), Refusal::ReservedCharacter);
        assert_eq!(refused("C:a"), Refusal::ReservedCharacter);
        assert_eq!(MemberPath::parse(b"a\xff"), Err(Refusal::NotUtf8));
    }

    #[test]
    fn p09_names_of_the_vendors_files_are_refused() {
        for name in [
            "github.toml",
            "./events.json",
            "Advisory.TOML",
            "events.json/a",
            "event\u{17f}.json",
            "git\u{200b}hub.toml",
            "x/advisory.toml",
            "x/y/Events.json/z",
            "attachments/x/github.toml",
        ] {
            let path = MemberPath::parse(name.as_bytes()).unwrap();
            for spared in [None, Some("attachments/")] {
                let refused = path.refuse_the_vendors(spared);
                assert_eq!(refused, Err(Refusal::TheVendors), "{name}");
            }
        }
        let path = |name: &str| MemberPath::parse(name.as_bytes()).unwrap();
        assert!(path("x/events.json.txt").refuse_the_vendors(None).is_ok());
        let attachment = path("attachments/events.json");
        assert!(attachment.refuse_the_vendors(Some("attachments/")).is_ok());
        assert!(attachment.refuse_the_vendors(None).is_err());
    }

    #[test]
    fn p09_names_of_windows_devices_are_refused() {
        for name in [
            "CON",
            "con.txt",
            "a/NUL",
            "aux .h",
            "Com1",
            "LPT\u{b9}.x",
            "conin$",
            "COM0",
        ] {
            assert_eq!(refused(name), Refusal::ReservedName, "{name}");
        }
        assert_eq!(refused("a."), Refusal::TrailingDotOrSpace);
        assert_eq!(refused("a /b"), Refusal::TrailingDotOrSpace);
        assert_eq!(refused("...\u{200c}"), Refusal::TrailingDotOrSpace);
    }

    #[test]
    fn p22_p23_names_that_deceive_a_terminal_are_refused() {
        assert_eq!(refused("\u{1b}[2J"), Refusal::ControlCharacter);
        assert_eq!(refused("a\u{85}"), Refusal::ControlCharacter);
        assert_eq!(refused("a\u{2028}b"), Refusal::ControlCharacter);
        assert_eq!(refused("gpj\u{202e}.exe"), Refusal::BidiCharacter);
        assert_eq!(refused("\u{200b}\u{2060}"), Refusal::EmptyComponent);
    }

    #[test]
    fn p32_lengths_have_limits() {
        assert_eq!(refused(&"a".repeat(256)), Refusal::NameTooLong(255));
        assert_eq!(refused(&"a/".repeat(17)), Refusal::TooDeep(16));
        assert_eq!(refused(&"a".repeat(1025)), Refusal::PathTooLong(1024));
    }

    #[test]
    fn p09_names_that_a_file_system_merges_share_a_key() {
        for (one, other) in [
            ("A", "a"),
            ("straße", "STRASSE"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("\u{c9}", "e\u{301}"),
            ("\u{212a}", "k"),
            ("a\u{200c}", "a"),
        ] {
            assert_eq!(collision_key(one), collision_key(other), "{one} {other}");
        }
        assert_ne!(collision_key("\u{e9}"), collision_key("\u{e8}"));
    }
}
