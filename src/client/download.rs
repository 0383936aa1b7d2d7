//! A sealed report from the intake, taken up again where it was cut, and checked at its end.
//!
//! RFC 9110 sections 14 (ranges) and 13.1.5 (If-Range). Serves promises 12 and 19.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Intake, IntakeError, Pace};
use crate::{
    network::{Method, Request, Streamed},
    wire::{ReportSummary, Token, path},
};

/// A sealed report on its way from the intake.
pub struct Download<'a> {
    intake: &'a Intake<'a>,
    token: &'a Token,
    report: &'a ReportSummary,
    pace: Pace,
    running: Option<Streamed>,
    digest: Sha256,
    got: u64,
    /// How much there was when it last counted as moving.
    moved: u64,
}

impl<'a> Download<'a> {
    /// The sealed report that a list or view describes; nothing is asked yet.
    #[must_use]
    pub fn new(
        intake: &'a Intake<'a>,
        token: &'a Token,
        report: &'a ReportSummary,
        pace: Pace,
    ) -> Self {
        Self {
            intake,
            token,
            report,
            pace,
            running: None,
            digest: Sha256::new(),
            got: 0,
            moved: 0,
        }
    }

    /// Takes `bytes` for the next ones, which are here already from an earlier attempt.
    pub fn has(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.got += bytes.len() as u64;
    }

    /// The next piece; `None` at the end, once size and SHA-256 are those of the report. Before
    /// that, nothing is certain of what came.
    ///
    /// # Errors
    /// [`IntakeError`], when the intake cannot be reached for longer than there is patience, or
    /// [`IntakeError::Altered`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, IntakeError> {
        loop {
            match self.attempt().await {
                Ok(Some(piece)) => {
                    self.got += piece.len() as u64;
                    // A few bytes in each attempt would be no end of attempts.
                    if self.got >= self.moved + STEP {
                        self.moved = self.got;
                        self.pace.moved();
                    }
                    self.digest.update(&piece);
                    if self.got > self.report.size {
                        return Err(IntakeError::Altered);
                    }
                    return Ok(Some(piece));
                }
                Ok(None) => return self.end().map(|()| None),
                Err(error) => {
                    self.running = None;
                    if !self.pace.wait(&error).await {
                        return Err(error);
                    }
                }
            }
        }
    }

    async fn attempt(&mut self) -> Result<Option<Bytes>, IntakeError> {
        if self.got == self.report.size && self.got > 0 {
            return Ok(None);
        }
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.begin().await?,
        };
        let piece = running.chunk().await?;
        if piece.is_some() {
            self.running = Some(running);
        }
        Ok(piece)
    }

    async fn begin(&self) -> Result<Streamed, IntakeError> {
        let url = self.intake.url(&path::sealed(&self.report.id));
        let request = Request::new(Method::Get, url).bearer(self.token.expose());
        if self.got == 0 {
            return self.intake.ask(request, &[200]).await;
        }
        let request = request
            .header("range", format!("bytes={}-", self.got))
            .header("if-range", format!("\"{}\"", self.report.sha256));
        let answer = self.intake.ask(request, &[200, 206]).await?;
        // All of it again: it is another one by now.
        if answer.status() == 200 {
            return Err(IntakeError::Altered);
        }
        Ok(answer)
    }

    fn end(&self) -> Result<(), IntakeError> {
        let digest = data_encoding::HEXLOWER.encode(&self.digest.clone().finalize());
        if self.got == self.report.size && digest == self.report.sha256 {
            Ok(())
        } else {
            Err(IntakeError::Altered)
        }
    }
}

/// So much has to come that it counts as getting on, in bytes.
const STEP: u64 = 32 << 10;
