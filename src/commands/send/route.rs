//! Which of a vendor's contacts is an intake.
//!
//! DESIGN.md, "The intake's HTTP contract" (`OPTIONS /reports`). Contacts are asked one after the
//! other, in the vendor's order, and only once there is a key to seal to.

use anyhow::anyhow;
use url::Url;

use crate::{
    client::{Intake, IntakeError, Offer},
    commands::{
        Context,
        online::Online,
        vendor::{Investigation, Vendor, contacts},
    },
    network::policy::PATIENCE,
    program::Contact,
    terminal::{Exit, Failure, Hint, Progress},
    wire::path,
};

/// An intake, and what it says of itself.
pub(in crate::commands) struct Route<'n> {
    pub(in crate::commands) intake: Intake<'n>,
    pub(in crate::commands) offer: Offer,
}

/// The first intake among the contacts.
pub(in crate::commands) fn find<'n>(
    vendor: &Vendor,
    found: Option<&Investigation>,
    online: &'n Online,
    context: &Context<'_>,
) -> Result<Route<'n>, Failure> {
    let contacts = contacts(vendor, found);
    let mut asked = Vec::new();
    let mut silent = None;
    let _waiting = Progress::waiting(context.output, "looking for the intake");
    for url in links(vendor, &contacts).into_iter().take(MOST) {
        let intake = online.intake(&url);
        match online.wait(async { tokio::time::timeout(PATIENCE, intake.offer()).await }) {
            Ok(Ok(Some(offer))) => {
                context
                    .output
                    .detail(1, format!("the intake is {}", intake.endpoint()));
                return Ok(Route { intake, offer });
            }
            Ok(Ok(None)) => asked.push(format!("{url}: no intake (a web page or form)")),
            Ok(Err(why)) => {
                let passing = IntakeError::Fetch(why.clone()).is_passing();
                asked.push(format!("{url}: {why}"));
                silent = silent.or(Some(intake).filter(|_| passing && names_an_intake(&url)));
            }
            Err(_) => {
                asked.push(format!("{url}: no answer in time"));
                silent = silent.or(Some(intake).filter(|_| names_an_intake(&url)));
            }
        }
    }
    if let Some(intake) = silent {
        context
            .output
            .warn(format!("{} does not answer just now", intake.endpoint()));
        return Ok(Route {
            intake,
            offer: Offer::unknown(),
        });
    }
    Err(none(vendor, &contacts, &asked, context))
}

/// This machine's own, where TARGET names it, then the https contacts.
fn links(vendor: &Vendor, contacts: &[Contact]) -> Vec<Url> {
    let typed = vendor.loopback_url();
    let web = contacts.iter().filter_map(|contact| match contact {
        Contact::Web(link) => link.as_str().parse().ok(),
        _ => None,
    });
    typed.into_iter().chain(web).collect()
}

/// Whether a contact that does not answer is an intake by what it is called, or by the person's own
/// word: plain http is asked for nothing else.
fn names_an_intake(url: &Url) -> bool {
    url.scheme() == "http" || url.path().trim_end_matches('/').ends_with(path::REPORTS)
}

fn none(vendor: &Vendor, contacts: &[Contact], asked: &[String], context: &Context<'_>) -> Failure {
    let name = &vendor.typed;
    let error = anyhow!("{name}: none of its contacts is an intake that takes sealed reports");
    let mut failure = Failure::new(Exit::Failed, error);
    if context.offline {
        return failure.with_hint(Hint::words("nobody was asked, because of --offline"));
    }
    for one in asked {
        failure = failure.with_hint(Hint::words(one.clone()));
    }
    let others: Vec<String> = contacts
        .iter()
        .filter(|contact| !matches!(contact, Contact::Web(_) | Contact::GitHubUnnamed))
        .map(ToString::to_string)
        .collect();
    if contacts.iter().any(|one| matches!(one, Contact::Mail(_))) {
        failure = failure.with_hint(Hint::command(
            "to send it as an encrypted mail",
            ["sealpost", "send", "REPORT", "--to", name, "--via", "mail"],
        ));
    }
    if contacts.iter().any(|one| matches!(one, Contact::GitHub(_))) {
        failure = failure.with_hint(Hint::command(
            "to file it as a private report, which GitHub can read",
            [
                "sealpost", "send", "REPORT", "--to", name, "--via", "github",
            ],
        ));
    }
    if !others.is_empty() {
        let words = format!("it takes reports at {}", others.join(", "));
        failure = failure.with_hint(Hint::words(words));
    }
    failure.with_hint(Hint::command(
        "seal it into a file, and hand that over there",
        ["sealpost", "seal", "REPORT", "--to", name],
    ))
}

/// More contacts than any vendor has.
const MOST: usize = 8;
