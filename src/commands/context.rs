//! What every command is handed: the streams, the prompts, the home folder, the clock.

use std::{
    io::{self, Read},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::SystemTime,
};

use anyhow::Context as _;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use zeroize::Zeroizing;

use crate::{
    disk::{Cases, Entry, Home, VaultError},
    network::ProxyUrl,
    openpgp::{Passphrase, PassphraseFor},
    terminal::{Exit, Failure, Hint, Output, Passphrases, Secret, escape::brief},
};

/// What every command is handed.
pub struct Context<'a> {
    /// The streams of the process.
    pub output: &'a Output,
    /// Where passphrases come from.
    pub passphrases: Passphrases,
    /// The user's own profiles.
    pub home: Home,
    /// Whether nobody may be asked.
    pub offline: bool,
    /// The proxy that everything goes through.
    pub proxy: Option<ProxyUrl>,
    /// The time at which the command began.
    pub now: SystemTime,
    /// What may be remembered of this command.
    pub memory: Memory,
    /// Whether the process ends with this command: only then a cage may close around it.
    pub is_last: bool,
}

/// What waits in the outbox, and the names of what is there and cannot be read.
type Waiting = (Vec<(String, Entry)>, Vec<String>);

/// Whether anything may be written into the home folder.
#[derive(Debug, Default)]
pub struct Memory(AtomicBool);

impl Context<'_> {
    /// The day of [`Context::now`] in UTC.
    pub(super) fn today(&self) -> Date {
        let now = Timestamp::try_from(self.now).unwrap_or(Timestamp::UNIX_EPOCH);
        now.to_zoned(TimeZone::UTC).date()
    }

    /// [`Context::now`], for what is kept and compared.
    pub(super) fn time(&self) -> anyhow::Result<Timestamp> {
        Timestamp::try_from(self.now).context("the clock of this machine is out of its range")
    }

    /// From here on, nothing is written into the home folder.
    pub(super) fn leave_no_trace(&self) {
        self.memory.0.store(true, Ordering::Relaxed);
    }

    /// Whether pins and certificates may be written down.
    pub(super) fn may_remember(&self) -> bool {
        !self.memory.0.load(Ordering::Relaxed)
    }

    /// The cases, readable: asks for their passphrase where they have one.
    pub(super) fn cases(&self) -> Result<Cases, Failure> {
        let cases = self.home.cases(self.now)?;
        let mut ask = |attempt: u32| {
            if attempt as usize >= self.passphrases.attempts() {
                return Ok(None);
            }
            if attempt > 0 {
                self.output.warn("wrong passphrase");
            }
            let secret = self
                .output
                .without_progress(|| self.passphrases.ask("passphrase of the cases"))?;
            Ok(Some(passphrase(&secret)))
        };
        match cases.unlock(&mut ask) {
            Ok(()) => Ok(cases),
            Err(why @ VaultError::WrongPassphrase) => {
                Err(Failure::new(Exit::NotAuthenticated, why))
            }
            Err(why) => Err(why.into()),
        }
    }

    /// What is in the outbox; each name of what cannot be read is told.
    pub(super) fn outbox(&self) -> Result<Waiting, Failure> {
        let entries = self.home.outbox().list()?;
        let unreadable = entries.unreadable.into_iter().map(|(name, why)| {
            let why = anyhow::Error::new(why);
            self.output
                .warn(format!("{name} in the outbox cannot be read: {why:#}"));
            name
        });
        Ok((entries.whole, unreadable.collect()))
    }

    /// The cases for one more, which needs no passphrase.
    pub(super) fn cases_to_keep(&self) -> Result<Cases, Failure> {
        let cases = self.home.cases(self.now)?;
        match cases.refuse_without_lock() {
            Ok(()) => Ok(cases),
            Err(why) => Err(Failure::from(why).with_hint(Hint::words(
                "put it back from a copy, or forget the cases that are locked: sealpost case list names them",
            ))),
        }
    }

    /// Asks for the passphrase of `what`: as often as makes sense, then `None`.
    pub(super) fn ask(
        &self,
        what: &PassphraseFor,
        attempt: u32,
    ) -> anyhow::Result<Option<Passphrase>> {
        if attempt as usize >= self.passphrases.attempts() {
            return Ok(None);
        }
        if attempt > 0 {
            self.output.warn("wrong passphrase");
        }
        let prompt = format!("passphrase for {}", brief(&what.to_string()));
        let secret = self
            .output
            .without_progress(|| self.passphrases.ask(&prompt))?;
        Ok(Some(passphrase(&secret)))
    }
}

pub(super) fn passphrase(secret: &Secret) -> Passphrase {
    Zeroizing::new(secret.expose().to_owned()).into()
}

/// Whether a path stands for stdin or stdout.
pub(super) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// All of a file, or of stdin, up to `limit` bytes.
pub(super) fn read_capped(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let reader: Box<dyn Read> = if is_dash(path) {
        Box::new(io::stdin().lock())
    } else {
        let file = std::fs::File::open(path)?;
        // Grown at once: growing step by step would leave copies of the report in freed memory.
        bytes.reserve_exact(usize::try_from(file.metadata()?.len().min(limit) + 1).unwrap_or(0));
        Box::new(file)
    };
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("larger than {limit} bytes")));
    }
    Ok(bytes)
}
