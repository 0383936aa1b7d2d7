//! `sealpost open`: sealed files in, a folder of authenticated files out, or nothing.

mod failure;
mod files;
mod keys;
mod outcome;
mod payload;
mod room;
mod source;

pub(super) use self::{
    failure::not_opened,
    keys::{Keys, SECRET_LIMIT, agent_passphrase},
    outcome::{Opened, Signature, judge, tell},
    payload::{inner_signature, spooled},
    room::Room,
    source::Source,
};

use std::{
    io::{self, IsTerminal, Read, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};

use self::{
    files::{Files, Shelf},
    outcome::{Document, Documents, answers, opened},
    payload::Payload,
    source::Watched,
};
use super::{
    Context,
    context::{is_dash, read_capped},
    crowd, target,
};
use crate::{
    bundle::{ExtractOptions, Limits},
    cli::{Open, OpeningOptions},
    confinement::Walls,
    openpgp::{self, Certificate, Message, Opening, read_certificates},
    program::Program,
    terminal::{Exit, Failure, Hint, Progress},
};

/// Opens each file; one that fails does not keep the others from being opened.
pub(super) fn run(args: &Open, context: &Context<'_>) -> Result<Exit, Failure> {
    let mut job = Job::resolve(&args.opening, args.words, context)?;
    if args.output.as_deref().is_some_and(is_dash) {
        return job.raw_to_stdout(&args.sealed, context);
    }
    let files = Files::of(args)?;
    let shelf = Shelf::make(args, &files)?;
    let workers = job.workers(&files);
    let room = Room::with_folders(files.folders()).reading(files.sealed())?;
    job.confine(room.tidying(&shelf), context)?;
    let confinement = job.walls().code();
    let Some(all) = files.several() else {
        let (sealed, folder) = files.only()?;
        let source = Source::file(sealed, &job.room.temporary())?;
        let opened = job.to_folder(source, folder, context)?;
        tell(&opened, context)?;
        context.output.json(&Documents {
            confinement,
            reports: vec![Document::Opened(Box::new(opened))],
        })?;
        return Ok(Exit::Done);
    };
    let done = job.all(all, workers, context);
    shelf.remove_if_empty();
    let (reports, exit) = done?;
    context.output.json(&Documents {
        confinement,
        reports,
    })?;
    Ok(exit)
}

/// What was typed, resolved once for all files.
pub(super) struct Job {
    keys: Keys,
    signers: Vec<Certificate>,
    program: Option<Program>,
    limits: Opening,
    checksums: bool,
    /// Where it may write.
    room: Room,
}

impl Job {
    /// `words` asks for the words of a case.
    pub(super) fn resolve(
        args: &OpeningOptions,
        words: bool,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let program = args
            .to
            .as_deref()
            .map(|name| target::resolve(name, context))
            .transpose()?;
        if let Some(target) = &program {
            target::refuse_if_unencrypted(&target.program)?;
        }
        let mut signers = Vec::new();
        for path in &args.signer {
            let bytes = read_capped(path, target::KEY_LIMIT)
                .with_context(|| format!("cannot read the certificate {}", path.display()))?;
            signers.extend(read_certificates(&path.display().to_string(), &bytes)?);
        }
        Ok(Self {
            keys: Keys::resolve(&args.key, words, context)?,
            signers,
            program: program.map(|target| target.program),
            limits: Opening {
                max_size: args.max_size.map(|mib| mib.saturating_mul(1 << 20)),
            },
            checksums: args.checksums,
            room: Room::default(),
        })
    }

    /// Closes the cage: what a stranger sent is read only after this.
    pub(super) fn confine(&mut self, room: Room, context: &Context<'_>) -> Result<(), Failure> {
        // What it says is told where a key is needed.
        let _listed = self.keys.agent();
        self.room = room.close(context)?;
        Ok(())
    }

    /// How well that is done.
    pub(super) fn walls(&self) -> &Walls {
        self.room.walls()
    }

    /// The keys that open.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The certificates that were named as those of signers.
    pub(super) fn signers(&self) -> &[Certificate] {
        &self.signers
    }

    /// How many files are opened at once: on all cores; gpg-agent does one thing after the other anyway, and asks.
    fn workers(&self, files: &Files) -> usize {
        if self.keys.use_agent() {
            1
        } else {
            crowd::workers(files.several().map_or(1, <[_]>::len))
        }
    }

    /// Opens several files.
    fn all(
        &self,
        files: &[(PathBuf, PathBuf)],
        workers: usize,
        context: &Context<'_>,
    ) -> Result<(Vec<Document>, Exit), Failure> {
        let progress = Progress::steps(context.output, files.len() as u64, "opening");
        let mut documents = Vec::new();
        let mut worst = Exit::Done;
        let work = |(sealed, folder): &(PathBuf, PathBuf)| {
            let source = Source::file(sealed, &self.room.temporary())?;
            self.to_folder(source, folder, context)
        };
        crowd::in_order(files, workers, work, |(sealed, _), done| {
            progress.add(1);
            match done {
                Ok(opened) => {
                    tell(&opened, context)?;
                    // Nobody else wants them, and there may be many.
                    if context.output.is_json() {
                        documents.push(Document::Opened(Box::new(opened)));
                    }
                }
                Err(failure) => {
                    if context.output.is_json() {
                        documents.push(Document::failed(sealed, &failure));
                    } else {
                        let _shown = failure.report(context.output);
                    }
                    if failure.exit().code() > worst.code() {
                        worst = failure.exit();
                    }
                }
            }
            Ok::<_, Failure>(())
        })?;
        Ok((documents, worst))
    }

    /// Begins to decrypt: what is read is not authenticated yet. `name` is for failures.
    pub(super) fn begin(&self, source: Source, context: &Context<'_>) -> Result<Message, Failure> {
        let reader = Watched {
            reader: source.reader,
            progress: Progress::bytes(context.output, source.size, "opening"),
        };
        openpgp::open(reader, self.keys.for_message(context), self.limits)
            .map_err(|why| not_opened(&source.name, why))
    }

    /// Opens `source` into the new folder, which is there once everything is authentic.
    pub(super) fn to_folder(
        &self,
        source: Source,
        folder: &Path,
        context: &Context<'_>,
    ) -> Result<Opened, Failure> {
        let (name, mail) = (source.name.clone(), source.mail);
        let staging = self.room.folder(folder)?;
        let message = self.begin(source, context)?;
        let file_name = message.file_name();
        let options = ExtractOptions {
            limits: Limits::new(u64::MAX),
            suggested_name: file_name.as_deref().filter(|name| *name != b"_CONSOLE"),
            checksums: self.checksums,
        };
        let payload = Payload::extract((&name, mail), message, staging.path(), &options)?;
        let signature = judge(&name, &payload.signature(&self.signers, context))?;
        let program = payload.program(staging.path());
        self.refuse_other_program(&name, program.as_deref())?;
        let answers = answers(&payload, staging.path());
        staging.finish()?;
        if mail.is_some_and(|mail| mail.text_outside) {
            context.output.warn(format!(
                "{name}: there is also text that was not encrypted; it was not read"
            ));
        }
        let opened = opened(name, folder, payload, signature);
        Ok(opened.with_program(program).answering(answers))
    }

    fn refuse_other_program(&self, name: &str, named: Option<&str>) -> Result<(), Failure> {
        match (&self.program, named) {
            (Some(program), Some(named)) if !program.goes_by(named) => Err(Failure::new(
                Exit::Refused,
                anyhow!("{name} is a report for {named}, not for {}", program.id().as_str()),
            )
            .with_hint(Hint::words("whoever sent it may have passed on what was meant for others; leave --to out to open it"))),
            _ => Ok(()),
        }
    }

    /// The decrypted content as it is, once it is authenticated.
    fn raw_to_stdout(
        &mut self,
        sealed: &[PathBuf],
        context: &Context<'_>,
    ) -> Result<Exit, Failure> {
        let [sealed] = sealed else {
            return Err(Failure::new(
                Exit::Usage,
                anyhow!("only one report at a time fits into stdout"),
            ));
        };
        if context.output.is_json() {
            return Err(Failure::new(
                Exit::Usage,
                anyhow!("--json and the content both want stdout"),
            ));
        }
        if io::stdout().is_terminal() {
            let what = anyhow!("the content is a stranger's, and stdout is a terminal");
            return Err(Failure::new(Exit::Usage, what).with_hint(Hint::words(
                "send it through a pipe, as in -o - | less, or name a folder",
            )));
        }
        let room = Room::with_stdout()?.reading([&**sealed])?;
        self.confine(room, context)?;
        let source = Source::file(sealed, &self.room.temporary())?;
        let name = source.name.clone();
        let mut message = self.begin(source, context)?;
        // Without a name from the start, so that nothing is left behind whatever happens.
        let mut spool =
            tempfile::tempfile_in(self.room.temporary()).context("cannot make a temporary file")?;
        copy(&mut message, &mut spool).map_err(|fault| match fault {
            Fault::Read(error) => not_opened(&name, message.explain(error)),
            Fault::Write(error) => anyhow::Error::new(error)
                .context("cannot write a temporary file")
                .into(),
        })?;
        let authenticated = message.finish().map_err(|why| not_opened(&name, why))?;
        let signature = judge(
            &name,
            &authenticated.signature(&self.signers, &[], context.now),
        )?;
        context.output.say(format!("{name}: {}", signature.words));
        spool.rewind()?;
        copy(&mut spool, &mut context.output.bytes())
            .map_err(|fault| match fault {
                Fault::Read(error) | Fault::Write(error) => anyhow::Error::new(error),
            })
            .context("cannot write to standard output")?;
        Ok(Exit::Done)
    }
}

enum Fault {
    Read(io::Error),
    Write(io::Error),
}

fn copy(from: &mut dyn Read, to: &mut dyn Write) -> Result<(), Fault> {
    let mut buffer = vec![0; 128 << 10];
    loop {
        match from.read(&mut buffer).map_err(Fault::Read)? {
            0 => return to.flush().map_err(Fault::Write),
            n => to.write_all(&buffer[..n]).map_err(Fault::Write)?,
        }
    }
}
