//! Val Town and `ExposureX`: what passes, what each exclusion catches, and what does not trip it.

use super::{Code, Finding, Place, answer, review, unreadable};
use crate::{
    program::{Program, find_shipped},
    report::Report,
};

/// A report with these fields after the title, and this summary.
fn report(title: &str, fields: &str, summary: &str) -> Report {
    let text = format!(
        "---\ntitle: {title}\nassets: [\"https://www.val.town/settings\"]\n{fields}\n---\n\n## Summary\n\n{summary}\n\n\
         ## Steps to reproduce\n\nOpen the page.\n\n## Impact\n\nAccounts are taken over.\n\n## Mitigation\n\nEscape.\n"
    );
    Report::parse("r.md", &text).unwrap()
}

fn program(name: &str) -> Program {
    find_shipped(name).unwrap().1
}

fn problems(findings: &[Finding]) -> Vec<(Code, &str)> {
    let problems = findings.iter().filter(|one| one.stands_in_the_way());
    problems
        .map(|one| (one.code, one.about.as_deref().unwrap_or_default()))
        .collect()
}

const GOOD: &str = "weakness: [CWE-79]\nclass: [cross_site_scripting_xss.stored.non_admin_to_anyone]\ntool_generated: false";

#[test]
fn a_report_in_scope_passes() {
    for name in ["val.town", "exposurex"] {
        let report = report(
            "Stored script injection in the profile page",
            GOOD,
            "The name of a profile is printed unescaped.",
        );
        let findings = review("r.md", &report, Some(&program(name)));
        assert_eq!(problems(&findings), [], "{name}");
        assert_eq!(problems(&review("r.md", &report, None)), []);
    }
}

/// Fields, and what they are caught by.
const EXCLUDED_IDS: &[(&str, &str, Code, &str)] = &[
    (
        "val.town",
        "weakness: [CWE-1104]",
        Code::ExcludedWeakness,
        "outdated-software",
    ),
    (
        "val.town",
        "class: [using_components_with_known_vulnerabilities.outdated_software_version]",
        Code::ExcludedClass,
        "outdated-software",
    ),
    (
        "val.town",
        "class: [server_security_misconfiguration.lack_of_security_headers.x_frame_options]",
        Code::ExcludedClass,
        "security-headers",
    ),
    (
        "val.town",
        "tool_generated: true",
        Code::ExcludedToolOutput,
        "tool-output",
    ),
    (
        "val.town",
        "class: [server_security_misconfiguration.misconfigured_dns.missing_caa_record]",
        Code::ExcludedClass,
        "mail-and-dns-records",
    ),
    (
        "val.town",
        "class: [cross_site_scripting_xss.stored.self]",
        Code::ExcludedClass,
        "self-xss",
    ),
    (
        "val.town",
        "class: [cross_site_request_forgery_csrf.action_specific.logout]",
        Code::ExcludedClass,
        "login-logout-csrf",
    ),
    (
        "val.town",
        "weakness: [CWE-307]",
        Code::ExcludedWeakness,
        "login-brute-force",
    ),
    (
        "val.town",
        "weakness: [CWE-79, CWE-1333]",
        Code::ExcludedWeakness,
        "denial-of-service",
    ),
    (
        "exposurex",
        "weakness: [CWE-400]",
        Code::ExcludedWeakness,
        "denial-of-service",
    ),
    (
        "exposurex",
        "class: [physical_security_issues.bypass_of_physical_access_control]",
        Code::ExcludedClass,
        "physical-attacks",
    ),
];

#[test]
fn each_excluded_class_is_caught_by_its_id() {
    for (name, fields, code, exclusion) in EXCLUDED_IDS {
        let report = report("A flaw", fields, "The page is wrong.");
        let findings = review("r.md", &report, Some(&program(name)));
        assert_eq!(
            problems(&findings),
            [(*code, *exclusion)],
            "{name} {fields}"
        );
        let found = findings.iter().find(|one| one.code == *code).unwrap();
        assert_eq!(found.place.line, Some(4), "{name} {fields}");
    }
}

/// Titles and summaries as people write them.
const EXCLUDED: &[(&str, &str, &str, &str)] = &[
    (
        "val.town",
        "outdated-software",
        "The site uses an outdated version of jQuery",
        "It is old.",
    ),
    (
        "val.town",
        "outdated-software",
        "Unescaped output",
        "It runs in Internet Explorer 11 alone.",
    ),
    (
        "val.town",
        "outdated-software",
        "A library",
        "The server runs a library that has reached its end of life.",
    ),
    (
        "val.town",
        "security-headers",
        "Missing X-Frame-Options header on www.val.town",
        "No header.",
    ),
    (
        "val.town",
        "security-headers",
        "A header",
        "The response lacks a Content-Security-Policy.",
    ),
    (
        "val.town",
        "security-headers",
        "HSTS is not set",
        "The header Strict-Transport-Security is missing.",
    ),
    (
        "val.town",
        "security-headers",
        "Security headers missing",
        "Some are missing.",
    ),
    (
        "val.town",
        "tool-output",
        "Results of an automated scan",
        "See the attachment.",
    ),
    (
        "val.town",
        "tool-output",
        "Several findings",
        "Nessus reports these 14 findings.",
    ),
    (
        "val.town",
        "tool-output",
        "A finding",
        "Found with Nuclei, template attached.",
    ),
    (
        "val.town",
        "mail-and-dns-records",
        "No DMARC record for val.town",
        "Mail can be forged.",
    ),
    (
        "val.town",
        "mail-and-dns-records",
        "SPF record is too permissive",
        "It ends with ?all.",
    ),
    (
        "val.town",
        "mail-and-dns-records",
        "Mail",
        "The domain has a missing CAA record.",
    ),
    (
        "val.town",
        "self-xss",
        "Self-XSS in the editor",
        "Scripts run.",
    ),
    (
        "val.town",
        "self-xss",
        "Script injection",
        "The victim pastes the code into the browser's console.",
    ),
    (
        "val.town",
        "login-logout-csrf",
        "Logout CSRF",
        "The link logs people out.",
    ),
    (
        "val.town",
        "login-logout-csrf",
        "CSRF on the login form",
        "There is no token.",
    ),
    (
        "val.town",
        "login-logout-csrf",
        "Missing token",
        "A cross-site request logs the user out.",
    ),
    (
        "val.town",
        "social-engineering",
        "Phishing of the support team",
        "They clicked.",
    ),
    (
        "val.town",
        "social-engineering",
        "Support",
        "By social engineering I got the mail changed.",
    ),
    (
        "val.town",
        "login-brute-force",
        "Login can be brute-forced",
        "A thousand attempts pass.",
    ),
    (
        "val.town",
        "login-brute-force",
        "No rate limiting on the login",
        "A thousand attempts pass.",
    ),
    (
        "val.town",
        "bugs-in-vals",
        "SQL injection in the val of another user",
        "It is unescaped.",
    ),
    (
        "val.town",
        "bugs-in-vals",
        "Leaked key",
        "There is a vulnerability in someone's public val.",
    ),
    (
        "val.town",
        "denial-of-service",
        "Denial of service by a large upload",
        "The server stops.",
    ),
    (
        "val.town",
        "denial-of-service",
        "Regular expression",
        "A long name makes the server unresponsive (ReDoS).",
    ),
    (
        "val.town",
        "unlawful",
        "Access to an account",
        "I bought stolen credentials and logged in.",
    ),
    (
        "val.town",
        "unlawful",
        "Access to an account",
        "This was found by breaking the terms of an agreement.",
    ),
    (
        "exposurex",
        "denial-of-service",
        "DoS in the parser",
        "Memory is exhausted.",
    ),
    (
        "exposurex",
        "spam",
        "Mass mailing",
        "The form sends unwanted messages; spamming is possible.",
    ),
    (
        "exposurex",
        "social-engineering",
        "Phishing contractors",
        "They clicked.",
    ),
    (
        "exposurex",
        "physical-attacks",
        "Physical access to the server room",
        "The door was open.",
    ),
];

#[test]
fn each_excluded_class_is_caught_by_what_the_text_says() {
    let mut caught = std::collections::BTreeSet::new();
    for (name, exclusion, title, summary) in EXCLUDED {
        let report = report(&format!("'{title}'"), "", summary);
        let findings = review("r.md", &report, Some(&program(name)));
        let problems = problems(&findings);
        assert_eq!(
            problems,
            [(Code::ExcludedText, *exclusion)],
            "{title} / {summary}"
        );
        let line = findings
            .iter()
            .find(|one| one.code == Code::ExcludedText)
            .unwrap()
            .place
            .line;
        assert!(matches!(line, Some(2 | 9)), "{title}: {line:?}");
        caught.insert((*name, *exclusion));
    }
    for name in ["val.town", "exposurex"] {
        for exclusion in program(name).exclusions() {
            assert!(
                caught.contains(&(name, exclusion.id().as_str())),
                "{name}: {}",
                exclusion.id()
            );
        }
    }
}

#[test]
fn what_is_only_mentioned_is_a_hint_and_what_is_denied_is_nothing() {
    let town = program("val.town");
    for summary in [
        "This is not self-XSS: the script runs for every visitor.",
        "It works without any social engineering, and no brute force is needed.",
        "The link is at https://www.val.town/phishing-and-dos.",
        "Anybody reads the secrets of other vals.",
        "Code in a val reads the environment of another account.",
        "The session is not ended when the password changes.",
    ] {
        let report = report("Stored script injection", "", summary);
        let findings = review("r.md", &report, Some(&town));
        let said =
            |one: &&Finding| matches!(one.code, Code::ExcludedText | Code::ExcludedMentioned);
        assert_eq!(findings.iter().find(said), None, "{summary}");
    }
    for (fields, summary) in [
        (
            "weakness: [CWE-79]",
            "The script runs for every visitor, which lets an attacker phish for passwords.",
        ),
        (
            "weakness: [CWE-787]",
            "Memory is overwritten, which at least crashes the server.",
        ),
        (
            "weakness: [CWE-639]",
            "Sessions of others are taken over; an outdated browser makes it easier.",
        ),
    ] {
        let report = report("A flaw in the settings", fields, summary);
        let findings = review("r.md", &report, Some(&town));
        assert_eq!(problems(&findings), [], "{summary}");
        let mentioned = findings
            .iter()
            .filter(|one| one.code == Code::ExcludedMentioned);
        assert_eq!(mentioned.count(), 1, "{summary}: {findings:?}");
    }
}

#[test]
fn assets_are_judged_by_the_scope() {
    let town = program("val.town");
    let judged = |asset: &str| {
        let text = format!(
            "---\ntitle: a\nassets:\n  - {asset}\n---\n# Summary\na\n# Steps to reproduce\na\n# Impact\na\n# Mitigation\na\n"
        );
        let report = Report::parse("r.md", &text).unwrap();
        let findings = review("r.md", &report, Some(&town));
        let found = findings.into_iter().find(|one| {
            matches!(
                one.code,
                Code::OutOfScope | Code::UserContent | Code::ScopeUnjudged
            )
        });
        found.map(|one| (one.code, one.place.line))
    };
    for asset in [
        "val.town",
        "https://api.val.town/v1",
        "'*.val.town'",
        "https://a.b.esm.town:8443/x",
        "VAL.TOWN",
    ] {
        assert_eq!(judged(asset), None, "{asset}");
    }
    for asset in [
        "https://evilval.town/",
        "val.town.example.com",
        "val.town.",
        "https://example.com/?u=val.town",
        "vаl.town",
        "192.0.2.7",
    ] {
        let expected = (asset != "val.town.").then_some((Code::OutOfScope, Some(4)));
        assert_eq!(judged(asset), expected, "{asset}");
    }
    assert_eq!(
        judged("https://someone.val.run/"),
        Some((Code::UserContent, Some(4)))
    );
    assert_eq!(judged("pkg:npm/x@1"), Some((Code::ScopeUnjudged, Some(4))));
}

#[test]
fn reasons_answer_findings() {
    let fields = "weakness: [CWE-307, CWE-400]\noverrides:\n  - {code: excluded-weakness, about: denial-of-service, why: one request}\n  - {code: secret, why: x}\n  - {code: field-missing, why: y}";
    let report = report("A flaw", fields, "The page is wrong.");
    let mut findings = review("r.md", &report, Some(&program("val.town")));
    answer(&mut findings, report.overrides(), |_| Place::file("r.md"));
    assert_eq!(
        problems(&findings),
        [(Code::ExcludedWeakness, "login-brute-force")]
    );
    let answered: Vec<_> = findings
        .iter()
        .filter_map(|one| one.overridden.as_deref())
        .collect();
    assert_eq!(answered, ["one request"]);
    let unused = findings
        .iter()
        .filter(|one| one.code == Code::OverrideUnused);
    assert_eq!(
        unused
            .map(|one| one.about.as_deref().unwrap())
            .collect::<Vec<_>>(),
        ["secret", "field-missing"]
    );
}

#[test]
fn what_is_missing_is_named() {
    let text = "---\ntitle: a\nassets: a.example\nprogram: curl\n---\n# Summary\na\n";
    let report = Report::parse("r.md", text).unwrap();
    let findings = review("r.md", &report, Some(&program("val.town")));
    assert_eq!(
        problems(&findings),
        [
            (Code::SectionMissing, "steps_to_reproduce"),
            (Code::SectionMissing, "impact"),
            (Code::SectionMissing, "mitigation"),
            (Code::ProgramDiffers, "curl"),
            (Code::OutOfScope, "a.example"),
        ]
    );
    for (text, code, line) in [
        ("no report", Code::FrontMatterInvalid, Some(1)),
        ("---\ntitle: a\n---\n", Code::FieldMissing, Some(1)),
        (
            "---\nassets: a.example\ntitle: ''\n---\n",
            Code::FieldMissing,
            Some(3),
        ),
        (
            "---\ntitle: a\nassets: a.example\ntitel: b\n---\n",
            Code::FieldInvalid,
            Some(4),
        ),
        ("---\ntitle: [\n---\n", Code::FrontMatterInvalid, Some(2)),
    ] {
        let finding = unreadable("r.md", &Report::parse("r.md", text).unwrap_err());
        assert_eq!(
            (finding.code, finding.place.line),
            (code, line),
            "{text}: {}",
            finding.message
        );
        assert!(!finding.message.contains("r.md"), "{}", finding.message);
    }
}

#[test]
fn wishes_are_hints() {
    let report = report(
        "A flaw",
        "public: true\ndisclosure: {embargo_days: 7}",
        "The page is wrong.",
    );
    let codes = |name| {
        let findings = review("r.md", &report, Some(&program(name)));
        assert_eq!(problems(&findings), []);
        findings.into_iter().map(|one| one.code).collect::<Vec<_>>()
    };
    assert_eq!(
        codes("val.town"),
        [
            Code::ClassUnstated,
            Code::ToolUnstated,
            Code::SeverityUnstated,
            Code::AlreadyPublic
        ]
    );
    assert_eq!(
        codes("exposurex"),
        [
            Code::ScopeUnjudged,
            Code::ClassUnstated,
            Code::AffectedUnstated,
            Code::CreditUnstated,
            Code::EmbargoShorter,
            Code::AlreadyPublic
        ]
    );
}
