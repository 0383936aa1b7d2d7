//! The official schemas, read from the corpus.

use std::{path::Path, process::Command};

use jsonschema::{Registry, Validator};
use sealpost::advisory::Form;
use serde_json::{Value, json};

use super::{
    cases::{FORMS, draft, folders},
    corpus,
    github::component,
};

/// The schemas of the four forms.
pub(crate) struct Schemas(Vec<(Form, Validator)>);

impl Schemas {
    /// `None`, with a printed line, without the corpus.
    pub(crate) fn find() -> Option<Self> {
        let advisories = corpus::folder("advisories")?;
        let github = corpus::folder("github")?;
        let unpacked = tempfile::tempdir().unwrap();
        for archive in ["osv-schema.tar.gz", "cve-schemas.tar.gz"] {
            let ran = Command::new("tar")
                .arg("xzf")
                .arg(advisories.join(archive))
                .current_dir(unpacked.path())
                .status();
            assert!(ran.unwrap().success());
        }
        Some(Self(vec![
            (Form::Csaf, csaf(&advisories.join("csaf/csaf_2.0"))),
            (
                Form::Osv,
                plain(&unpacked.path().join("osv-schema/validation/schema.json")),
            ),
            (
                Form::Cve,
                plain(
                    &unpacked
                        .path()
                        .join("cvelib/cvelib/schemas/CVE_JSON_bundled_5.1.1.json"),
                ),
            ),
            (Form::Ghsa, component(&github, "repository-advisory-create")),
        ]))
    }

    /// What is wrong with a document.
    pub(crate) fn faults(&self, form: Form, document: &Value) -> Vec<String> {
        let (_, validator) = self.0.iter().find(|(own, _)| *own == form).unwrap();
        let errors = validator.iter_errors(document);
        errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

fn csaf(folder: &Path) -> Validator {
    let mut registry = Registry::new();
    for version in ["2.0", "3.0", "3.1"] {
        let cvss = json(&folder.join(format!("referenced_schema/first/cvss-v{version}.json")));
        let url = format!("https://www.first.org/cvss/cvss-v{version}.json");
        registry = registry.add(url, cvss).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let schema = json(&folder.join("json_schema/csaf_json_schema.json"));
    let options = jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true);
    options.build(&schema).unwrap()
}

fn plain(path: &Path) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&json(path))
        .unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&corpus::read(path)).unwrap()
}

#[test]
fn every_case_is_valid() {
    let Some(schemas) = Schemas::find() else {
        return;
    };
    let mut judged = 0;
    for folder in folders() {
        for (form, name) in FORMS {
            let Ok(draft) = draft(&folder, form) else {
                continue;
            };
            let document = serde_json::from_str(&draft.json).unwrap();
            let faults = schemas.faults(form, &document);
            assert!(
                faults.is_empty(),
                "{} {name}: {faults:#?}",
                folder.display()
            );
            judged += 1;
        }
    }
    assert!(judged >= 10, "{judged}");
}

/// Which shows that the comparison could fail.
#[test]
fn the_schemas_refuse_what_is_wrong() {
    let Some(schemas) = Schemas::find() else {
        return;
    };
    for (form, name) in FORMS {
        assert!(!schemas.faults(form, &json!({})).is_empty(), "{name}");
        let library = folders()
            .into_iter()
            .find(|folder| folder.ends_with("library"))
            .unwrap();
        let mut document: Value =
            serde_json::from_str(&draft(&library, form).unwrap().json).unwrap();
        let place = match form {
            Form::Csaf => "/document/publisher/namespace",
            Form::Osv => "/modified",
            Form::Cve => "/cveMetadata/cveId",
            Form::Ghsa => "/vulnerabilities/0/package/ecosystem",
        };
        *document.pointer_mut(place).unwrap() = json!("not one");
        assert!(!schemas.faults(form, &document).is_empty(), "{name}");
    }
}
