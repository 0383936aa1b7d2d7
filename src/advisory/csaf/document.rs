//! What the document says of itself: publisher, history, pages.
//!
//! CSAF 2.0 section 3.2.1.

use serde_json::{Value, json};
use url::Url;

use super::missing;
use crate::advisory::{Advisory, AdvisoryError, Line, Moment, Reference, ReferenceKind, Revision};

impl Advisory {
    pub(super) fn document(&self) -> Result<Value, AdvisoryError> {
        let mut document = json!({
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "lang": self.language.as_deref().unwrap_or("en"),
            "publisher": self.csaf_publisher()?,
            "title": self.title,
            "tracking": self.tracking()?,
        });
        if let Some(tlp) = self.tlp {
            document["distribution"] = json!({ "tlp": { "label": tlp, "url": TLP } });
        }
        let description = self.texts.description.as_ref();
        let description = description.ok_or_else(|| missing("description", "a description"))?;
        document["notes"] =
            json!([{ "category": "summary", "title": "Summary", "text": description }]);
        if !self.references.is_empty() {
            document["references"] = self.references.iter().map(reference).collect();
        }
        Ok(document)
    }

    fn csaf_publisher(&self) -> Result<Value, AdvisoryError> {
        let publisher = &self.publisher;
        let name = publisher
            .name
            .as_ref()
            .ok_or_else(|| missing("publisher.name", "who publishes it"))?;
        let namespace = publisher.namespace.as_ref();
        let namespace = namespace
            .ok_or_else(|| missing("publisher.namespace", "a URL that is the publisher's"))?;
        let category = publisher.category;
        let category = category.ok_or_else(|| {
            missing(
                "publisher.category",
                "what the publisher is: vendor, coordinator, discoverer, …",
            )
        })?;
        let mut document =
            json!({ "category": category, "name": name, "namespace": plain(namespace) });
        if let Some(contact) = &publisher.contact {
            document["contact_details"] = json!(contact);
        }
        Ok(document)
    }

    fn tracking(&self) -> Result<Value, AdvisoryError> {
        let id = self
            .ids
            .own
            .as_ref()
            .ok_or_else(|| missing("id", "the id that its publisher gives it"))?;
        let revisions = self.csaf_revisions()?;
        let (first, last) = match revisions.as_slice() {
            [] => return Err(missing("published", "the time of its publication")),
            [first, .., last] => (first, last),
            [only] => (only, only),
        };
        let mut tracking = json!({
            "current_release_date": last.date,
            "id": id,
            "initial_release_date": self.published.unwrap_or(first.date),
            "revision_history": revisions
                .iter()
                .map(|one| json!({ "date": one.date, "number": one.number, "summary": one.summary }))
                .collect::<Vec<_>>(),
            "status": self.status,
            "version": last.number,
        });
        if !self.ids.aliases.is_empty() {
            tracking["aliases"] = json!(self.ids.aliases);
        }
        Ok(tracking)
    }

    /// The versions, as written, else one at the time of publication.
    fn csaf_revisions(&self) -> Result<Vec<Revision>, AdvisoryError> {
        if !self.revisions.is_empty() {
            let dates = self.revisions.iter().map(|one| one.date);
            if !dates.is_sorted() {
                return Err(AdvisoryError::value(
                    "revision",
                    "is not in the order of the dates",
                ));
            }
            let last = self.revisions.last().map(|one| one.date);
            if self.modified.is_some_and(|modified| Some(modified) != last) {
                return Err(AdvisoryError::value(
                    "modified",
                    "is not the date of the last [[revision]]",
                ));
            }
            return Ok(self.revisions.clone());
        }
        match (self.published, self.modified) {
            (Some(published), Some(modified)) if modified != published => Err(missing(
                "revision",
                "its versions, since it was changed after its publication",
            )),
            (Some(date), _) | (None, Some(date)) => Ok(first_revision(date)),
            (None, None) => Ok(Vec::new()),
        }
    }
}

fn first_revision(date: Moment) -> Vec<Revision> {
    let line = |text: &str| text.parse::<Line>();
    match (line("1"), line("Initial version.")) {
        (Ok(number), Ok(summary)) => vec![Revision {
            number,
            date,
            summary,
        }],
        _ => Vec::new(),
    }
}

/// A site's URL without the slash that stands for its root.
fn plain(url: &Url) -> String {
    let text = url.as_str();
    match url.path() {
        "/" if url.query().is_none() && url.fragment().is_none() => {
            text.trim_end_matches('/').to_owned()
        }
        _ => text.to_owned(),
    }
}

fn reference(reference: &Reference) -> Value {
    let words = reference.summary.as_ref().map(ToString::to_string);
    let summary = words.unwrap_or_else(|| match reference.kind {
        ReferenceKind::Web => "Further information".to_owned(),
        kind => {
            let (first, rest) = kind.as_str().split_at(1);
            format!("{}{rest}", first.to_uppercase())
        }
    });
    json!({ "category": "external", "summary": summary, "url": reference.url })
}

const TLP: &str = "https://www.first.org/tlp/";
