//! Where the sealed report goes: a file that appears whole or not at all, or stdout.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use anyhow::anyhow;

use crate::{
    bundle::{Bundle, BundleError},
    cli::Seal,
    commands::{Context, context::is_dash},
    disk::{Overwrite, PendingFile},
    openpgp::{Envelope, Signer},
    terminal::{Exit, Failure, Hint, Progress},
};

/// Where the sealed report goes.
pub(super) enum Destination {
    Stdout,
    File(PathBuf, Overwrite),
}

impl Destination {
    pub(super) fn resolve(args: &Seal, context: &Context<'_>) -> Result<Self, Failure> {
        let path = match &args.output {
            Some(path) => path.clone(),
            None if is_dash(&args.report) => PathBuf::from("-"),
            // Not the report's own name, which may name the finding.
            None => args.report.with_file_name(if args.armor {
                "report.asc"
            } else {
                "report.pgp"
            }),
        };
        if is_dash(&path) {
            if context.output.is_json() {
                return Err(Failure::new(
                    Exit::Usage,
                    anyhow!("--json and the sealed report both want stdout"),
                )
                .with_hint(Hint::words("name a file with -o OUT")));
            }
            if io::stdout().is_terminal() && !args.armor {
                return Err(Failure::new(
                    Exit::Usage,
                    anyhow!("a sealed report is binary, and stdout is a terminal"),
                )
                .with_hint(Hint::words("name a file with -o OUT, or add --armor")));
            }
            return Ok(Self::Stdout);
        }
        let overwrite = if args.force {
            Overwrite::Replace
        } else {
            Overwrite::Refuse
        };
        if !args.force && path.is_file() {
            return Err(Failure::from(anyhow!("{} exists already", path.display()))
                .with_hint(Hint::words("name another file with -o OUT, or add --force")));
        }
        Ok(Self::File(path, overwrite))
    }

    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Self::Stdout => None,
            Self::File(path, _) => Some(path.display().to_string()),
        }
    }
}

/// Streams the bundle through the envelope; gives the size of the sealed report.
pub(super) fn write(
    bundle: &Bundle,
    envelope: &Envelope,
    signer: Option<Signer>,
    destination: &Destination,
    context: &Context<'_>,
) -> Result<u64, Failure> {
    let out: Box<dyn Publish> = match destination {
        Destination::Stdout => Box::new(io::stdout()),
        Destination::File(path, overwrite) => Box::new(PendingFile::create(path, *overwrite)?),
    };
    let mut sealing = envelope.seal(Counted { out, written: 0 }, signer, context.now)?;
    let place = destination
        .shown()
        .unwrap_or_else(|| "standard output".to_owned());
    let cannot_write = |error: anyhow::Error| error.context(format!("cannot write {place}"));
    let progress = Progress::bytes(context.output, Some(bundle.size()), "sealing");
    let mut before = 0;
    let bundled = bundle.stream_to(&mut sealing, &mut |now| {
        progress.add(now - before);
        before = now;
    });
    bundled.map_err(|error| match error {
        BundleError::Write(error) => cannot_write(error.into()),
        other => other.into(),
    })?;
    let counted = sealing
        .finish()
        .map_err(|error| cannot_write(error.into()))?;
    counted.out.publish().map_err(cannot_write)?;
    Ok(counted.written)
}

/// An output that becomes visible, or is complete, only at the end.
trait Publish: Write + Send {
    fn publish(self: Box<Self>) -> anyhow::Result<()>;
}

impl Publish for PendingFile {
    fn publish(self: Box<Self>) -> anyhow::Result<()> {
        Ok(self.finish()?)
    }
}

impl Publish for io::Stdout {
    fn publish(mut self: Box<Self>) -> anyhow::Result<()> {
        Ok(self.flush()?)
    }
}

/// An output with the count of what went into it.
struct Counted {
    out: Box<dyn Publish>,
    written: u64,
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n = self.out.write(buffer)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
