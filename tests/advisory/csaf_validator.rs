//! The CSAF validator of the BSI judges our documents: the schema's strict form, and all mandatory
//! tests of CSAF 2.0 section 6.1.
//!
//! `SEALPOST_CSAF_VALIDATOR` names a `node_modules` that holds `@secvisogram/csaf-validator-lib`.

use std::{fs, path::Path, process::Command};

use sealpost::advisory::Form;

use super::{
    cases::{draft, folders},
    generated,
};

#[test]
#[ignore = "needs the npm package @secvisogram/csaf-validator-lib"]
fn the_mandatory_tests_of_csaf_pass() {
    let Some(modules) = modules() else { return };
    let desk = tempfile::tempdir().unwrap();
    let mut written = 0;
    for folder in folders() {
        if let Ok(draft) = draft(&folder, Form::Csaf) {
            let name = folder.file_name().unwrap().to_str().unwrap();
            fs::write(desk.path().join(format!("{name}.json")), draft.json).unwrap();
            written += 1;
        }
    }
    assert!(written >= 3);
    for (index, advisory) in generated::advisories(200).into_iter().enumerate() {
        if let Ok(draft) = advisory.draft(Form::Csaf) {
            fs::write(
                desk.path().join(format!("generated-{index}.json")),
                draft.json,
            )
            .unwrap();
            written += 1;
        }
    }
    let ran = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/advisory/csaf.mjs"))
        .arg(&modules)
        .arg(desk.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert_eq!(said.trim(), format!("{written} documents, 0 faults"));
}

fn modules() -> Option<String> {
    let modules = std::env::var("SEALPOST_CSAF_VALIDATOR").unwrap_or_default();
    if modules.is_empty() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "SEALPOST_CSAF_VALIDATOR is not set");
        println!("skipped: SEALPOST_CSAF_VALIDATOR is not set");
        return None;
    }
    Some(modules)
}
