//! `sealpost case recover`: twelve words, and a case is here again.

use anyhow::anyhow;

use super::{
    document::{CaseDocument, Document, tell},
    letters,
};
use crate::{
    case::{CaseName, CaseSecret, EmbargoTerms},
    cli::CaseRecover,
    client::{Attested, Intake},
    commands::{
        Context, embargo,
        online::Online,
        sealing::{first_use, investigate, refuse_if_it_says_so},
        send::find_route,
        target,
        vendor::{self, Investigation},
    },
    discover::trust::Decision,
    disk::{CaseRecord, Delivered, Destination},
    openpgp::Certificate,
    terminal::{Exit, Failure, Hint, Passphrases, PromptError, confirm, escape::brief},
    wire::{ReportSummary, Token},
};

pub(super) fn run(args: &CaseRecover, context: &Context<'_>) -> Result<Exit, Failure> {
    let secret = words(args, context)?;
    let name = CaseName::of(&secret);
    let cases = context.cases_to_keep()?;
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
    refuse_if_it_says_so(&vendor, &found)?;
    // The key of a case may be an old one: reading the case pins nothing.
    let recipient = vendor::choose_unpinned(&vendor, &found, &first_use, context)?;
    let named = vendor.loopback().into_iter().chain(args.intake.clone());
    let online = Online::new(&args.network, named, context)?;
    let intake = match &args.intake {
        Some(typed) => online.intake(typed),
        None => find_route(&vendor, Some(&found), &online, context)?.intake,
    };
    let token = Token::from_bytes(&secret.token_bytes());
    let certificate = recipient.certificate().clone();
    let key = certificate.fingerprint();
    if args.intake.is_none() && vendor.loopback_url().is_none() && !args.yes {
        let key = format!("{key}, {}", believed(&found));
        ask((&vendor.subject.name, &key), &intake, &name, context)?;
    }
    let (report, receipt) = fetch(&intake, &online, &token)?;
    let mut record = record(
        (secret, context.proxy.is_some()),
        (vendor.subject.name.clone(), certificate),
        &intake,
        (report, receipt),
    )?;
    record.embargo = embargo::terms(Some(vendor::program_of(&vendor, &found)), None);
    let attested = attested(&record, context)?;
    let _held = cases.hold(&name)?;
    cases.write(&record)?;
    let mut document = CaseDocument::new(&record, &[]);
    document.attest(&attested);
    tell(&document, context)?;
    let sync = ["sealpost", "case", "sync", name.as_str()];
    let next = Hint::command(format!("case {name} is back; its messages come with"), sync);
    context.output.suggest(&next);
    context.output.json(&Document::one(document))?;
    Ok(Exit::Done)
}

/// Why the key is taken for the vendor's, once it was chosen.
fn believed(found: &Investigation) -> &'static str {
    match &found.decision {
        Ok(Decision::Pinned(_)) => "which is pinned",
        Ok(Decision::Agreed(_)) => "which independent sources agree on",
        Ok(Decision::Typed(_)) => "whose fingerprint you typed",
        Ok(Decision::OneSource(_)) | Err(_) => "which one source alone names",
    }
}

/// The token opens the case, and is not given to anybody whom the person does not mean.
fn ask(
    (vendor, key): (&str, &str),
    intake: &Intake<'_>,
    name: &CaseName,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let (output, place) = (context.output, intake.endpoint());
    let host = place.host_str().unwrap_or_default();
    output.notice(format!("vendor: {}", brief(vendor)));
    output.notice(format!("key:    {key}"));
    output.notice(format!(
        "intake: {place}, the first of its contacts that is one"
    ));
    let question = format!("give the token of case {name} to {host}?");
    if output.without_progress(|| confirm(&question)) {
        return Ok(());
    }
    let refused = anyhow!("nothing was asked: the token of case {name} would go to {host}");
    Err(Failure::new(Exit::Refused, refused).with_hint(Hint::words(
        "without a terminal, add --yes, or name the intake that you mean: --intake URL",
    )))
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
        let words = source
            .ask("the twelve words of the case")
            .map_err(unasked)?;
        match CaseSecret::from_words(words.expose()) {
            Ok(secret) => return Ok(secret),
            Err(why) if attempt < source.attempts() => context.output.warn(why),
            Err(why) => return Err(Failure::new(Exit::NotAuthenticated, why)),
        }
    }
    Err(anyhow!("no words were given").into())
}

fn unasked(why: PromptError) -> Failure {
    if !matches!(why, PromptError::NoTerminal) {
        return why.into();
    }
    Failure::from(why.of_another_secret()).with_hint(Hint::words(
        "write the twelve words into a file, and name it with --words-file FILE",
    ))
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
    (secret, proxied): (CaseSecret, bool),
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
        embargo: EmbargoTerms::default(),
        delivered: Some(Delivered {
            report: report.id,
            receipt: String::from_utf8(receipt)
                .map_err(|_| anyhow!("the receipt is not UTF-8 text"))?,
        }),
        handed_over: None,
        seen: None,
        noted: Vec::new(),
        messages: Vec::new(),
        by_strangers: Vec::new(),
        proxied,
    })
}

fn attested(record: &CaseRecord, context: &Context<'_>) -> Result<Attested, Failure> {
    let delivered = record.delivered.as_ref();
    let delivered = delivered.ok_or_else(|| anyhow!("there is no receipt"))?;
    letters::judge(record, delivered, "this case", context).map_err(|failure| {
        failure.with_hint(Hint::words(
            "if the vendor changed its key since, name the one that the report was sealed to with --fingerprint HEX",
        ))
    })
}
