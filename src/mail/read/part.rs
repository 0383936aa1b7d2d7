//! One part of a mail: what it says of itself, and where it lies.

use std::{io, ops::Range};

use super::{
    charset,
    decode::{Decoded, Encoding},
    header::Header,
    media_type::Value,
    section::{Section, Source},
    words,
};

/// One part of a mail, or the mail itself.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The part that it lies in, by its place; none for the mail itself.
    pub(super) parent: Option<usize>,
    pub(super) kind: Kind,
    pub(super) media: Value,
    pub(super) disposition: Value,
    pub(super) header: Header,
    pub(super) encoding: Encoding,
    /// Header and body, without the line end that belongs to the boundary.
    pub(super) whole: Range<u64>,
    pub(super) body: Range<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Content.
    Leaf,
    /// Parts between boundaries.
    Multipart,
    /// Another mail.
    Message,
}

impl Part {
    /// Whether its media type is this, in lower case.
    pub(super) fn is(&self, media_type: &str) -> bool {
        self.media.word == media_type
    }

    pub(super) fn is_text(&self) -> bool {
        self.media.word.starts_with("text/")
    }

    /// The name that its sender gave it: a stranger's text.
    pub(super) fn file_name(&self) -> Option<String> {
        let name = self.disposition.text("filename");
        name.or_else(|| self.media.text("name"))
            .filter(|name| !name.is_empty())
    }

    /// Whether the sender means it as a file, rather than as something to read.
    pub(super) fn is_attached(&self) -> bool {
        self.disposition.word == "attachment" || self.file_name().is_some()
    }

    /// A field as text: a stranger's.
    pub(super) fn text(&self, field: &str) -> Option<String> {
        self.header.field(field).map(words::decode)
    }

    /// Whether its text must be converted, and from what.
    pub(super) fn foreign_charset(&self) -> Option<&'static encoding_rs::Encoding> {
        let name = self.media.raw("charset").unwrap_or_default();
        charset::named(name).filter(|_| !charset::is_utf8(name))
    }

    /// Its decoded content.
    pub(super) fn open<S: Source>(&self, source: S) -> io::Result<Decoded<Section<S>>> {
        let section = Section::new(source, &self.body)?;
        Ok(self.encoding.decode(section))
    }
}
