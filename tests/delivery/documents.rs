//! `docs/json.md` says what `send` and `case` print.

use std::fs;

use crate::{desk::Desk, members::same};

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
    let theirs = desk.json(&format!("inbox embargo {report} {vendor}"));
    desk.json("case sync");
    let yours = desk.json(&format!("case embargo {case} --ics end.ics"));
    assert_eq!(theirs["embargoes"][0]["ends"], "2030-01-01");
    assert_eq!(yours["embargoes"][0]["ends"], "2030-01-01");
    same("case embargo, inbox embargo", &[theirs, yours]);
    let reply = desk.json(&format!("case reply {case} --message m"));
    same("case reply", &[reply]);
    let synced = desk.json("case sync");
    let until = synced["cases"][0]["timeline"].as_array().unwrap();
    assert!(
        until.iter().any(|event| event["until"].is_string()),
        "{until:?}"
    );
    let shown = desk.json(&format!("case show {case} --words"));
    let damaged = desk.path("home/cases/aaaaaaaa");
    fs::create_dir(&damaged).unwrap();
    fs::write(damaged.join("record"), "{}").unwrap();
    let listed = desk.json("case list");
    fs::remove_dir_all(&damaged).unwrap();
    let noted = desk.json(&format!(
        "case event {case} embargo-until --until 2030-01-02"
    ));
    assert_eq!(noted["cases"][0]["embargo_ends"], "2030-01-02");
    same(
        "case list, show, sync, event, recover",
        &[synced, shown, listed, noted],
    );
    desk.kill_server();
    for _ in 0..2 {
        desk.run(&format!("{line} --patience 0")).expect(6);
    }
    let kept = desk.json("send --resume --patience 0");
    same("send", &[sent, kept]);
    let forgotten = desk.json(&format!("case forget {case} --yes"));
    same("case forget", &[forgotten]);
    let locked = desk.json("case lock --new-passphrase-file m");
    same("case lock, unlock", &[locked]);
}
