//! What `send --via mail` says.

use serde::Serialize;

use super::Dispatch;
use crate::{
    case::{CaseName, CaseSecret},
    commands::{
        Context,
        post::Way,
        send::outcome::{Delivery, Document},
    },
    disk::CaseRecord,
    openpgp::Certificate,
    terminal::{Exit, Failure, Hint, escape::brief},
};

/// A report that became a mail.
#[derive(Serialize)]
pub(in crate::commands::send) struct Mailed {
    /// The case's local name; null where no trace is left.
    case: Option<String>,
    /// Always `report`.
    what: &'static str,
    vendor: String,
    to: String,
    from: Option<String>,
    /// The file of the mail; null where it was handed over.
    mail: Option<String>,
    /// The server or the program that took it; null where it was written into a file.
    handed_to: Option<String>,
    /// Size of the mail.
    size: u64,
    sha256: String,
    /// The vendor's certificate.
    key: Option<String>,
    /// Null when it was begun before, unless they were never shown.
    pub(super) case_words: Option<String>,
}

impl Mailed {
    pub(super) fn new(
        dispatch: &Dispatch,
        (size, sha256): (u64, [u8; 32]),
        case: Option<CaseName>,
    ) -> Self {
        let post = &dispatch.post;
        let handed = matches!(post.way, Way::Smtp(_) | Way::Sendmail(_));
        Self {
            case: case.map(|name| name.to_string()),
            what: "report",
            vendor: dispatch.vendor.clone(),
            to: dispatch.to.to_string(),
            from: post.from.as_ref().map(ToString::to_string),
            mail: matches!(post.way, Way::File(_)).then(|| post.place()),
            handed_to: handed.then(|| post.place()),
            size,
            sha256: data_encoding::HEXLOWER.encode(&sha256),
            key: Some(dispatch.certificate.fingerprint().to_string()),
            case_words: Some(dispatch.case.words().to_string()),
        }
    }

    /// One that waited in the outbox.
    pub(super) fn again(record: &CaseRecord, (from, to): (&str, &str), place: String) -> Self {
        let key = record.certificate.as_ref().map(Certificate::fingerprint);
        Self {
            case: Some(record.name().to_string()),
            what: "report",
            vendor: record.vendor.clone(),
            to: to.to_owned(),
            from: Some(from.to_owned()),
            mail: None,
            handed_to: Some(place),
            size: record.size,
            sha256: data_encoding::HEXLOWER.encode(&record.sha256),
            key: key.map(|key| key.to_string()),
            case_words: None,
        }
    }

    /// Tells a person.
    pub(in crate::commands::send) fn tell(&self, context: &Context<'_>) {
        let output = context.output;
        match (&self.mail, &self.handed_to) {
            (Some(file), _) => {
                output.say(format!("the mail to {} is in {file}", self.to));
                output.say("nothing was sent: send it with a mail program that keeps it as it is");
            }
            (None, Some(server)) => {
                output.say(format!(
                    "handed over: {server} took the mail to {}",
                    self.to
                ));
            }
            (None, None) => {}
        }
        let (vendor, key) = (brief(&self.vendor), self.key.as_deref().unwrap_or_default());
        output.say(format!("  for:     {vendor}, key {key}"));
        output.say(format!("  size:    {} bytes", self.size));
        if let Some(case) = &self.case {
            let show = ["sealpost", "case", "show", case];
            output.suggest(&Hint::command(format!("  case:    {case}"), show));
        }
        if let Some(words) = self.case_words.as_ref().filter(|_| !output.is_json()) {
            output.notice(format!("case words: {words}"));
            output.say("keep them secret and safe: they open the answers");
        }
    }
}

pub(super) fn finish(done: Mailed, context: &Context<'_>) -> Result<Exit, Failure> {
    done.tell(context);
    let deliveries = vec![Delivery::Mailed(Box::new(done))];
    context.output.json(&Document { deliveries })?;
    Ok(Exit::Done)
}

/// A report that may have been sent is answered to these words alone. With `--json`, too, they go to
/// stderr: the document is that of the failure.
pub(super) fn words(case: &CaseSecret, context: &Context<'_>) {
    let words = case.words();
    context.output.notice(format!("case words: {}", *words));
}
