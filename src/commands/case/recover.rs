//! `sealpost case recover`: twelve words, and a case is here again.

use anyhow::anyhow;

use super::document::{CaseDocument, Document, tell};
use crate::{
    case::{CaseName, CaseSecret},
    cli::CaseRecover,
    client::{Attested, Expected, Intake},
    commands::{
        Context,
        online::Online,
        sealing::{first_use, investigate, published},
        send::find_route,
        target, vendor,
    },
    disk::{CaseRecord, Delivered, Destination},
    openpgp::Certificate,
    terminal::{Exit, Failure, Hint, Passphrases},
    wire::{ReportSummary, Token},
};

pub(super) fn run(args: &CaseRecover, context: &Context<'_>) -> Result<Exit, Failure> {
    let secret = words(args, context)?;
    let name = CaseName::of(&secret);
    let cases = context.home.cases(context.now)?;
    if cases.has(&name)? {
        let error = anyhow!("case {name} is here already");
        return Err(Failure::from(error).with_hint(Hint::command(
            "to look at it",
            ["sealpost", "case", "show", name.as_str()],
        )));
    }
    let vendor = vendor::resolve(&args.to, context)?;
    target::refuse_if_unencrypted(&vendor.target.program)?;
    let typed = args.fingerprint.as_slice();
    let found = investigate(typed, &args.network, &vendor, context)?;
    let first_use = first_use(typed, args.yes_trust_first_use);
    let recipient = published(&vendor, &found, &first_use, context)?;
    let online = Online::new(&args.network, vendor.loopback(), context)?;
    let route = find_route(&vendor, Some(&found), &online, context)?;
    let token = Token::from_bytes(&secret.token_bytes());
    let certificate = recipient.certificate().clone();
    let (report, receipt) = fetch(&route.intake, &online, &token)?;
    let record = record(
        secret,
        (vendor.subject.name.clone(), certificate),
        &route.intake,
        (report, receipt),
    )?;
    let attested = attested(&record, context)?;
    let _held = cases.hold(&name)?;
    cases.write(&record)?;
    let mut document = CaseDocument::new(&record, &[]);
    document.attest(&attested);
    tell(&document, context)?;
    context.output.say(format!(
        "case {name} is back; its messages come with: sealpost case sync {name}"
    ));
    context.output.json(&Document {
        cases: vec![document],
    })?;
    Ok(Exit::Done)
}

fn words(args: &CaseRecover, context: &Context<'_>) -> Result<CaseSecret, Failure> {
    let from_file;
    let source = match &args.words_file {
        Some(path) => {
            from_file = Passphrases::resolve(Some(path.clone()))?;
            &from_file
        }
        None => &context.passphrases,
    };
    for attempt in 1..=source.attempts() {
        let words = source.ask("the twelve words of the case")?;
        match CaseSecret::from_words(words.expose()) {
            Ok(secret) => return Ok(secret),
            Err(why) if attempt < source.attempts() => context.output.warn(why),
            Err(why) => return Err(Failure::new(Exit::NotAuthenticated, why)),
        }
    }
    Err(anyhow!("no words were given").into())
}

/// The report of the token, and its receipt.
fn fetch(
    intake: &Intake<'_>,
    online: &Online,
    token: &Token,
) -> Result<(ReportSummary, Vec<u8>), Failure> {
    let nothing = || {
        let place = intake.endpoint();
        Failure::from(anyhow!("{place} knows no case of these words")).with_hint(Hint::words(
            "the vendor may have removed it, or it was sent to another one",
        ))
    };
    let reports = match online.wait(intake.all(token, None)) {
        Ok(reports) => reports,
        Err(error) if error.is_gone() => return Err(nothing()),
        Err(error) => return Err(error.into()),
    };
    // Newest first: the oldest is the one that the case began with.
    let report = reports.into_iter().next_back().ok_or_else(nothing)?;
    let receipt = online.wait(intake.receipt(token, &report.id))?;
    Ok((report, receipt))
}

fn record(
    secret: CaseSecret,
    (vendor, certificate): (String, Certificate),
    intake: &Intake<'_>,
    (report, receipt): (ReportSummary, Vec<u8>),
) -> Result<CaseRecord, Failure> {
    let sha256 = data_encoding::HEXLOWER.decode(report.sha256.as_bytes());
    let sha256 = sha256.ok().and_then(|bytes| bytes.try_into().ok());
    Ok(CaseRecord {
        secret,
        vendor,
        destination: Destination::Intake(intake.endpoint().clone()),
        certificate: Some(certificate),
        signed_by: None,
        sha256: sha256.ok_or_else(|| anyhow!("the intake's answer makes no sense"))?,
        size: report.size,
        sealed: report.received,
        delivered: Some(Delivered {
            report: report.id,
            receipt: String::from_utf8(receipt)
                .map_err(|_| anyhow!("the receipt is not UTF-8 text"))?,
        }),
        handed_over: None,
        seen: None,
        messages: Vec::new(),
    })
}

fn attested(record: &CaseRecord, context: &Context<'_>) -> Result<Attested, Failure> {
    let delivered = record.delivered.as_ref();
    let delivered = delivered.ok_or_else(|| anyhow!("there is no receipt"))?;
    let (_, certificate) = record.intake()?;
    let expected = Expected {
        certificate,
        report: &delivered.report,
        sha256: record.sha256,
        size: record.size,
    };
    Attested::judge(delivered.receipt.as_bytes(), &expected, context.now).map_err(|why| {
        let error = anyhow::Error::new(why).context("the receipt of this case is not to be believed");
        Failure::new(Exit::NotAuthenticated, error).with_hint(Hint::words(
            "if the vendor changed its key since, name the one that the report was sealed to with --fingerprint HEX",
        ))
    })
}
