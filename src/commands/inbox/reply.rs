//! `inbox reply`: a sealed answer to somebody whose name nobody need know.

use std::{io::Write, path::Path};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::{
    desk::{Desk, Role, patience},
    proof::judge_signer,
};
use crate::commands::{Context, context::read_capped, sealing::own_signer, target::KEY_LIMIT};
use crate::{
    bundle::Letter,
    cli::InboxReply,
    openpgp::{Certificate, Envelope, Recipient, Signer, read_certificates},
    terminal::{Exit, Failure, Hint},
    wire::{MessageView, ReportId},
};

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    id: &'a ReportId,
    #[serde(rename = "message")]
    sent: MessageView,
    /// The certificate that it is sealed to.
    sealed_to: String,
    signed_by: Option<String>,
}

pub(super) fn run(args: &InboxReply, context: &Context<'_>) -> Result<Exit, Failure> {
    let desk = Desk::resolve(&args.at, context)?;
    let letter = letter(&args.message)?;
    let reporter = reporter(args, context)?;
    let sealed_to = reporter.certificate().fingerprint().to_string();
    let signer = args
        .sign_with
        .as_deref()
        .map(|own| own_signer(own, context))
        .transpose()?;
    if let Some(signer) = &signer {
        judge_signer(&desk, &args.id, signer, context)?;
    }
    let signed_by = signer
        .as_ref()
        .map(|signer| signer.certificate().fingerprint().to_string());
    let sealed = seal(&letter, reporter, signer, context)?;
    let sent = send(&desk, &args.id, &sealed)?;
    context.output.print_fields(&[
        ("sent", sent.id.to_string()),
        ("sealed for", sealed_to.clone()),
        (
            "signed by",
            signed_by.clone().unwrap_or_else(|| "nobody".to_owned()),
        ),
    ])?;
    context.output.json(&Document {
        id: &args.id,
        sent,
        sealed_to,
        signed_by,
    })?;
    Ok(Exit::Done)
}

fn letter(path: &Path) -> Result<Letter, Failure> {
    let bytes = read_capped(path, 2 * Letter::LIMIT as u64)
        .with_context(|| format!("cannot read the message {}", path.display()))?;
    let letter = Letter::from_bytes(&bytes);
    Ok(letter.with_context(|| format!("{} cannot be sent", path.display()))?)
}

/// The certificate to answer to, judged.
fn reporter(args: &InboxReply, context: &Context<'_>) -> Result<Recipient, Failure> {
    let Some(path) = &args.reporter else {
        let kept = context.home.reporters().find(args.id.as_str())?;
        return usable(&[kept.ok_or_else(|| not_opened(&args.id))?], context);
    };
    let name = path.display().to_string();
    let bytes = read_capped(path, KEY_LIMIT)
        .with_context(|| format!("cannot read the certificate {name}"))?;
    usable(&read_certificates(&name, &bytes)?, context)
}

fn not_opened(id: &ReportId) -> Failure {
    let id = id.to_string();
    Failure::from(anyhow!("the key to answer to is not known here"))
        .with_hint(Hint::command(
            "if the report was not opened on this machine, open it, or name the certificate that was enclosed: --reporter reporter.asc",
            ["sealpost", "inbox", "open", &id],
        ))
        .with_hint(Hint::command(
            "if it encloses none, tell the reporter by events what becomes of it",
            ["sealpost", "inbox", "event", &id, "acknowledged"],
        ))
        .with_hint(Hint::words(
            "or ask for a key over the channel that the report names, and name it with --reporter CERT",
        ))
}

fn usable(certificates: &[Certificate], context: &Context<'_>) -> Result<Recipient, Failure> {
    let mut refused = None;
    for certificate in certificates {
        match certificate.verdict(context.now).recipient() {
            Ok(recipient) => return Ok(recipient),
            Err(why) => refused = Some((certificate.fingerprint(), why)),
        }
    }
    let what = match refused {
        Some((fingerprint, why)) => anyhow!("{fingerprint} cannot be answered: {why}"),
        None => anyhow!("there is no certificate to answer to"),
    };
    Err(Failure::new(Exit::Refused, what))
}

fn seal(
    letter: &Letter,
    reporter: Recipient,
    signer: Option<Signer>,
    context: &Context<'_>,
) -> Result<Vec<u8>, Failure> {
    // A reporter who signs with a key of their own named it inside the sealed report alone.
    let envelope = Envelope::to(vec![reporter], None)?.hidden();
    let mut sealing = envelope.seal(Vec::new(), signer, context.now)?;
    sealing
        .write_all(&letter.padded())
        .context("cannot seal the message")?;
    Ok(sealing.finish()?)
}

/// Sends it once, however often it takes.
fn send(desk: &Desk, id: &ReportId, sealed: &[u8]) -> Result<MessageView, Failure> {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy).map_err(|why| anyhow!("no randomness from the system: {why}"))?;
    let key = data_encoding::HEXLOWER.encode(&entropy);
    let mut pace = patience()?;
    let intake = desk.intake();
    let sent = desk.wait(async {
        loop {
            match intake.send_message(desk.token(), id, (&key, sealed)).await {
                Ok(sent) => return Ok(sent),
                Err(why) if pace.wait(&why).await => {}
                Err(why) => return Err(why),
            }
        }
    });
    sent.map_err(|why| desk.failed(why, Role::Triage))
}
