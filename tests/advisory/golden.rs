//! What is made of each case, compared whole: a document, or the error that names the field.

use std::fs;

use super::cases::{FORMS, draft, folders};

#[test]
fn every_case_makes_the_same_bytes() {
    let bless = std::env::var_os("SEALPOST_BLESS").is_some();
    for folder in folders() {
        for (form, name) in FORMS {
            let (ending, made) = match draft(&folder, form) {
                Ok(draft) => {
                    let lines: Vec<_> = draft
                        .left_out
                        .iter()
                        .map(|line| format!("// left out: {line}\n"))
                        .collect();
                    ("json", draft.json + &lines.concat())
                }
                Err(error) => ("error", format!("{error}\n")),
            };
            let path = folder.join(format!("{name}.{ending}"));
            if bless {
                fs::write(&path, &made).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(made, expected, "{}", path.display());
        }
    }
}
