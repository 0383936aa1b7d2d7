//! `docs/json.md` says what `send` and `case` print.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::desk::Desk;

fn documented(section: &str) -> BTreeSet<String> {
    let page = include_str!("../../docs/json.md");
    let part = page.split(&format!("\n## {section}\n")).nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned())
        .collect()
}

fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                let member = format!("{path}{dot}{name}");
                if value.is_object() {
                    found.insert(member.clone());
                }
                paths(value, &member, found);
            }
        }
        Value::Array(items) => {
            found.insert(path.to_owned());
            for item in items.iter().filter(|item| item.is_object()) {
                paths(item, &format!("{path}[]"), found);
            }
        }
        _ => drop(found.insert(path.to_owned())),
    }
}

#[track_caller]
fn same(section: &str, documents: &[Value]) {
    let mut found = BTreeSet::new();
    for document in documents {
        paths(document, "", &mut found);
    }
    assert_eq!(found, documented(section), "{section}");
}

#[test]
fn each_member_of_json_is_documented() {
    let mut desk = Desk::new();
    desk.attachment(4096);
    let line = format!(
        "send report.md --to http://{} --yes-trust-first-use",
        desk.at
    );
    let plan = desk.json(&format!("{line} -a big.bin --dry-run"));
    same("send --dry-run", &[plan]);
    let sent = desk.json(&line);
    let case = sent["deliveries"][0]["case"].as_str().unwrap().to_owned();
    let report = sent["deliveries"][0]["report"].as_str().unwrap().to_owned();
    let vendor = format!("--intake http://{} --token-file token", desk.at);
    desk.run(&format!(
        "inbox event {report} embargo-until --until 2030-01-01 {vendor}"
    ));
    fs::write(desk.path("m"), "hello\n").unwrap();
    let reply = desk.json(&format!("case reply {case} --message m"));
    same("case reply", &[reply]);
    let synced = desk.json("case sync");
    let until = synced["cases"][0]["timeline"].as_array().unwrap();
    assert!(
        until.iter().any(|event| event["until"].is_string()),
        "{until:?}"
    );
    let shown = desk.json(&format!("case show {case} --words"));
    same("case list, show, sync, recover", &[synced, shown]);
    desk.kill_server();
    for _ in 0..2 {
        desk.run(&format!("{line} --patience 0")).expect(6);
    }
    let kept = desk.json("send --resume --patience 0");
    same("send", &[sent, kept]);
    let forgotten = desk.json(&format!("case forget {case}"));
    same("case forget", &[forgotten]);
    let locked = desk.json("case lock --new-passphrase-file m");
    same("case lock, unlock", &[locked]);
}
