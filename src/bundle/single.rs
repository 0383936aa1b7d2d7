//! Content that is no archive: one text or one file.
//!
//! Serves deliverable "open" (also what `gpg -e`, `sq` and `OpenPGP.js` made), and promises 9 and
//! 32.

use std::path::Path;

use super::extract::{Contents, ExtractOptions, Shape};
use super::input::Input;
use super::name::{is_the_vendors, judge};
use super::refusal::{ExtractError, Limit};
use super::tree::NewFile;

/// Writes the whole input as one file.
pub(super) fn single_file(
    mut input: Input<'_>,
    into: &Path,
    shape: Shape,
    options: &ExtractOptions<'_>,
) -> Result<Contents, ExtractError> {
    let name = plain_suggestion(options.suggested_name).unwrap_or(match shape {
        Shape::Text => "message.txt",
        _ => "content.bin",
    });
    let mut file = NewFile::create(into, name)?.hashed(options.checksums);
    let limit = options.limits.total;
    let mut total = 0_u64;
    loop {
        let bytes = input.take(u64::MAX)?;
        if bytes.is_empty() {
            break;
        }
        total = total.saturating_add(bytes.len() as u64);
        if total > limit {
            return Err(ExtractError::Limit(Limit::Total(limit)));
        }
        file.write(bytes)?;
    }
    Ok(Contents {
        shape,
        manifest: None,
        files: vec![file.finish().0],
        reporter: None,
    })
}

/// The suggested name, if it is one plain component that hides nothing.
fn plain_suggestion(name: Option<&[u8]>) -> Option<&str> {
    let name = std::str::from_utf8(name?).ok()?;
    let plain = judge(name).is_ok()
        && !is_the_vendors(name)
        && name.len() <= SUGGESTION_LIMIT
        && !name.starts_with(['.', '-', '~', ' '])
        && !name.contains(['/', '<', '>', '"', '|', '?', '*'])
        && name != FOR_YOUR_EYES_ONLY;
    plain.then_some(name)
}

/// Whether the head of the input is UTF-8 without zero bytes; a character cut by the head's end is
/// fine.
pub(super) fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && head.len() == HEAD,
    };
    valid && !head.contains(&0)
}

/// How much of the input decides between text and file, bytes.
pub(super) const HEAD: usize = 64 * 1024;

/// The longest suggested name that is followed, bytes.
const SUGGESTION_LIMIT: usize = 100;

/// What `OpenPGP` puts in place of a name to ask for display without storage (RFC 9580, 5.9).
const FOR_YOUR_EYES_ONLY: &str = "_CONSOLE";

#[cfg(test)]
mod tests {
    use super::{HEAD, plain_suggestion};
    use crate::bundle::{ExtractError, ExtractOptions, Limit, Limits, Shape, extract};
    use std::{fs, io};

    fn options(suggested_name: Option<&[u8]>) -> ExtractOptions<'_> {
        ExtractOptions {
            limits: Limits::new(1024 * 1024),
            suggested_name,
            checksums: false,
        }
    }

    /// The shape and the name of the only file.
    fn single(content: &[u8], suggested_name: Option<&[u8]>) -> (Shape, String) {
        let folder = tempfile::tempdir().unwrap();
        let contents = extract(&mut &*content, folder.path(), &options(suggested_name)).unwrap();
        let path = contents.files[0].path.clone();
        assert_eq!(fs::read(folder.path().join(&path)).unwrap(), content);
        (contents.shape, path.to_str().unwrap().to_owned())
    }

    #[test]
    fn texts_and_files_are_told_apart() {
        assert_eq!(
            single("Grüße\n".as_bytes(), None),
            (Shape::Text, "message.txt".into())
        );
        assert_eq!(single(b"", None), (Shape::Text, "message.txt".into()));
        assert_eq!(single(b"a\0b", None), (Shape::File, "content.bin".into()));
        assert_eq!(single(b"cut \xc3", None).0, Shape::File);
        assert_eq!(single(&[0; 5000], None).0, Shape::File);
        let cut = "a".repeat(HEAD - 1) + "é and more";
        assert_eq!(single(cut.as_bytes(), None).0, Shape::Text);
        assert_eq!(
            single(b"\x89PNG", Some(b"photo.png")),
            (Shape::File, "photo.png".into())
        );
    }

    #[test]
    fn p09_suggested_names_are_followed_only_if_plain() {
        assert_eq!(
            plain_suggestion(Some("Größe 1.txt".as_bytes())),
            Some("Größe 1.txt")
        );
        for name in [
            "",
            "..",
            "/etc/passwd",
            "../a",
            "a/b",
            "C:\\a",
            "nul",
            "-rf",
            ".bashrc",
            "_CONSOLE",
            "Events.json",
            "a\u{202e}b",
            "a\nb",
            "a?",
            &"n".repeat(101),
        ] {
            assert_eq!(plain_suggestion(Some(name.as_bytes())), None, "{name:?}");
        }
        assert_eq!(plain_suggestion(Some(b"\xff")), None);
    }

    #[test]
    fn p32_a_bomb_of_zeros_stops() {
        let folder = tempfile::tempdir().unwrap();
        let error = extract(&mut io::repeat(0), folder.path(), &options(None)).unwrap_err();
        assert!(matches!(error, ExtractError::Limit(Limit::Total(limit)) if limit == 1024 * 1024));
        let size = fs::metadata(folder.path().join("content.bin"))
            .unwrap()
            .len();
        assert!(size <= 1024 * 1024);
    }
}
