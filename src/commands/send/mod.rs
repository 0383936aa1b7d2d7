//! `sealpost send`: a report sealed, delivered to the vendor's intake, and a case begun.

mod by_mail;
mod delivery;
mod dry_run;
mod github;
mod new;
mod outcome;
mod resume;
mod route;
mod spool;
mod stopped;

use zeroize::Zeroizing;

pub(super) use self::{
    delivery::idempotency_key,
    outcome::{kept, kept_to_go_on, key_of},
    resume::message as deliver_message,
    route::find as find_route,
};
use super::{
    Context, check, embargo,
    online::Online,
    sealing::{
        Attachments, Author, bundle, first_use, intended_program, investigate, new_case,
        own_copies, published, refuse_if_it_says_so, report_text,
    },
    target,
    vendor::{self, Investigation, Vendor},
};
use crate::{
    bundle::Bundle,
    case::{CaseSecret, EmbargoTerms},
    cli::{Channel, Send},
    openpgp::{Certificate, Envelope, Signer},
    program::Program,
    report::Report,
    terminal::{Exit, Failure},
};

/// Goes on with what is in the outbox, or sends a report.
pub(super) fn run(args: &Send, context: &Context<'_>) -> Result<Exit, Failure> {
    if let Some(which) = &args.resume {
        return resume::run(which, args, context);
    }
    github::refuse_other_options(args)?;
    if args.leave_no_trace || args.dry_run {
        context.leave_no_trace();
    }
    by_mail::refuse_other_options(args)?;
    let draft = Draft::read(args)?;
    let vendor = vendor::resolve(args.to.as_deref().unwrap_or_default(), context)?;
    match args.via {
        Channel::GitHub => {
            draft.check(&vendor.target.program, args, context)?;
            github::run(args, (&draft.report, &vendor), context)
        }
        Channel::Intake => to_intake(Order::resolve(draft, vendor, args, context)?, args, context),
        Channel::Mail => by_mail::run(
            &Order::resolve(draft, vendor, args, context)?,
            args,
            context,
        ),
    }
}

/// The report as it was read.
struct Draft {
    /// The name for messages.
    file: String,
    text: Zeroizing<String>,
    report: Report,
}

impl Draft {
    fn read(args: &Send) -> Result<Self, Failure> {
        let (file, text) = report_text(args.report.as_deref().unwrap_or("-".as_ref()))?;
        let report = Report::parse(&file, &text)?;
        Ok(Self { file, text, report })
    }

    /// Refuses what `check` finds, before anything is sealed.
    fn check(&self, program: &Program, args: &Send, context: &Context<'_>) -> Result<(), Failure> {
        let inspection = check::Inspection {
            file: &self.file,
            text: &self.text,
            report: Ok(&self.report),
            program: Some(program),
            attach: &args.attach,
        };
        let to = args.to.as_deref().unwrap_or_default();
        check::before_sending(&inspection, to, context)
    }
}

/// What is to be sent to whom: it was checked, and there is a key for it, whichever way it goes.
struct Order {
    report: Report,
    vendor: Vendor,
    program: Option<String>,
    found: Investigation,
}

impl Order {
    fn resolve(
        draft: Draft,
        vendor: Vendor,
        args: &Send,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        target::refuse_if_unencrypted(&vendor.target.program)?;
        let program = intended_program(&draft.report, Some(&vendor.target))?;
        let typed = args.fingerprint.as_slice();
        let found = investigate(typed, &args.network, &vendor, context)?;
        refuse_if_it_says_so(&vendor, &found)?;
        // Nobody is asked for anything while there is no key that may be used.
        if let Err(stop) = &found.decision {
            return Err(vendor::refusal(&vendor, &found, stop, context));
        }
        draft.check(vendor::program_of(&vendor, &found), args, context)?;
        Ok(Self {
            report: draft.report,
            vendor,
            program,
            found,
        })
    }

    /// What holds of its publication.
    fn embargo(&self) -> EmbargoTerms {
        let program = vendor::program_of(&self.vendor, &self.found);
        embargo::terms(Some(program), self.report.disclosure())
    }
}

fn to_intake(order: Order, args: &Send, context: &Context<'_>) -> Result<Exit, Failure> {
    let embargo = order.embargo();
    let Order {
        report,
        vendor,
        program,
        found,
    } = order;
    let online = Online::new(&args.network, vendor.loopback(), context)?;
    let route = route::find(&vendor, Some(&found), &online, context)?;
    if args.dry_run {
        return dry_run::show(args, (&vendor, &found), &route, (&report, program), context);
    }
    let typed = args.fingerprint.as_slice();
    let first_use = first_use(typed, args.yes_trust_first_use);
    let recipient = published(&vendor, &found, &first_use, context)?;
    let certificate = recipient.certificate().clone();
    let mut recipients = vec![recipient];
    let copies = own_copies(&recipients, (&args.also_to, None), context)?;
    recipients.extend(copies);
    let case = new_case()?;
    let author = author(args, &case, context)?;
    let mut bundle = bundle(&report, &author, program, context)?;
    Attachments::of_send(args).attach(&mut bundle, context)?;
    refuse_if_too_large(&bundle, route.offer.max_size)?;
    let shipment = Shipment {
        signed_by: args.sign_with.as_ref().map(|_| author.certificate.clone()),
        envelope: Envelope::to(recipients, None)?,
        signer: author.signer,
        embargo,
        vendor: vendor.subject.name.clone(),
        certificate,
        bundle,
        case,
    };
    if args.leave_no_trace {
        new::without_trace(shipment, &route, (&online, args), context)
    } else {
        new::through_outbox(shipment, &route, (&online, args), context)
    }
}

/// Everything that is sealed and sent, before it is.
struct Shipment {
    bundle: Bundle,
    envelope: Envelope,
    signer: Option<Signer>,
    case: CaseSecret,
    embargo: EmbargoTerms,
    vendor: String,
    certificate: Certificate,
    /// The reporter's own certificate, where that signs.
    signed_by: Option<Certificate>,
}

fn author(args: &Send, case: &CaseSecret, context: &Context<'_>) -> Result<Author, Failure> {
    match &args.sign_with {
        Some(own) => Author::own(own, context),
        None => Ok(Author::of_case(case, context)?.unsigned(args.unsigned)),
    }
}

/// Before anything is sealed: a gigabyte that will not be taken is not worth the time.
fn refuse_if_too_large(bundle: &Bundle, most: Option<u64>) -> Result<(), Failure> {
    match most.filter(|most| bundle.size() > *most) {
        None => Ok(()),
        Some(most) => {
            let size = bundle.size();
            let error = anyhow::anyhow!(
                "the report has {size} bytes with its attachments, and the intake takes {most} at the most"
            );
            Err(Failure::from(error))
        }
    }
}
