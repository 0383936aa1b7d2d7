//! Whole reports: what is read from them, what is said of wrong ones, and hostile ones.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::{AssetKind, Exploited, Report, Section};

const FULL: &str = r#"---
title: "Stored XSS: the name of a val"
program: val-town
assets:
  - https://www.val.town/v/example
  - pkg:npm/%40scope/name@1.2.3
weakness: CWE-79
class: cross_site_scripting_xss.stored.url_based
severity:
  - CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N
  - CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N
affected:
  - package: name
    ecosystem: npm
    range: "< 1.2.4"
discovered: 2026-11-20
method: |
  by hand,
  on one evening
tool_generated: false
exploited: unknown
public: false
also_reported_to: nobody
reporter: {name: Ada, contact: "https://example.org/contact"}
disclosure:
  plan: coordinated
  date: 2027-02-20
  embargo_days: 90
references: https://example.org/a
language: en
---
# Summary

A script in a name runs.
"#;

/// A line of front matter, and what is said of it.
const WRONG: &[(&str, &str)] = &[
    (
        "program: 7",
        "program must be text (put it in quotes), not a number",
    ),
    ("program: [a]", "program must be text, not a list"),
    (
        "program: \"a\\nb\"",
        "program holds a control character or a line break",
    ),
    (
        "method: \"a\\eb\"",
        "method holds a control character or a line break",
    ),
    (
        "weakness: XSS",
        "weakness is not a weakness such as `CWE-79`: `XSS`",
    ),
    (
        "weakness: -1",
        "weakness is not a weakness such as `CWE-79`: `-1`",
    ),
    (
        "class: [XSS]",
        "class[0] is not a class such as `cross_site_scripting_xss.stored`: `XSS`",
    ),
    (
        "severity: high",
        "severity is not a vector that begins with `CVSS:3.1/` or `CVSS:4.0/`: `high`",
    ),
    ("affected: a", "affected must be a list, not text"),
    (
        "affected: [a]",
        "affected[0] must be a table of fields, not text",
    ),
    (
        "discovered: 2026-02-30",
        "discovered is not a date: `2026-02-30` (write it as 2026-11-22)",
    ),
    (
        "discovered: 20260220",
        "discovered must be a date such as 2026-11-22, not a number",
    ),
    (
        "tool_generated: no",
        "tool_generated must be `true` or `false`, not text",
    ),
    (
        "exploited: maybe",
        "exploited must be `true`, `false` or `unknown`, not text",
    ),
    ("public:", "public is empty"),
    (
        "reporter: Ada",
        "reporter must be a table of fields, not text",
    ),
    (
        "disclosure: {embargo_days: -1}",
        "disclosure.embargo_days must be a number of days from 0 to 3650, not a number",
    ),
    (
        "disclosure: {date: soon}",
        "disclosure.date is not a date: `soon` (write it as 2026-11-22)",
    ),
    (
        "references: example.org",
        "references is not a URL: `example.org`",
    ),
    (
        "language: English!",
        "language is not a language tag such as `en` or `pt-BR`: `English!`",
    ),
];

fn message(text: &str) -> String {
    Report::parse("r.md", text).unwrap_err().to_string()
}

/// The message for a YAML front matter of these lines after title and assets.
fn message_with(lines: &str) -> String {
    message(&format!("---\ntitle: a\nassets: a.example\n{lines}\n---\n"))
}

#[test]
fn every_field_is_read() {
    let report = Report::parse("r.md", FULL).unwrap();
    assert_eq!(report.source(), FULL);
    assert_eq!(report.body(), "# Summary\n\nA script in a name runs.\n");
    assert!(matches!(report.assets()[1].kind(), AssetKind::Purl(_)));
    assert_eq!(report.exploited(), Exploited::Unknown);
    assert_eq!(
        report.section(Section::Summary),
        Some("A script in a name runs.")
    );
    assert_eq!(
        report.missing_sections(),
        [Section::Steps, Section::Impact, Section::Mitigation]
    );
    let json = json!({
        "title": "Stored XSS: the name of a val",
        "program": "val-town",
        "assets": ["https://www.val.town/v/example", "pkg:npm/%40scope/name@1.2.3"],
        "weakness": ["CWE-79"],
        "class": ["cross_site_scripting_xss.stored.url_based"],
        "severity": [
            {
                "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
                "version": "3.1", "score": 6.1, "rating": "medium",
            },
            {
                "vector": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N",
                "version": "4.0", "score": 5.3, "rating": "medium",
            },
        ],
        "affected": [{"package": "name", "ecosystem": "npm", "range": "< 1.2.4"}],
        "discovered": "2026-11-20",
        "method": "by hand,\non one evening",
        "tool_generated": false,
        "exploited": "unknown",
        "public": false,
        "also_reported_to": ["nobody"],
        "reporter": {"name": "Ada", "contact": "https://example.org/contact"},
        "disclosure": {"plan": "coordinated", "date": "2027-02-20", "embargo_days": 90},
        "references": ["https://example.org/a"],
        "overrides": [],
        "language": "en",
        "sections": {"summary": "A script in a name runs."},
    });
    assert_eq!(report.to_json(), json);
}

#[test]
fn toml_says_the_same() {
    let yaml = "---\ntitle: a\nassets: [a.example]\nweakness: [79, cwe-80]\ndiscovered: 2026-11-20\n\
                reporter:\n  name: Ada\naffected:\n  - package: b\n---\nx";
    let toml = "+++\ntitle = 'a'\nassets = 'a.example'\nweakness = [79, 'cwe-80']\n\
                discovered = 2026-11-20\nreporter.name = 'Ada'\n[[affected]]\npackage = 'b'\n+++\nx";
    let read = |text| Report::parse("r.md", text).unwrap().to_json();
    assert_eq!(read(yaml), read(toml));
    let windows = format!("\u{feff}{}", yaml.replace('\n', "\r\n"));
    assert_eq!(read(yaml), read(&windows));
}

#[test]
fn absent_fields_stay_absent() {
    let report = Report::parse("r.md", "---\ntitle: a\nassets: a.example\n---\n").unwrap();
    let json = json!({
        "title": "a", "assets": ["a.example"], "weakness": [], "class": [], "severity": [],
        "affected": [], "exploited": "unknown", "also_reported_to": [], "references": [],
        "overrides": [],
        "sections": {},
    });
    assert_eq!(report.to_json(), json);
}

#[test]
fn required_fields() {
    assert_eq!(message("---\n---\n"), "r.md:1: title is missing");
    assert_eq!(message("---\n# nothing\n---\n"), "r.md:1: title is missing");
    assert_eq!(message("---\ntitle: a\n---\n"), "r.md:1: assets is missing");
    assert_eq!(
        message("---\n\ntitle: ' '\n---\n"),
        "r.md:3: title is empty"
    );
    assert_eq!(message("---\ntitle:\n---\n"), "r.md:2: title is empty");
    assert_eq!(
        message("---\ntitle: a\nassets: []\n---\n"),
        "r.md:3: assets is empty"
    );
    assert_eq!(
        message("---\ntitle: a\nassets:\n---\n"),
        "r.md:3: assets is empty"
    );
    assert_eq!(
        message("---\ntitle: a\nassets:\n  - a.example\n  - ''\n---\n"),
        "r.md:5: assets[1] is empty"
    );
    assert_eq!(
        message_with("affected:\n  - range: '1'"),
        "r.md:5: affected[0].package is missing"
    );
    assert_eq!(
        message("---\n- a\n---\n"),
        "r.md:2: the front matter must be fields, not a list"
    );
}

#[test]
fn unknown_fields_name_the_nearest() {
    let unknown =
        |name, nearest| format!("{name} is not a known field; the nearest is `{nearest}`");
    assert_eq!(
        message("---\ntitel: a\n---\n"),
        format!("r.md:2: {}", unknown("titel", "title"))
    );
    assert_eq!(
        message_with("also-reported-to: a"),
        format!(
            "r.md:4: {}",
            unknown("also-reported-to", "also_reported_to")
        )
    );
    assert_eq!(
        message_with("reporter:\n  nmae: a"),
        format!("r.md:5: {}", unknown("reporter.nmae", "name"))
    );
    assert_eq!(
        message_with("affected:\n  - package: a\n    version: '1'"),
        format!("r.md:6: {}", unknown("affected[0].version", "range"))
    );
    let toml = "+++\ntitle = 'a'\nassets = 'a.example'\n[disclosure]\nembargo = 3\n+++\n";
    assert_eq!(
        message(toml),
        format!("r.md:5: {}", unknown("disclosure.embargo", "embargo_days"))
    );
    assert!(message_with(&format!("{}: a", "x".repeat(900))).len() < 200);
}

#[test]
fn wrong_values_name_file_line_and_field() {
    for (lines, expected) in WRONG {
        assert_eq!(message_with(lines), format!("r.md:4: {expected}"));
    }
    let two = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N";
    assert_eq!(
        message_with(&format!(
            "severity:\n- {two}\n- {}",
            two.replace("3.1", "3.0")
        )),
        "r.md:6: severity[1] has more than one vector of CVSS 3"
    );
    assert_eq!(message_with("title: b"), "r.md:4: `title` is there twice");
}

#[test]
fn an_override_has_a_code_and_a_reason() {
    let text = "---\ntitle: a\nassets: b.example\noverrides:\n  - code: secret\n    why: |\n      revoked\n      \
                long ago\n  - { code: out-of-scope, about: b.example, why: ours }\n---\n";
    let report = Report::parse("r.md", text).unwrap();
    let [secret, scope] = report.overrides() else {
        panic!("{:?}", report.overrides());
    };
    assert_eq!(
        (secret.code(), secret.about(), secret.why()),
        ("secret", None, "revoked\nlong ago")
    );
    assert_eq!(scope.about(), Some("b.example"));
    assert_eq!(
        report.to_json()["overrides"][1],
        json!({"code": "out-of-scope", "about": "b.example", "why": "ours"})
    );
    for (line, fault) in [
        ("overrides: [{code: secret}]", "overrides[0].why is missing"),
        (
            "overrides: [{code: secret, why: ' '}]",
            "overrides[0].why is empty",
        ),
        (
            "overrides: {code: secret, why: x}",
            "overrides must be a list, not a table",
        ),
    ] {
        assert_eq!(message_with(line), format!("r.md:4: {fault}"));
    }
}

#[test]
fn lines_are_those_of_the_file() {
    let report = Report::parse("r.md", FULL).unwrap();
    for (path, line) in [
        ("title", Some(2)),
        ("assets[0]", Some(5)),
        ("assets[1]", Some(6)),
        ("weakness[0]", Some(7)),
        ("class", Some(8)),
        ("assets[2]", None),
        ("overrides", None),
    ] {
        assert_eq!(report.line_of(path), line, "{path}");
    }
    let toml = "+++\ntitle = 'a'\nassets = ['b.example',\n'c.example']\n+++\r\n\n\
                # Summary <!-- x\r\n\n## Impact <!-- y\n -->\n# Impact\r\nbad <!-- é --> end\n";
    let report = Report::parse("r.md", toml).unwrap();
    assert_eq!(report.line_of("assets[1]"), Some(4));
    let mut lines = Vec::new();
    report.each_line(|line| lines.push((line.number, line.section, line.text.to_owned())));
    assert_eq!(lines.first().unwrap().0, 6);
    let last = lines.last().unwrap();
    assert_eq!((last.0, last.1), (12, Some(Section::Impact)));
    assert_eq!(
        last.2.split_whitespace().collect::<Vec<_>>(),
        ["bad", "end"]
    );
    assert_eq!(report.source().lines().nth(11).unwrap().len(), last.2.len());
}

#[test]
fn limits_are_errors() {
    let front = format!(
        "---\ntitle: a\n#{}\n---\n",
        "x".repeat(Report::FRONT_MATTER_LIMIT)
    );
    assert!(message(&front).contains("larger than 256 KiB"));
    let whole = format!("---\n---\n{}", "x".repeat(Report::LIMIT));
    assert!(message(&whole).contains("larger than 16 MiB"));
}

#[test]
fn p31_hostile_front_matter_ends_soon() {
    let room = Report::FRONT_MATTER_LIMIT - 100;
    for unit in [
        "[", "{", "- ", "? ", "a: ", "\"", "'", "a\n", "&a ", "!", "!!", "| ", "\t", "[a, ",
        "{a: ", "%", "*", "x: [", "\u{85}",
    ] {
        for head in ["", "title: ", "title = "] {
            let middle = unit.repeat(room / unit.len());
            for fence in ["---", "+++"] {
                message(&format!("{fence}\n{head}{middle}\n{fence}\n"));
            }
        }
    }
    let keys: Vec<String> = (0..5_000).map(|n| format!("k{n}: 1\n")).collect();
    let keys = keys.concat();
    assert!(message(&format!("---\n{keys}---\n")).contains("is not a known field"));
}

#[test]
fn real_reports_keep_their_body() {
    let Some(corpus) = std::env::var_os("SEALPOST_CORPUS") else {
        println!("SEALPOST_CORPUS is unset: reports not read");
        return;
    };
    let mut files = Vec::new();
    collect(&Path::new(&corpus).join("reports"), "md", &mut files);
    collect(
        &Path::new(&corpus).join("advisories/haskell-hsec"),
        "md",
        &mut files,
    );
    assert!(files.len() > 40, "{} files", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            message(&text).contains("no front matter"),
            "{}",
            file.display()
        );
        let ours = format!("---\ntitle: a\nassets: github:owner/name\n---\n{text}");
        let report = Report::parse("r.md", &ours).unwrap();
        assert_eq!(report.body(), text, "{}", file.display());
        assert_eq!(report.source(), ours);
    }
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

proptest! {
    #[test]
    fn p31_any_text_is_a_report_or_an_error(text in ".*", body in "[#<>!\\-`* a\n]{0,80}") {
        let _ = Report::parse("r.md", &text);
        for fence in ["---", "+++"] {
            let _ = Report::parse("r.md", &format!("{fence}\n{text}\n{fence}\n{body}"));
        }
        let report = Report::parse("r.md", &format!("---\ntitle: a\nassets: a.example\n---\n{body}{text}"));
        let report = report.unwrap();
        prop_assert_eq!(report.body(), format!("{body}{text}"));
        prop_assert!(report.to_json().is_object());
    }

    #[test]
    fn p31_any_value_of_any_field(
        field in prop::sample::select(&["title", "assets", "severity", "discovered", "affected", "reporter"][..]),
        value in "[\\[\\]{}:,\"'|>&*!%#?\\-\\\\~ a-z0-9/.\n\t]{0,60}",
    ) {
        let _ = Report::parse("r.md", &format!("---\n{field}: {value}\n---\n"));
        let _ = Report::parse("r.md", &format!("+++\n{field} = {value}\n+++\n"));
    }
}
