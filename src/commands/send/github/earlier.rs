//! Whether this very report was filed before, or may have been: its cases tell.

use std::path::PathBuf;

use anyhow::Context as _;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    commands::context::read_capped,
    disk::{CaseRecord, Cases, Destination},
    report::Report,
    terminal::Failure,
};

/// What an earlier run came to.
pub(super) enum Earlier {
    /// There was none.
    None,
    /// Its answer was lost: the report may be there.
    Open(Box<CaseRecord>),
    /// It is there.
    Filed(Box<CaseRecord>),
}

/// The case of the same report in the same folder of advisories; one that is settled goes before others.
pub(super) fn find(
    cases: Option<&Cases>,
    folder: &Url,
    identity: &[u8; 32],
) -> Result<Earlier, Failure> {
    let Some(cases) = cases else {
        return Ok(Earlier::None);
    };
    let mut found = Earlier::None;
    for name in cases.names()? {
        let record = cases.read(&name)?;
        let same = match &record.destination {
            Destination::Advisory(page) => is_of(&record, identity) && is_below(page, folder),
            _ => false,
        };
        match (same, record.handed_over) {
            (true, Some(_)) => return Ok(Earlier::Filed(Box::new(record))),
            (true, None) => found = Earlier::Open(Box::new(record)),
            (false, _) => {}
        }
    }
    Ok(found)
}

/// Whether a case is about the report of this identity. Older records have the
/// identity itself.
fn is_of(record: &CaseRecord, identity: &[u8; 32]) -> bool {
    record.sha256 == record.secret.report_mark(identity) || record.sha256 == *identity
}

/// SHA-256 over the report and its attachments, each with its length before it.
pub(super) fn identity(report: &Report, attachments: &[PathBuf]) -> Result<[u8; 32], Failure> {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    add(report.source().as_bytes());
    for path in attachments {
        let bytes = read_capped(path, LARGEST_ATTACHMENT)
            .with_context(|| format!("cannot attach {}", path.display()))?;
        let name = path.file_name().unwrap_or_default();
        add(name.to_string_lossy().as_bytes());
        add(&bytes);
    }
    Ok(digest.finalize().into())
}

fn is_below(page: &Url, folder: &Url) -> bool {
    if page.origin() != folder.origin() {
        return false;
    }
    let (page, folder) = (page.path().to_lowercase(), folder.path().to_lowercase());
    let rest = page.strip_prefix(&folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Sealed and in the armour, more than this fits into no description.
const LARGEST_ATTACHMENT: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::github::advisories;

    #[test]
    fn an_advisory_belongs_to_one_repository() {
        let api = |host: &str| Url::parse(&format!("https://{host}/")).unwrap();
        let folder = |host| advisories(&api(host), &"example/widgets".parse().unwrap()).unwrap();
        let there = folder("api.octo.ghe.com");
        assert_eq!(there.host_str(), Some("octo.ghe.com"));
        let folder = folder("api.github.com");
        assert!(!is_below(&there, &folder));
        let below = |page: &str| is_below(&page.parse().unwrap(), &folder);
        assert!(below(
            "https://github.com/Example/Widgets/security/advisories/GHSA-x"
        ));
        assert!(below(
            "https://github.com/example/widgets/security/advisories"
        ));
        assert!(!below(
            "https://github.com/example/widgets2/security/advisories/GHSA-x"
        ));
        assert!(!below(
            "https://github.com/example/widgets/security/advisories2"
        ));
    }
}
