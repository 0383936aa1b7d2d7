//! Everything that a form needs and nobody said, in one error: with the options that say it.

use anyhow::anyhow;

use super::case::Case;
use crate::{
    advisory::{Advisory, AdvisoryError, Draft, Form, PublisherCategory},
    cli::TriageOptions,
    terminal::{Failure, Hint},
};

/// What is missing, and the option that says it, if one does.
struct Missing {
    field: String,
    format: &'static str,
    what: &'static str,
    option: Option<&'static str>,
}

/// The draft. Where something is missing, something stands in for it until everything that is missing is known;
/// with a stand-in nothing is ever written.
pub(super) fn draft(
    case: &Case,
    typed: &TriageOptions,
    form: Form,
) -> Result<(Advisory, Draft), Failure> {
    let mut typed = typed.clone();
    let mut missing: Vec<Missing> = Vec::new();
    loop {
        let advisory = match case.advisory(&typed) {
            Err(_) if !missing.is_empty() => break,
            advisory => advisory?,
        };
        match advisory.draft(form) {
            Ok(draft) if missing.is_empty() => return Ok((advisory, draft)),
            Err(AdvisoryError::Missing {
                field,
                format,
                what,
            }) => {
                let option = stand_in(&mut typed, &field, form);
                missing.push(Missing {
                    field,
                    format,
                    what,
                    option,
                });
                if option.is_none() {
                    break;
                }
            }
            Err(why) if missing.is_empty() => return Err(case.explain(why)),
            Ok(_) | Err(_) => break,
        }
    }
    Err(explain(&missing, case))
}

fn explain(missing: &[Missing], case: &Case) -> Failure {
    let format = missing.first().map_or("", |first| first.format);
    let fields = missing.iter();
    let fields: Vec<_> = fields
        .map(|it| format!("{} ({})", it.field, it.what))
        .collect();
    let options: Vec<_> = missing.iter().filter_map(|it| it.option).collect();
    let error = anyhow!("{format} needs what nobody said: {}", fields.join(", "));
    let failure = Failure::from(error);
    let place = case.place();
    let failure = if options.is_empty() {
        failure
    } else {
        failure.with_hint(Hint::words(format!("add {}", options.join(", "))))
    };
    failure.with_hint(Hint::words(format!(
        "or write it into {place}; docs/advisories.md lists its fields"
    )))
}

/// Puts something into the place of a field, and names its option; `None` where none says it.
fn stand_in(typed: &mut TriageOptions, field: &str, form: Form) -> Option<&'static str> {
    // `vendor` of all, or of one product; whichever is missing, the option says it.
    let member = match field.rsplit_once('.') {
        Some((_, member @ ("vendor" | "product"))) => member,
        _ => field,
    };
    match member {
        // A product without versions is enough for these.
        "affected" if matches!(form, Form::Csaf | Form::Cve) => {
            put(&mut typed.product, "x").then_some("--product NAME")
        }
        "id" => put(&mut typed.id, "X-1").then_some("--id ID"),
        "cve" => put(&mut typed.cve, "CVE-2000-0001").then_some("--cve CVE-ID"),
        "published" => put(&mut typed.published, "2000-01-01").then_some("--published TIME"),
        "vendor" => put(&mut typed.vendor, "x").then_some("--vendor NAME"),
        "product" => put(&mut typed.product, "x").then_some("--product NAME"),
        "publisher.name" => put(&mut typed.publisher, "x").then_some("--publisher NAME"),
        "publisher.namespace" => put(&mut typed.publisher_namespace, "https://example.org")
            .then_some("--publisher-namespace URL"),
        "publisher.category" => {
            let was = typed.publisher_category.replace(PublisherCategory::Other);
            was.is_none().then_some("--publisher-category CATEGORY")
        }
        "cna.org_id" => {
            put(&mut typed.cna, "00000000-0000-4000-8000-000000000000").then_some("--cna UUID")
        }
        _ => None,
    }
}

/// Whether nothing was there before.
fn put<T: std::str::FromStr>(slot: &mut Option<T>, text: &str) -> bool {
    let was_empty = slot.is_none();
    *slot = text.parse().ok();
    was_empty && slot.is_some()
}
