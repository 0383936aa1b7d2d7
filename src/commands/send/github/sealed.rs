//! The report sealed, as an armoured message in the description: GitHub learns who files it, with
//! whom, when, and how long it is.

use anyhow::anyhow;

use crate::{
    advisory::PrivateReport,
    bundle::Bundle,
    case::CaseSecret,
    cli::Send,
    commands::{
        Context,
        sealing::{
            Attachments, bundle, first_use, intended_program, investigate, own_copies, published,
            refuse_if_it_says_so, warn_of_missing_sections,
        },
        send::author,
        target,
        vendor::Vendor,
    },
    discover::trust::Decision,
    openpgp::{Certificate, Envelope, Signer},
    report::Report,
    terminal::{Failure, Hint},
};

/// A report as GitHub gets it.
pub(super) struct Sealed {
    pub(super) report: PrivateReport,
    /// The vendor's certificate.
    pub(super) certificate: Certificate,
    /// Whether the person has to say that the key may be trusted; not with a dry run.
    pub(super) asks: bool,
}

/// Seals it. Without a key that may be used, nothing is sent.
pub(super) fn report(
    args: &Send,
    (report, vendor): (&Report, &Vendor),
    case: &CaseSecret,
    context: &Context<'_>,
) -> Result<Sealed, Failure> {
    target::refuse_if_unencrypted(&vendor.target.program)?;
    let program = intended_program(report, Some(&vendor.target))?;
    let author = author(args, case, context)?;
    let mut bundle = bundle(report, &author, program, context)?;
    Attachments::of_send(args).attach(&mut bundle, context)?;
    refuse_if_too_large(&bundle)?;
    let typed = args.fingerprint.as_slice();
    let found = investigate(typed, &args.network, vendor, context)?;
    let first_use = first_use(typed, args.yes_trust_first_use);
    let asks = matches!(found.decision, Ok(Decision::OneSource(_))) && !args.yes_trust_first_use;
    let recipient = match &found.decision {
        Ok(decision) if args.dry_run => {
            refuse_if_it_says_so(vendor, &found)?;
            decision.recipient().clone()
        }
        _ => published(vendor, &found, &first_use, context)?,
    };
    let certificate = recipient.certificate().clone();
    let mut recipients = vec![recipient];
    let copies = own_copies(&recipients, (&args.also_to, None), context)?;
    recipients.extend(copies);
    warn_of_missing_sections(report, context);
    let envelope = Envelope::to(recipients, None)?.armored(true);
    let armored = seal(&bundle, &envelope, author.signer, context)?;
    let key = certificate.fingerprint();
    let report = PrivateReport {
        summary: SUMMARY.to_owned(),
        description: format!(
            "This report is encrypted to the OpenPGP key {key}. Save this text as `report.asc`, and open it with \
             `sealpost open report.asc`, or with `gpg -d report.asc | tar x`.\n\n```\n{armored}```"
        ),
        vulnerabilities: Vec::new(),
        cwe_ids: Vec::new(),
        cvss_vector_string: None,
        start_private_fork: false,
    };
    Ok(Sealed {
        report,
        certificate,
        asks,
    })
}

fn seal(
    bundle: &Bundle,
    envelope: &Envelope,
    signer: Option<Signer>,
    context: &Context<'_>,
) -> Result<String, Failure> {
    let mut sealing = envelope.seal(Vec::new(), signer, context.now)?;
    bundle.stream_to(&mut sealing, &mut |_| {})?;
    let armored = String::from_utf8(sealing.finish()?);
    Ok(armored.map_err(|_| anyhow!("the armour is not text"))?)
}

/// Before anybody is asked for a key.
fn refuse_if_too_large(bundle: &Bundle) -> Result<(), Failure> {
    let size = bundle.size();
    if size <= LARGEST_BUNDLE {
        return Ok(());
    }
    let error = anyhow!(
        "the report has {size} bytes with its attachments, and about {LARGEST_BUNDLE} fit sealed into what GitHub takes"
    );
    Err(Failure::from(error).with_hint(Hint::words(
        "leave attachments out, or hand it over as a sealed file (sealpost seal)",
    )))
}

/// Constant: what the report is about stands inside.
const SUMMARY: &str = "Vulnerability report (encrypted)";

/// Base64 makes four characters of three bytes, and the rest is for the words around.
const LARGEST_BUNDLE: u64 = 46 << 10;
