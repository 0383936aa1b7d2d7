//! One report on its way: the upload beside the sealing, the receipt judged at its end.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Result, anyhow};

use crate::{
    client::{Attested, Delivery, Expected, IntakeError, Posted, Source, Watch},
    commands::{
        Context,
        online::{Online, pace},
        send::route::Route,
    },
    disk::{CaseRecord, Delivered, HeldEntry, Interruption},
    terminal::{Exit, Failure, Output, Progress},
    wire::{Token, UploadId},
};

/// What there is to deliver.
pub(super) struct Parcel<'a> {
    pub(super) route: &'a Route<'a>,
    pub(super) token: &'a Token,
    pub(super) idempotency_key: &'a str,
    pub(super) source: Source,
    pub(super) upload: Option<UploadId>,
    /// Whether something of it may be there already.
    pub(super) again: bool,
    pub(super) patience: Duration,
}

/// Where the upload is: remembered in the outbox once the entry is there.
#[derive(Default)]
pub(super) struct Place {
    pub(super) upload: Option<UploadId>,
    pub(super) held: Option<HeldEntry>,
}

/// What both the sealing and the upload know of.
pub(super) type Shared = Arc<Mutex<Place>>;

pub(super) fn locked(shared: &Shared) -> std::sync::MutexGuard<'_, Place> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells the person, and the outbox.
struct Watcher<'a> {
    shared: &'a Shared,
    progress: Progress,
    begun: bool,
    output: &'a Output,
}

impl Watch for Watcher<'_> {
    fn begun(&mut self, upload: &UploadId) -> io::Result<()> {
        let mut place = locked(self.shared);
        place.upload = Some(upload.clone());
        match &mut place.held {
            Some(held) => held
                .set_upload(Some(upload.clone()))
                .map_err(io::Error::other),
            None => Ok(()),
        }
    }

    fn at(&mut self, offset: u64) {
        if self.begun {
            self.progress.at(offset);
        } else {
            self.begun = true;
            self.progress.begin_at(offset);
        }
    }

    fn again(&mut self, error: &IntakeError) {
        self.output.say(format!("{error}; trying again"));
    }
}

/// Delivers it, unless the person breaks it off.
pub(super) fn deliver(
    parcel: Parcel<'_>,
    (shared, size): (&Shared, u64),
    (online, interruption): (&Online, &Interruption),
    output: &Output,
) -> Result<Posted> {
    let seed = pace(parcel.patience).map_err(Failure::into_error)?;
    let delivery = Delivery {
        intake: &parcel.route.intake,
        token: parcel.token,
        idempotency_key: parcel.idempotency_key,
        source: parcel.source,
        upload: parcel.upload,
        perhaps_there: parcel.again,
        offer: parcel.route.offer.clone(),
        pace: seed,
    };
    let mut watcher = Watcher {
        shared,
        progress: Progress::bytes(output, Some(size), "sending"),
        begun: false,
        output,
    };
    Ok(online.wait_unless(interruption, delivery.run(&mut watcher))??)
}

/// The verdict on what the intake gave; only with this is anything delivered.
pub(super) fn attest(
    record: &CaseRecord,
    posted: &Posted,
    context: &Context<'_>,
) -> Result<Attested, Failure> {
    let (_, certificate) = record.intake()?;
    let expected = Expected {
        certificate,
        report: &posted.report,
        sha256: record.sha256,
        size: record.size,
    };
    Attested::judge(&posted.receipt, &expected, context.now).map_err(|why| {
        let error = anyhow::Error::new(why);
        Failure::new(
            Exit::NotDelivered,
            error.context("the intake took the report, but its receipt is not to be believed"),
        )
    })
}

/// Writes the receipt into the record.
pub(super) fn receive(record: &mut CaseRecord, posted: &Posted) -> Result<(), Failure> {
    let receipt = String::from_utf8(posted.receipt.clone());
    record.delivered = Some(Delivered {
        report: posted.report.clone(),
        receipt: receipt.map_err(|_| anyhow!("the receipt is not UTF-8 text"))?,
    });
    Ok(())
}

/// A key for one submission: 128 random bits.
pub(in crate::commands) fn idempotency_key() -> Result<String, Failure> {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy).map_err(|why| anyhow!("no randomness from the system: {why}"))?;
    Ok(data_encoding::HEXLOWER.encode(&entropy))
}
