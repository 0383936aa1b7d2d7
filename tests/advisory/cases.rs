//! The reports of `cases/`, and the schemas that judge what is made of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealpost::{
    advisory::{Advisory, AdvisoryError, Draft, Form, Triage},
    report::Report,
};

pub(crate) const FORMS: [(Form, &str); 4] = [
    (Form::Csaf, "csaf"),
    (Form::Osv, "osv"),
    (Form::Cve, "cve"),
    (Form::Ghsa, "ghsa"),
];

pub(crate) fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/advisory/cases"));
    let mut folders: Vec<_> = entries
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    folders
}

pub(crate) fn advisory(report: &str, triage: &str) -> Result<Advisory, AdvisoryError> {
    let report = Report::parse("report.md", report).unwrap();
    Advisory::assemble(&report, Triage::parse("advisory.toml", triage)?)
}

pub(crate) fn draft(folder: &Path, form: Form) -> Result<Draft, AdvisoryError> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    advisory(&read("report.md"), &read("advisory.toml"))?.draft(form)
}
