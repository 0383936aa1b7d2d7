//! Records that cannot be read, locks that are gone, cases that are to be forgotten: nothing is hidden, and nothing
//! happens by accident.

use std::fs;

use crate::desk::Desk;

/// Names of two cases, delivered.
fn two(desk: &Desk) -> [String; 2] {
    for _ in 0..2 {
        desk.send(desk.at, "").expect(0);
    }
    let cases = desk.cases();
    [0, 1].map(|at: usize| cases[at]["case"].as_str().unwrap().to_owned())
}

#[test]
fn a_record_that_cannot_be_read_is_named_and_hides_no_other() {
    let desk = Desk::new();
    let [bad, good] = two(&desk);
    let record = desk.path(&format!("home/cases/{bad}/record"));
    let harm: [fn(&std::path::Path); 3] = [
        |record| fs::write(record, "{\"version\": ").unwrap(),
        |record| {
            let file = fs::File::create(record).unwrap();
            file.set_len(33 << 20).unwrap();
        },
        |record| {
            fs::remove_file(record).unwrap();
            fs::create_dir(record).unwrap();
        },
    ];
    for harm in harm {
        harm(&record);
        for verb in ["list", "sync"] {
            let ended = desk.run(&format!("case {verb}")).expect(1);
            assert!(ended.stderr.contains(&bad), "{ended:?}");
            assert!(ended.stdout.contains(&good), "{ended:?}");
            let document = desk.json(&format!("case {verb}"));
            assert_eq!(document["unreadable"][0]["case"], bad.as_str());
            assert_eq!(document["cases"][0]["case"], good.as_str());
        }
    }
    desk.run(&format!("case show {bad}")).expect(1);
}

#[test]
fn a_damaged_entry_in_the_outbox_holds_no_other_back() {
    let mut desk = Desk::new();
    desk.send(desk.at, "").expect(0);
    desk.kill_server();
    for _ in 0..2 {
        desk.send(desk.at, "--patience 0").expect(6);
    }
    let bad = desk.outbox().swap_remove(0);
    fs::write(bad.join("entry.json"), "{").unwrap();
    let name = bad.file_name().unwrap().to_str().unwrap().to_owned();
    desk.serve();
    let resumed = desk.run("send --resume").expect(1);
    resumed.says(&format!("{name} in the outbox cannot be read"));
    assert_eq!(desk.reports().len(), 2);
    assert_eq!(desk.outbox(), [bad]);
    desk.run("case list").expect(1).says(&name);
    desk.run(&format!("case forget {name} --yes")).expect(0);
    desk.run("case list").expect(0);
    assert!(desk.outbox().is_empty());
}

#[test]
fn a_lock_that_is_gone_lets_no_record_lie_unlocked() {
    let desk = Desk::new();
    fs::write(desk.path("word"), "word\n").unwrap();
    let [one, _] = two(&desk);
    desk.run("case lock --new-passphrase-file word").expect(0);
    fs::remove_file(desk.path("home/cases/lock.json")).unwrap();
    let refused = desk.send(desk.at, "").expect(1);
    refused.says("lock.json is gone");
    refused.says("put it back from a copy");
    assert_eq!(desk.reports().len(), 2);
    assert!(desk.outbox().is_empty());
    desk.run("case list").expect(1).says(&one);
}

#[test]
fn forgetting_asks_and_says_what_stays() {
    let desk = Desk::new();
    let [one, _] = two(&desk);
    let refused = desk.unasked(&format!("case forget {one}")).expect(1);
    refused.says("nothing was forgotten");
    refused.says(&format!("sealpost case forget {one} --yes"));
    assert_eq!(desk.cases().len(), 2);
    let gone = desk.unasked(&format!("case forget {one} --yes")).expect(0);
    gone.says("stays trusted; to remove it: sealpost trust --remove ");
    assert_eq!(desk.cases().len(), 1);
}

#[test]
fn asking_about_many_cases_shows_a_line_for_those_with_news() {
    let desk = Desk::new();
    let [one, other] = two(&desk);
    desk.run("case sync").expect(0).says("2 cases without news");
    let reports = desk.reports();
    let report = reports[0]["id"].as_str().unwrap();
    desk.run(&format!(
        "inbox ack {report} --intake http://{} --token-file token",
        desk.at
    ))
    .expect(0);
    let synced = desk.run("case sync").expect(0);
    synced.says("1 case without news");
    assert_eq!(synced.stdout.lines().count(), 1, "{synced:?}");
    let named = [one, other].map(|case| synced.stdout.contains(&case));
    assert_ne!(named[0], named[1]);
    assert!(synced.stdout.contains("acknowledged"), "{synced:?}");
}
