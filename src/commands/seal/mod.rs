//! `sealpost seal`: report and attachments in, one sealed file out.

mod addressee;
mod author;
mod destination;

use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde::Serialize;

pub(super) use self::author::own_signer;
use self::{
    author::Author,
    destination::{Destination, write},
};
use super::{
    Context,
    context::{is_dash, read_capped},
    target::{self, Target},
    vendor,
};
use crate::{
    bundle::{Attached, Bundle, BundleHeader},
    cli::Seal,
    openpgp::{self, Envelope},
    report::Report,
    terminal::{Exit, Failure, Hint, escape::brief},
};

/// Seals.
pub(super) fn run(args: &Seal, context: &Context<'_>) -> Result<Exit, Failure> {
    let report = read_report(&args.report)?;
    let vendor = args
        .to
        .as_deref()
        .map(|name| vendor::resolve(name, context))
        .transpose()?;
    if let Some(vendor) = &vendor {
        target::refuse_if_unencrypted(&vendor.target.program)?;
    }
    let program = intended_program(&report, vendor.as_ref().map(|vendor| &vendor.target))?;
    let destination = Destination::resolve(args, context)?;
    let author = Author::resolve(args, context)?;
    let envelope = addressee::envelope(args, vendor.as_ref(), context)?.armored(args.armor);
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
    /// The file; with stdout there is no JSON, so never null.
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
        output.say(format!("sealed for {}", brief(name)));
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
