//! Whether the assets of a report are among those that the program wants tested.
//!
//! Serves DESIGN.md, "The program profile" (`[scope]`). Packages and repositories have no host of the vendor's: they
//! are not judged.

use url::Host;

use super::finding::{Code, Finding, Place};
use crate::{
    program::{HostPattern, Program, Verdict},
    report::{Asset, AssetKind, Report},
};

/// Judges every asset.
pub(super) fn assets(file: &str, report: &Report, program: &Program, findings: &mut Vec<Finding>) {
    let scope = program.scope();
    let mut unjudged = None;
    let mut judged = false;
    for (index, asset) in report.assets().iter().enumerate() {
        let place = Place::line(file, report.line_of(&format!("assets[{index}]")));
        let Some(host) = host(asset) else {
            unjudged.get_or_insert(place);
            continue;
        };
        judged = true;
        let shown = shown(asset, &host);
        let message = match scope.judge(&host) {
            Verdict::In(_) if scope.is_user_content(&host) => {
                let message = format!(
                    "{shown} is in scope, but what it serves is its user's: show that the fault is {}'s",
                    program.name()
                );
                let finding = Finding::new(Code::UserContent, place, message);
                findings.push(finding.about(asset.to_string()));
                continue;
            }
            Verdict::In(_) => continue,
            Verdict::Out(pattern) => {
                format!(
                    "{shown} is out of scope: {} lists {pattern} as such",
                    program.name()
                )
            }
            Verdict::Unlisted => format!(
                "{shown} is not in the scope of {}, which is {}",
                program.name(),
                listed(scope.inside())
            ),
            Verdict::Unstated => {
                unjudged.get_or_insert(place);
                judged = false;
                break;
            }
        };
        findings.push(Finding::new(Code::OutOfScope, place, message).about(asset.to_string()));
    }
    if let Some(place) = unjudged.filter(|_| !judged) {
        let message = if scope.inside().is_empty() {
            format!(
                "{} does not say which hosts are in scope: its policy may",
                program.name()
            )
        } else {
            "no asset names a host, so the scope cannot be compared".to_owned()
        };
        findings.push(Finding::new(Code::ScopeUnjudged, place, message));
    }
}

fn host(asset: &Asset) -> Option<Host<String>> {
    match asset.kind() {
        AssetKind::Url(url) => url.host().map(|host| host.to_owned()),
        AssetKind::Domain(host) => Some(host.clone()),
        _ => None,
    }
}

/// The asset as it was written, with its host in ASCII where that differs.
fn shown(asset: &Asset, host: &Host<String>) -> String {
    let (written, host) = (asset.to_string(), host.to_string());
    if written.is_ascii() {
        written
    } else {
        format!("{written} (that is {host})")
    }
}

fn listed(patterns: &[HostPattern]) -> String {
    let mut shown: Vec<String> = patterns
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if patterns.len() > SHOWN {
        shown.push(format!("and {} more", patterns.len() - SHOWN));
    }
    shown.join(", ")
}

/// How many patterns a message names.
const SHOWN: usize = 8;
