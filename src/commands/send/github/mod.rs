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
    case::{CaseSecret, EmbargoTerms},
    cli::{Channel, Send},
    client::github::{AdvisoryView, Filed, FilingError, GitHub},
    commands::{
        Context, embargo,
        github::{connect, explain, repository},
        online::Online,
        sealing::new_case,
        vendor::Vendor,
    },
    disk::{CaseRecord, Cases, Destination},
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
    /// Whether an earlier run may have filed it.
    again: bool,
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
    let earlier = earlier::find(cases.as_ref(), &repository, &identity)?;
    let (case, again) = match earlier {
        Earlier::Filed(record) => return outcome::filed_before(&record, &repository, context),
        Earlier::Open(record) => (record.secret.clone(), true),
        Earlier::None => (new_case()?, false),
    };
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
        again,
    };
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
    let view = filing.post((&github, &online), cases.as_ref(), context)?;
    Done::of(&filing, &view, cases.is_some()).tell(context)
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
    /// Puts the mark at the end of the description, and sees whether GitHub takes its length.
    fn mark(&mut self) -> Result<(), Failure> {
        let mark = self.case.filing_mark();
        let description = &self.report.description;
        self.report.description = format!("{description}\n\n<!-- sealpost:{mark} -->");
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
    ) -> Result<Filed, Failure> {
        let mut record = self.record(context)?;
        if let Some(cases) = cases {
            cases.write(&record)?;
        }
        let mark = self.case.filing_mark();
        let filed = online.wait(github.file(&self.repository, &self.report, &mark, self.again));
        let filed = match filed {
            Ok(filed) => filed,
            Err(FilingError::Refused(error)) => {
                if let Some(cases) = cases {
                    cases.forget(&record.name())?;
                }
                return Err(explain(error, "nothing was filed", github));
            }
            Err(FilingError::Open(error)) => {
                if self.certificate.is_some() {
                    // It may be there, and then they alone open the answers.
                    let words = self.case.words();
                    context.output.notice(format!("case words: {}", *words));
                }
                let what = "GitHub's answer leaves open whether the report was filed";
                let hint = match cases {
                    Some(_) => "the same command again looks before it files another",
                    None => "look at the repository's advisories on GitHub before you try again",
                };
                return Err(explain(error, what, github).with_hint(Hint::words(hint)));
            }
        };
        record.destination = Destination::Advisory(page(filed.advisory(), &self.repository)?);
        record.handed_over = Some(context.time()?);
        if let Some(cases) = cases {
            cases.write(&record)?;
        }
        Ok(filed)
    }

    fn record(&self, context: &Context<'_>) -> Result<CaseRecord, Failure> {
        Ok(CaseRecord {
            secret: self.case.clone(),
            vendor: self.vendor.clone(),
            destination: Destination::Advisory(earlier::advisories(&self.repository)?),
            certificate: self.certificate.clone(),
            signed_by: None,
            sha256: self.identity,
            size: self.report.description.len() as u64,
            sealed: context.time()?,
            embargo: self.embargo,
            delivered: None,
            handed_over: None,
            seen: None,
            noted: Vec::new(),
            messages: Vec::new(),
        })
    }
}

/// The page of an advisory, which is GitHub's word only where it is a link to a web page.
fn page(view: &AdvisoryView, repository: &Repository) -> Result<Url, Failure> {
    let link = Url::parse(&view.html_url).ok();
    if let Some(link) = link.filter(|link| link.scheme() == "https") {
        return Ok(link);
    }
    let id: crate::advisory::GhsaId = view
        .ghsa_id
        .parse()
        .map_err(|_| anyhow!("GitHub gives an id that is none: `{}`", view.ghsa_id))?;
    let page = format!("{}/{}", earlier::advisories(repository)?, id.as_str());
    Ok(Url::parse(&page)?)
}
