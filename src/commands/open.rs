//! `sealpost open`: sealed files in, a folder of authenticated files out, or nothing.

use std::{
    fs::{DirBuilder, File},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::{Context, context::is_dash, open_keys::Keys, target};
use crate::{
    bundle::{Contents, ExtractError, ExtractOptions, Limits, Shape, extract},
    cli::Open,
    disk::PendingFolder,
    openpgp::{
        self, Authenticated, Certificate, Message, OpenError, Opening, SignatureVerdict,
        read_certificates,
    },
    program::Program,
    terminal::{Exit, Failure, Hint, OrFail, Progress},
};

/// Opens each file; one that fails does not keep the others from being opened.
pub(super) fn run(args: &Open, context: &Context<'_>) -> Result<Exit, Failure> {
    let job = Job::resolve(args, context)?;
    if args.output.as_deref().is_some_and(is_dash) {
        return job.to_stdout(&args.sealed, context);
    }
    let shelf = Shelf::make(args)?;
    let mut documents = Vec::new();
    let mut worst = None;
    let folders = folders(args);
    for (sealed, folder) in args.sealed.iter().zip(folders) {
        match job.to_folder(sealed, &folder, context) {
            Ok(opened) => {
                tell(&opened, context)?;
                documents.push(Document::Opened(Box::new(opened)));
            }
            Err(failure) if args.sealed.len() == 1 => return Err(failure),
            Err(failure) => {
                if !context.output.is_json() {
                    let _shown = failure.report(context.output);
                }
                documents.push(Document::failed(sealed, &failure));
                worst = worst.or(Some(failure.exit()));
            }
        }
    }
    shelf.remove_if_empty();
    context.output.json(&Documents { reports: documents })?;
    Ok(worst.unwrap_or(Exit::Done))
}

/// What `--json` prints: one member for each file, in the order given.
#[derive(Serialize)]
struct Documents {
    reports: Vec<Document>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Document {
    Opened(Box<Opened>),
    Failed {
        sealed: String,
        error: String,
        exit: u8,
    },
}

impl Document {
    fn failed(sealed: &Path, failure: &Failure) -> Self {
        Self::Failed {
            sealed: sealed.display().to_string(),
            error: format!("{:#}", failure.error()),
            exit: failure.exit().code(),
        }
    }
}

/// One opened report.
#[derive(Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "member names that scripts rely on"
)]
struct Opened {
    sealed: String,
    folder: String,
    /// Key IDs and fingerprints that the message names.
    recipients: Vec<String>,
    hidden_recipients: usize,
    /// The fingerprint of the certificate that opened it; null for a passphrase.
    opened_by: Option<String>,
    signature: Signature,
    /// `bundle`, `archive`, `text` or `file`.
    content: &'static str,
    program: Option<String>,
    created: Option<String>,
    size: u64,
    files: Vec<OpenedFile>,
}

#[derive(Serialize)]
struct Signature {
    /// `verified`, `unsigned` or `unknown-signer`; a bad one is never opened.
    verdict: &'static str,
    signer: Option<String>,
    /// `given` or `enclosed`.
    origin: Option<&'static str>,
    at: Option<jiff::Timestamp>,
    #[serde(skip)]
    words: String,
}

#[derive(Serialize)]
struct OpenedFile {
    path: String,
    size: u64,
    sha256: Option<String>,
}

/// What was typed, resolved once for all files.
struct Job {
    keys: Keys,
    signers: Vec<Certificate>,
    program: Option<Program>,
    limits: Opening,
    checksums: bool,
}

impl Job {
    fn resolve(args: &Open, context: &Context<'_>) -> Result<Self, Failure> {
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
            let bytes = std::fs::read(path)
                .with_context(|| format!("cannot read the certificate {}", path.display()))?;
            signers.extend(read_certificates(&path.display().to_string(), &bytes)?);
        }
        Ok(Self {
            keys: Keys::resolve(args, context)?,
            signers,
            program: program.map(|target| target.program),
            limits: Opening {
                max_size: args.max_size.map(|mib| mib.saturating_mul(1 << 20)),
            },
            checksums: args.checksums,
        })
    }

    fn to_folder(
        &self,
        sealed: &Path,
        folder: &Path,
        context: &Context<'_>,
    ) -> Result<Opened, Failure> {
        let name = name(sealed);
        let (reader, size) = input(sealed)?;
        let staging =
            PendingFolder::create(folder).hint(Hint::words("name a new folder with -o DIR"))?;
        let progress = Progress::bytes(context.output, size, "opening");
        let reader = Watched { reader, progress };
        let mut message = openpgp::open(reader, self.keys.for_message(context), self.limits)
            .map_err(|why| not_opened(&name, why))?;
        let file_name = message.file_name();
        let options = ExtractOptions {
            limits: Limits::new(u64::MAX),
            suggested_name: file_name.as_deref().filter(|name| *name != b"_CONSOLE"),
            checksums: self.checksums,
        };
        let contents = extract(&mut message, staging.path(), &options)
            .map_err(|why| not_extracted(&name, why, &message))?;
        let authenticated = message.finish().map_err(|why| not_opened(&name, why))?;
        let signature = self.signature(&name, &authenticated, &contents, context)?;
        self.refuse_other_program(&name, &contents)?;
        staging.finish()?;
        Ok(opened(name, folder, &authenticated, signature, &contents))
    }

    /// The verdict on the signature; a bad one refuses the message.
    fn signature(
        &self,
        name: &str,
        authenticated: &Authenticated,
        contents: &Contents,
        context: &Context<'_>,
    ) -> Result<Signature, Failure> {
        let enclosed = contents
            .reporter
            .as_deref()
            .map(|bytes| read_certificates("reporter.asc", bytes));
        let enclosed = enclosed.and_then(Result::ok).unwrap_or_default();
        judge(
            name,
            &authenticated.signature(&self.signers, &enclosed, context.now),
        )
    }

    fn refuse_other_program(&self, name: &str, contents: &Contents) -> Result<(), Failure> {
        let named = contents
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.program());
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
    fn to_stdout(&self, sealed: &[PathBuf], context: &Context<'_>) -> Result<Exit, Failure> {
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
        let name = name(sealed);
        let (reader, size) = input(sealed)?;
        let reader = Watched {
            reader,
            progress: Progress::bytes(context.output, size, "opening"),
        };
        let mut message = openpgp::open(reader, self.keys.for_message(context), self.limits)
            .map_err(|why| not_opened(&name, why))?;
        // Without a name from the start, so that nothing is left behind whatever happens.
        let mut spool = tempfile::tempfile().context("cannot make a temporary file")?;
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

/// Shows how far the reading has come.
struct Watched {
    reader: Box<dyn Read + Send + Sync>,
    progress: Progress,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.progress.add(n as u64);
        Ok(n)
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

fn name(sealed: &Path) -> String {
    if is_dash(sealed) {
        "standard input".to_owned()
    } else {
        sealed.display().to_string()
    }
}

fn input(sealed: &Path) -> Result<(Box<dyn Read + Send + Sync>, Option<u64>), Failure> {
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

/// The folder that takes one folder for each of several files.
struct Shelf<'a>(Option<&'a Path>);

impl<'a> Shelf<'a> {
    fn make(args: &'a Open) -> Result<Self, Failure> {
        let Some(folder) = args.output.as_deref().filter(|_| args.sealed.len() > 1) else {
            return Ok(Self(None));
        };
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(folder) {
            Ok(()) => Ok(Self(Some(folder))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Self(None)),
            Err(error) => {
                let context = format!("cannot create {}", folder.display());
                Err(anyhow::Error::new(error).context(context).into())
            }
        }
    }

    /// Nothing stays behind where nothing was opened.
    fn remove_if_empty(&self) {
        if let Some(folder) = self.0 {
            let _in_use = std::fs::remove_dir(folder);
        }
    }
}

/// One output folder for each file: DIR itself for one, folders named after the files for several.
fn folders(args: &Open) -> Vec<PathBuf> {
    let mut taken: Vec<PathBuf> = Vec::new();
    for sealed in &args.sealed {
        let stem = if is_dash(sealed) {
            None
        } else {
            sealed.file_stem()
        };
        let stem = stem.map_or_else(
            || "report".into(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        let stem = if sealed.extension().is_none() {
            format!("{stem}-opened")
        } else {
            stem
        };
        let folder = match &args.output {
            Some(output) if args.sealed.len() == 1 => output.clone(),
            Some(output) => output.join(&stem),
            None if is_dash(sealed) => PathBuf::from("report"),
            None => sealed.with_file_name(&stem),
        };
        let mut free = folder.clone();
        let mut number = 2;
        while taken.contains(&free) {
            free = folder.with_file_name(format!("{stem}-{number}"));
            number += 1;
        }
        taken.push(free);
    }
    taken
}

fn not_opened(name: &str, why: OpenError) -> Failure {
    let exit = if why.is_unauthenticated() {
        Exit::NotAuthenticated
    } else {
        Exit::Failed
    };
    let hint = match &why {
        OpenError::NotForUs { .. } => {
            Some("name the secret key with --key FILE, or import it into GnuPG")
        }
        OpenError::Damaged(_) => Some("ask the sender to send it again; nothing of it was kept"),
        OpenError::TooLarge { .. } => Some("if you expect so much, raise --max-size MIB"),
        OpenError::NotEncrypted => Some("if it was to be secret, tell the sender that it was not"),
        OpenError::Unsupported { .. } => {
            Some("try gpg -d, or ask the sender to seal it with sealpost")
        }
        _ => None,
    };
    let failure = Failure::from(anyhow::Error::new(why).context(format!("cannot open {name}")))
        .with_exit(exit);
    match hint {
        Some(hint) => failure.with_hint(Hint::words(hint)),
        None => failure,
    }
}

fn not_extracted(name: &str, why: ExtractError, message: &Message) -> Failure {
    match why {
        ExtractError::Read(error) => not_opened(name, message.explain(error)),
        ExtractError::Write { .. } => Failure::from(why),
        refused => Failure::new(
            Exit::NotAuthenticated,
            anyhow::Error::new(refused).context(format!(
                "{name} is not a report that can be extracted safely"
            )),
        )
        .with_hint(Hint::words(
            "look at the raw content with -o - | less, or ask the sender what it is",
        )),
    }
}

/// A verdict in words; a bad signature is a failure.
fn judge(name: &str, verdict: &SignatureVerdict) -> Result<Signature, Failure> {
    let (code, words) = match verdict {
        SignatureVerdict::Verified { signer, origin, .. } => (
            "verified",
            format!("signed by {signer}, verified ({origin})"),
        ),
        SignatureVerdict::Unsigned => ("unsigned", "not signed".to_owned()),
        SignatureVerdict::UnknownSigner { issuers } => {
            let issuers: Vec<_> = issuers.iter().map(ToString::to_string).collect();
            let issuers = if issuers.is_empty() {
                "a key it does not name".to_owned()
            } else {
                issuers.join(", ")
            };
            (
                "unknown-signer",
                format!(
                    "NOT verified: signed by {issuers}, whose certificate is not at hand (--signer CERT)"
                ),
            )
        }
        SignatureVerdict::Bad { why } => {
            return Err(Failure::new(
                Exit::NotAuthenticated,
                anyhow!("{name}: bad signature: {why}"),
            )
            .with_hint(Hint::words(
                "nothing of it was kept; ask the sender to send it again",
            )));
        }
    };
    let verified = match verdict {
        SignatureVerdict::Verified { signer, origin, at } => {
            Some((signer.to_string(), *origin, *at))
        }
        _ => None,
    };
    Ok(Signature {
        verdict: code,
        signer: verified.as_ref().map(|(signer, ..)| signer.clone()),
        origin: verified.as_ref().map(|(_, origin, _)| match origin {
            openpgp::SignerOrigin::Given => "given",
            openpgp::SignerOrigin::Enclosed => "enclosed",
        }),
        at: verified.map(|(.., at)| at),
        words,
    })
}

fn opened(
    sealed: String,
    folder: &Path,
    authenticated: &Authenticated,
    signature: Signature,
    contents: &Contents,
) -> Opened {
    let files: Vec<_> = contents
        .files
        .iter()
        .map(|file| OpenedFile {
            path: file.path.display().to_string(),
            size: file.size,
            sha256: file.sha256.map(|hash| {
                hash.iter()
                    .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
            }),
        })
        .collect();
    let manifest = contents.manifest.as_ref();
    Opened {
        sealed,
        folder: folder.display().to_string(),
        recipients: authenticated
            .recipients
            .keys
            .iter()
            .map(ToString::to_string)
            .collect(),
        hidden_recipients: authenticated.recipients.hidden,
        opened_by: authenticated
            .opened_by
            .as_ref()
            .map(|c| c.fingerprint().to_string()),
        signature,
        content: match contents.shape {
            Shape::Bundle => "bundle",
            Shape::Archive => "archive",
            Shape::Text => "text",
            Shape::File => "file",
        },
        program: manifest.and_then(|manifest| manifest.program().map(str::to_owned)),
        created: manifest.map(|manifest| manifest.created().to_string()),
        size: files.iter().map(|file| file.size).sum(),
        files,
    }
}

fn tell(opened: &Opened, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    let to = match (&opened.recipients[..], opened.hidden_recipients) {
        ([], 0) => "whoever knows the passphrase".to_owned(),
        ([], n) => format!("{n} hidden recipient{}", if n == 1 { "" } else { "s" }),
        (keys, _) => keys.join(", "),
    };
    let mut fields = vec![
        (
            "opened",
            format!("{} into {}", opened.sealed, opened.folder),
        ),
        ("sealed for", to),
        ("signature", opened.signature.words.clone()),
        (
            "size",
            match opened.files.len() {
                1 => format!("{} bytes in one file", opened.size),
                files => format!("{} bytes in {files} files", opened.size),
            },
        ),
    ];
    if let Some(key) = &opened.opened_by {
        fields.insert(2, ("opened by", key.clone()));
    }
    if let Some(program) = &opened.program {
        fields.push(("meant for", program.clone()));
    }
    if let Some(created) = &opened.created {
        fields.push(("created", created.clone()));
    }
    output.print_fields(&fields)?;
    for file in &opened.files {
        match &file.sha256 {
            Some(hash) => output.print(format!("  {hash}  {:>12}  {}", file.size, file.path))?,
            None => output.print(format!("  {:>12}  {}", file.size, file.path))?,
        }
    }
    Ok(())
}
