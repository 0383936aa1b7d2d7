//! What `send` says: the JSON document, and the lines for a person.

use jiff::Timestamp;
use serde::Serialize;

use super::by_mail::Mailed;

use crate::{
    client::{Attested, IntakeError},
    commands::Context,
    disk::{CaseRecord, Interrupted},
    terminal::{Exit, Failure, Hint, escape::brief},
    wire::ProblemType,
};

/// What `--json` prints.
#[derive(Serialize)]
pub(in crate::commands) struct Document {
    pub(in crate::commands) deliveries: Vec<Delivery>,
}

/// What became of one report or message.
#[derive(Serialize)]
#[serde(untagged)]
pub(in crate::commands) enum Delivery {
    Delivered(Box<Delivered>),
    Mailed(Box<Mailed>),
    Kept(Kept),
}

/// A report or message that the intake holds.
#[derive(Serialize)]
pub(in crate::commands) struct Delivered {
    /// The case's local name; null where no trace is left.
    pub(super) case: Option<String>,
    /// `report` or `message`.
    pub(super) what: &'static str,
    pub(super) vendor: String,
    pub(super) intake: String,
    /// The report's id there.
    pub(super) report: String,
    /// Size of the ciphertext.
    pub(super) size: u64,
    pub(super) sha256: String,
    /// The vendor's certificate.
    pub(super) key: String,
    /// Null for a message.
    pub(super) receipt: Option<Receipt>,
    /// Null when it was begun before, unless they were never shown.
    pub(super) case_words: Option<String>,
}

/// What the receipt says.
#[derive(Serialize)]
pub(in crate::commands) struct Receipt {
    /// Whether the vendor's key signed it.
    pub(super) signed: bool,
    /// The key that signed it.
    pub(super) key: Option<String>,
    /// When the intake had all of it, as it says.
    pub(super) received: Timestamp,
}

/// One that is in the outbox still.
#[derive(Serialize)]
pub(in crate::commands) struct Kept {
    pub(super) case: String,
    pub(super) what: &'static str,
    pub(super) error: String,
    pub(super) exit: u8,
}

impl Delivered {
    /// Of a report.
    pub(super) fn report(
        record: &CaseRecord,
        report: &str,
        attested: &Attested,
    ) -> Result<Self, Failure> {
        let (intake, certificate) = record.intake()?;
        Ok(Self {
            case: Some(record.name().to_string()),
            what: "report",
            vendor: record.vendor.clone(),
            intake: intake.to_string(),
            report: report.to_owned(),
            size: record.size,
            sha256: data_encoding::HEXLOWER.encode(&record.sha256),
            key: certificate.fingerprint().to_string(),
            receipt: Some(Receipt {
                signed: attested.key().is_some(),
                key: attested.key().map(ToString::to_string),
                received: attested.receipt().received,
            }),
            case_words: None,
        })
    }
}

/// Tells a person what was delivered.
pub(super) fn tell(done: &Delivered, context: &Context<'_>) {
    let output = context.output;
    let (what, intake) = (done.what, &done.intake);
    let receipt = done.receipt.as_ref();
    let received = receipt.map(|receipt| receipt.received.strftime("%Y-%m-%d %H:%M:%S UTC"));
    match (receipt.map(|receipt| &receipt.key), received) {
        (Some(Some(key)), Some(received)) => {
            output.say(format!("delivered: the {what} is at {intake}"));
            let by = key_of(&done.key, key);
            output.say(format!("  receipt: signed by the vendor's key {by}"));
            output.say(format!("           received {received}"));
        }
        (Some(None), Some(received)) => {
            output.say(format!(
                "handed over: {intake} says that it holds the {what}"
            ));
            output.say(format!("  receipt: NOT signed, received {received}"));
            output.warn(
                "the receipt is not signed: it proves nothing to others, and the vendor may not have the report",
            );
        }
        _ => output.say(format!("delivered: the {what} is at {intake}")),
    }
    output.say(format!(
        "  for:     {}, key {}",
        brief(&done.vendor),
        done.key
    ));
    output.say(format!("  report:  {} ({} bytes)", done.report, done.size));
    if let Some(case) = &done.case {
        let show = ["sealpost", "case", "show", case];
        output.suggest(&Hint::command(format!("  case:    {case}"), show));
    }
    if let Some(words) = done.case_words.as_ref().filter(|_| !output.is_json()) {
        output.notice(format!("case words: {words}"));
        output.say("keep them secret and safe: they bring the case back, and open the answers");
    }
}

/// A key of a certificate: the certificate first, which is what people compare.
pub(in crate::commands) fn key_of(certificate: &str, key: &str) -> String {
    if certificate == key {
        key.to_owned()
    } else {
        format!("{certificate} (its subkey {key})")
    }
}

/// The failure of a report that stays in the outbox.
pub(in crate::commands) fn kept(case: &str, error: anyhow::Error) -> Failure {
    let refused = error
        .chain()
        .find_map(|why| why.downcast_ref::<IntakeError>());
    let refused = refused.filter(|why| why.is_final());
    let is_final = refused.is_some();
    let kind = refused
        .and_then(IntakeError::refused)
        .and_then(|refused| refused.kind);
    let mut failure = if is_final {
        stuck(case, error).with_hint(Hint::words(
            "the intake would refuse the same bytes again: send --resume does not help",
        ))
    } else {
        kept_to_go_on(case, error)
    };
    if kind == Some(ProblemType::NotSealed) {
        failure = failure.with_hint(Hint::command(
            "they are sealed to another key than the intake takes reports for; if that key is pinned and the vendor has a new one, forget it, and send the report again",
            ["sealpost", "trust", "--remove", "VENDOR"],
        ));
    }
    failure.with_hint(Hint::command(
        "to give it up",
        ["sealpost", "case", "forget", case],
    ))
}

/// The failure of a message that stays in the outbox: to forget its case would give up far more.
pub(in crate::commands) fn kept_to_go_on(case: &str, error: anyhow::Error) -> Failure {
    stuck(case, error).with_hint(Hint::command(
        "to go on",
        ["sealpost", "send", "--resume", case],
    ))
}

fn stuck(case: &str, error: anyhow::Error) -> Failure {
    let interrupted = error.downcast_ref::<Interrupted>();
    let exit = interrupted.map_or(Exit::NotDelivered, |it| Exit::of_signal(it.signal));
    Failure::new(
        exit,
        error.context(format!(
            "not delivered; it is kept in the outbox as case {case}"
        )),
    )
}
