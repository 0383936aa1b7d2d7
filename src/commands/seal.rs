//! `sealpost seal`: report and attachments in, one sealed file out.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::{
    Context, addressee,
    context::{is_dash, read_capped},
    target::{self, Target},
};
use crate::{
    bundle::{Attached, Bundle, BundleError, BundleHeader},
    case::CaseSecret,
    cli::Seal,
    disk::{Overwrite, PendingFile, SecretFile},
    openpgp::{self, Certificate, Envelope, Fingerprint, PassphraseFor, Signer},
    report::Report,
    terminal::{Exit, Failure, Hint, OrFail, Progress},
};

/// Seals.
pub(super) fn run(args: &Seal, context: &Context<'_>) -> Result<Exit, Failure> {
    let report = read_report(&args.report)?;
    let target = args
        .to
        .as_deref()
        .map(|name| target::resolve(name, context))
        .transpose()?;
    if let Some(target) = &target {
        target::refuse_if_unencrypted(&target.program)?;
    }
    let program = intended_program(&report, target.as_ref())?;
    let destination = Destination::resolve(args, context)?;
    let author = Author::resolve(args, context)?;
    let envelope = addressee::envelope(args, target.as_ref(), context)?.armored(args.armor);
    let mut bundle = Bundle::new(BundleHeader {
        report_md: report.source().as_bytes().to_vec(),
        report_json: serde_json::to_vec_pretty(&report.to_json())?,
        reporter: Some(author.certificate.to_armored()?),
        program,
        created: context.today(),
    })?;
    let attached = attach(&mut bundle, args, context)?;
    warn_of_missing_sections(&report, context);
    let signed_by = author
        .signer
        .as_ref()
        .map(|signer| signer.certificate().fingerprint());
    let size = write(&bundle, &envelope, author.signer, &destination, context)?;
    let done = Sealed {
        sealed: destination.shown(),
        size,
        container: envelope.container().to_string(),
        recipients: recipients(&envelope),
        hidden: envelope.hides_recipients(),
        signed_by: signed_by.map(|fingerprint| fingerprint.to_string()),
        attachments: attached.iter().map(Attachment::from).collect(),
        case_words: author.words,
    };
    tell(&done, context)?;
    Ok(Exit::Done)
}

/// What `--json` prints.
#[derive(Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "member names that scripts rely on"
)]
struct Sealed {
    /// The file; null for stdout.
    sealed: Option<String>,
    /// Its size in bytes.
    size: u64,
    /// `SEIPDv1` or `SEIPDv2`.
    container: String,
    recipients: Vec<Recipient>,
    /// Whether the message does not name its recipients.
    hidden: bool,
    /// The fingerprint of the signer's certificate.
    signed_by: Option<String>,
    attachments: Vec<Attachment>,
    /// The words that recover the case's key; null with `--sign-with`.
    case_words: Option<String>,
}

#[derive(Serialize)]
struct Recipient {
    fingerprint: String,
    /// The primary User ID; null where there is no valid one.
    user_id: Option<String>,
    user_ids: Vec<String>,
    encryption_key: String,
    algorithm: String,
    expires: Option<jiff::Timestamp>,
}

#[derive(Serialize)]
struct Attachment {
    file: String,
    name: String,
    size: u64,
}

impl From<&Attached> for Attachment {
    fn from(attached: &Attached) -> Self {
        Self {
            file: attached.original().display().to_string(),
            name: attached.name().to_owned(),
            size: attached.size(),
        }
    }
}

/// Who writes: the key that signs, if any, and the certificate to answer to.
struct Author {
    signer: Option<Signer>,
    certificate: Certificate,
    words: Option<String>,
}

impl Author {
    fn resolve(args: &Seal, context: &Context<'_>) -> Result<Self, Failure> {
        if let Some(own) = &args.sign_with {
            let signer = own_signer(own, context)?;
            let certificate = signer.certificate().clone();
            return Ok(Self {
                signer: Some(signer),
                certificate,
                words: None,
            });
        }
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy)
            .map_err(|why| anyhow!("no randomness from the system: {why}"))?;
        let case = CaseSecret::from_entropy(entropy);
        let key = openpgp::case_key(&case.signing_seed(), &case.reply_seed())?;
        let signer = if args.unsigned {
            None
        } else {
            Some(
                key.signer(context.now, &mut |_, _| Ok(None))?
                    .rounded_to_day(),
            )
        };
        let words = Some(case.words().to_string());
        Ok(Self {
            signer,
            certificate: key.certificate(),
            words,
        })
    }
}

/// The reporter's own key: held by gpg-agent if it is named by fingerprint, else a file.
fn own_signer(own: &str, context: &Context<'_>) -> Result<Signer, Failure> {
    let mut ask = |what: &PassphraseFor, attempt| context.ask(what, attempt);
    if let Ok(fingerprint) = own.parse::<Fingerprint>() {
        return Ok(openpgp::agent_signer(&fingerprint, None, context.now)?);
    }
    let file = SecretFile::read(Path::new(own), super::open_keys::SECRET_LIMIT)?;
    if let Some(exposure) = file.exposure() {
        context.output.warn(exposure);
    }
    let keys = openpgp::read_secret_keys(own, file.expose())?;
    let key = keys
        .first()
        .ok_or_else(|| anyhow!("{own} holds no secret key"))?;
    key.signer(context.now, &mut ask)
        .exit(Exit::NotAuthenticated)
}

fn read_report(path: &Path) -> Result<Report, Failure> {
    let name = if is_dash(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    if path.is_dir() {
        return Err(anyhow!("{name} is a directory, not a report").into());
    }
    let bytes = read_capped(path, Report::LIMIT as u64)
        .with_context(|| format!("cannot read the report {name}"))?;
    let text = std::str::from_utf8(&bytes).map_err(|why| {
        let line = bytes[..why.valid_up_to()]
            .split(|byte| *byte == b'\n')
            .count();
        anyhow!("{name}:{line}: not UTF-8 text")
    })?;
    Report::parse(&name, text).map_err(Failure::from)
}

fn warn_of_missing_sections(report: &Report, context: &Context<'_>) {
    let missing: Vec<_> = report
        .missing_sections()
        .iter()
        .map(|section| section.title())
        .collect();
    if !missing.is_empty() {
        context.output.warn(format!(
            "the report says nothing under: {}",
            missing.join(", ")
        ));
    }
}

/// The program that the bundle says it is for. A report that names another one is not sealed.
fn intended_program(report: &Report, target: Option<&Target>) -> Result<Option<String>, Failure> {
    let Some(target) = target else {
        return Ok(report.program().map(str::to_owned));
    };
    let id = target.program.id().as_str();
    match report.program() {
        Some(named) if !target.program.goes_by(named) => Err(Failure::new(
            Exit::Refused,
            anyhow!("the report says that it is for {named}, and --to says {id}"),
        )
        .with_hint(Hint::words(
            "change the field `program` of the report, or --to",
        ))),
        _ => Ok(Some(id.to_owned())),
    }
}

fn attach(
    bundle: &mut Bundle,
    args: &Seal,
    context: &Context<'_>,
) -> Result<Vec<Attached>, Failure> {
    let mut attached = Vec::new();
    for path in &args.attach {
        let one = bundle.attach(path)?;
        if one.renamed() {
            context.output.warn(format!(
                "{} is called {} inside",
                path.display(),
                one.name()
            ));
        }
        attached.push(one);
    }
    Ok(attached)
}

/// Where the sealed report goes.
enum Destination {
    Stdout,
    File(PathBuf, Overwrite),
}

impl Destination {
    fn resolve(args: &Seal, context: &Context<'_>) -> Result<Self, Failure> {
        let path = match &args.output {
            Some(path) => path.clone(),
            None if is_dash(&args.report) => PathBuf::from("-"),
            None => args
                .report
                .with_extension(if args.armor { "asc" } else { "pgp" }),
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

    fn shown(&self) -> Option<String> {
        match self {
            Self::Stdout => None,
            Self::File(path, _) => Some(path.display().to_string()),
        }
    }
}

/// Streams the bundle through the envelope; gives the size of the sealed report.
fn write(
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
    let bundled = bundle.write_to(&mut sealing, &mut |now| {
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

fn recipients(envelope: &Envelope) -> Vec<Recipient> {
    let describe = |recipient: &openpgp::Recipient| {
        let key = recipient.encryption_key();
        Recipient {
            fingerprint: recipient.certificate().fingerprint().to_string(),
            user_id: recipient.primary_user_id().map(str::to_owned),
            user_ids: recipient.certificate().user_ids().collect(),
            encryption_key: key.fingerprint.to_string(),
            algorithm: key.algorithm,
            expires: key.expires,
        }
    };
    envelope.recipients().iter().map(describe).collect()
}

fn tell(done: &Sealed, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    output.json(done)?;
    for recipient in &done.recipients {
        let name = recipient.user_id.as_deref().unwrap_or("(no User ID)");
        output.say(format!("sealed for {name}"));
        output.say(format!("       key {}", recipient.fingerprint));
    }
    if done.recipients.is_empty() {
        output.say("sealed with the passphrase");
    }
    let place = done.sealed.as_deref().unwrap_or("standard output");
    let files = done.attachments.len();
    output.say(format!(
        "        as {place}: {} bytes, {files} attachment{}, {}",
        done.size,
        if files == 1 { "" } else { "s" },
        done.container,
    ));
    if let Some(words) = done.case_words.as_ref().filter(|_| !output.is_json()) {
        output.notice(format!("case words: {words}"));
        output.say(
            "keep them secret and safe: they alone open the answer (sealpost open ANSWER --words)",
        );
    }
    Ok(())
}
