//! `sealpost send --via mail`: the report as a mail that only the vendor can read, handed over or
//! written into a file.
//!
//! Nothing is written or sent before the key was chosen, as with an intake; a mail that cannot be
//! handed over waits in the outbox, sealed.

mod outcome;
mod plan;
mod resume;
mod sealed;
mod ways;

use std::path::{Path, PathBuf};

use anyhow::anyhow;

pub(super) use self::{outcome::Mailed, resume::again};
use super::Order;
use crate::{
    bundle::{Bundle, BundleHeader},
    case::{CaseSecret, EmbargoTerms},
    cli::{Channel, Send},
    commands::{
        Context,
        context::is_dash,
        online::Online,
        post::{self, Post, Way},
        sealing::{
            Attachments, Author, first_use, new_case, own_copies, published,
            warn_of_missing_sections,
        },
        vendor,
    },
    mail::compose::{Autocrypt, Parties, ReportMail, Sealer},
    openpgp::{Certificate, Envelope, Fingerprint},
    program::MailAddress,
    terminal::{Exit, Failure, Hint},
};

/// Everything about a mail but its bytes.
struct Dispatch {
    post: Post,
    to: MailAddress,
    vendor: String,
    certificate: Certificate,
    case: CaseSecret,
    embargo: EmbargoTerms,
    /// The reporter's own certificate, where that signs.
    signed_by: Option<Fingerprint>,
}

/// Seals the report as a mail, and lets it go.
pub(super) fn run(order: &Order, args: &Send, context: &Context<'_>) -> Result<Exit, Failure> {
    let to = address(order, context)?;
    let post = Post::resolve(&args.mail, &default_file(args), context)?;
    if args.dry_run {
        return plan::show(order, (&post, &to), args, context);
    }
    let typed = args.fingerprint.as_slice();
    let first_use = first_use(typed, args.yes_trust_first_use);
    let recipient = published(&order.vendor, &order.found, &first_use, context)?;
    let certificate = recipient.certificate().clone();
    let mut recipients = vec![recipient];
    let copies = own_copies(&recipients, (&args.also_to, None), context)?;
    recipients.extend(copies);
    let envelope = Envelope::to(recipients, None)?.armored(true);
    let case = new_case()?;
    let author = author(args, &case, post.from.as_ref(), context)?;
    let (bundle, parties) = content(order, &author, (&post, &to), args, context)?;
    let subject = order.report.title();
    let mail = ReportMail::new(&bundle, subject, &parties, &post::stamp(context)?);
    let own = args.sign_with.as_ref().map(|_| &author.certificate);
    let mut dispatch = Dispatch {
        post,
        to,
        vendor: order.vendor.subject.name.clone(),
        certificate,
        case,
        embargo: order.embargo(),
        signed_by: own.map(Certificate::fingerprint),
    };
    let sealer = Sealer {
        envelope: &envelope,
        signer: author.signer,
        now: context.now,
    };
    // What is far too large is not even counted to its end.
    refuse_if_too_large(mail.payload_size()?, args)?;
    refuse_if_too_large(mail.size(&sealer)?, args)?;
    dispatch.post.unlock(context)?;
    match (&dispatch.post.way, dispatch.post.from.clone()) {
        (Way::File(path), _) => ways::into_file(path, (&mail, sealer), &dispatch, args, context),
        (Way::Smtp(_) | Way::Sendmail(_), Some(from)) => {
            let online = Online::new(&args.network, None, context)?;
            let ways = (&online, &from);
            if args.leave_no_trace {
                ways::without_trace((&mail, sealer), &dispatch, ways, context)
            } else {
                ways::through_outbox((&mail, sealer), &dispatch, ways, context)
            }
        }
        _ => ways::to_stdout((&mail, sealer), &dispatch, args, context),
    }
}

/// What says how a mail leaves says nothing on any other way.
pub(super) fn refuse_other_options(args: &Send) -> Result<(), Failure> {
    match args.mail.way().filter(|_| args.via != Channel::Mail) {
        Some(option) => {
            let error = anyhow!("{option} belongs to --via mail");
            Err(Failure::new(Exit::Usage, error))
        }
        None => Ok(()),
    }
}

/// Where the vendor takes mail.
fn address(order: &Order, context: &Context<'_>) -> Result<MailAddress, Failure> {
    let addresses = vendor::mail_contacts(&order.vendor, Some(&order.found));
    addresses.into_iter().next().ok_or_else(|| {
        let name = &order.vendor.typed;
        let failure = Failure::from(anyhow!(
            "{name}: no source names a mail address for reports"
        ));
        if context.offline {
            return failure.with_hint(Hint::words("nobody was asked, because of --offline"));
        }
        failure.with_hint(Hint::command(
            "to see where it takes reports",
            ["sealpost", "find", name],
        ))
    })
}

/// Beside the report, under a name that says nothing of it.
fn default_file(args: &Send) -> PathBuf {
    match args.report.as_deref() {
        Some(report) if !is_dash(report) => report.with_file_name("report.eml"),
        _ => Path::new("report.eml").to_owned(),
    }
}

fn author(
    args: &Send,
    case: &CaseSecret,
    from: Option<&MailAddress>,
    context: &Context<'_>,
) -> Result<Author, Failure> {
    match (&args.sign_with, from) {
        (Some(own), _) => Author::own(own, context),
        (None, None) => Ok(Author::of_case(case, context)?.unsigned(args.unsigned)),
        (None, Some(from)) => {
            let author = Author::of_case_at(case, &from.to_string(), context)?;
            Ok(author.unsigned(args.unsigned))
        }
    }
}

/// What is in the mail, and who writes to whom.
fn content(
    order: &Order,
    author: &Author,
    (post, to): (&Post, &MailAddress),
    args: &Send,
    context: &Context<'_>,
) -> Result<(Bundle, Parties), Failure> {
    let mut report = order.report.to_json();
    // A mail has no manifest, so this says for whom the report is.
    if let (Some(members), Some(program)) = (report.as_object_mut(), &order.program) {
        members.insert("program".to_owned(), program.as_str().into());
    }
    let mut bundle = Bundle::new(BundleHeader {
        report_md: order.report.source().as_bytes().to_vec(),
        report_json: serde_json::to_vec_pretty(&report)?,
        reporter: Some(author.certificate.to_armored()?),
        program: order.program.clone(),
        created: context.today(),
    })?;
    Attachments::of_send(args).attach(&mut bundle, context)?;
    warn_of_missing_sections(&order.report, context);
    // The reporter's own key has a name in it, and everybody on the way reads this header.
    let from = post.from.as_ref().filter(|_| args.sign_with.is_none());
    let autocrypt = from.map(|from| Autocrypt::new(from.clone(), &author.certificate));
    let parties = Parties {
        from: post.from.clone(),
        to: to.clone(),
        autocrypt: autocrypt.transpose()?,
    };
    Ok((bundle, parties))
}

/// Before anything is sealed.
fn refuse_if_too_large(size: u64, args: &Send) -> Result<(), Failure> {
    let most = args.mail.max_mail_size.0;
    if size <= most {
        return Ok(());
    }
    let error = anyhow!("the mail would have {size} bytes, and {most} is the most that is sent");
    Err(Failure::from(error)
        .with_hint(Hint::words(
            "attach less: as a mail, an attachment takes nearly twice its size",
        ))
        .with_hint(Hint::words(
            "or seal it into a file (sealpost seal), and mail only where it can be fetched: it can be read by the vendor alone wherever it lies",
        ))
        .with_hint(Hint::words(
            "if the vendor's server takes more, say so with --max-mail-size SIZE",
        )))
}
