//! `send --via github`: a private vulnerability report in a repository, in clear or sealed.
//!
//! GitHub reads what is filed in clear, so nothing is sent before the person agreed to that. The
//! record of the case is durable before the report is posted: its secret gives the mark by which
//! the report is recognised when the answer was lost (promises 1 and 20).

mod clear;
mod earlier;
mod outcome;
mod sealed;

use anyhow::anyhow;
use url::Url;

use self::{
    earlier::Earlier,
    outcome::{Done, Plan},
};
use crate::{
    advisory::{MAX_DESCRIPTION, MAX_SUMMARY, PrivateReport},
    bundle::padme,
    case::{CaseSecret, EmbargoTerms},
    cli::{Channel, Send},
    client::github::{Filed, FilingError, GitHub, Mark},
    commands::{
        Context, embargo,
        github::{advisories, connect, explain, page, repository},
        online::{Online, refuse_without_proxy},
        sealing::new_case,
        vendor::Vendor,
    },
    disk::{CaseRecord, Cases, Destination, Interruption},
    openpgp::Certificate,
    program::{Contact, Repository},
    report::Report,
    terminal::{Exit, Failure, Hint},
};

/// What is filed, with what is remembered of it.
struct Filing {
    repository: Repository,
    vendor: String,
    case: CaseSecret,
    report: PrivateReport,
    /// The vendor's certificate, where the report is sealed to it.
    certificate: Option<Certificate>,
    /// SHA-256 over the report and its attachments as they were read.
    identity: [u8; 32],
    /// Whether the person is asked before it goes.
    asks: bool,
    embargo: EmbargoTerms,
    /// The case of an earlier run that may have filed it, in the same form.
    earlier: Option<Box<CaseRecord>>,
    /// The page that lists the repository's advisories.
    advisories: Url,
}

/// Refuses what was typed for another channel than the one that is meant.
pub(super) fn refuse_other_options(args: &Send) -> Result<(), Failure> {
    let to_github = args.via == Channel::GitHub;
    let sealed = !to_github || args.sealed;
    let wrong = [
        (args.sealed && !to_github, "--sealed", "--via github"),
        (
            args.accept_transport_only && !to_github,
            "--accept-transport-only",
            "--via github",
        ),
        (
            args.start_private_fork && !to_github,
            "--start-private-fork",
            "--via github",
        ),
        (
            args.repository.is_some() && !to_github,
            "--repository",
            "--via github",
        ),
        (!args.also_to.is_empty() && !sealed, "--also-to", "--sealed"),
        (
            args.sign_with.is_some() && !sealed,
            "--sign-with",
            "--sealed",
        ),
        (args.unsigned && !sealed, "--unsigned", "--sealed"),
        (
            args.fingerprint.is_some() && !sealed,
            "--fingerprint",
            "--sealed",
        ),
    ];
    match wrong.into_iter().find(|(is_wrong, ..)| *is_wrong) {
        None => Ok(()),
        Some((_, typed, needed)) => Err(Failure::new(
            Exit::Usage,
            anyhow!("{typed} goes with {needed} alone"),
        )),
    }
}

/// Files it, or shows what would be filed.
pub(super) fn run(
    args: &Send,
    (report, vendor): (&Report, &Vendor),
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let repository = addressed(args, vendor)?;
    let identity = earlier::identity(report, &args.attach)?;
    let cases = context
        .may_remember()
        .then(|| context.cases())
        .transpose()?;
    let advisories = advisories(&args.network.github_api, &repository)?;
    let (case, earlier) = match earlier::find(cases.as_ref(), &advisories, &identity)? {
        Earlier::Filed(record) => return outcome::filed_before(&record, &repository, context),
        Earlier::Open(record) => (record.secret.clone(), Some(record)),
        Earlier::None => (new_case()?, None),
    };
    if let Some(earlier) = &earlier {
        if earlier.proxied && !args.direct {
            refuse_without_proxy(&earlier.name(), context)?;
        }
        refuse_another_form(earlier, args.sealed)?;
    }
    let embargo = embargo::terms(Some(&vendor.target.program), report.disclosure());
    let (report, certificate, asks) = if args.sealed {
        let sealed = sealed::report(args, (report, vendor), &case, context)?;
        (sealed.report, Some(sealed.certificate), sealed.asks)
    } else {
        let report = clear::report(args, (report, vendor), context)?;
        (report, None, !args.accept_transport_only)
    };
    let mut filing = Filing {
        repository,
        vendor: vendor.subject.name.clone(),
        report,
        certificate,
        case,
        identity,
        asks,
        embargo,
        earlier,
        advisories,
    };
    refuse_another_key(&filing)?;
    filing.report.start_private_fork = args.start_private_fork;
    filing.mark()?;
    if args.dry_run {
        return Plan::of(&filing).tell(context);
    }
    if filing.certificate.is_none() && filing.asks {
        clear::agree(vendor, &filing, context)?;
    }
    let online = Online::new(&args.network, [], context)?;
    let github = connect(&online, &args.network, context)?;
    refuse_unless_enabled(&github, &filing.repository, &online)?;
    let (filed, record) = filing.post((&github, &online), cases.as_ref(), context)?;
    Done::of(&filing, (&filed, &record), cases.is_some()).tell(context)
}

/// What an earlier run may have filed in the other form is settled first: else nobody could say
/// whether GitHub can read the report.
fn refuse_another_form(earlier: &CaseRecord, sealed: bool) -> Result<(), Failure> {
    if earlier.certificate.is_some() == sealed {
        return Ok(());
    }
    let (was, how) = if sealed {
        ("readable to GitHub", "without")
    } else {
        ("sealed", "with")
    };
    let error = anyhow!(
        "an earlier run may have filed this report {was}, and its answer was lost; nothing was sent"
    );
    let hint = format!("the same command {how} --sealed looks whether it is there");
    Err(Failure::new(Exit::Refused, error)
        .with_hint(Hint::words(hint))
        .with_hint(forget(earlier)))
}

/// One case is sealed to one key.
fn refuse_another_key(filing: &Filing) -> Result<(), Failure> {
    let key = |certificate: &Certificate| certificate.fingerprint();
    let now = filing.certificate.as_ref().map(key);
    let Some(earlier) = filing.earlier.as_ref() else {
        return Ok(());
    };
    match earlier.certificate.as_ref().map(key) {
        Some(then) if now.as_ref() != Some(&then) => {
            let error = anyhow!(
                "an earlier run may have filed this report sealed to another key, {then}, and its answer was lost; \
                 nothing was sent"
            );
            Err(Failure::new(Exit::Refused, error).with_hint(forget(earlier)))
        }
        _ => Ok(()),
    }
}

fn forget(earlier: &CaseRecord) -> Hint {
    let name = earlier.name();
    Hint::command(
        "look at the repository's advisories on GitHub; if it is not there",
        ["sealpost", "case", "forget", name.as_str()],
    )
}

/// The repository that was named, or the one among the vendor's contacts.
fn addressed(args: &Send, vendor: &Vendor) -> Result<Repository, Failure> {
    if let Some(typed) = &args.repository {
        return repository(typed);
    }
    let contacts = vendor.target.program.contacts();
    let mut known = contacts.filter_map(|contact| match contact {
        Contact::GitHub(repository) => Some(repository.clone()),
        _ => None,
    });
    known.next().ok_or_else(|| {
        let error = anyhow!("{}: no repository on GitHub is known", vendor.typed);
        Failure::new(Exit::Usage, error).with_hint(Hint::words(
            "name it: --repository OWNER/REPO, or --to github:OWNER/REPO",
        ))
    })
}

fn refuse_unless_enabled(
    github: &GitHub<'_>,
    repository: &Repository,
    online: &Online,
) -> Result<(), Failure> {
    let asked = online.wait(github.takes_private_reports(repository));
    let what = format!("cannot learn whether {repository} takes private reports");
    if asked.map_err(|error| explain(error, &what, github))? {
        return Ok(());
    }
    let error = anyhow!("{repository} takes no private vulnerability reports; nothing was sent");
    Err(Failure::from(error)
        .with_hint(Hint::words(
            "ask its maintainers, without a word on the finding, to turn on private vulnerability reporting or to \
             name another contact; a public issue would tell everybody",
        ))
        .with_hint(Hint::command(
            "see which other contacts there are",
            ["sealpost", "find", &format!("github:{repository}")],
        )))
}

impl Filing {
    /// Puts the mark under the description, and sees whether GitHub takes its length.
    fn mark(&mut self) -> Result<(), Failure> {
        let mark = Mark::new(self.case.filing_mark());
        self.report.description = mark.put_under(&self.report.description);
        let texts = [
            ("summary", &self.report.summary, MAX_SUMMARY),
            ("description", &self.report.description, MAX_DESCRIPTION),
        ];
        for (field, text, most) in texts {
            let length = text.chars().count();
            if length > most {
                let error =
                    anyhow!("the {field} would have {length} characters, and GitHub takes {most}");
                return Err(Failure::from(error).with_hint(Hint::words(
                    "shorten the report, or hand it over as a sealed file (sealpost seal)",
                )));
            }
        }
        Ok(())
    }

    /// Files it once, and remembers where.
    fn post(
        &self,
        (github, online): (&GitHub<'_>, &Online),
        cases: Option<&Cases>,
        context: &Context<'_>,
    ) -> Result<(Filed, CaseRecord), Failure> {
        let record = match &self.earlier {
            Some(earlier) => CaseRecord::clone(earlier),
            None => self.record(context)?,
        };
        if let Some(cases) = cases {
            cases.write(&record)?;
        }
        let mark = Mark::new(self.case.filing_mark());
        let again = self.earlier.is_some();
        let interruption = Interruption::expected();
        let filing = github.file(&self.repository, &self.report, &mark, again);
        let failure = match online.wait_unless(&interruption, filing) {
            Ok(Ok(filed)) => {
                let record = self.settle(record, &filed, cases, context);
                let record = record.inspect_err(|_| self.show_words(context))?;
                return Ok((filed, record));
            }
            Ok(Err(FilingError::Refused(error))) => {
                if let Some(cases) = cases {
                    cases.forget(&record.name())?;
                }
                return Err(explain(error, "nothing was filed", github));
            }
            Ok(Err(FilingError::Open(error))) => {
                let what = if error.leaves_it_open() {
                    "GitHub's answer leaves open whether the report was filed"
                } else {
                    "nothing was filed this time, but an attempt before may have filed it"
                };
                explain(error, what, github)
            }
            Err(interrupted) => {
                let error = anyhow!("interrupted: it is open whether the report was filed");
                Failure::new(Exit::of_signal(interrupted.signal), error)
            }
        };
        self.show_words(context);
        Err(failure.with_hint(Hint::words(match cases {
            Some(_) => "the same command again looks before it files another",
            None => "look at the repository's advisories on GitHub before you try again",
        })))
    }

    /// A sealed report may be there, and then its words alone open the answers.
    fn show_words(&self, context: &Context<'_>) {
        if self.certificate.is_some() {
            let words = self.case.words();
            context.output.notice(format!("case words: {}", *words));
        }
    }

    /// Remembers where it is, if it is what it should be.
    fn settle(
        &self,
        mut record: CaseRecord,
        filed: &Filed,
        cases: Option<&Cases>,
        context: &Context<'_>,
    ) -> Result<CaseRecord, Failure> {
        let view = filed.advisory();
        let page = page(view, &self.advisories)?;
        if let (Filed::Found(_), Some(_)) = (filed, &record.certificate)
            && !view.description.as_deref().is_some_and(holds_a_message)
        {
            let error = anyhow!("{page} has the mark of the report, but no encrypted report");
            return Err(error.into());
        }
        record.destination = Destination::Advisory(page);
        record.handed_over = Some(context.time()?);
        if let Some(cases) = cases {
            cases.write(&record)?;
        }
        Ok(record)
    }

    fn record(&self, context: &Context<'_>) -> Result<CaseRecord, Failure> {
        Ok(CaseRecord {
            secret: self.case.clone(),
            vendor: self.vendor.clone(),
            destination: Destination::Advisory(self.advisories.clone()),
            certificate: self.certificate.clone(),
            signed_by: None,
            // Both are shown by `case list`: the digest and the length themselves would prove a guess.
            sha256: self.case.report_mark(&self.identity),
            size: padme(self.report.description.len() as u64),
            sealed: context.time()?,
            embargo: self.embargo,
            delivered: None,
            handed_over: None,
            seen: None,
            noted: Vec::new(),
            messages: Vec::new(),
            by_strangers: Vec::new(),
            proxied: context.proxy.is_some(),
        })
    }
}

fn holds_a_message(description: &str) -> bool {
    description.contains("-----BEGIN PGP MESSAGE-----")
}
