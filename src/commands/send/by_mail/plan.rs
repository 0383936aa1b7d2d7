//! What `send --via mail --dry-run` shows.

use serde::Serialize;

use super::{author, content, refuse_if_too_large};
use crate::{
    cli::Send,
    commands::{
        Context,
        post::{self, Post},
        sealing::{new_case, own_copies},
        send::{Order, dry_run::Trust},
    },
    mail::compose::{ReportMail, Sealer},
    openpgp::Envelope,
    program::MailAddress,
    terminal::{Exit, Failure, escape::brief},
};

/// What `--json` prints with `--dry-run`.
#[derive(Serialize)]
struct Plan {
    dry_run: bool,
    vendor: String,
    to: String,
    from: Option<String>,
    /// The file, the server or the program that would take it.
    through: String,
    /// The vendor's certificate.
    key: String,
    /// `pinned`, `agreed`, `typed` or `one-source`.
    trust: &'static str,
    /// Whether somebody would be asked to trust the key.
    asks: bool,
    /// The size of the mail, at most.
    size: u64,
    missing_sections: Vec<&'static str>,
}

/// Shows it.
pub(super) fn show(
    order: &Order,
    (post, to): (&Post, &MailAddress),
    args: &Send,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let Ok(decision) = &order.found.decision else {
        return Ok(Exit::Refused);
    };
    let mut recipients = vec![decision.recipient().clone()];
    let copies = own_copies(&recipients, (&args.also_to, None), context)?;
    recipients.extend(copies);
    let envelope = Envelope::to(recipients, None)?.armored(true);
    let author = author(args, &new_case()?, post.from.as_ref(), context)?;
    let (bundle, parties) = content(order, &author, (post, to), args, context)?;
    let mail = ReportMail::new(
        &bundle,
        order.report.title(),
        &parties,
        &post::stamp(context)?,
    );
    let size = mail.size(&Sealer {
        envelope: &envelope,
        signer: author.signer,
        now: context.now,
    })?;
    refuse_if_too_large(size, args)?;
    let trust = Trust::of(decision, args);
    let missing = order.report.missing_sections();
    let plan = Plan {
        dry_run: true,
        vendor: order.vendor.subject.name.clone(),
        to: to.to_string(),
        from: post.from.as_ref().map(ToString::to_string),
        through: post.place(),
        key: decision.recipient().certificate().fingerprint().to_string(),
        trust: trust.code,
        asks: trust.asks,
        size,
        missing_sections: missing.iter().map(|section| section.title()).collect(),
    };
    let output = context.output;
    output.json(&plan)?;
    let name = decision.recipient().primary_user_id();
    let mut fields = vec![
        ("vendor", brief(&plan.vendor)),
        ("mail to", plan.to.clone()),
        ("through", plan.through.clone()),
        ("sealed for", brief(name.unwrap_or("(no User ID)"))),
        ("key", format!("{}, {}", plan.key, trust.words())),
        ("size", format!("at most {} bytes as a mail", plan.size)),
    ];
    if let Some(from) = &plan.from {
        fields.insert(2, ("from", from.clone()));
    }
    output.print_fields(&fields)?;
    output.say("nothing was sent");
    Ok(Exit::Done)
}
