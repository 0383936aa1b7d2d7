//! What is inside the encryption: the true header, the report as text, its files as parts, and the
//! padding.
//!
//! RFC 9788 sections 2.1 (`hp`), 2.2 (`HP-Outer`) and 4 (how the payload is made); the parameter
//! `protected-headers` is that of its drafts, which Thunderbird reads. RFC 2046 section 5.1.1: what
//! stands behind the last boundary is ignored by every reader, so the padding stands there, as
//! blank lines (promise 37).

use std::io::Write;

use super::{
    ComposeError,
    base64_lines::{Base64Lines, encoded_size},
    crlf::Counted,
    field::Field,
    quoted::QuotedPrintable,
};
use crate::bundle::{Bundle, Enclosed, padme};

/// The plaintext of a mail: its header fields, and the files of a bundle.
pub(super) struct Payload<'a> {
    pub(super) header: Vec<Field>,
    pub(super) boundary: String,
    pub(super) bundle: &'a Bundle,
}

/// How a file stands in the mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The text that a mail program shows.
    Text,
    /// The certificate to answer to, by which mail programs offer to import it.
    Key,
    /// A file with this media type.
    File(&'static str),
}

impl Role {
    fn of(name: &str) -> Self {
        match name {
            "report.md" => Self::Text,
            "reporter.asc" => Self::Key,
            "report.json" => Self::File("application/json"),
            _ => Self::File(media_type(name)),
        }
    }
}

impl Payload<'_> {
    /// Bytes, padding included.
    pub(super) fn size(&self) -> Result<u64, ComposeError> {
        Ok(padme(self.unpadded()?))
    }

    /// Writes all of it, [`Payload::size`] bytes; `progress` is told how many were written so far.
    pub(super) fn write_to(
        &self,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ComposeError> {
        let mut out = Counted::new(out);
        out.write_all(&self.head())?;
        for file in self.bundle.files() {
            out.write_all(&self.part_head(&file))?;
            body(&file, &mut out, progress)?;
            progress(out.written);
        }
        out.write_all(self.end().as_bytes())?;
        let padding = padme(out.written) - out.written;
        pad(&mut out, padding)?;
        progress(out.written);
        Ok(())
    }

    fn unpadded(&self) -> Result<u64, ComposeError> {
        let fixed = self.head().len() + self.end().len();
        let mut size = fixed as u64;
        for file in self.bundle.files() {
            size += self.part_head(&file).len() as u64;
            size += if let Role::File(_) = Role::of(file.name()) {
                encoded_size(file.size())
            } else {
                let mut counted = Counted::new(std::io::sink());
                body(&file, &mut counted, &mut |_| {})?;
                counted.written
            };
        }
        Ok(size)
    }

    fn head(&self) -> Vec<u8> {
        let content_type = Field::fixed("Content-Type", "multipart/mixed")
            .with("boundary", &self.boundary)
            .with("hp", "cipher")
            .with("protected-headers", "v1");
        let mut head = Vec::new();
        for field in self.header.iter().chain([&content_type]) {
            field.write_to(&mut head);
        }
        head
    }

    fn part_head(&self, file: &Enclosed<'_>) -> Vec<u8> {
        let name = file.name();
        let base = name.rsplit('/').next().unwrap_or(name);
        let (content_type, encoding) = match Role::of(name) {
            Role::Text => (
                Field::fixed("Content-Type", "text/plain").with("charset", "utf-8"),
                "quoted-printable",
            ),
            Role::Key => (
                Field::fixed("Content-Type", "application/pgp-keys"),
                "quoted-printable",
            ),
            Role::File(media_type) => (Field::fixed("Content-Type", media_type), "base64"),
        };
        // A text with a file name would be shown as an attachment by some.
        let naming = match Role::of(name) {
            Role::Text => vec![
                Field::fixed("Content-Disposition", "inline"),
                Field::fixed("Content-Description", "report.md"),
            ],
            _ => vec![Field::fixed("Content-Disposition", "attachment").with("filename", base)],
        };
        let mut head = format!("\r\n--{}\r\n", self.boundary).into_bytes();
        content_type.write_to(&mut head);
        Field::fixed("Content-Transfer-Encoding", encoding).write_to(&mut head);
        for field in naming {
            field.write_to(&mut head);
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    fn end(&self) -> String {
        format!("\r\n--{}--\r\n", self.boundary)
    }
}

/// The file in the encoding of its role.
fn body<W: Write>(
    file: &Enclosed<'_>,
    out: &mut Counted<W>,
    progress: &mut dyn FnMut(u64),
) -> Result<(), ComposeError> {
    if let Role::File(_) = Role::of(file.name()) {
        let (before, mut read) = (out.written, 0);
        let mut encoder = Base64Lines::new(out);
        file.read(&mut |piece| {
            read += piece.len() as u64;
            encoder.write_all(piece)?;
            progress(before + encoded_size(read));
            Ok(())
        })?;
        encoder.finish()?;
    } else {
        let mut encoder = QuotedPrintable::new(std::io::BufWriter::new(out));
        file.read(&mut |piece| encoder.write_all(piece))?;
        encoder.finish()?.flush()?;
    }
    Ok(())
}

/// Blank lines, `count` bytes in all.
fn pad(out: &mut dyn Write, count: u64) -> Result<(), ComposeError> {
    let line = format!("{:76}\r\n", "");
    let mut left = count;
    while left >= line.len() as u64 {
        out.write_all(line.as_bytes())?;
        left -= line.len() as u64;
    }
    let rest = usize::try_from(left).unwrap_or(0);
    let end = line.len() - rest.min(line.len());
    // The end of a blank line is one, too.
    out.write_all(line.get(end..).unwrap_or_default().as_bytes())?;
    Ok(())
}

/// What mail programs show by themselves; everything else is just a file.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}
