//! The schemas in GitHub's own OpenAPI description, which is part of the corpus.

use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The file.
pub(crate) const DESCRIPTION: &str = "api.github.com.security-advisories.openapi.json";

/// One of its schemas.
pub(crate) fn component(github: &Path, name: &str) -> Validator {
    let text = crate::corpus::read(&github.join(DESCRIPTION));
    let mut description: Value = serde_json::from_str(&text).unwrap();
    nullable(&mut description);
    description["$ref"] = json!(format!("#/components/schemas/{name}"));
    jsonschema::options()
        .should_validate_formats(true)
        .build(&description)
        .unwrap()
}

/// It says `nullable` where JSON Schema has another type.
fn nullable(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(nullable);
            if members.remove("nullable") == Some(Value::Bool(true)) {
                let plain = Value::Object(std::mem::take(members));
                members.insert("anyOf".into(), json!([plain, { "type": "null" }]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(nullable),
        _ => {}
    }
}
