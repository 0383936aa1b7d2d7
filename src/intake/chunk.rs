//! One piece of an upload, from the network into the store.
//!
//! tus 1.0.0, core protocol (`PATCH`) and checksum extension. Promise 19: whenever it ends, and
//! however, the offset says exactly what is durable.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, http::HeaderMap};
use bytes::Bytes;
use jiff::Timestamp;
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha512};

use super::{
    Intake,
    arrival::Arrival,
    limits::Broken,
    pieces::Pieces,
    receive::Room,
    refusal::{Answer, Refusal},
    store::{Accepted, Part, Piece, Upload},
    uploads::{fits, wrong_offset},
};
use crate::wire::{
    ProblemType, ReportId, UploadId,
    tus::{Checksum, ChecksumAlgorithm},
};

/// A piece that is about to be taken.
pub(super) struct Chunk {
    upload: Upload,
    arrival: Option<Arrival>,
    check: Option<Check>,
    cap: u64,
}

/// What an upload is after it.
pub(super) struct Grown {
    pub(super) offset: u64,
    pub(super) length: Option<u64>,
    pub(super) expires: Timestamp,
    pub(super) report: Option<ReportId>,
}

impl Grown {
    pub(super) fn of(upload: Upload) -> Self {
        Self {
            offset: upload.offset,
            length: upload.length,
            expires: upload.ends(),
            report: upload.report,
        }
    }
}

impl Chunk {
    /// # Errors
    /// 413 where the headers say that it does not fit, 507 where there is no space.
    pub(super) fn new(
        intake: &Intake,
        upload: Upload,
        checksum: Option<Checksum>,
        headers: &HeaderMap,
    ) -> Answer<Self> {
        fits(&upload, intake.limits.max_size, headers)?;
        let arrival = if upload.report.is_some() {
            None
        } else {
            intake.room_for(0)?;
            let resumed = Arrival::resume(&intake.ours, &upload.progress, upload.offset);
            Some(resumed.map_err(|why| Refusal::internal(&why))?)
        };
        Ok(Self {
            arrival,
            check: checksum.map(Check::new),
            cap: upload.length.unwrap_or(intake.limits.max_size),
            upload,
        })
    }

    /// Takes it, to the end of the body or as far as that comes.
    ///
    /// # Errors
    /// 408, 409, 413, 422, 460, 503, 507, or the store failed.
    pub(super) async fn take(self, intake: Arc<Intake>, body: Body) -> Answer<Grown> {
        let taking = intake.clone();
        intake
            .life
            .to_the_end(async move { self.take_to_the_end(&taking, body).await })
            .await
    }

    async fn take_to_the_end(self, intake: &Intake, body: Body) -> Answer<Grown> {
        let room = Room::new(intake, self.cap, self.upload.offset, &body);
        let mut body = intake.arriving(body);
        let Some(arrival) = self.arrival else {
            // It is a report already: nothing may follow.
            return match body.next().await? {
                None => Ok(Grown::of(self.upload)),
                Some(_) => Err(wrong_offset(self.upload.offset).closing()),
            };
        };
        let mut taking = Taking {
            id: self.upload.id.clone(),
            durable: self.upload.offset,
            room,
            pieces: Pieces::new(&intake.store, Part::Upload),
            committed: Instant::now(),
            check: self.check,
            arrival,
            intake,
        };
        let ended = loop {
            match body.next().await {
                Ok(Some(bytes)) => {
                    if let Err(refusal) = taking.feed(bytes).await {
                        return Err(taking.give_up(refusal).await);
                    }
                }
                Ok(None) => break None,
                Err(broken) => break Some(broken),
            }
        };
        taking.end(self.upload, ended).await
    }
}

/// A piece that is being taken.
struct Taking<'a> {
    intake: &'a Intake,
    id: UploadId,
    /// The offset up to which the row speaks.
    durable: u64,
    arrival: Arrival,
    pieces: Pieces,
    room: Room,
    committed: Instant,
    check: Option<Check>,
}

impl Taking<'_> {
    async fn feed(&mut self, mut bytes: Bytes) -> Answer<()> {
        let total = self.durable + self.pieces.written() + bytes.len() as u64;
        self.room.check(self.intake, total)?;
        while !bytes.is_empty() {
            // The row can only speak of what the admission has seen and segments hold, both.
            let fits = usize::try_from(self.pieces.room()?).unwrap_or(usize::MAX);
            let part = bytes.split_to(fits.min(bytes.len()));
            let is_full = part.len() == fits;
            self.arrival.feed(&part)?;
            if let Some(check) = &mut self.check {
                check.update(&part);
            }
            self.pieces.write(part).await?;
            let is_due = is_full || self.committed.elapsed() >= COMMIT_EVERY;
            // What a checksum covers is kept when it is known to be right.
            if is_due && self.check.is_none() {
                self.commit().await?;
            }
        }
        Ok(())
    }

    /// Makes what came so far part of the upload.
    async fn commit(&mut self) -> Answer<()> {
        let segments = self.pieces.take().await?;
        self.committed = Instant::now();
        if segments.is_empty() {
            return Ok(());
        }
        let piece = Piece {
            offset: self.durable,
            segments,
        };
        let (store, progress) = (&self.intake.store, self.arrival.save());
        self.durable = store.append(&self.id, piece, &progress).await?;
        Ok(())
    }

    /// Nothing of what is not part of the upload yet is kept; of what is no sealed report, nothing.
    async fn give_up(self, refusal: Refusal) -> Refusal {
        self.pieces.abandon().await;
        if refusal.kind() == ProblemType::NotSealed {
            // It may be gone already, or a report that another request made.
            let _gone = self.intake.store.delete_upload(&self.id).await;
        }
        refusal
    }

    async fn end(mut self, mut upload: Upload, broken: Option<Broken>) -> Answer<Grown> {
        if let Some(check) = self.check.take() {
            // A piece that was cut short cannot be checked.
            let refusal = match broken {
                Some(broken) => Some(broken.into()),
                None if check.holds() => None,
                None => Some(ProblemType::ChecksumMismatch.into()),
            };
            if let Some(refusal) = refusal {
                return Err(self.give_up(refusal).await);
            }
        }
        let end = self.durable + self.pieces.written();
        upload.offset = end;
        let mut grown = Grown::of(upload);
        if grown.length == Some(end) {
            grown.report = Some(self.finish().await?);
        } else {
            self.commit().await?;
        }
        match broken {
            Some(broken) if grown.report.is_none() => Err(broken.into()),
            _ => Ok(grown),
        }
    }

    /// All of it is here: it becomes a report, or is removed.
    async fn finish(mut self) -> Answer<ReportId> {
        let segments = self.pieces.take().await?;
        let arrived = match self.arrival.finish() {
            Ok(arrived) => arrived,
            Err(why) => {
                self.intake.store.discard(segments).await;
                let _gone = self.intake.store.delete_upload(&self.id).await;
                return Err(why.into());
            }
        };
        let report = match self.intake.new_report(&arrived).await {
            Ok(report) => report,
            Err(refusal) => {
                self.intake.store.discard(segments).await;
                return Err(refusal);
            }
        };
        let piece = Piece {
            offset: self.durable,
            segments,
        };
        let store = &self.intake.store;
        let accepted: Accepted = store.finish_upload(&self.id, piece, report).await?;
        Ok(self.intake.taken(accepted).1.summary.id)
    }
}

/// The digest of a piece, as it comes and as it should be.
struct Check {
    wanted: Vec<u8>,
    digest: Digest,
}

enum Digest {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Check {
    fn new(checksum: Checksum) -> Self {
        Self {
            digest: match checksum.algorithm {
                ChecksumAlgorithm::Sha1 => Digest::Sha1(Sha1::default()),
                ChecksumAlgorithm::Sha256 => Digest::Sha256(Sha256::default()),
                ChecksumAlgorithm::Sha512 => Digest::Sha512(Sha512::default()),
            },
            wanted: checksum.digest,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match &mut self.digest {
            Digest::Sha1(digest) => digest.update(bytes),
            Digest::Sha256(digest) => sha2::Digest::update(digest, bytes),
            Digest::Sha512(digest) => sha2::Digest::update(digest, bytes),
        }
    }

    fn holds(self) -> bool {
        match self.digest {
            Digest::Sha1(digest) => digest.finalize()[..] == self.wanted[..],
            Digest::Sha256(digest) => sha2::Digest::finalize(digest)[..] == self.wanted[..],
            Digest::Sha512(digest) => sha2::Digest::finalize(digest)[..] == self.wanted[..],
        }
    }
}

/// A request that takes hours is not all lost in a crash.
const COMMIT_EVERY: Duration = Duration::from_mins(1);
