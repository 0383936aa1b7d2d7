//! What was decrypted becomes files: a bundle and its like, or the content of a mail.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use anyhow::Context as _;
use serde::Serialize;

use super::{
    failure::{not_extracted, not_opened},
    source::InMail,
};
use crate::{
    bundle::{Contents, ExtractError, ExtractOptions, extract},
    commands::Context,
    mail::read::{Content, Form, MailError, looks_like_entity},
    openpgp::{self, Authenticated, Certificate, Message, SignatureVerdict, read_certificates},
    terminal::{Exit, Failure, escape::brief},
};

/// What was decrypted, authenticated and written.
pub(super) struct Payload {
    pub(super) authenticated: Authenticated,
    pub(super) contents: Contents,
    /// The header of a mail, as it was encrypted with the rest.
    pub(super) mail: Option<MailHeader>,
    /// The content of a mail, with a signature of its own in it.
    signed: Option<(Content, File)>,
}

/// The encrypted header of a mail: its sender's words.
#[derive(Serialize)]
pub(super) struct MailHeader {
    pub(super) subject: Option<String>,
    pub(super) from: Option<String>,
    pub(super) date: Option<String>,
    /// Whether the mail has text that was not encrypted, and was not read.
    pub(super) text_outside: bool,
}

impl Payload {
    /// Writes everything into `into`, and reads the message to its authenticated end.
    pub(super) fn extract(
        (name, mail): (&str, Option<InMail>),
        mut message: Message,
        into: &Path,
        options: &ExtractOptions<'_>,
    ) -> Result<Self, Failure> {
        let mut head = Vec::new();
        let begun = message.by_ref().take(HEAD).read_to_end(&mut head);
        begun.map_err(|error| not_opened(name, message.explain(error)))?;
        let is_mail = match mail.map(|mail| mail.form) {
            Some(Form::Mime) => true,
            Some(Form::Inline) => false,
            _ => looks_like_entity(&head),
        };
        if is_mail {
            return Self::of_mail((name, mail), head, message, (into, options));
        }
        let mut content = io::Cursor::new(head).chain(&mut message);
        let contents = extract(&mut content, into, options)
            .map_err(|why| not_extracted(name, why, &message))?;
        let authenticated = message.finish().map_err(|why| not_opened(name, why))?;
        Ok(Self {
            authenticated,
            contents,
            mail: None,
            signed: None,
        })
    }

    /// A mail is looked at only once it is authentic: until then it waits in a file without a name.
    fn of_mail(
        (name, mail): (&str, Option<InMail>),
        head: Vec<u8>,
        mut message: Message,
        (into, options): (&Path, &ExtractOptions<'_>),
    ) -> Result<Self, Failure> {
        let mut spool = tempfile::tempfile_in(into).context("cannot make a temporary file")?;
        let mut content = io::Cursor::new(head).chain(&mut message);
        spooled(&mut content, &mut spool)?
            .map_err(|error| not_opened(name, message.explain(error)))?;
        let authenticated = message.finish().map_err(|why| not_opened(name, why))?;
        let content = Content::read(&mut spool);
        let content = content.map_err(|why| {
            let exit = match why {
                MailError::Read(_) => Exit::Failed,
                _ => Exit::NotAuthenticated,
            };
            let error = anyhow::Error::new(why);
            Failure::new(
                exit,
                error.context(format!("cannot read what is in {name}")),
            )
        })?;
        let contents = content.extract(&mut spool, into, options).map_err(|why| {
            let exit = match why {
                ExtractError::Write { .. } | ExtractError::Read(_) => Exit::Failed,
                _ => Exit::NotAuthenticated,
            };
            let error =
                anyhow::Error::new(why).context(format!("cannot extract what is in {name}"));
            Failure::new(exit, error)
        })?;
        let text = |text: Option<&str>| text.map(str::to_owned);
        let header = MailHeader {
            subject: text(content.subject()),
            from: text(content.from()),
            date: text(content.date()),
            text_outside: mail.is_some_and(|mail| mail.text_outside),
        };
        let signed = content.signed().is_some().then_some((content, spool));
        Ok(Self {
            authenticated,
            contents,
            mail: Some(header),
            signed,
        })
    }

    /// Who signed everything that was written.
    pub(super) fn signature(
        &self,
        signers: &[Certificate],
        context: &Context<'_>,
    ) -> SignatureVerdict {
        let enclosed = self.contents.reporter.as_deref();
        let enclosed = enclosed.map(|bytes| read_certificates("the enclosed key", bytes));
        let enclosed = enclosed.and_then(Result::ok).unwrap_or_default();
        let outer = self
            .authenticated
            .signature(signers, &enclosed, context.now);
        match (&outer, &self.signed) {
            (SignatureVerdict::Unsigned, Some((inner, spool))) => {
                let certificates = (signers, &*enclosed);
                inner_signature((inner, spool), certificates, &self.authenticated, context)
            }
            _ => outer,
        }
    }

    /// The program that it says it is for.
    pub(super) fn program(&self, folder: &Path) -> Option<String> {
        if let Some(manifest) = &self.contents.manifest {
            return manifest.program().map(str::to_owned);
        }
        self.mail.as_ref()?;
        let report = File::open(folder.join("report.json")).ok()?;
        let mut json = Vec::new();
        report.take(LONGEST_REPORT).read_to_end(&mut json).ok()?;
        let report: serde_json::Value = serde_json::from_slice(&json).ok()?;
        report.get("program")?.as_str().map(str::to_owned)
    }
}

/// The verdict on a signature within the encryption, over all of a mail's content.
pub(in crate::commands) fn inner_signature(
    (inner, spool): (&Content, &File),
    certificates: (&[Certificate], &[Certificate]),
    authenticated: &Authenticated,
    context: &Context<'_>,
) -> SignatureVerdict {
    let unreadable = |error: io::Error| SignatureVerdict::Bad {
        why: format!("it cannot be read: {error}"),
    };
    let Some(signed) = inner.signed() else {
        return SignatureVerdict::Unsigned;
    };
    let from_start = || -> io::Result<File> {
        let mut spool = spool.try_clone()?;
        spool.rewind()?;
        Ok(spool)
    };
    let signature = from_start().and_then(|mut spool| signed.signature(&mut spool));
    let signature = match signature {
        Ok(signature) => signature,
        Err(error) => return unreadable(error),
    };
    let text = || {
        let spool = spool.try_clone()?;
        Ok(Box::new(signed.content(spool)?) as Box<dyn Read>)
    };
    openpgp::verify_text(&signature, &text, certificates, authenticated, context.now)
}

/// Copies; the outer error is the file's, the inner one the message's.
pub(in crate::commands) fn spooled(
    content: &mut impl Read,
    spool: &mut File,
) -> Result<io::Result<()>, Failure> {
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok(Err(error)),
        };
        let piece = buffer.get(..count).unwrap_or_default();
        io::Write::write_all(spool, piece).context("cannot write a temporary file")?;
    }
    Ok(Ok(()))
}

impl MailHeader {
    /// For a person, each on a line of its own.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let fields = [
            ("subject", &self.subject),
            ("from", &self.from),
            ("date", &self.date),
        ];
        let there = fields
            .into_iter()
            .filter_map(|(name, text)| text.as_ref().map(|text| (name, brief(text))));
        there.collect()
    }
}

/// What tells a mail from other content.
const HEAD: u64 = 16 << 10;

/// A report may be as long as this, and JSON escapes some of it.
const LONGEST_REPORT: u64 = 64 << 20;
