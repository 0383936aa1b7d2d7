//! What `send --dry-run` shows: everything that would happen, and nothing of it happens.

use serde::Serialize;

use super::route::Route;
use crate::{
    bundle::Bundle,
    cli::Send,
    commands::{
        Context,
        sealing::{self, Attachment, Attachments, Author, new_case},
        vendor::{Investigation, Vendor},
    },
    discover::trust::Decision,
    openpgp::Recipient,
    report::Report,
    terminal::{Exit, Failure, escape::brief},
};

/// What `--json` prints with `--dry-run`.
#[derive(Serialize)]
struct Plan {
    dry_run: bool,
    vendor: String,
    intake: String,
    /// The vendor's certificate.
    key: String,
    /// `pinned`, `agreed`, `typed` or `one-source`.
    trust: &'static str,
    /// Whether somebody would be asked to trust the key.
    asks: bool,
    /// The size of the bundle; the sealed report is a little larger.
    size: u64,
    /// Whether it would go as an upload that can be resumed.
    resumable: bool,
    attachments: Vec<Attachment>,
    missing_sections: Vec<&'static str>,
}

/// Shows it.
pub(super) fn show(
    args: &Send,
    (vendor, found): (&Vendor, &Investigation),
    route: &Route<'_>,
    (report, program): (&Report, Option<String>),
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let Ok(decision) = &found.decision else {
        return Ok(Exit::Refused);
    };
    let recipient = decision.recipient();
    let vendors = std::slice::from_ref(recipient);
    let _judged = sealing::own_copies(vendors, (&args.also_to, None), context)?;
    let author = match &args.sign_with {
        Some(own) => Author::own(own, context)?,
        None => Author::of_case(&new_case()?, context)?,
    };
    let mut bundle: Bundle = sealing::bundle(report, &author, program, context)?;
    let attached = Attachments::of_send(args).attach(&mut bundle, context)?;
    super::refuse_if_too_large(&bundle, route.offer.max_size)?;
    let trust = Trust::of(decision, args);
    let missing = report.missing_sections();
    let plan = Plan {
        dry_run: true,
        vendor: vendor.subject.name.clone(),
        intake: route.intake.endpoint().to_string(),
        key: recipient.certificate().fingerprint().to_string(),
        trust: trust.code,
        asks: trust.asks,
        size: bundle.size(),
        resumable: route.offer.resumable,
        attachments: attached,
        missing_sections: missing.iter().map(|section| section.title()).collect(),
    };
    context.output.json(&plan)?;
    tell(&plan, (recipient, &trust), context)
}

/// Why a key is trusted.
pub(super) struct Trust {
    /// `pinned`, `agreed`, `typed` or `one-source`.
    pub(super) code: &'static str,
    /// Whether somebody would be asked.
    pub(super) asks: bool,
}

impl Trust {
    pub(super) fn of(decision: &Decision, args: &Send) -> Self {
        let code = match decision {
            Decision::Pinned(_) => "pinned",
            Decision::Agreed(_) => "agreed",
            Decision::Typed(_) => "typed",
            Decision::OneSource(_) => "one-source",
        };
        Self {
            code,
            asks: code == "one-source" && !args.yes_trust_first_use,
        }
    }

    /// For a person, after the key.
    pub(super) fn words(&self) -> &'static str {
        match self.code {
            "pinned" => "which is pinned",
            "agreed" => "which independent sources agree on",
            "typed" => "whose fingerprint you typed",
            _ if self.asks => "which one source alone names: you would be asked",
            _ => "which one source alone names",
        }
    }
}

fn tell(
    plan: &Plan,
    (recipient, trust): (&Recipient, &Trust),
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let name = recipient.primary_user_id().unwrap_or("(no User ID)");
    let how = if plan.resumable {
        "an upload that can be resumed"
    } else {
        "one request"
    };
    let mut fields = vec![
        ("vendor", brief(&plan.vendor)),
        ("intake", plan.intake.clone()),
        ("sealed for", brief(name)),
        ("key", format!("{}, {}", plan.key, trust.words())),
        ("size", format!("{} bytes, in {how}", plan.size)),
    ];
    for attachment in &plan.attachments {
        fields.push(("attachment", attachment.to_string()));
    }
    if !plan.missing_sections.is_empty() {
        fields.push(("empty", plan.missing_sections.join(", ")));
    }
    context.output.print_fields(&fields)?;
    context.output.say("nothing was sent");
    Ok(Exit::Done)
}
