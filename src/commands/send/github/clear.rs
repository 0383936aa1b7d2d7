//! The report in clear, which GitHub reads: only where the person agreed to that.

use anyhow::anyhow;

use super::Filing;
use crate::{
    advisory::PrivateReport,
    cli::Send,
    commands::{
        Context,
        sealing::{intended_program, warn_of_missing_sections},
        vendor::Vendor,
    },
    program::Wanted,
    report::Report,
    terminal::{Exit, Failure, Hint, confirm, escape::brief},
};

/// The report with all of its fields; not where the vendor wants it encrypted, nor with attachments.
pub(super) fn report(
    args: &Send,
    (report, vendor): (&Report, &Vendor),
    context: &Context<'_>,
) -> Result<PrivateReport, Failure> {
    intended_program(report, Some(&vendor.target))?;
    let program = &vendor.target.program;
    if program.encryption().wanted() == Wanted::Required {
        let error = anyhow!("{} takes encrypted reports alone", program.name());
        return Err(Failure::new(Exit::Refused, error).with_hint(Hint::words(
            "add --sealed: then the report stands encrypted at GitHub",
        )));
    }
    if !args.attach.is_empty() {
        let error = anyhow!("GitHub takes no attachments with a private report");
        return Err(Failure::from(error)
            .with_hint(Hint::words(
                "--sealed carries small ones, encrypted, where the vendor has a key",
            ))
            .with_hint(Hint::words(
                "or leave them out, and offer them: the advisory has comments",
            )));
    }
    warn_of_missing_sections(report, context);
    PrivateReport::of(report).map_err(|why| {
        Failure::from(why).with_hint(Hint::words(
            "change the report, or hand it over as a sealed file (sealpost seal)",
        ))
    })
}

/// Asks once. Nothing was sent before.
pub(super) fn agree(
    vendor: &Vendor,
    filing: &Filing,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let output = context.output;
    let (repository, title) = (&filing.repository, brief(&filing.report.summary));
    output.notice(format!(
        "\"{title}\" would be filed with {repository}, protected on its way alone:"
    ));
    output.notice("GitHub can read it, and so can whoever may see the repository's advisories");
    if !vendor.pinned(context)?.is_empty() {
        output.notice("the vendor has a key: --sealed files it encrypted");
    }
    if output.without_progress(|| confirm("file it so that GitHub can read it?")) {
        return Ok(());
    }
    let error =
        anyhow!("GitHub could read the report, and nobody agreed to that; nothing was sent");
    Err(Failure::new(Exit::Refused, error)
        .with_hint(Hint::words(
            "if that is acceptable, add --accept-transport-only",
        ))
        .with_hint(Hint::words("else add --sealed, where the vendor has a key")))
}
