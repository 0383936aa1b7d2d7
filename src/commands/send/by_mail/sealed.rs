//! A mail while it is sealed: its bytes into a file, their number and their digest.

use std::{
    fs::File,
    io::{self, Seek, Write},
};

use sha2::{Digest, Sha256};

use crate::{
    commands::Context,
    mail::compose::{ReportMail, Sealer},
    terminal::{Failure, Progress},
};

/// A mail that was sealed.
pub(super) struct Sealed<W> {
    pub(super) out: W,
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
}

/// Seals a mail into `out`.
pub(super) fn seal<W: Write + Send + 'static>(
    mail: &ReportMail<'_>,
    sealer: Sealer<'_>,
    out: W,
    context: &Context<'_>,
) -> Result<Sealed<W>, Failure> {
    let progress = Progress::bytes(context.output, Some(mail.payload_size()?), "sealing");
    let digested = Digested {
        out,
        digest: Sha256::new(),
        written: 0,
    };
    let done = mail.seal(digested, sealer, &mut |now| progress.at(now))?;
    Ok(Sealed {
        size: done.written,
        sha256: done.digest.finalize().into(),
        out: done.out,
    })
}

/// The file from its first byte.
pub(super) fn rewound(mut file: File) -> io::Result<File> {
    file.rewind()?;
    Ok(file)
}

struct Digested<W> {
    out: W,
    digest: Sha256,
    written: u64,
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n = self.out.write(buffer)?;
        self.digest.update(buffer.get(..n).unwrap_or_default());
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
