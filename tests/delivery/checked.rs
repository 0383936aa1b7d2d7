//! `send` checks first: with a problem nothing is sealed, nothing is sent, and nothing is kept.

use std::fs;

use crate::desk::Desk;

#[test]
fn a_problem_stops_and_a_reason_lets_it_pass() {
    let desk = Desk::new();
    let report = |overrides: &str| {
        let text = format!(
            "---\ntitle: A flaw\nassets: [vendor.example]\n{overrides}\n---\n\n## Summary\n\nIt is wrong.\n\n\
             ## Steps to reproduce\n\nLook.\n\n## Impact\n\nBad.\n"
        );
        fs::write(desk.path("report.md"), text).unwrap();
    };
    let send = format!(
        "send report.md --to http://{} --yes-trust-first-use",
        desk.at
    );
    report("");
    for line in [
        send.clone(),
        format!("{send} --dry-run"),
        format!("{send} --leave-no-trace"),
    ] {
        let ended = desk.run(&line).expect(4);
        assert!(
            ended
                .stderr
                .contains("nothing under “Mitigation” [section-missing]"),
            "{}",
            ended.stderr
        );
        assert!(
            ended
                .stderr
                .contains("1 problem stands in the way: nothing was sent"),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(desk.json("case list")["cases"], serde_json::json!([]));
    let vendor = format!("--intake http://{} --token-file token", desk.at);
    assert_eq!(
        desk.json(&format!("inbox list {vendor}"))["reports"],
        serde_json::json!([])
    );
    report("overrides: [{code: section-missing, about: mitigation, why: none is known}]");
    let ended = desk.run(&send).expect(0);
    ended.says("1 hint: to see everything: sealpost check report.md");
}
