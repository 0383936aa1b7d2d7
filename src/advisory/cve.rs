//! A CVE record, format 5.1: what a CNA publishes, in the state "published".
//!
//! <https://github.com/CVEProject/cve-schema>; CNA rules 5.1.

use serde_json::{Map, Value, json};

use super::{
    Advisory, AdvisoryError, Credit, Ecosystem, Reference, ReferenceKind,
    product::Product,
    span::{End, Span},
};
use crate::report::{CvssVersion, Exploited, Severity};

impl Advisory {
    pub(super) fn cve(&self) -> Result<Value, AdvisoryError> {
        let id = self
            .ids
            .cve
            .as_ref()
            .ok_or_else(|| missing("cve", "the CVE id that was assigned"))?;
        let org = self
            .cna
            .org_id
            .as_ref()
            .ok_or_else(|| missing("cna.org_id", "the UUID of the CNA"))?;
        let mut metadata = json!({ "cveId": id, "assignerOrgId": org, "state": "PUBLISHED" });
        let mut provider = json!({ "orgId": org });
        if let Some(name) = &self.cna.short_name {
            let length = name.as_str().chars().count();
            if !(2..=32).contains(&length) {
                return Err(AdvisoryError::value(
                    "cna.short_name",
                    "has 2 to 32 characters",
                ));
            }
            metadata["assignerShortName"] = json!(name);
            provider["shortName"] = json!(name);
        }
        Ok(json!({
            "dataType": "CVE_RECORD",
            "dataVersion": "5.1.1",
            "cveMetadata": metadata,
            "containers": { "cna": self.cna_container(provider)? },
        }))
    }

    fn cna_container(&self, provider: Value) -> Result<Value, AdvisoryError> {
        let mut cna = Map::new();
        cna.insert("providerMetadata".into(), provider);
        let (title, size) = (&self.title, self.title.chars().count());
        if size > MAX_TITLE {
            let why = format!("has {size} characters, and a CVE record takes {MAX_TITLE}");
            return Err(AdvisoryError::value("title", why));
        }
        cna.insert("title".into(), json!(title));
        if let Some(published) = self.published {
            cna.insert("datePublic".into(), json!(published));
        }
        let lang = self.english()?;
        self.add_texts(&mut cna, lang)?;
        let affected = self
            .products
            .iter()
            .map(affected)
            .collect::<Result<Vec<_>, _>>()?;
        let mut lists = vec![
            ("affected", affected),
            (
                "references",
                self.references.iter().map(reference).collect(),
            ),
        ];
        for (name, list) in &lists {
            if list.is_empty() {
                let field = if *name == "references" {
                    "reference"
                } else {
                    name
                };
                return Err(missing(field, "at least one"));
            }
        }
        lists.push((
            "problemTypes",
            self.weakness
                .iter()
                .map(|cwe| self.problem_type(*cwe))
                .collect(),
        ));
        lists.push(("metrics", self.severity.iter().map(metric).collect()));
        lists.push((
            "credits",
            self.credits.iter().map(|one| credit(one, lang)).collect(),
        ));
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            cna.insert(name.into(), list.into());
        }
        Ok(Value::Object(cna))
    }

    /// The texts, all of them in English.
    fn add_texts(&self, cna: &mut Map<String, Value>, lang: &str) -> Result<(), AdvisoryError> {
        let text = |field: &str, text: &str| {
            prose(field, text).map(|text| json!([{ "lang": lang, "value": text }]))
        };
        let description = self.texts.description.as_deref();
        let description = description.ok_or_else(|| missing("description", "a description"))?;
        cna.insert("descriptions".into(), text("description", description)?);
        if let Some(impact) = &self.texts.impact {
            cna.insert(
                "impacts".into(),
                json!([{ "descriptions": text("impact", impact)? }]),
            );
        }
        if let Some(solution) = &self.texts.solution {
            cna.insert("solutions".into(), text("solution", solution)?);
        }
        if let Some(workaround) = &self.texts.workaround {
            cna.insert("workarounds".into(), text("workaround", workaround)?);
        }
        if self.exploited == Exploited::Yes {
            cna.insert(
                "exploits".into(),
                json!([{ "lang": lang, "value": "Attackers are known to use it." }]),
            );
        }
        Ok(())
    }

    /// A record has an English description.
    fn english(&self) -> Result<&str, AdvisoryError> {
        let lang = self.language.as_deref().unwrap_or("en");
        if lang.eq_ignore_ascii_case("en") || lang.to_ascii_lowercase().starts_with("en-") {
            return Ok("en");
        }
        let why = format!(
            "is {lang}, and a CVE record needs English: write title, description, impact and workaround in \
             English, and language = \"en\""
        );
        Err(AdvisoryError::value("language", why))
    }

    fn problem_type(&self, cwe: crate::report::Cwe) -> Value {
        let description = match self.weakness_name(cwe) {
            Some(name) => format!("{cwe} {name}"),
            None => cwe.to_string(),
        };
        json!({ "descriptions": [{ "lang": "en", "type": "CWE", "cweId": cwe, "description": description }] })
    }
}

fn affected(product: &Product) -> Result<Value, AdvisoryError> {
    let mut entry = Map::new();
    let collection = product.ecosystem.as_ref().and_then(Ecosystem::collection);
    if let (Some(collection), Some(package)) = (collection, &product.package) {
        entry.insert("collectionURL".into(), json!(collection));
        entry.insert("packageName".into(), json!(package));
    }
    match (&product.vendor, product.name()) {
        (Some(vendor), Some(name)) => {
            entry.insert("vendor".into(), json!(vendor));
            entry.insert("product".into(), json!(name));
        }
        _ if entry.contains_key("packageName") => {}
        (None, _) => return Err(product.missing("vendor", CVE, "who makes the product")),
        (_, None) => return Err(product.missing("product", CVE, "the product's name")),
    }
    let kind = product
        .ecosystem
        .as_ref()
        .map_or("custom", |ecosystem| ecosystem.version_type());
    let mut versions: Vec<Value> = product
        .spans(CVE)?
        .iter()
        .map(|span| version(span, kind))
        .collect();
    for patched in &product.patched {
        let plain = if product.is_semver() {
            product.semver("patched", patched)?.to_string()
        } else {
            patched.clone()
        };
        let fixed = json!({ "version": plain, "status": "unaffected" });
        if !versions.contains(&fixed) {
            versions.push(fixed);
        }
    }
    entry.insert("versions".into(), versions.into());
    if !product.functions.is_empty() {
        let routines = product.functions.iter().map(|name| json!({ "name": name }));
        entry.insert("programRoutines".into(), routines.collect());
    }
    Ok(Value::Object(entry))
}

fn version(span: &Span, kind: &str) -> Value {
    let (from, end) = match span {
        Span::Exactly(version) => return json!({ "version": version, "status": "affected" }),
        Span::Between { from, end } => (from.as_deref().unwrap_or("0"), end),
    };
    let (bound, version) = match end {
        End::Open => ("lessThan", "*"),
        End::Fixed(version) => ("lessThan", version.as_str()),
        End::Last(version) => ("lessThanOrEqual", version.as_str()),
    };
    json!({ "version": from, "status": "affected", "versionType": kind, bound: version })
}

fn metric(severity: &Severity) -> Value {
    let member = match severity.version() {
        CvssVersion::V30 => "cvssV3_0",
        CvssVersion::V31 => "cvssV3_1",
        CvssVersion::V40 => "cvssV4_0",
    };
    json!({ member: {
        "version": severity.version().as_str(),
        "vectorString": severity.vector(),
        "baseScore": severity.base_score().value(),
        "baseSeverity": severity.base_score().rating().as_str().to_uppercase(),
    } })
}

fn reference(reference: &Reference) -> Value {
    let tag = match reference.kind {
        ReferenceKind::Advisory => Some("vendor-advisory"),
        ReferenceKind::Article => Some("technical-description"),
        ReferenceKind::Discussion | ReferenceKind::Report => Some("issue-tracking"),
        ReferenceKind::Evidence => Some("exploit"),
        ReferenceKind::Fix => Some("patch"),
        ReferenceKind::Package => Some("product"),
        _ => None,
    };
    let mut entry = json!({ "url": reference.url });
    if let Some(summary) = &reference.summary {
        let short: String = summary.as_str().chars().take(MAX_NAME).collect();
        entry["name"] = short.into();
    }
    if let Some(tag) = tag {
        entry["tags"] = json!([tag]);
    }
    entry
}

fn credit(credit: &Credit, lang: &str) -> Value {
    let name = match (&credit.name, &credit.login) {
        (Some(name), Some(login)) => format!("{name} (@{login} on GitHub)"),
        (Some(name), None) => name.to_string(),
        (None, login) => login
            .as_ref()
            .map_or_else(String::new, |login| format!("@{login} on GitHub")),
    };
    let name = match &credit.organization {
        Some(organization) => format!("{name}, {organization}"),
        None => name,
    };
    json!({ "lang": lang, "value": name, "type": credit.role.as_str().replace('_', " ") })
}

/// A text as long as a record takes.
fn prose<'a>(field: &str, text: &'a str) -> Result<&'a str, AdvisoryError> {
    let length = text.chars().count();
    if length <= MAX_TEXT {
        return Ok(text);
    }
    let why = format!(
        "has {length} characters, and a CVE record takes {MAX_TEXT}: write a shorter one into advisory.toml"
    );
    Err(AdvisoryError::value(field, why))
}

fn missing(field: &str, what: &'static str) -> AdvisoryError {
    AdvisoryError::Missing {
        field: field.to_owned(),
        format: CVE,
        what,
    }
}

const CVE: &str = "a CVE record";

/// What a record takes, in characters.
const MAX_TITLE: usize = 256;
const MAX_TEXT: usize = 4096;
const MAX_NAME: usize = 512;
