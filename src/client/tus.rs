//! The requests of a resumable upload.
//!
//! tus 1.0.0: core, creation, creation-defer-length, termination. [`super::upload`] puts them in
//! order.

use std::io::Read;

use super::{
    Intake, IntakeError, Submission,
    intake::{LARGEST_RECEIPT, located},
};
use crate::{
    network::{Body, Method, Request, Streamed},
    wire::{ReportId, UploadId, header, path},
};

/// How far an upload is, as the intake says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadProgress {
    /// How many bytes are there for good.
    pub offset: u64,
    /// How many there will be, once that was said.
    pub length: Option<u64>,
    /// The report that it has become.
    pub report: Option<ReportId>,
}

/// One piece of an upload.
pub struct Piece<'a> {
    /// Where the piece begins.
    pub offset: u64,
    /// How many bytes it has.
    pub size: u64,
    /// How many bytes there will be in all, if that is to be said now.
    pub total: Option<u64>,
    /// The bytes.
    pub reader: &'a mut (dyn Read + Send),
}

impl Intake<'_> {
    /// Begins an upload; `length` is `None` while it is not known. The same submission gives the
    /// same upload again.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn begin_upload(
        &self,
        submission: &Submission<'_>,
        length: Option<u64>,
    ) -> Result<UploadId, IntakeError> {
        let request = tus(Method::Post, self.url(path::REPORTS)).body(Body::Whole(Vec::new()));
        let request = match length {
            Some(length) => request.header(header::UPLOAD_LENGTH, length.to_string()),
            None => request.header(header::UPLOAD_DEFER_LENGTH, "1"),
        };
        let answer = self.ask(submission.on(request), &[200, 201]).await?;
        located(&answer).ok_or(IntakeError::Senseless("no place of the upload"))
    }

    /// Asks how far an upload is.
    ///
    /// # Errors
    /// [`IntakeError`], which [`IntakeError::is_gone`] when it expired.
    pub async fn upload_progress(&self, upload: &UploadId) -> Result<UploadProgress, IntakeError> {
        let request = tus(Method::Head, self.url(&path::upload(upload)));
        progress(&self.ask(request, &[200, 204]).await?)
    }

    /// Sends one piece. Never repeat it blindly: ask how far the upload is first.
    ///
    /// # Errors
    /// [`IntakeError`]; some of the piece may have arrived all the same.
    pub async fn send_piece(
        &self,
        upload: &UploadId,
        piece: Piece<'_>,
    ) -> Result<UploadProgress, IntakeError> {
        let mut request = tus(Method::Patch, self.url(&path::upload(upload)))
            .header("content-type", header::CHUNK)
            .header(header::UPLOAD_OFFSET, piece.offset.to_string());
        if let Some(total) = piece.total {
            request = request.header(header::UPLOAD_LENGTH, total.to_string());
        }
        let request = request.body(Body::Reader {
            length: piece.size,
            reader: piece.reader,
        });
        progress(&self.ask(request, &[200, 204]).await?)
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn cancel_upload(&self, upload: &UploadId) -> Result<(), IntakeError> {
        let request = tus(Method::Delete, self.url(&path::upload(upload)));
        self.ask(request, &[200, 204]).await?;
        Ok(())
    }

    /// The receipt of the report that an upload has become.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn upload_receipt(&self, upload: &UploadId) -> Result<Vec<u8>, IntakeError> {
        let url = self.url(&format!("{}/receipt", path::upload(upload)));
        let answer = self.ask(Request::new(Method::Get, url), &[200]).await?;
        Ok(answer.whole(LARGEST_RECEIPT).await?)
    }
}

fn tus<'a>(method: Method, url: url::Url) -> Request<'a> {
    Request::new(method, url).header(header::TUS_RESUMABLE, header::TUS_1_0_0)
}

fn progress(answer: &Streamed) -> Result<UploadProgress, IntakeError> {
    let number = |name| answer.header(name).and_then(|value| value.parse().ok());
    Ok(UploadProgress {
        offset: number(header::UPLOAD_OFFSET)
            .ok_or(IntakeError::Senseless("no offset of the upload"))?,
        length: number(header::UPLOAD_LENGTH),
        report: answer.header(header::REPORT).and_then(|id| id.parse().ok()),
    })
}
