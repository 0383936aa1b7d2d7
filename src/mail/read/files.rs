//! The parts of a payload as files in a fresh folder.
//!
//! The rules are those of a bundle (promises 9 and 32): plain names, which a mail gets where its own
//! are not; nothing but regular files; limits. What is meant to be read becomes UTF-8 with LF.

use std::{
    io::{self, Read},
    path::Path,
};

use super::{
    part::{Kind, Part},
    section::{Section, Source},
    text::Plain,
};
use crate::bundle::{Contents, ExtractError, ExtractOptions, LooseFiles, Place, Shape};

/// Writes the parts.
pub(super) fn extract(
    parts: &[Part],
    payload: &mut (impl Source + ?Sized),
    into: &Path,
    options: &ExtractOptions<'_>,
) -> Result<Contents, ExtractError> {
    let mut files = LooseFiles::new(into, options)?;
    let mut keys = Vec::new();
    for part in parts {
        let (place, name) = place(part, &files);
        let mut content = content(part, payload).map_err(ExtractError::Read)?;
        let is_key = part.is("application/pgp-keys") || name == REPORTER;
        let copy = files.add(place, &name, &mut content, is_key)?;
        keys.extend(copy);
    }
    let reporter = (!keys.is_empty()).then(|| keys.join(&b'\n'));
    Ok(Contents {
        shape: Shape::Mail,
        manifest: None,
        files: files.finish(),
        reporter,
    })
}

/// The content of a part as it becomes a file.
pub(super) fn content<'a, S: Source + ?Sized>(
    part: &Part,
    payload: &'a mut S,
) -> io::Result<Box<dyn Read + 'a>> {
    if part.kind == Kind::Message {
        return Ok(Box::new(Section::new(payload, &part.body)?));
    }
    let content = part.open(payload)?;
    if part.is_text() && !part.is_attached() {
        Ok(Box::new(Plain::new(content, part.foreign_charset())))
    } else {
        Ok(Box::new(content))
    }
}

/// Where a part goes, and under which name it would like to.
fn place(part: &Part, files: &LooseFiles<'_>) -> (Place, String) {
    if part.kind == Kind::Message {
        let name = part
            .file_name()
            .unwrap_or_else(|| "forwarded.eml".to_owned());
        return (Place::Attachment, name);
    }
    if let Some(name) = part.file_name() {
        let of_ours = matches!(name.as_str(), REPORTER | REPORT_JSON);
        let place = if of_ours && !files.has(&name) {
            Place::Top
        } else {
            Place::Attachment
        };
        return (place, name);
    }
    let described = part.text("content-description");
    match part.media.word.as_str() {
        "text/plain" if described.as_deref() == Some(REPORT_MD) && !files.has(REPORT_MD) => {
            (Place::Top, REPORT_MD.to_owned())
        }
        "text/html" => (Place::Top, "message.html".to_owned()),
        _ if part.is_text() && !part.is_attached() => (Place::Top, "message.txt".to_owned()),
        "application/pgp-keys" => (Place::Attachment, "key.asc".to_owned()),
        "application/pgp-signature" => (Place::Attachment, "signature.asc".to_owned()),
        _ => (Place::Attachment, "attachment.bin".to_owned()),
    }
}

const REPORT_MD: &str = "report.md";
const REPORT_JSON: &str = "report.json";
const REPORTER: &str = "reporter.asc";
