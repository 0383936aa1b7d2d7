//! Advisories that chance makes: whatever is in them, a document that is made is valid, and the
//! same again.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sealpost::advisory::{Advisory, Form};

use super::{
    cases::{FORMS, advisory},
    schemas::Schemas,
};

/// The same advisories each time.
pub(crate) fn advisories(count: usize) -> Vec<Advisory> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut made = Vec::new();
    while made.len() < count {
        let (report, triage) = inputs().new_tree(&mut runner).unwrap().current();
        made.extend(advisory(&report, &triage));
    }
    made
}

#[test]
fn whatever_is_made_is_valid_and_the_same_again() {
    let Some(schemas) = Schemas::find() else {
        return;
    };
    let mut made = [0; 4];
    for advisory in advisories(300) {
        for (place, (form, name)) in FORMS.into_iter().enumerate() {
            let Ok(draft) = advisory.draft(form) else {
                continue;
            };
            let document = serde_json::from_str(&draft.json).unwrap();
            let faults = schemas.faults(form, &document);
            assert!(faults.is_empty(), "{name}: {faults:#?}\n{}", draft.json);
            assert_eq!(advisory.draft(form).unwrap(), draft);
            made[place] += 1;
        }
    }
    println!("valid CSAF, OSV, CVE, GHSA: {made:?} of 300");
    assert!(made.iter().all(|count| *count > 50), "{made:?}");
}

#[test]
fn no_secret_of_the_report_is_published() {
    for advisory in advisories(100) {
        for form in [Form::Csaf, Form::Osv, Form::Cve, Form::Ghsa] {
            let Ok(draft) = advisory.draft(form) else {
                continue;
            };
            assert!(!draft.json.contains(CANARY), "{}", draft.json);
        }
    }
}

/// Stands in the steps, the method, and how to reach the reporter.
const CANARY: &str = "canary-7f3a";

/// A `report.md` and an `advisory.toml`.
fn inputs() -> impl Strategy<Value = (String, String)> {
    (
        fields(),
        triage(),
        "[ -~äß]{0,80}\n{0,2}[`*#<>&\" -~]{0,40}",
    )
        .prop_map(|(fields, triage, words)| (report(&fields, &words), triage))
}

fn report(fields: &str, words: &str) -> String {
    let words = words.replace("---", "");
    format!(
        "---\ntitle: Some flaw\nassets: example.org\nmethod: {CANARY}\n\
         reporter: {{name: {CANARY}, contact: {CANARY}, credit: Somebody}}\n{fields}---\n\n\
         # Summary\n\n.{words}\n\n# Steps to reproduce\n\n{CANARY}\n\n# Impact\n\n.{words}\n"
    )
}

fn fields() -> impl Strategy<Value = String> {
    let lines = [
        "weakness: [CWE-79, CWE-20]\n",
        "severity: CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:C/C:L/I:L/A:N\n",
        "severity: [\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:C/CR:H\"]\n",
        "severity: [\"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/E:P\"]\n",
        "severity: [\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N\"]\n",
        "exploited: true\n",
        "exploited: false\n",
        "discovered: 2026-10-01\n",
        "references: [\"https://example.org/a?b=c#d\", \"https://example.org/ä\"]\n",
    ];
    proptest::sample::subsequence(lines.to_vec(), 0..=4).prop_map(|lines| {
        let mut named = Vec::new();
        for line in lines {
            let name = line.split(':').next().unwrap();
            if !named.iter().any(|(known, _)| *known == name) {
                named.push((name, line));
            }
        }
        named.into_iter().map(|(_, line)| line).collect()
    })
}

fn affected() -> impl Strategy<Value = String> {
    let packages = prop_oneof![
        Just("package='@a/b'\necosystem='npm'\n"),
        Just("package='Some.Thing'\necosystem='PyPI'\n"),
        Just("package='pkg:maven/org.example/thing'\n"),
        Just("package='example.org/a/v2'\necosystem='go'\n"),
        Just("package='curl'\necosystem='Debian:12'\n"),
        Just("package='thing'\n"),
        Just("product='Thing'\n"),
        Just("package='a+b c'\necosystem='opam'\nproduct='Thing, the'\nfunctions=['f','g::h']\n"),
    ];
    let ranges = prop_oneof![
        Just("range='< 2.0.1'\n"),
        Just("range='>= 1.0, < 2.0.1'\npatched='2.0.1'\n"),
        Just("range='<= 2.0.0'\npatched='2.0.1'\n"),
        Just("range='>= 1, <= 1.9 || >= 2, < 2.0.1'\npatched='1.9.1, 2.0.1'\n"),
        Just("range='*'\n"),
        Just("range='1.0 || 1.1.0 || > 3'\n"),
        Just("range='1.2.3-rc.1+build'\n"),
        Just("range='> 1.0'\n"),
    ];
    (packages, ranges).prop_map(|(package, range)| format!("[[affected]]\n{package}{range}"))
}

fn triage() -> impl Strategy<Value = String> {
    let lines = [
        "cve='CVE-2026-12345'\n",
        "ghsa='GHSA-2345-6789-cfgh'\n",
        "aliases=['PYSEC-2026-1','VU#1']\n",
        "workaround='Switch it off.'\n",
        "solution='Update.'\n",
        "status='final'\n",
        "tlp='amber'\n",
        "language='en-US'\n",
    ];
    let rest = "[publisher]\nname='Example'\ncategory='other'\nnamespace='https://example.org/x y'\n\
                [cna]\norg_id='b3476cb9-2e3d-41a6-98d0-0f47421a65b6'\n\
                [[reference]]\nurl='https://example.org/advisory'\ntype='advisory'\n";
    let credits = prop_oneof![
        Just(""),
        Just("[[credit]]\nname='A \"B\" <c>'\ntype='sponsor'\n[[credit]]\nlogin='someone'\n"),
    ];
    let id = prop_oneof![Just("id='EX-1'\n"), Just("id='CURL-CVE-2026-1'\n")];
    (
        id,
        proptest::sample::subsequence(lines.to_vec(), 0..=8),
        proptest::collection::vec(affected(), 1..4),
        credits,
    )
        .prop_map(move |(id, lines, affected, credits)| {
            let head = format!(
                "{id}vendor='Example & Söhne'\npublished=2026-12-22\n{}",
                lines.concat()
            );
            format!("{head}{rest}{}{credits}", affected.concat())
        })
}
