//! What `send --via github` says.

use serde::Serialize;

use super::Filing;
use crate::{
    client::github::Filed,
    commands::Context,
    disk::CaseRecord,
    program::Repository,
    terminal::{Exit, Failure, Hint, escape::brief},
};

/// What `--json` prints: the list has this one delivery.
#[derive(Serialize)]
struct Document {
    deliveries: [Done; 1],
}

/// A report that GitHub has.
#[derive(Serialize)]
pub(super) struct Done {
    /// The case's local name; null where no trace is left.
    case: Option<String>,
    what: &'static str,
    channel: &'static str,
    vendor: String,
    repository: String,
    /// The page of the advisory.
    advisory: String,
    /// Whether it was filed by an earlier run.
    found: bool,
    /// The vendor's certificate; null where the report is in clear.
    key: Option<String>,
    private_fork: bool,
    /// The words of the case, where the report is sealed.
    case_words: Option<String>,
}

impl Done {
    pub(super) fn of(
        filing: &Filing,
        (filed, record): (&Filed, &CaseRecord),
        is_kept: bool,
    ) -> Self {
        let certificate = record.certificate.as_ref();
        let name = crate::case::CaseName::of(&filing.case);
        Self {
            case: is_kept.then(|| name.to_string()),
            what: "report",
            channel: "github",
            vendor: filing.vendor.clone(),
            repository: filing.repository.to_string(),
            advisory: record.destination.place(),
            found: matches!(filed, Filed::Found(_)),
            key: certificate.map(|key| key.fingerprint().to_string()),
            private_fork: filed.advisory().private_fork().is_some(),
            case_words: certificate.map(|_| filing.case.words().to_string()),
        }
    }

    pub(super) fn tell(self, context: &Context<'_>) -> Result<Exit, Failure> {
        let output = context.output;
        let done = if self.found {
            "is there already"
        } else {
            "filed"
        };
        output.say(format!("{done}: {}", brief(&self.advisory)));
        match &self.key {
            Some(key) => output.say(format!("  sealed:  to {key}")),
            None => output.say("  sealed:  no, GitHub can read it"),
        }
        if let Some(case) = &self.case {
            let show = ["sealpost", "case", "show", case];
            output.suggest(&Hint::command(format!("  case:    {case}"), show));
        }
        if let Some(words) = self.case_words.as_ref().filter(|_| !output.is_json()) {
            output.notice(format!("case words: {words}"));
            output.say("keep them secret and safe: they open the answers");
        }
        output.json(&Document { deliveries: [self] })?;
        Ok(Exit::Done)
    }
}

/// The same report once more: it is there, and nobody is asked.
pub(super) fn filed_before(
    record: &CaseRecord,
    repository: &Repository,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let key = record.certificate.as_ref();
    let done = Done {
        case: Some(record.name().to_string()),
        what: "report",
        channel: "github",
        vendor: record.vendor.clone(),
        repository: repository.to_string(),
        advisory: record.destination.place(),
        found: true,
        key: key.map(|key| key.fingerprint().to_string()),
        private_fork: false,
        case_words: None,
    };
    done.tell(context)
}

/// What would be filed.
#[derive(Serialize)]
pub(super) struct Plan {
    dry_run: bool,
    channel: &'static str,
    vendor: String,
    repository: String,
    summary: String,
    /// In characters.
    description: usize,
    packages: usize,
    weakness: Vec<String>,
    severity: Option<String>,
    key: Option<String>,
    private_fork: bool,
    /// Whether the person would be asked.
    asks: bool,
}

impl Plan {
    pub(super) fn of(filing: &Filing) -> Self {
        let (report, certificate) = (&filing.report, filing.certificate.as_ref());
        Self {
            dry_run: true,
            channel: "github",
            vendor: filing.vendor.clone(),
            repository: filing.repository.to_string(),
            summary: report.summary.clone(),
            description: report.description.chars().count(),
            packages: report.vulnerabilities.len(),
            weakness: report.cwe_ids.iter().map(ToString::to_string).collect(),
            severity: report.cvss_vector_string.clone(),
            key: certificate.map(|key| key.fingerprint().to_string()),
            private_fork: report.start_private_fork,
            asks: filing.asks,
        }
    }

    pub(super) fn tell(&self, context: &Context<'_>) -> Result<Exit, Failure> {
        let output = context.output;
        output.json(self)?;
        let sealed = match &self.key {
            Some(key) if self.asks => format!("to {key}: you would be asked whether to trust it"),
            Some(key) => format!("to {key}"),
            None if self.asks => "no, GitHub can read it: you would be asked".to_owned(),
            None => "no, GitHub can read it".to_owned(),
        };
        let mut fields = vec![
            ("vendor", brief(&self.vendor)),
            ("repository", self.repository.clone()),
            ("sealed", sealed),
            ("summary", brief(&self.summary)),
            ("description", format!("{} characters", self.description)),
        ];
        if self.packages > 0 {
            fields.push(("packages", self.packages.to_string()));
        }
        if !self.weakness.is_empty() {
            fields.push(("weakness", self.weakness.join(", ")));
        }
        fields.extend(self.severity.clone().map(|vector| ("severity", vector)));
        output.print_fields(&fields)?;
        output.say("nothing was sent");
        Ok(Exit::Done)
    }
}
