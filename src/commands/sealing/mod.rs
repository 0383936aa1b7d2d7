//! What every verb that seals has in common: the report, whom it is for, who writes, what goes in.

mod addressee;
mod attach;
mod author;
mod mat2;

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use zeroize::Zeroizing;

pub(super) use self::{
    addressee::{envelope, first_use, investigate, own_copies, published, refuse_if_it_says_so},
    attach::{Attachment, Attachments},
    author::{Author, new_case, own_signer},
};
use super::{
    Context,
    context::{is_dash, read_capped},
    target::Target,
};
use crate::{
    bundle::{Bundle, BundleHeader, Fill, Sink},
    openpgp::{self, Envelope, Sealing},
    report::Report,
    terminal::{Exit, Failure, Hint},
};

/// Attachments are read straight to where they are encrypted.
impl<W: Write + Send + 'static> Sink for Sealing<W> {
    fn fill(&mut self, most: usize, read: Fill<'_>) -> io::Result<usize> {
        Sealing::fill(self, most, read)
    }
}

/// The bundle of a report, without its attachments.
pub(super) fn bundle(
    report: &Report,
    author: &Author,
    program: Option<String>,
    context: &Context<'_>,
) -> Result<Bundle, Failure> {
    Ok(Bundle::new(BundleHeader {
        report_md: report.source().as_bytes().to_vec(),
        report_json: serde_json::to_vec_pretty(&report.to_json())?,
        reporter: Some(author.certificate.to_armored()?),
        program,
        created: context.today(),
    })?)
}

#[derive(Serialize)]
pub(super) struct Recipient {
    pub(super) fingerprint: String,
    /// The primary User ID; null where there is no valid one.
    pub(super) user_id: Option<String>,
    user_ids: Vec<String>,
    encryption_key: String,
    algorithm: String,
    expires: Option<jiff::Timestamp>,
}

pub(super) fn read_report(path: &Path) -> Result<Report, Failure> {
    let (name, text) = report_text(path)?;
    Report::parse(&name, &text).map_err(Failure::from)
}

/// A report's name for messages, and its text.
pub(super) fn report_text(path: &Path) -> Result<(String, Zeroizing<String>), Failure> {
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
    let text = Zeroizing::new(text.to_owned());
    Ok((name, text))
}

pub(super) fn warn_of_missing_sections(report: &Report, context: &Context<'_>) {
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
pub(super) fn intended_program(
    report: &Report,
    target: Option<&Target>,
) -> Result<Option<String>, Failure> {
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

pub(super) fn recipients(envelope: &Envelope) -> Vec<Recipient> {
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
