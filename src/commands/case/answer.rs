//! What a vendor's mail says: its protected subject and its text.
//!
//! RFC 9788 section 2; a signature counts if it covers everything, as in `open`.

use std::io::{Cursor, Read as _, Seek as _};

use crate::{
    bundle::Letter,
    commands::{
        Context,
        open::{inner_signature, spooled},
    },
    mail::read::{Content, looks_like_entity},
    openpgp::{Certificate, Message, SignatureVerdict},
    terminal::Failure,
};

/// The verdict on its signature, and its text; files in it are counted, and stay in the mail.
pub(super) fn read(
    mut message: Message,
    given: &[Certificate],
    context: &Context<'_>,
) -> anyhow::Result<(SignatureVerdict, anyhow::Result<String>)> {
    let mut spool = tempfile::tempfile()?;
    let copied = spooled(&mut message, &mut spool).map_err(Failure::into_error)?;
    copied.map_err(|error| message.explain(error))?;
    let authenticated = message.finish()?;
    let outer = authenticated.signature(given, &[], context.now);
    spool.rewind()?;
    let mut head = Vec::new();
    spool.by_ref().take(HEAD).read_to_end(&mut head)?;
    if !looks_like_entity(&head) {
        let text = Letter::read(&mut Cursor::new(head).chain(spool));
        return Ok((
            outer,
            text.map(|it| it.text().to_owned()).map_err(Into::into),
        ));
    }
    let mail = Content::read(&mut spool)?;
    let (text, files) = mail.text(&mut spool, Letter::LIMIT as u64)?;
    let subject = mail
        .subject()
        .map(|subject| format!("Subject: {subject}\n\n"));
    let files = match files {
        0 => String::new(),
        files => format!("\n\n[files in this mail: {files}; open it with sealpost open --words]"),
    };
    let text = format!("{}{}{files}", subject.unwrap_or_default(), text.trim_end());
    let verdict = match outer {
        SignatureVerdict::Unsigned if mail.signed().is_some() => {
            inner_signature((&mail, &spool), (given, &[]), &authenticated, context)
        }
        outer => outer,
    };
    Ok((verdict, Ok(text)))
}

/// What tells a mail from a text.
const HEAD: u64 = 16 << 10;
