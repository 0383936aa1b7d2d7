//! `sealpost seal`: report and attachments in, one sealed file out.

mod destination;

use serde::Serialize;

use self::destination::{Destination, write};
use super::{
    Context,
    sealing::{
        Attachment, Attachments, Author, Recipient, bundle, envelope, intended_program, new_case,
        read_report, recipients, warn_of_missing_sections,
    },
    target, vendor,
};
use crate::{
    cli::Seal,
    terminal::{Exit, Failure, escape::brief},
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
    let (author, words) = if let Some(own) = &args.sign_with {
        (Author::own(own, context)?, None)
    } else {
        let case = new_case()?;
        let author = Author::of_case(&case, context)?.unsigned(args.unsigned);
        (author, Some(case.words().to_string()))
    };
    let envelope = envelope(args, vendor.as_ref(), context)?.armored(args.armor);
    let mut bundle = bundle(&report, &author, program, context)?;
    let attached = Attachments::of_seal(args).attach(&mut bundle, context)?;
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
        attachments: attached,
        case_words: words,
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
