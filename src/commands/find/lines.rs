//! What `find` shows a person.

use crate::{
    commands::Context,
    discover::security_txt::{Finding, Severity},
    program::Program,
    terminal::{OutputError, escape::brief},
};

use super::document::{Asked, Candidate, Document, SecurityTxt};

pub(super) fn print(document: &Document, context: &Context<'_>) -> Result<(), OutputError> {
    let output = context.output;
    let mut fields = vec![("vendor", vendor(document))];
    if let Some(shown) = document
        .look_alike
        .as_ref()
        .and_then(|look| look.unicode.as_ref())
    {
        fields.push(("shown as", brief(shown)));
    }
    for contact in &document.contacts {
        let from = brief(&contact.from);
        fields.push(("contact", format!("{}  ({from})", brief(&contact.uri))));
    }
    for policy in &document.policies {
        fields.push(("policy", brief(policy).clone()));
    }
    if let Some(scope) = scope(document) {
        fields.push(("scope", scope));
    }
    output.print_fields(&fields)?;
    if let Some(file) = &document.security_txt {
        security_txt(file, context)?;
    }
    for candidate in &document.candidates {
        self::candidate(candidate, context)?;
    }
    output.print("")?;
    output.print(if document.asked.is_empty() {
        "asked: nobody"
    } else {
        "asked:"
    })?;
    for asked in &document.asked {
        output.print(format!("  {}", line(asked)))?;
    }
    output.print("")?;
    let decision = &document.decision;
    output.print(match &decision.fingerprint {
        Some(fingerprint) => format!("key: {fingerprint}, {}", decision.message),
        None => format!("key: none; {}", decision.message),
    })
}

fn vendor(document: &Document) -> String {
    let name = document.program.as_ref().map(Program::name);
    match name {
        Some(name) if *name != document.target => format!("{} ({})", brief(name), document.target),
        _ => document.target.clone(),
    }
}

/// The hosts to test, as far as they fit on a line.
fn scope(document: &Document) -> Option<String> {
    let inside = document.program.as_ref()?.scope().inside();
    let shown: Vec<_> = inside
        .iter()
        .take(SCOPE_SHOWN)
        .map(ToString::to_string)
        .collect();
    let more = if inside.len() > SCOPE_SHOWN {
        ", …"
    } else {
        ""
    };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
}

fn security_txt(file: &SecurityTxt, context: &Context<'_>) -> Result<(), OutputError> {
    let output = context.output;
    output.print("")?;
    output.print(format!("security.txt: {}", brief(&file.url)))?;
    let signature = match (file.signature, &file.signed_by) {
        ("verified", Some(signer)) => match file.signing_key {
            Some("usable") | None => format!("signed by {signer}"),
            Some(condition) => format!("signed by {signer}, whose key is now {condition}"),
        },
        ("unknown-signer", _) => "signed by a key that is not at hand".to_owned(),
        ("bad", _) => "its signature is bad".to_owned(),
        ("damaged", _) => "its signature is damaged".to_owned(),
        _ => "not signed".to_owned(),
    };
    let expires = file
        .expires
        .map(|at| format!(", expires {}", at.strftime("%Y-%m-%d")));
    output.print(format!("  {signature}{}", expires.unwrap_or_default()))?;
    if let Some(why) = &file.void {
        output.print(format!("  not to be believed: {}", brief(why)))?;
    }
    let errors = file
        .findings
        .iter()
        .filter(|finding| finding.severity() == Severity::Error);
    let errors: Vec<&Finding> = errors.collect();
    for finding in errors.iter().take(FINDINGS_SHOWN) {
        let line = finding
            .line()
            .map(|line| format!("line {line}: "))
            .unwrap_or_default();
        output.print(format!(
            "  {line}{} ({})",
            brief(finding.message()),
            finding.code().as_str()
        ))?;
    }
    if errors.len() > FINDINGS_SHOWN {
        let more = errors.len() - FINDINGS_SHOWN;
        output.print(format!("  … and {more} more (--json shows all)"))?;
    }
    Ok(())
}

fn candidate(candidate: &Candidate, context: &Context<'_>) -> Result<(), OutputError> {
    let output = context.output;
    output.print("")?;
    output.print(format!("candidate: {}", candidate.fingerprint))?;
    for user_id in candidate.user_ids.iter().take(USER_IDS_SHOWN) {
        output.print(format!("  User ID \"{}\"", brief(user_id)))?;
    }
    for reason in &candidate.reasons {
        output.print(format!("  must not be used: {}", brief(&reason.message)))?;
    }
    if let Some(key) = candidate.keys.iter().find(|key| key.chosen) {
        let until = match candidate.expires {
            Some(at) => format!("until {}", at.strftime("%Y-%m-%d")),
            None => "for ever".to_owned(),
        };
        output.print(format!(
            "  encrypts with {} ({}), {until}",
            key.fingerprint, key.algorithm
        ))?;
    }
    if candidate.expires_soon {
        context
            .output
            .warn(format!("{} expires within 30 days", candidate.fingerprint));
    }
    for source in &candidate.sources {
        let standing = match source.standing {
            "vouches" => "named by",
            "carries" => "carried by",
            _ => "named, not to be believed, by",
        };
        let at = brief(&source.at);
        output.print(format!(
            "  {standing} {}: {at} (the word of {})",
            source.kind, source.authority
        ))?;
    }
    Ok(())
}

fn line(asked: &Asked) -> String {
    let ended = match (asked.outcome, &asked.message) {
        ("nothing", _) => "nothing there".to_owned(),
        (_, Some(message)) => message.clone(),
        (outcome, None) => outcome.to_owned(),
    };
    format!("{}: {}: {}", asked.kind, brief(&asked.at), brief(&ended))
}

const SCOPE_SHOWN: usize = 6;
const FINDINGS_SHOWN: usize = 8;
const USER_IDS_SHOWN: usize = 4;
