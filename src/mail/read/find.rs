//! The one encrypted message in a mail.
//!
//! RFC 3156 section 4; the form into which Exchange turns it (two attachments of a mixed mail); an
//! attached file; an armour in the text. If there are two, none is opened: whoever put the second
//! one there decides what the first seems to say.

use std::io::{self, Read};

use super::{
    MailError, armor,
    armor::ArmorOnly,
    part::{Kind, Part},
    section::{Section, Source},
    structure::Structure,
};

/// The encrypted message in a mail.
#[derive(Debug)]
pub struct Found {
    part: Part,
    form: Form,
    text_outside: bool,
}

/// How the message stands in the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As PGP/MIME: inside is another mail's content.
    Mime,
    /// As an attached file: inside is anything.
    Attached,
    /// As an armour in the text: inside is text.
    Inline,
}

impl Found {
    /// How the message stands in the mail.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// Whether the mail has text besides, which nobody encrypted: it is not read.
    #[must_use]
    pub fn text_outside(&self) -> bool {
        self.text_outside
    }

    /// The bytes of the message in the encoded mail: about how much there is to read.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.part.body.end - self.part.body.start
    }

    /// Reads the message out of the mail in which it was found.
    ///
    /// # Errors
    /// When the place cannot be reached.
    pub fn open<S>(&self, mail: S) -> io::Result<Box<dyn Read + Send + Sync>>
    where
        S: Source + Send + Sync + 'static,
    {
        let content = self.part.open(mail)?;
        Ok(match self.form {
            Form::Inline => Box::new(ArmorOnly::new(content)),
            Form::Mime | Form::Attached => Box::new(content),
        })
    }
}

/// Finds the encrypted message of a mail.
///
/// # Errors
/// [`MailError`] where there is none, or more than one, or the mail is none that anybody wrote.
pub fn find(mail: &mut (impl Source + ?Sized)) -> Result<Found, MailError> {
    let structure = Structure::read(from_start(&mut *mail)?)?;
    let mut search = Search {
        mail,
        structure: &structure,
        found: Vec::new(),
        consumed: vec![false; structure.parts().len()],
        text_outside: false,
        smime: false,
    };
    search.pgp_mime()?;
    search.leaves()?;
    let (text_outside, smime) = (search.text_outside, search.smime);
    let mut found = search.found;
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(Found {
            text_outside: text_outside || only.text_outside,
            ..only
        }),
        (Some(_), others) => Err(MailError::Several(others + 1)),
        (None, _) if smime => Err(MailError::SMime),
        (None, _) => Err(MailError::NotEncrypted),
    }
}

struct Search<'a, S: ?Sized> {
    mail: &'a mut S,
    structure: &'a Structure,
    found: Vec<Found>,
    /// Parts that belong to a message that was found, or that say the same in another form.
    consumed: Vec<bool>,
    text_outside: bool,
    smime: bool,
}

impl<S: Source + ?Sized> Search<'_, S> {
    /// PGP/MIME, as it was made or as it was mangled.
    fn pgp_mime(&mut self) -> Result<(), MailError> {
        let structure = self.structure;
        for (place, part) in structure.parts().iter().enumerate() {
            if part.kind != Kind::Multipart {
                continue;
            }
            let children: Vec<(usize, &Part)> = structure.children(place).collect();
            let pairs = children.windows(2).filter_map(|pair| match pair {
                [(control, first), (message, second)] if first.is("application/pgp-encrypted") => {
                    Some((*control, *message, *second))
                }
                _ => None,
            });
            for (control, message, second) in pairs {
                let sound = part.is("multipart/encrypted") || self.begins_armored(second)?;
                if !sound {
                    continue;
                }
                self.consume(control);
                self.consume(message);
                self.found.push(Found {
                    part: second.clone(),
                    form: Form::Mime,
                    text_outside: false,
                });
            }
        }
        Ok(())
    }

    fn leaves(&mut self) -> Result<(), MailError> {
        let structure = self.structure;
        for (place, part) in structure.parts().iter().enumerate() {
            let is_consumed = self.consumed.get(place).copied().unwrap_or_default();
            if part.kind != Kind::Leaf || is_consumed {
                continue;
            }
            self.smime |= part.is("application/pkcs7-mime") || part.is("application/x-pkcs7-mime");
            let form = if self.is_attached_message(part)? {
                Form::Attached
            } else if part.is_text() && !part.is("text/html") {
                let survey = armor::survey(part.open(&mut *self.mail)?)?;
                self.text_outside |= survey.text_outside;
                match survey.messages {
                    0 => continue,
                    1 => Form::Inline,
                    several => return Err(MailError::Several(several)),
                }
            } else {
                self.text_outside |= part.is("text/html");
                continue;
            };
            self.found.push(Found {
                part: part.clone(),
                form,
                text_outside: false,
            });
        }
        Ok(())
    }

    fn consume(&mut self, outer: usize) {
        for (place, consumed) in self.consumed.iter_mut().enumerate() {
            *consumed |= self.structure.is_within(place, outer);
        }
    }

    /// A file that is an encrypted message: by its armour, or by its name and its first packet.
    fn is_attached_message(&mut self, part: &Part) -> Result<bool, MailError> {
        if !part.is_attached() && part.is_text() {
            return Ok(false);
        }
        let head = self.head(part)?;
        let name = part.file_name().unwrap_or_default().to_ascii_lowercase();
        let named = part.is("application/pgp-encrypted")
            || ENDINGS.iter().any(|ending| name.ends_with(ending));
        Ok(is_armor(&head) || (named && head.first().is_some_and(|octet| is_session_key(*octet))))
    }

    fn begins_armored(&mut self, part: &Part) -> Result<bool, MailError> {
        Ok(is_armor(&self.head(part)?))
    }

    fn head(&mut self, part: &Part) -> Result<Vec<u8>, MailError> {
        let mut head = Vec::new();
        let content = part.open(&mut *self.mail)?;
        content.take(HEAD).read_to_end(&mut head)?;
        Ok(head)
    }
}

/// The whole mail from its first byte.
pub(super) fn from_start<S: Source>(mail: S) -> io::Result<Section<S>> {
    Section::new(mail, &(0..u64::MAX))
}

fn is_armor(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.trim_ascii_start().starts_with(armor::BEGIN)
}

/// The first octet of a session key packet (types 1 and 3) or of a container (18), in the old and
/// the new format (RFC 9580 section 4.2).
fn is_session_key(octet: u8) -> bool {
    matches!(octet, 0x84..=0x87 | 0x8c..=0x8f | 0xc1 | 0xc3 | 0xd2)
}

const HEAD: u64 = 1024;

const ENDINGS: [&str; 3] = [".pgp", ".gpg", ".asc"];

#[cfg(test)]
mod tests;
