//! Bringing a sealed report to an intake, through whatever happens on the way.
//!
//! tus 1.0.0 for a large one, a single POST for a small one. Serves promises 19 and 20: a piece is
//! never repeated before the intake said where it stands, every repetition carries the same
//! idempotency key, and an upload that is gone is begun again with the same bytes.

use std::io;

use super::{
    Growth, Intake, IntakeError, Pace, Piece, Posted, Query, Source, Submission, UploadProgress,
};
use crate::wire::{Token, UploadId};

/// What is told, and remembered, while a report is on its way.
pub trait Watch: Send {
    /// An upload began: whoever knows its id goes on with it later.
    ///
    /// # Errors
    /// It cannot be written down.
    fn begun(&mut self, upload: &UploadId) -> io::Result<()>;

    /// Bytes up to here are on their way; after a cut it may go back.
    fn at(&mut self, offset: u64);

    /// An attempt failed, and another one follows.
    fn again(&mut self, error: &IntakeError);
}

/// One report on its way.
pub struct Delivery<'a> {
    /// Where to.
    pub intake: &'a Intake<'a>,
    /// What opens the case.
    pub token: &'a Token,
    /// The key of this submission, the same for every attempt.
    pub idempotency_key: &'a str,
    /// The sealed report.
    pub source: Source,
    /// The upload that began before, if one did.
    pub upload: Option<UploadId>,
    /// Whether an attempt before this one may have got through.
    pub perhaps_there: bool,
    /// Whether the intake takes resumable uploads, and before their length is known.
    pub offer: super::Offer,
    /// How long to go on trying.
    pub pace: Pace,
}

/// Why a report did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The intake did not take it, or cannot be reached.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The sealed report cannot be read.
    #[error("cannot read the sealed report in the outbox")]
    Read(#[source] io::Error),
    /// What is to be remembered cannot be written down.
    #[error("cannot write down where the upload is")]
    Remember(#[source] io::Error),
    /// Whoever was sealing it gave up.
    #[error("the sealing was broken off")]
    CalledOff,
}

impl<'a> Delivery<'a> {
    /// Brings it there.
    ///
    /// # Errors
    /// [`DeliveryError`]; unless sealing was broken off, the same may be tried again later.
    pub async fn run(mut self, watch: &mut dyn Watch) -> Result<Posted, DeliveryError> {
        let mut begun_again = 0;
        let mut highest = 0;
        loop {
            let error = match self.attempt(&mut highest, watch).await {
                Ok(posted) => return Ok(posted),
                Err(DeliveryError::Intake(error)) => error,
                Err(DeliveryError::CalledOff) => {
                    self.cancel().await;
                    return Err(DeliveryError::CalledOff);
                }
                Err(error) => return Err(error),
            };
            if self.upload.is_some() && error.is_gone() && begun_again < MOST_BEGINNINGS {
                watch.again(&error);
                self.upload = None;
                self.perhaps_there = true;
                begun_again += 1;
                highest = 0;
            } else if self.pace.wait(&error).await {
                watch.again(&error);
            } else {
                return Err(error.into());
            }
        }
    }

    async fn attempt(
        &mut self,
        highest: &mut u64,
        watch: &mut dyn Watch,
    ) -> Result<Posted, DeliveryError> {
        if self.upload.is_none() {
            if let Some(posted) = self.small(watch).await? {
                return Ok(posted);
            }
            if self.perhaps_there
                && let Some(posted) = self.known().await?
            {
                return Ok(posted);
            }
        }
        let upload = self.upload(watch).await?;
        let mut now = self.intake.upload_progress(&upload).await?;
        loop {
            watch.at(now.offset);
            if now.offset > *highest {
                *highest = now.offset;
                self.pace.moved();
            }
            if now.report.is_some() {
                return self.posted(&upload, now).await;
            }
            now = self.piece(&upload, &now, watch).await?;
        }
    }

    /// A small report goes in one request, and so does any where there is no other way.
    async fn small(&mut self, watch: &mut dyn Watch) -> Result<Option<Posted>, DeliveryError> {
        let most = if self.offer.resumable {
            SMALL
        } else {
            u64::MAX
        };
        let Some(size) = self.source.short(most).await? else {
            return Ok(None);
        };
        let submission = self.submission();
        let mut at = |offset| watch.at(offset);
        let mut reading = self
            .source
            .read_from(0, &mut at)
            .map_err(DeliveryError::Read)?;
        let posted = self.intake.post(&submission, size, &mut reading).await;
        match (posted, reading.fault) {
            (Ok(posted), _) => Ok(Some(posted)),
            (Err(_), Some(fault)) => Err(DeliveryError::Read(fault)),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// A whole report may have arrived in an upload that is gone by now.
    async fn known(&self) -> Result<Option<Posted>, DeliveryError> {
        let Growth::Whole { sha256, .. } = self.source.growth() else {
            return Ok(None);
        };
        let sha256 = data_encoding::HEXLOWER.encode(&sha256);
        let listed = match self.intake.list(self.token, &Query::default()).await {
            Ok(list) => list.reports,
            // A token that opens nothing, and an intake that lists nothing to reporters.
            Err(IntakeError::Refused(refused)) if refused.status < 500 && refused.status != 429 => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let Some(found) = listed.into_iter().find(|report| report.sha256 == sha256) else {
            return Ok(None);
        };
        Ok(Some(Posted {
            receipt: self.intake.receipt(self.token, &found.id).await?,
            report: found.id,
        }))
    }

    /// The upload that is going on, or a new one.
    async fn upload(&mut self, watch: &mut dyn Watch) -> Result<UploadId, DeliveryError> {
        if let Some(upload) = &self.upload {
            return Ok(upload.clone());
        }
        if !self.offer.defer_length {
            self.source.short(u64::MAX).await?;
        }
        let length = match self.source.growth() {
            Growth::Whole { size, .. } => Some(size),
            Growth::Growing(_) | Growth::CalledOff => None,
        };
        let upload = self.intake.begin_upload(&self.submission(), length).await?;
        watch.begun(&upload).map_err(DeliveryError::Remember)?;
        self.upload = Some(upload.clone());
        Ok(upload)
    }

    async fn piece(
        &mut self,
        upload: &UploadId,
        now: &UploadProgress,
        watch: &mut dyn Watch,
    ) -> Result<UploadProgress, DeliveryError> {
        let (size, total) = self.source.piece(now.offset).await?;
        if let Some(total) = total
            && (now.offset > total || now.length.is_some_and(|length| length != total))
        {
            return Err(IntakeError::Senseless("the upload is not the one that was begun").into());
        }
        let mut at = |offset| watch.at(offset);
        let mut reading = self
            .source
            .read_from(now.offset, &mut at)
            .map_err(DeliveryError::Read)?;
        let piece = Piece {
            offset: now.offset,
            size,
            total: total.filter(|_| now.length.is_none()),
            reader: &mut reading,
        };
        let sent = self.intake.send_piece(upload, piece).await;
        let after = match (sent, reading.fault) {
            (Ok(after), _) => after,
            (Err(_), Some(fault)) => return Err(DeliveryError::Read(fault)),
            (Err(error), None) => return Err(error.into()),
        };
        let moved = now.offset < after.offset && after.offset <= now.offset + size;
        if after.report.is_none() && !moved {
            return Err(IntakeError::Senseless("the offset is not where the upload can be").into());
        }
        Ok(UploadProgress {
            // A PATCH's answer need not repeat it.
            length: after.length.or(total).or(now.length),
            ..after
        })
    }

    async fn posted(
        &self,
        upload: &UploadId,
        now: UploadProgress,
    ) -> Result<Posted, DeliveryError> {
        let report = now
            .report
            .ok_or(IntakeError::Senseless("no report of the upload"))?;
        let receipt = match self.intake.upload_receipt(upload).await {
            Err(error) if error.is_gone() => self.intake.receipt(self.token, &report).await?,
            receipt => receipt?,
        };
        Ok(Posted { report, receipt })
    }

    async fn cancel(&self) {
        if let Some(upload) = &self.upload {
            // It expires by itself, too.
            let _unheard = self.intake.cancel_upload(upload).await;
        }
    }

    fn submission(&self) -> Submission<'a> {
        Submission {
            case: Some(self.token.hash()),
            idempotency_key: self.idempotency_key,
        }
    }
}

/// Up to here a report goes in one request.
const SMALL: u64 = 1 << 20;

/// How often an upload that is gone is begun again before that is a failure.
const MOST_BEGINNINGS: u32 = 3;
