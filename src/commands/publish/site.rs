//! The files of the site, each with its path below the web root.
//!
//! RFC 9116 section 3, draft-koch-openpgp-webkey-service section 3.1 (one root serves both layouts),
//! RFC 7929 and RFC 3597 section 5 for the DNS.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use crate::discover::{OwnerName, wkd::Method};

use super::{announcement::Announcement, page::page, plan::Plan};

/// Path with `/` → content.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Everything that is published.
pub(super) fn files(plan: &Plan, announcement: &Announcement) -> anyhow::Result<Files> {
    let armored = plan.certificate.to_armored()?;
    let binary = plan.certificate.to_binary()?;
    let page = page(plan, std::str::from_utf8(&armored)?);
    let mut program = serde_json::to_vec_pretty(&plan.program)?;
    program.push(b'\n');
    let mut files = Files::from([
        (SECURITY_TXT.to_owned(), announcement.bytes.clone()),
        ("key.asc".to_owned(), armored),
        ("key.html".to_owned(), page.into_bytes()),
        ("program.json".to_owned(), program),
    ]);
    if plan.addresses.is_empty() {
        return Ok(files);
    }
    for method in Method::BOTH {
        let policy = format!("# Web Key Directory of {}, without flags\n", plan.domain);
        files.insert(method.policy_path(&plan.domain), policy.into_bytes());
        for address in &plan.addresses {
            files.insert(method.key_path(address), binary.clone());
        }
    }
    files.insert(DANE.to_owned(), records(plan, &binary).into_bytes());
    Ok(files)
}

/// Lines for a zone file, in the form that every DNS server takes.
fn records(plan: &Plan, binary: &[u8]) -> String {
    let mut text = format!(
        "; OPENPGPKEY records for the zone {}, which counts only if it is signed (DNSSEC).\n",
        plan.domain
    );
    let (size, digits) = (binary.len().to_string(), HEXLOWER.encode(binary));
    for owner in plan.addresses.iter().flat_map(OwnerName::of) {
        text.extend([
            owner.as_str(),
            ". IN TYPE61 \\# ",
            &size,
            " ",
            &digits,
            "\n",
        ]);
    }
    text
}

pub(super) const SECURITY_TXT: &str = ".well-known/security.txt";
pub(super) const DANE: &str = "dane.txt";
