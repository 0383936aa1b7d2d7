//! What a mail's payload holds, once it was decrypted: the protected header, and files.
//!
//! RFC 9788 section 2 (only the header of the payload's root is protected; those of parts within
//! are not), RFC 3156 section 6.1 (a signature inside the encryption).

use std::{io, ops::Range, path::Path};

use super::{
    MailError, files,
    find::from_start,
    part::{Kind, Part},
    section::{Section, Source},
    structure::Structure,
};
use crate::bundle::{Contents, ExtractError, ExtractOptions};

/// What a mail's payload holds.
#[derive(Debug)]
pub struct Content {
    subject: Option<String>,
    from: Option<String>,
    date: Option<String>,
    signed: Option<Signed>,
    parts: Vec<Part>,
}

/// A signature over all of the content, inside the encryption.
#[derive(Debug)]
pub struct Signed {
    content: Range<u64>,
    signature: Part,
}

impl Content {
    /// Reads the structure of a payload.
    ///
    /// # Errors
    /// [`MailError`] where it is none that anybody wrote.
    pub fn read(payload: &mut (impl Source + ?Sized)) -> Result<Self, MailError> {
        let structure = Structure::read(from_start(&mut *payload)?)?;
        let signed = signed(&structure);
        let root = signed.as_ref().map_or(0, |(root, _)| *root);
        let Some(part) = structure.parts().get(root) else {
            return Err(MailError::NotEncrypted);
        };
        let protected = |field| part.text(field).filter(|_| protects_its_header(part));
        Ok(Self {
            subject: protected("subject"),
            from: protected("from"),
            date: protected("date"),
            parts: leaves(&structure, root),
            signed: signed.map(|(_, signed)| signed),
        })
    }

    /// The subject that was encrypted with the rest: a stranger's text.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whom the encrypted header names as its writer: a stranger's text, and no proof.
    #[must_use]
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// The date in the encrypted header: a stranger's text.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// The signature that covers all that [`Content::extract`] writes, if there is one. A signature
    /// over some parts alone is not one: what is signed and what is not must not mix.
    #[must_use]
    pub fn signed(&self) -> Option<&Signed> {
        self.signed.as_ref()
    }

    /// What is meant to be read, one text behind the other, up to `limit` bytes; and how many files
    /// there are besides. A stranger's words.
    ///
    /// # Errors
    /// When the payload cannot be read.
    pub fn text(
        &self,
        payload: &mut (impl Source + ?Sized),
        limit: u64,
    ) -> io::Result<(String, usize)> {
        let (mut text, mut files) = (Vec::new(), 0);
        for part in &self.parts {
            if !part.is("text/plain") || part.is_attached() {
                files += 1;
                continue;
            }
            let left = limit.saturating_sub(text.len() as u64);
            let content = files::content(part, &mut *payload)?;
            io::Read::read_to_end(&mut io::Read::take(content, left), &mut text)?;
        }
        Ok((String::from_utf8_lossy(&text).into_owned(), files))
    }

    /// Writes texts and files into the folder `into`, which exists and is empty, under plain names.
    ///
    /// # Errors
    /// [`ExtractError`], as of an archive.
    pub fn extract(
        &self,
        payload: &mut (impl Source + ?Sized),
        into: &Path,
        options: &ExtractOptions<'_>,
    ) -> Result<Contents, ExtractError> {
        files::extract(&self.parts, payload, into, options)
    }
}

impl Signed {
    /// The signature itself.
    ///
    /// # Errors
    /// When the payload cannot be read.
    pub fn signature(&self, payload: &mut (impl Source + ?Sized)) -> io::Result<Vec<u8>> {
        let mut signature = Vec::new();
        let content = self.signature.open(payload)?;
        io::Read::read_to_end(
            &mut io::Read::take(content, LONGEST_SIGNATURE),
            &mut signature,
        )?;
        Ok(signature)
    }

    /// Reads what it is made over, as it stands in the payload.
    ///
    /// # Errors
    /// When the payload cannot be read.
    pub fn content<S: Source>(&self, payload: S) -> io::Result<impl io::Read + use<S>> {
        Section::new(payload, &self.content)
    }
}

/// The root of what is signed, if all of the payload is: exactly two parts, the second of them the
/// signature.
fn signed(structure: &Structure) -> Option<(usize, Signed)> {
    let root = structure
        .root()
        .filter(|root| root.is("multipart/signed"))?;
    let mut children = structure.children(0);
    let ((place, content), (_, signature)) = (children.next()?, children.next()?);
    let only_two = children.next().is_none();
    let is_openpgp = signature.is("application/pgp-signature") && root.kind == Kind::Multipart;
    (only_two && is_openpgp).then(|| {
        let signed = Signed {
            content: content.whole.clone(),
            signature: signature.clone(),
        };
        (place, signed)
    })
}

/// RFC 9788 section 2.1, and the parameter of its drafts.
fn protects_its_header(root: &Part) -> bool {
    root.media.is("hp", "cipher")
        || root.media.is("hp", "clear")
        || root.media.is("protected-headers", "v1")
}

/// Everything under the root that becomes a file: content, and other mails as a whole.
fn leaves(structure: &Structure, root: usize) -> Vec<Part> {
    let mut leaves = Vec::new();
    let mut mails: Vec<usize> = Vec::new();
    for (place, part) in structure.parts().iter().enumerate() {
        let outside = !structure.is_within(place, root)
            || mails.iter().any(|mail| structure.is_within(place, *mail));
        if outside || part.kind == Kind::Multipart || (place != root && repeats_the_header(part)) {
            continue;
        }
        if part.kind == Kind::Message {
            mails.push(place);
        }
        leaves.push(part.clone());
    }
    leaves
}

/// A copy of the subject for programs that do not read the protected header (RFC 9788 section 2.3,
/// in the form of its drafts).
fn repeats_the_header(part: &Part) -> bool {
    part.media.is("protected-headers", "v1")
        && (part.is("text/plain") || part.is("text/rfc822-headers"))
}

/// Some signatures of version 4 and 6 fit many times.
const LONGEST_SIGNATURE: u64 = 64 * 1024;

#[cfg(test)]
mod tests;
