//! Uploads that can be resumed: tus 1.0.0 with creation, creation-with-upload,
//! creation-defer-length, checksum, expiration and termination.
//!
//! Promises 18, 19 and 20. What a broken request brought is kept; the offset moves by
//! compare-and-swap, so of two that write at once one is told 409.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, LOCATION},
    },
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Intake,
    arrival::Arrival,
    chunk::{Chunk, Grown},
    limits::Counted,
    receipt::{self, ascii},
    receive::too_large,
    refusal::{Answer, Refusal},
    request::{Client, declared_length, has_body, is_of_type, origin, single},
    state::Fresh,
    store::{Created, NewUpload, Origin, Report, Upload},
};
use crate::wire::{
    ProblemType, UploadId,
    header::{
        CHUNK, REPORT, TUS_1_0_0, TUS_RESUMABLE, UPLOAD_CHECKSUM, UPLOAD_DEFER_LENGTH,
        UPLOAD_EXPIRES, UPLOAD_LENGTH, UPLOAD_METADATA, UPLOAD_OFFSET,
    },
    path,
    tus::{Checksum, announced_length, check_metadata, number},
};

/// `POST /reports` with `Tus-Resumable`: begins an upload (creation extension).
///
/// # Errors
/// 400, 409, 412, 413, 415, 422, 429, 503, 507.
pub(super) async fn create(
    intake: Arc<Intake>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    check_version(&headers)?;
    let length = announced_length(
        single(&headers, UPLOAD_LENGTH)?,
        single(&headers, UPLOAD_DEFER_LENGTH)?,
    )?;
    check_metadata(single(&headers, UPLOAD_METADATA)?.unwrap_or_default())?;
    if length.is_some_and(|length| length > intake.limits.max_size) {
        return Err(too_large(intake.limits.max_size));
    }
    if length == Some(0) {
        return Err(Refusal::new(ProblemType::NotSealed).detail("it is empty"));
    }
    let brings = has_body(&headers);
    if brings && !is_of_type(&headers, CHUNK) {
        return Err(wrong_chunk_type());
    }
    let origin = origin(&headers)?;
    let checksum = checksum(&headers)?;
    intake.rates.count(Counted::Creation, client.0)?;
    intake.room_for(length.unwrap_or(0))?;
    let beginning = intake.clone();
    // A client that hangs up now must not give back the place of an upload that begins all the same.
    let created = intake
        .life
        .to_the_end(async move { beginning.begin(length, client, origin).await });
    match created.await? {
        Created::Fresh(upload) if brings => {
            let id = upload.id.clone();
            let chunk = Chunk::new(&intake, upload, checksum, &headers)?;
            let grown = chunk.take(intake, body).await?;
            Ok(begun(&id, &grown))
        }
        Created::Fresh(upload) | Created::Known(upload) => {
            Ok(begun(&upload.id.clone(), &Grown::of(upload)))
        }
        Created::Report(report) => Ok(was_finished(&report)),
    }
}

/// `HEAD /reports/uploads/ID`: where it goes on. One that has all its bytes becomes a report first:
/// to a client, an offset at the end means that it is done.
///
/// # Errors
/// 404, 410, 412, 422, 507.
pub(super) async fn offset(intake: Arc<Intake>, id: &UploadId, headers: &HeaderMap) -> Answer {
    check_version(headers)?;
    let upload = intake.live_upload(id).await?;
    let grown = if upload.report.is_none() && upload.length == Some(upload.offset) {
        let chunk = Chunk::new(&intake, upload, None, &HeaderMap::new())?;
        chunk.take(intake, Body::empty()).await?
    } else {
        Grown::of(upload)
    };
    let mut response = StatusCode::OK.into_response();
    describe(&mut response, &grown);
    Ok(response)
}

/// `PATCH /reports/uploads/ID`: goes on.
///
/// # Errors
/// 400, 404, 408, 409, 410, 412, 413, 415, 422, 460, 507.
pub(super) async fn append(
    intake: Arc<Intake>,
    id: &UploadId,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    check_version(&headers)?;
    if !is_of_type(&headers, CHUNK) {
        return Err(wrong_chunk_type());
    }
    let at = single(&headers, UPLOAD_OFFSET)?.unwrap_or_default();
    let at = number("Upload-Offset", at)?;
    let length = single(&headers, UPLOAD_LENGTH)?;
    let length = length.map(|length| number("Upload-Length", length));
    let length = length.transpose()?;
    let checksum = checksum(&headers)?;
    let mut upload = intake.live_upload(id).await?;
    if upload.offset != at {
        return Err(wrong_offset(upload.offset).closing());
    }
    if let Some(length) = length {
        if length > intake.limits.max_size {
            return Err(too_large(intake.limits.max_size));
        }
        intake.store.declare_length(id, length).await?;
        upload.length = Some(length);
    }
    let chunk = Chunk::new(&intake, upload, checksum, &headers)?;
    let grown = chunk.take(intake, body).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    describe(&mut response, &grown);
    if grown.report.is_some() {
        let place = format!("{}/receipt", path::upload(id));
        response.headers_mut().insert(LOCATION, ascii(&place));
    }
    Ok(response)
}

/// `DELETE /reports/uploads/ID`: gives it up (termination extension).
///
/// # Errors
/// 404, 409, 412.
pub(super) async fn terminate(intake: Arc<Intake>, id: UploadId, headers: &HeaderMap) -> Answer {
    check_version(headers)?;
    let removing = intake.clone();
    let removed = intake.life.to_the_end(async move {
        removing.store.delete_upload(&id).await?;
        Ok(())
    });
    removed.await?;
    Ok(tus(StatusCode::NO_CONTENT.into_response()))
}

/// `GET /reports/uploads/ID/receipt`: for whoever knows the upload's id, as long as it is known.
///
/// # Errors
/// 404 also while it is not finished.
pub(super) async fn receipt(intake: &Intake, id: &UploadId) -> Answer {
    let upload = intake.store.upload(id).await?;
    let Some(report) = upload.report else {
        let refusal = Refusal::new(ProblemType::NotFound);
        return Err(refusal.detail("the upload is not finished"));
    };
    let report = intake.store.report(&report).await?;
    Ok(receipt::answer(StatusCode::OK, report))
}

impl Intake {
    /// Begins an upload, if there is a place for it.
    async fn begin(&self, length: Option<u64>, client: Client, origin: Origin) -> Answer<Created> {
        let id = UploadId::fresh()?;
        let place = self.place_for(&id, client, &origin).await?;
        let (now, lasts) = (self.now(), self.limits.upload_expires);
        let after = |time| now + SignedDuration::try_from(time).unwrap_or_default();
        let created = self.store.create_upload(NewUpload {
            id,
            length,
            origin,
            progress: Arrival::begin(&self.ours).save(),
            at: now,
            first_byte_by: after(lasts.min(FIRST_BYTE)),
            expires: after(lasts),
        });
        let created = created.await?;
        if let (Created::Fresh(_), Some(place)) = (&created, place) {
            place.keep();
        }
        Ok(created)
    }

    /// An upload that has not expired, or is a report.
    async fn live_upload(&self, id: &UploadId) -> Answer<Upload> {
        let upload = self.store.upload(id).await?;
        if upload.report.is_none() && upload.ends() <= self.now() {
            return Err(ProblemType::Gone.into());
        }
        Ok(upload)
    }
}

/// Refuses what speaks another version of tus.
pub(super) fn check_version(headers: &HeaderMap) -> Answer<()> {
    if single(headers, TUS_RESUMABLE)? == Some(TUS_1_0_0) {
        Ok(())
    } else {
        Err(Refusal::new(ProblemType::VersionMismatch)
            .detail("Tus-Resumable has to be 1.0.0")
            .closing())
    }
}

fn checksum(headers: &HeaderMap) -> Answer<Option<Checksum>> {
    let value = single(headers, UPLOAD_CHECKSUM)?;
    Ok(value.map(Checksum::from_header).transpose()?)
}

fn wrong_chunk_type() -> Refusal {
    Refusal::new(ProblemType::WrongMediaType)
        .detail("a piece of an upload is application/offset+octet-stream")
        .closing()
}

pub(super) fn wrong_offset(offset: u64) -> Refusal {
    Refusal::new(ProblemType::WrongOffset).detail(format!("the upload is at offset {offset}"))
}

fn begun(id: &UploadId, grown: &Grown) -> Response {
    let mut response = StatusCode::CREATED.into_response();
    let place = ascii(&path::upload(id));
    response.headers_mut().insert(LOCATION, place);
    describe(&mut response, grown);
    response
}

/// The same idempotency key again, after the upload was finished and swept.
fn was_finished(report: &Report) -> Response {
    let mut response = tus(StatusCode::CREATED.into_response());
    let headers = response.headers_mut();
    headers.insert(LOCATION, ascii(&path::report(&report.summary.id)));
    headers.insert(REPORT, ascii(report.summary.id.as_str()));
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(report.summary.size));
    response
}

fn describe(response: &mut Response, grown: &Grown) {
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, HeaderValue::from_static(TUS_1_0_0));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(grown.offset));
    match grown.length {
        Some(length) => headers.insert(UPLOAD_LENGTH, HeaderValue::from(length)),
        None => headers.insert(UPLOAD_DEFER_LENGTH, HeaderValue::from_static("1")),
    };
    match &grown.report {
        Some(report) => headers.insert(REPORT, ascii(report.as_str())),
        None => headers.insert(UPLOAD_EXPIRES, ascii(&http_date(grown.expires))),
    };
}

/// Every answer about an upload says which tus it speaks.
pub(super) fn tus(mut response: Response) -> Response {
    let version = HeaderValue::from_static(TUS_1_0_0);
    response.headers_mut().insert(TUS_RESUMABLE, version);
    response
}

/// RFC 9110 section 5.6.7.
fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Whether the body, as far as it is declared, fits behind the offset.
pub(super) fn fits(upload: &Upload, cap: u64, headers: &HeaderMap) -> Answer<()> {
    // A client may declare whatever fits into the header.
    let declared = declared_length(headers).unwrap_or(0);
    let end = upload.offset.saturating_add(declared);
    match upload.length {
        Some(length) if end > length => Err(Refusal::new(ProblemType::TooLarge)
            .detail(format!("the upload has {length} bytes"))
            .closing()),
        None if end > cap => Err(too_large(cap)),
        _ => Ok(()),
    }
}

/// How long an upload keeps its place without a byte.
const FIRST_BYTE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        let at: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        assert_eq!(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
