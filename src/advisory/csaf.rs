//! CSAF 2.0, profile "security advisory" (section 4.4): the document.
//!
//! <https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html>. The product tree is in
//! [`tree`]; CSAF 2.0 knows CVSS 2 and 3, so a vector of CVSS 4 becomes a note.

mod document;
mod tree;

use serde_json::{Map, Value, json};

use self::tree::Tree;
use super::{Advisory, AdvisoryError, Credit};
use crate::report::{CvssVersion, Exploited, Severity};

impl Advisory {
    pub(super) fn csaf(&self) -> Result<Value, AdvisoryError> {
        let tree = Tree::of(&self.products, self.vendor.as_deref())?;
        Ok(json!({
            "document": self.document()?,
            "product_tree": tree.document(),
            "vulnerabilities": [self.vulnerability(&tree)?],
        }))
    }

    fn vulnerability(&self, tree: &Tree) -> Result<Value, AdvisoryError> {
        let mut found = Map::new();
        found.insert("title".into(), json!(self.title));
        if let Some(cve) = &self.ids.cve {
            found.insert("cve".into(), json!(cve));
        }
        found.insert("ids".into(), self.csaf_ids().into());
        if let Some(first) = self.weakness.first() {
            let name = self.weakness_name(*first).ok_or_else(|| {
                let why =
                    format!("{first} needs its name, as MITRE writes it: \"{first}\" = \"…\"");
                AdvisoryError::value("weakness_names", why)
            })?;
            found.insert("cwe".into(), json!({ "id": first, "name": name }));
        }
        if let Some(discovered) = self.discovered {
            found.insert("discovery_date".into(), json!(discovered));
        }
        if let Some(published) = self.published {
            found.insert("release_date".into(), json!(published));
        }
        found.insert("notes".into(), self.csaf_notes().into());
        let affected = tree.affected();
        found.insert("product_status".into(), tree.status());
        let scores = self
            .severity
            .iter()
            .filter(|one| one.version() < CvssVersion::V40);
        let scores: Vec<Value> = scores.map(|one| score(one, &affected)).collect();
        let lists = [
            ("scores", scores),
            ("threats", self.threats(&affected)),
            ("remediations", self.remediations(tree)),
            (
                "acknowledgments",
                self.credits.iter().map(acknowledgment).collect(),
            ),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            found.insert(name.into(), list.into());
        }
        Ok(Value::Object(found))
    }

    /// Its ids beside the CVE id, each with whose it is.
    fn csaf_ids(&self) -> Vec<Value> {
        let own = self.ids.own.as_ref().zip(self.publisher.name.as_ref());
        let own = own.map(|(id, publisher)| json!({ "system_name": publisher, "text": id }));
        let github = self.ids.ghsa.as_ref();
        let github =
            github.map(|id| json!({ "system_name": "GitHub Security Advisories", "text": id }));
        own.into_iter().chain(github).collect()
    }

    fn csaf_notes(&self) -> Vec<Value> {
        let description = self.texts.description.as_ref();
        let mut notes: Vec<Value> = Vec::new();
        notes.extend(description.map(
            |text| json!({ "category": "description", "title": "Description", "text": text }),
        ));
        for more in self
            .severity
            .iter()
            .filter(|one| one.version() == CvssVersion::V40)
        {
            let text = format!(
                "{} ({} {})",
                more.vector(),
                more.score(),
                more.score().rating().as_str()
            );
            notes.push(json!({ "category": "other", "title": "CVSS 4.0", "text": text }));
        }
        let more: Vec<String> = self
            .weakness
            .iter()
            .skip(1)
            .map(ToString::to_string)
            .collect();
        if !more.is_empty() {
            notes.push(json!({ "category": "other", "title": "Further weaknesses", "text": more.join(", ") }));
        }
        notes
    }

    fn threats(&self, affected: &[String]) -> Vec<Value> {
        let impact = self.texts.impact.as_ref();
        let impact = impact
            .map(|text| json!({ "category": "impact", "details": text, "product_ids": affected }));
        let exploited = match self.exploited {
            Exploited::Yes => Some("Attackers are known to use it."),
            Exploited::No => Some("It is not known that attackers use it."),
            Exploited::Unknown => None,
        };
        let exploited = exploited
            .map(|text| json!({ "category": "exploit_status", "details": text, "product_ids": affected }));
        impact.into_iter().chain(exploited).collect()
    }

    fn remediations(&self, tree: &Tree) -> Vec<Value> {
        let mut all = tree.fixes(self.texts.solution.as_deref());
        if let Some(workaround) = &self.texts.workaround {
            all.push(json!({ "category": "workaround", "details": workaround, "product_ids": tree.affected() }));
        }
        all
    }
}

fn score(severity: &Severity, products: &[String]) -> Value {
    json!({ "products": products, "cvss_v3": {
        "version": severity.version().as_str(),
        "vectorString": severity.vector(),
        "baseScore": severity.base_score().value(),
        "baseSeverity": severity.base_score().rating().as_str().to_uppercase(),
    } })
}

fn acknowledgment(credit: &Credit) -> Value {
    let mut entry = Map::new();
    if let Some(name) = credit.name.as_ref().or(credit.login.as_ref()) {
        entry.insert("names".into(), json!([name]));
    }
    if let Some(organization) = &credit.organization {
        entry.insert("organization".into(), json!(organization));
    }
    entry.insert(
        "summary".into(),
        credit.role.as_str().replace('_', " ").into(),
    );
    let page = credit
        .login
        .as_ref()
        .map(|login| format!("https://github.com/{login}"));
    let urls: Vec<String> = page
        .into_iter()
        .chain(credit.contact.iter().map(ToString::to_string))
        .collect();
    if !urls.is_empty() {
        entry.insert("urls".into(), json!(urls));
    }
    Value::Object(entry)
}

fn missing(field: &str, what: &'static str) -> AdvisoryError {
    AdvisoryError::Missing {
        field: field.to_owned(),
        format: tree::CSAF,
        what,
    }
}
