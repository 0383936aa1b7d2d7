//! The paths of the contract, relative to where the intake stands.

use std::str::FromStr;

use super::{MessageId, ReportId, UploadId};

/// `POST`, `OPTIONS`, `GET`: reports come in, and are listed.
pub const REPORTS: &str = "/reports";
/// Where uploads in progress stand.
pub const UPLOADS: &str = "/reports/uploads";
/// The certificate.
pub const KEY: &str = "/key.asc";
/// The program's profile.
pub const PROGRAM: &str = "/program.json";
/// The description of all this.
pub const OPENAPI: &str = "/openapi.json";

/// One report: its state and timeline.
#[must_use]
pub fn report(id: &ReportId) -> String {
    format!("{REPORTS}/{id}")
}

/// The receipt of a report.
#[must_use]
pub fn receipt(id: &ReportId) -> String {
    format!("{REPORTS}/{id}/receipt")
}

/// The sealed report itself.
#[must_use]
pub fn sealed(id: &ReportId) -> String {
    format!("{REPORTS}/{id}/sealed")
}

/// The timeline of a report, to add to.
#[must_use]
pub fn events(id: &ReportId) -> String {
    format!("{REPORTS}/{id}/events")
}

/// The sealed messages of a report.
#[must_use]
pub fn messages(id: &ReportId) -> String {
    format!("{REPORTS}/{id}/messages")
}

/// One sealed message.
#[must_use]
pub fn message(report: &ReportId, message: &MessageId) -> String {
    format!("{REPORTS}/{report}/messages/{message}")
}

/// An upload in progress.
#[must_use]
pub fn upload(id: &UploadId) -> String {
    format!("{UPLOADS}/{id}")
}

/// The id that a `Location` ends with. What stands in front of it is not read, because it is never followed.
#[must_use]
pub fn id_at<T: FromStr>(location: &str) -> Option<T> {
    let path = location.split(['?', '#']).next()?;
    path.rsplit('/').next()?.parse().ok()
}
