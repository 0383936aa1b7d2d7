//! A new report: sealed into the outbox and uploaded at the same time, or leaving no trace.
//!
//! The order is what promises 19 and 20 rest on. First the record of the case and the entry in the
//! outbox are durable, and only then does the upload hear where the report ends: so nothing that
//! arrived is unknown here, and nothing that is cut off is lost.

use std::{fs::File, sync::Arc, thread, time::Duration};

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    Shipment,
    delivery::{Parcel, Shared, attest, deliver, idempotency_key, locked, receive},
    outcome::{Delivered, Delivery, Document, kept, tell},
    route::Route,
    spool::Spool,
    stopped::withdraw,
};
use crate::{
    bundle::BundleError,
    case::CaseName,
    cli::Send,
    client::{Growth, Posted, Source},
    commands::{Context, online::Online},
    disk::{CaseRecord, Destination, Entry, EntryKind, Interrupted, Interruption},
    terminal::{Exit, Failure, Progress},
    wire::Token,
};

/// Through the outbox, from where it can go on.
pub(super) fn through_outbox(
    mut shipment: Shipment,
    route: &Route<'_>,
    (online, args): (&Online, &Send),
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let cases = context.cases_to_keep()?;
    let name = CaseName::of(&shipment.case);
    let pending = context.home.outbox().begin(name.as_str())?;
    let (writer, reader) = (pending.writer()?, pending.reader()?);
    let way = Way::new(route, (online, args))?;
    let (key, shared) = (way.key.clone(), Shared::default());
    let (growth, source) = growing(reader);
    let keep = |shipment: &Shipment, sealed: (u64, [u8; 32])| -> Result<CaseRecord, Failure> {
        let record = record(shipment, sealed, route, context)?;
        cases.write(&record)?;
        let mut place = locked(&shared);
        let entry = Entry {
            case: name.clone(),
            kind: EntryKind::Report,
            intake: route.intake.endpoint().clone(),
            idempotency_key: key.clone(),
            sha256: record.sha256,
            size: record.size,
            sealed: record.sealed,
            upload: place.upload.clone(),
            words_shown: false,
            proxied: context.proxy.is_some(),
        };
        match pending.publish(entry) {
            Ok(held) => place.held = Some(held),
            Err(error) => {
                let _gone = cases.forget(&name);
                return Err(error.into());
            }
        }
        Ok(record)
    };
    let spool = Spool::new(writer, growth.clone(), way.interruption.clone());
    let ends = (&shared, &*growth, source);
    let (mut record, posted) = both(&mut shipment, (spool, keep), ends, &way, context)?;
    let attested = match posted {
        Ok(posted) => attest(&record, &posted, context)
            .and_then(|attested| receive(&mut record, &posted).map(|()| (attested, posted)))
            .map_err(|failure| kept(name.as_str(), failure.into_error())),
        Err(error) => Err(kept(name.as_str(), error)),
    };
    let held = locked(&shared).held.take();
    let (attested, posted) = match attested {
        Ok(attested) => attested,
        Err(failure) => {
            words(&shipment, context);
            if let Some(mut held) = held {
                held.set_words_shown()?;
            }
            return Err(failure);
        }
    };
    cases.write(&record)?;
    let mut done = Delivered::report(&record, posted.report.as_str(), &attested)?;
    done.case_words = Some(shipment.case.words().to_string());
    finish(done, context)?;
    // Not before the words were shown: `send --resume` shows them otherwise.
    if let Some(held) = held {
        held.remove()?;
    }
    Ok(Exit::Done)
}

/// From a file without a name, and with nothing that stays.
pub(super) fn without_trace(
    mut shipment: Shipment,
    route: &Route<'_>,
    (online, args): (&Online, &Send),
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let spool = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    let reader = spool.reopen().context("cannot make a temporary file")?;
    let (writer, path) = spool.into_parts();
    path.close().context("cannot make a temporary file")?;
    let way = Way::new(route, (online, args))?;
    let (growth, source) = growing(reader);
    let shared = Shared::default();
    let keep = |shipment: &Shipment, sealed| record(shipment, sealed, route, context);
    let spool = Spool::new(writer, growth.clone(), way.interruption.clone());
    let ends = (&shared, &*growth, source);
    let (record, posted) = both(&mut shipment, (spool, keep), ends, &way, context)?;
    let attested = match posted {
        Ok(posted) => attest(&record, &posted, context)
            .map(|attested| (attested, posted))
            .map_err(|failure| failure.with_exit(Exit::Failed)),
        Err(error) => Err(match error.downcast_ref::<Interrupted>() {
            Some(interrupted) => {
                let why = "nothing is kept here, so it cannot be gone on with";
                withdraw((why, *interrupted), &shared, &route.intake, online)
            }
            None => error.into(),
        }),
    };
    let (attested, posted) = match attested {
        Ok(attested) => attested,
        Err(failure) => {
            words(&shipment, context);
            return Err(failure);
        }
    };
    let mut done = Delivered::report(&record, posted.report.as_str(), &attested)?;
    done.case = None;
    done.case_words = Some(shipment.case.words().to_string());
    finish(done, context)
}

/// How it gets there.
struct Way<'a> {
    route: &'a Route<'a>,
    online: &'a Online,
    args: &'a Send,
    key: String,
    interruption: Interruption,
}

impl<'a> Way<'a> {
    fn new(route: &'a Route<'a>, (online, args): (&'a Online, &'a Send)) -> Result<Self, Failure> {
        Ok(Self {
            route,
            online,
            args,
            key: idempotency_key()?,
            interruption: Interruption::expected(),
        })
    }
}

type Ends<'a> = (&'a Shared, &'a watch::Sender<Growth>, Source);

/// Seals on this thread and uploads on another. `keep` makes durable what was sealed.
fn both(
    shipment: &mut Shipment,
    (spool, keep): (
        Spool,
        impl FnOnce(&Shipment, (u64, [u8; 32])) -> Result<CaseRecord, Failure>,
    ),
    (shared, growth, source): Ends<'_>,
    way: &Way<'_>,
    context: &Context<'_>,
) -> Result<(CaseRecord, anyhow::Result<Posted>), Failure> {
    let token = Token::from_bytes(&shipment.case.token_bytes());
    let parcel = Parcel {
        route: way.route,
        token: &token,
        idempotency_key: &way.key,
        source,
        upload: None,
        again: false,
        patience: Duration::from_secs(way.args.patience),
    };
    let (size, output) = (shipment.bundle.size(), context.output);
    let line = (way.online, &way.interruption);
    thread::scope(|scope| {
        let sending = scope.spawn(|| deliver(parcel, (shared, size), line, output));
        let made = seal(shipment, spool, context).and_then(|sealed| {
            let record = keep(shipment, sealed)?;
            let (size, sha256) = sealed;
            growth.send_replace(Growth::Whole { size, sha256 });
            Ok(record)
        });
        if made.is_err() {
            growth.send_replace(Growth::CalledOff);
        }
        let posted = sending.join();
        let record = made.map_err(|failure| match way.interruption.came() {
            Some(interrupted) => {
                let why = "the report was not sealed to its end, and nothing of it is kept here";
                withdraw((why, interrupted), shared, &way.route.intake, way.online)
            }
            None => failure,
        })?;
        let posted = posted.map_err(|_| anyhow!("the upload broke down"))?;
        Ok((record, posted))
    })
}

fn growing(reader: File) -> (Arc<watch::Sender<Growth>>, Source) {
    let (growth, receiver) = watch::channel(Growth::Growing(0));
    (Arc::new(growth), Source::new(reader, receiver))
}

fn seal(
    shipment: &mut Shipment,
    spool: Spool,
    context: &Context<'_>,
) -> Result<(u64, [u8; 32]), Failure> {
    let cannot_write = |error: anyhow::Error| error.context("cannot write the sealed report");
    let signer = shipment.signer.take();
    let mut sealing = shipment.envelope.seal(spool, signer, context.now)?;
    let progress = Progress::bytes(context.output, Some(shipment.bundle.size()), "sealing");
    let bundled = shipment
        .bundle
        .stream_to(&mut sealing, &mut |now| progress.at(now));
    bundled.map_err(|error| match error {
        BundleError::Write(error) => cannot_write(error.into()),
        other => other.into(),
    })?;
    let spool = sealing
        .finish()
        .map_err(|error| cannot_write(error.into()))?;
    Ok(spool.finish())
}

fn record(
    shipment: &Shipment,
    (size, sha256): (u64, [u8; 32]),
    route: &Route<'_>,
    context: &Context<'_>,
) -> Result<CaseRecord, Failure> {
    let signed_by = shipment.signed_by.as_ref();
    Ok(CaseRecord {
        secret: shipment.case.clone(),
        vendor: shipment.vendor.clone(),
        destination: Destination::Intake(route.intake.endpoint().clone()),
        certificate: Some(shipment.certificate.clone()),
        signed_by: signed_by.map(crate::openpgp::Certificate::fingerprint),
        sha256,
        size,
        sealed: Timestamp::try_from(context.now)?,
        embargo: shipment.embargo,
        delivered: None,
        handed_over: None,
        seen: None,
        noted: Vec::new(),
        messages: Vec::new(),
        by_strangers: Vec::new(),
        proxied: context.proxy.is_some(),
    })
}

/// A report that may have arrived is recovered by its words alone. With `--json`, too, they go to
/// stderr: the document is that of the failure.
fn words(shipment: &Shipment, context: &Context<'_>) {
    let words = shipment.case.words();
    context.output.notice(format!("case words: {}", *words));
}

fn finish(done: Delivered, context: &Context<'_>) -> Result<Exit, Failure> {
    tell(&done, context);
    let deliveries = vec![Delivery::Delivered(Box::new(done))];
    context.output.json(&Document { deliveries })?;
    Ok(Exit::Done)
}
