//! `inbox open`: a report from the intake into a folder, and the key to answer to kept.
//!
//! First everything is fetched, then the cage closes, then it is read: what reads it talks to nobody.

use std::{
    fs::File,
    io::{self, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Serialize;

use super::{
    desk::{Desk, Role, patience},
    mine::Mine,
    proof::{self, Proof},
};
use crate::commands::{
    Context,
    open::{Job, Opened, Room, Source, tell},
};
use crate::{
    cli::InboxOpen,
    client::{Download, IntakeError},
    openpgp::{Certificate, read_certificates},
    terminal::{Exit, Failure, Progress},
    wire::{ReportId, ReportSummary},
};

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    id: &'a ReportId,
    /// What its receipt proves: `verified`, `unverified` or `unsigned`.
    receipt: &'static str,
    /// How well the cage stood around it: `full`, `partial` or `none`.
    confinement: &'static str,
    #[serde(flatten)]
    opened: &'a Opened,
}

pub(super) fn run(args: &InboxOpen, context: &Context<'_>) -> Result<Exit, Failure> {
    let desk = Desk::resolve(&args.at, context)?;
    let mut job = Job::resolve(&args.opening, false, context)?;
    let folder = args.output.clone();
    let folder = folder.unwrap_or_else(|| PathBuf::from(args.id.as_str()));
    let mut room = Room::with_folders([&*folder]);
    room.refuse_unfit(&folder)?;
    let fetched = fetch(desk, &args.id, &room, context)?;
    // Where it cannot be made, keeping the key to answer to will say why.
    if let Ok(reporters) = context.home.reporters().prepare() {
        room = room.keeping_in(&reporters);
    }
    job.confine(room, context)?;
    let mine = Mine::of(job.keys(), context);
    let certificates = [mine.certificates(), job.signers()].concat();
    let proof = proof::judge(&fetched.report, &fetched.receipt, &certificates, context)?;
    proof::refuse_hidden(&fetched.report, proof)?;
    if proof != Proof::Verified {
        context
            .output
            .warn(format!("the receipt is {}", proof.words()));
    }
    let opened = job.to_folder(fetched.source(), &folder, context)?;
    tell(&opened, context)?;
    context
        .output
        .print_fields(&[("receipt", proof.words().to_owned())])?;
    remember(&args.id, &opened, context)?;
    context.output.json(&Document {
        id: &args.id,
        receipt: proof.code(),
        confinement: job.walls().code(),
        opened: &opened,
    })?;
    Ok(Exit::Done)
}

/// What came from the intake, unread.
struct Fetched {
    report: ReportSummary,
    receipt: Vec<u8>,
    sealed: File,
}

/// Fetches everything; with the end of it, nothing talks to the intake any more.
#[expect(
    clippy::needless_pass_by_value,
    reason = "with the desk, its threads and connections end"
)]
fn fetch(
    desk: Desk,
    id: &ReportId,
    room: &Room,
    context: &Context<'_>,
) -> Result<Fetched, Failure> {
    let report = desk.report(id)?;
    let receipt = proof::fetch(&desk, id)?;
    let sealed = download(&desk, &report, &room.temporary(), context)?;
    Ok(Fetched {
        report,
        receipt,
        sealed,
    })
}

impl Fetched {
    fn source(self) -> Source {
        Source {
            name: self.report.id.to_string(),
            reader: Box::new(self.sealed),
            size: Some(self.report.size),
            mail: None,
        }
    }
}

/// The sealed bytes as a file without a name, once size and SHA-256 were those that the intake had
/// promised.
fn download(
    desk: &Desk,
    report: &ReportSummary,
    folder: &Path,
    context: &Context<'_>,
) -> Result<File, Failure> {
    let mut file = tempfile::tempfile_in(folder).context("cannot make a temporary file")?;
    let intake = desk.intake();
    let mut download = Download::new(&intake, desk.token(), report, patience()?);
    let progress = Progress::bytes(context.output, Some(report.size), "fetching");
    let fetched = async {
        while let Some(piece) = download.chunk().await.map_err(Fault::Intake)? {
            file.write_all(&piece).map_err(Fault::Disk)?;
            progress.add(piece.len() as u64);
        }
        file.rewind().map_err(Fault::Disk)
    };
    match desk.wait(fetched) {
        Ok(()) => Ok(file),
        Err(Fault::Intake(why)) => Err(desk.failed(why, Role::Read)),
        Err(Fault::Disk(why)) => Err(anyhow::Error::new(why)
            .context("cannot write a temporary file")
            .into()),
    }
}

/// What broke off a download.
enum Fault {
    Intake(IntakeError),
    Disk(io::Error),
}

/// Whom to answer: whoever signed the report, else the first that can be answered.
fn author<'a>(certificates: &'a [Certificate], signer: Option<&str>) -> Option<&'a Certificate> {
    let mut found = certificates.iter();
    found
        .find(|certificate| Some(certificate.fingerprint().as_hex()) == signer)
        .or(certificates.first())
}

/// Keeps the certificate to answer to, if one that can be used was enclosed.
fn remember(id: &ReportId, opened: &Opened, context: &Context<'_>) -> Result<(), Failure> {
    let enclosed = opened.reporter.as_deref();
    let certificates = enclosed.and_then(|bytes| read_certificates("reporter.asc", bytes).ok());
    let mut certificates = certificates.unwrap_or_default();
    certificates.retain(|certificate| certificate.verdict(context.now).recipient().is_ok());
    let signer = opened.signature.signer.as_deref();
    match author(&certificates, signer) {
        Some(certificate) => {
            let answers_to = certificate.fingerprint();
            if let Some(signer) = signer.filter(|signer| *signer != answers_to.as_hex()) {
                context.output.warn(format!(
                    "{signer} signed the report, and answers go to {answers_to}, which is enclosed: that they are one person's is not proved"
                ));
            }
            if let Some(before) = context.home.reporters().keep(id.as_str(), certificate)? {
                context.output.warn(format!(
                    "answers to {id} went to {before} until now, and go to {answers_to} from now on"
                ));
            }
            context.output.say(format!(
                "answer with: sealpost inbox reply {id} --message FILE --sign-with KEY"
            ));
        }
        None => context
            .output
            .say("no key to answer to is enclosed: answer by events (sealpost inbox event), or over the channel that the report names"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::case_key;

    #[test]
    fn p08_who_signed_gets_the_answer() {
        let certificate = |seed| case_key(&[seed; 32], &[seed; 32]).unwrap().certificate();
        let enclosed = [certificate(1), certificate(2)];
        let [one, two] = [0, 1].map(|place: usize| enclosed[place].fingerprint().to_string());
        let chosen = |signer| author(&enclosed, signer).map(|it| it.fingerprint().to_string());
        assert_eq!(chosen(Some(&*two)), Some(two.clone()));
        assert_eq!(chosen(Some("another")), Some(one.clone()));
        assert_eq!(chosen(None), Some(one));
        assert!(author(&[], Some(&two)).is_none());
    }
}
