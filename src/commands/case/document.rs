//! The JSON documents of `case`, and the lines for a person.

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use crate::{
    case::{CaseName, Event},
    client::Attested,
    commands::{Context, embargo::Clock, send::key_of},
    disk::{CaseRecord, Entry, VaultError},
    terminal::{Failure, Hint, escape::brief},
};

use super::letters::Letter;

/// What `case forget` prints.
#[derive(Serialize)]
pub(super) struct Names {
    pub(super) forgotten: Vec<String>,
}

/// What `case list`, `show`, `sync` and `recover` print.
#[derive(Serialize)]
pub(super) struct Document {
    pub(super) cases: Vec<CaseDocument>,
    /// Those whose record cannot be read.
    pub(super) unreadable: Vec<Unreadable>,
}

/// A case whose record cannot be read.
#[derive(Serialize)]
pub(super) struct Unreadable {
    pub(super) case: String,
    /// Why.
    pub(super) error: String,
}

impl Document {
    /// Of one case.
    pub(super) fn one(case: CaseDocument) -> Self {
        Self {
            cases: vec![case],
            unreadable: Vec::new(),
        }
    }
}

impl Unreadable {
    /// Names it on stderr.
    pub(super) fn tell(name: &CaseName, why: VaultError, context: &Context<'_>) -> Self {
        let error = format!("{:#}", anyhow::Error::new(why));
        context
            .output
            .warn(format!("case {name} cannot be read: {error}"));
        Self {
            case: name.to_string(),
            error,
        }
    }
}

/// One case.
#[derive(Serialize)]
pub(super) struct CaseDocument {
    pub(super) case: String,
    pub(super) vendor: String,
    /// `intake`, `mail` or `github`.
    pub(super) channel: &'static str,
    /// The intake's URL, the vendor's address, or the page of the advisory.
    pub(super) destination: String,
    /// The intake's URL; null for a case that went another way.
    pub(super) intake: Option<String>,
    /// The vendor's certificate; null where nothing was sealed.
    pub(super) key: Option<String>,
    pub(super) sealed: Timestamp,
    pub(super) size: u64,
    pub(super) sha256: String,
    /// `kept` (in the outbox), `unsent`, `handed-over` (without a receipt), or a state of the intake.
    pub(super) state: String,
    /// How many things of it are in the outbox.
    pub(super) in_outbox: usize,
    /// The report's id at the intake.
    pub(super) report: Option<String>,
    /// When it was handed over to somebody who gives no receipt.
    pub(super) handed_over: Option<Timestamp>,
    /// What its receipt proves; null where it was not verified.
    pub(super) receipt: Option<Receipt>,
    pub(super) timeline: Vec<Event>,
    /// What the reporter noted of what happened elsewhere.
    pub(super) noted: Vec<Event>,
    /// The first day on which the finding may be published; null where that is not known.
    pub(super) embargo_ends: Option<Date>,
    #[serde(skip)]
    clock: Option<Clock>,
    /// The last look at the intake.
    pub(super) synced: Option<Timestamp>,
    /// Those that are shown.
    pub(super) messages: Vec<Letter>,
    /// Why the intake could not be asked.
    pub(super) error: Option<String>,
    pub(super) case_words: Option<String>,
    /// Whether the intake said something new.
    #[serde(skip)]
    pub(super) has_news: bool,
}

/// A receipt that was verified.
#[derive(Serialize)]
pub(super) struct Receipt {
    pub(super) signed: bool,
    pub(super) key: Option<String>,
    pub(super) received: Timestamp,
}

impl CaseDocument {
    pub(super) fn new(record: &CaseRecord, outbox: &[(String, Entry)]) -> Self {
        let name = record.name();
        let in_outbox = outbox
            .iter()
            .filter(|(_, entry)| entry.case == name)
            .count();
        let (seen, certificate) = (record.seen.as_ref(), record.certificate.as_ref());
        let state = match (&record.delivered, seen) {
            (Some(_), Some(seen)) => seen.state.as_str(),
            (Some(_), None) => "received",
            (None, _) if in_outbox > 0 => "kept",
            (None, _) if record.handed_over.is_some() => "handed-over",
            (None, _) => "unsent",
        };
        Self {
            case: name.to_string(),
            vendor: record.vendor.clone(),
            channel: record.destination.channel(),
            destination: record.destination.place(),
            intake: record.intake().ok().map(|(url, _)| url.to_string()),
            key: certificate.map(|it| it.fingerprint().to_string()),
            sealed: record.sealed,
            size: record.size,
            sha256: data_encoding::HEXLOWER.encode(&record.sha256),
            state: state.to_owned(),
            in_outbox,
            report: record.delivered.as_ref().map(|it| it.report.to_string()),
            handed_over: record.handed_over,
            receipt: None,
            timeline: seen.map(|seen| seen.timeline.clone()).unwrap_or_default(),
            noted: record.noted.clone(),
            embargo_ends: None,
            clock: None,
            synced: seen.map(|seen| seen.at),
            messages: Vec::new(),
            error: None,
            case_words: None,
            has_news: false,
        }
    }

    pub(super) fn set_clock(&mut self, clock: Clock) {
        self.embargo_ends = clock.embargo().ends();
        self.clock = Some(clock);
    }

    /// Warns where the embargo ends soon.
    pub(super) fn warn(&self, context: &Context<'_>) {
        if let Some(warning) = self.clock.as_ref().and_then(Clock::warning) {
            context.output.warn(warning);
        }
    }

    pub(super) fn attest(&mut self, attested: &Attested) {
        self.receipt = Some(Receipt {
            signed: attested.key().is_some(),
            key: attested.key().map(ToString::to_string),
            received: attested.receipt().received,
        });
    }
}

/// All about one case.
pub(super) fn tell(case: &CaseDocument, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    let mut fields = vec![
        ("case", case.case.clone()),
        ("vendor", brief(&case.vendor)),
        (place(case), case.destination.clone()),
    ];
    fields.extend(case.key.clone().map(|key| ("key", key)));
    fields.push(("sealed", time(case.sealed)));
    fields.push(("state", state(case)));
    fields.extend(case.handed_over.map(|at| ("handed over", time(at))));
    if let Some(report) = &case.report {
        fields.push(("report", report.clone()));
    }
    fields.push(("sha256", case.sha256.clone()));
    if let Some(receipt) = &case.receipt {
        let received = time(receipt.received);
        fields.push((
            "receipt",
            match &receipt.key {
                Some(key) => {
                    let by = key_of(case.key.as_deref().unwrap_or(key), key);
                    format!("the vendor's key {by} signed that the intake had it on {received}")
                }
                None => format!("not signed: the intake's word alone, {received}"),
            },
        ));
    }
    if let Some(clock) = &case.clock {
        fields.push(("embargo", clock.embargo().to_string()));
    }
    output.print_fields(&fields)?;
    let seen = case.timeline.iter().map(|event| (event, ""));
    let noted = case.noted.iter().map(|event| (event, "  (your note)"));
    for (event, whose) in seen.chain(noted) {
        let until = event.until.map(|day| format!(" {day}")).unwrap_or_default();
        output.print(format!(
            "  {}  {}{until}{whose}",
            time(event.at),
            event.kind.as_str()
        ))?;
    }
    case.warn(context);
    for letter in &case.messages {
        letter.tell(context)?;
    }
    if case.in_outbox > 0 {
        let next = ["sealpost", "send", "--resume", &case.case];
        let words = format!("{} in the outbox", case.in_outbox);
        output.suggest(&Hint::command(words, next));
    }
    Ok(())
}

fn place(case: &CaseDocument) -> &'static str {
    match case.channel {
        "mail" => "by mail to",
        "github" => "advisory",
        _ => "intake",
    }
}

/// Where it stands, for a line of `case list`; with where it went, unless that is an intake.
pub(super) fn standing(case: &CaseDocument) -> String {
    let state = state(case);
    match case.intake {
        Some(_) => state,
        None => format!("{} {}, {state}", place(case), case.destination),
    }
}

fn state(case: &CaseDocument) -> String {
    match case.state.as_str() {
        "unsent" if case.channel == "mail" => "written, perhaps not sent".to_owned(),
        "handed-over" => "handed over".to_owned(),
        "kept" => "in the outbox, not delivered".to_owned(),
        "unsent" => "never sent".to_owned(),
        other => other.to_owned(),
    }
}

pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{CaseSecret, EmbargoTerms},
        disk::Destination,
    };

    fn record(destination: Destination) -> CaseRecord {
        CaseRecord {
            secret: CaseSecret::from_entropy([7; 16]),
            vendor: "vendor.example.org".to_owned(),
            destination,
            certificate: None,
            signed_by: None,
            sha256: [9; 32],
            size: 4096,
            sealed: Timestamp::UNIX_EPOCH,
            embargo: EmbargoTerms::default(),
            delivered: None,
            handed_over: None,
            seen: None,
            noted: Vec::new(),
            messages: Vec::new(),
            by_strangers: Vec::new(),
            proxied: false,
        }
    }

    #[test]
    fn a_case_without_an_intake_says_where_it_went() {
        let mut record = record(Destination::Mail("security@example.org".parse().unwrap()));
        let written = CaseDocument::new(&record, &[]);
        assert_eq!(
            standing(&written),
            "by mail to security@example.org, written, perhaps not sent"
        );
        record.handed_over = Some(Timestamp::UNIX_EPOCH);
        let handed = CaseDocument::new(&record, &[]);
        assert_eq!(
            standing(&handed),
            "by mail to security@example.org, handed over"
        );
        assert_eq!((handed.intake, handed.channel), (None, "mail"));
        let page = "https://github.com/o/r/security/advisories/GHSA-x";
        record.destination = Destination::Advisory(page.parse().unwrap());
        let filed = CaseDocument::new(&record, &[]);
        assert_eq!(standing(&filed), format!("advisory {page}, handed over"));
        assert_eq!((filed.key, filed.destination.as_str()), (None, page));
    }
}
