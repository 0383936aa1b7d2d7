//! Where sealed reports come from: files, stdin, and mails, of which only the encrypted part is
//! read.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek},
    path::Path,
};

use anyhow::{Context as _, anyhow};

use crate::{
    commands::context::is_dash,
    mail::read::{Form, MailError, find, looks_like_mail},
    terminal::{Exit, Failure, Hint, Progress},
};

/// A sealed report that is about to be read.
pub(in crate::commands) struct Source {
    /// How it is named in what is said about it.
    pub(in crate::commands) name: String,
    pub(in crate::commands) reader: Box<dyn Read + Send + Sync>,
    /// Its size in bytes, if it is known.
    pub(in crate::commands) size: Option<u64>,
    /// The mail that it came in.
    pub(in crate::commands) mail: Option<InMail>,
}

/// How a message stands in a mail.
#[derive(Clone, Copy)]
pub(in crate::commands) struct InMail {
    pub(in crate::commands) form: Form,
    /// Whether that mail has text that nobody encrypted.
    pub(in crate::commands) text_outside: bool,
}

impl Source {
    /// The file `sealed`, or stdin for `-`; of a mail, the encrypted part. A mail that can be read only once is
    /// copied into `temporary`, without a name.
    pub(in crate::commands) fn file(sealed: &Path, temporary: &Path) -> Result<Self, Failure> {
        let (mut reader, size) = plain(sealed)?;
        let name = name(sealed);
        let cannot = || format!("cannot read {name}");
        let head = head(&mut reader).with_context(cannot)?;
        let is_mail = looks_like_mail(&head);
        let whole: Box<dyn Read + Send + Sync> = Box::new(Cursor::new(head).chain(reader));
        if is_mail {
            let mail = seekable((sealed, size), whole, temporary).with_context(cannot)?;
            return Self::in_mail(name, mail);
        }
        Ok(Self {
            name,
            reader: whole,
            size,
            mail: None,
        })
    }

    /// The encrypted part of a mail.
    pub(in crate::commands) fn in_mail(name: String, mut mail: File) -> Result<Self, Failure> {
        let found = find(&mut mail).map_err(|why| no_message(&name, why))?;
        let reader = found.open(mail);
        Ok(Self {
            reader: reader.with_context(|| format!("cannot read {name}"))?,
            name,
            size: Some(found.size()),
            mail: Some(InMail {
                form: found.form(),
                text_outside: found.text_outside(),
            }),
        })
    }
}

/// Shows how far the reading has come.
pub(super) struct Watched {
    pub(super) reader: Box<dyn Read + Send + Sync>,
    pub(super) progress: Progress,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.progress.add(n as u64);
        Ok(n)
    }
}

/// The mail as a file: the one that was named, or a copy without a name.
fn seekable(
    (sealed, size): (&Path, Option<u64>),
    mut mail: impl Read,
    temporary: &Path,
) -> io::Result<File> {
    if size.is_some() {
        return File::open(sealed);
    }
    let mut copy = tempfile::tempfile_in(temporary)?;
    io::copy(&mut mail, &mut copy)?;
    copy.rewind()?;
    Ok(copy)
}

fn no_message(name: &str, why: MailError) -> Failure {
    let hint = match &why {
        MailError::NotEncrypted => Some("if it was to be secret, tell the sender that it was not"),
        MailError::Several(_) => Some("save the one that you mean as a file, and open that"),
        MailError::SMime => Some("ask the sender to use OpenPGP"),
        _ => None,
    };
    let exit = if why.is_unauthenticated() {
        Exit::NotAuthenticated
    } else {
        Exit::Failed
    };
    let error = anyhow::Error::new(why).context(format!("cannot open {name}"));
    let failure = Failure::from(error).with_exit(exit);
    match hint {
        Some(hint) => failure.with_hint(Hint::words(hint)),
        None => failure,
    }
}

fn name(sealed: &Path) -> String {
    if is_dash(sealed) {
        "standard input".to_owned()
    } else {
        sealed.display().to_string()
    }
}

/// The bytes, and their number where that is known.
fn plain(sealed: &Path) -> Result<(Box<dyn Read + Send + Sync>, Option<u64>), Failure> {
    if is_dash(sealed) {
        return Ok((Box::new(io::stdin()), None));
    }
    let cannot = || format!("cannot read {}", sealed.display());
    let file = File::open(sealed).with_context(cannot)?;
    let metadata = file.metadata().with_context(cannot)?;
    if metadata.is_dir() {
        return Err(anyhow!("{} is a directory, not a sealed report", sealed.display()).into());
    }
    let size = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(file), size))
}

/// As much of the beginning as tells a mail from other files: of a binary message one byte, because the first bit
/// of each packet is set (RFC 9580 section 4.2). A mail may begin with a byte order mark.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.by_ref().take(1).read_to_end(&mut head)?;
    if matches!(head.first(), Some(0..=0x7f | 0xef)) {
        reader.by_ref().take(HEAD - 1).read_to_end(&mut head)?;
    }
    Ok(head)
}

/// What tells a mail from other files.
const HEAD: u64 = 16 << 10;
