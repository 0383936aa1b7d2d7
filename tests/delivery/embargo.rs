//! The embargo clock of both sides: they name the same day, warn before it, and write it for a calendar.

use std::{fs, time::SystemTime};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::desk::{Desk, Ended};

#[expect(
    clippy::disallowed_methods,
    reason = "the program that is run has the machine's clock"
)]
fn today() -> Date {
    let now = Timestamp::try_from(SystemTime::now()).unwrap();
    now.to_zoned(TimeZone::UTC).date()
}

#[track_caller]
fn warned(ended: &Ended, words: &str) {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
}

const PROGRAM: &str = "[program]\nname = \"V\"\nid = \"vendor\"\n[[contact]]\nuri = \"tel:123\"\n\
    [disclosure]\nembargo_days = 90\nstarts = \"acknowledgement\"\n";

#[test]
fn both_sides_count_the_same_and_are_warned() {
    let desk = Desk::new();
    fs::write(desk.path("program.toml"), PROGRAM).unwrap();
    let sent = desk.json(&format!(
        "send report.md --to http://{} --yes-trust-first-use",
        desk.at
    ));
    let id = |member: &str| sent["deliveries"][0][member].as_str().unwrap().to_owned();
    let (case, report) = (id("case"), id("report"));
    let vendor = format!("--intake http://{} --token-file token", desk.at);
    let theirs = format!("inbox embargo {report} --program program.toml {vendor}");

    let waiting = desk.run(&theirs).expect(0);
    assert!(
        waiting
            .stdout
            .contains("not started: 90 days from the acknowledgement"),
        "{}",
        waiting.stdout
    );
    // The reporter was told of no program: an end that was agreed on counts for both.
    let ended = desk.run(&format!("case embargo {case}")).expect(0);
    assert!(
        ended.stdout.contains("nobody set an end"),
        "{}",
        ended.stdout
    );
    let soon = today().checked_add(3.days()).unwrap();
    desk.run(&format!(
        "inbox event {report} embargo-until --until {soon} {vendor}"
    ))
    .expect(0);
    let warning = format!("ends in 3 days, on {soon}");
    warned(&desk.run("case sync"), &warning);
    for line in [
        "case list",
        &format!("case show {case}"),
        "case embargo",
        &theirs,
        &format!("inbox list --program program.toml {vendor}"),
    ] {
        warned(&desk.run(line), &warning);
    }

    let later = today().checked_add(30.days()).unwrap();
    let note = format!("case event {case} embargo-until --until {later}");
    let noted = desk.run(&note).expect(0);
    assert!(noted.stdout.contains("(your note)"), "{}", noted.stdout);
    let quiet = desk.run("case list").expect(0);
    assert!(!quiet.stderr.contains("embargo"), "{}", quiet.stderr);
    let calendar = desk.run("case embargo --ics -").expect(0).stdout;
    let day = later.strftime("%Y%m%d").to_string();
    assert!(calendar.contains(&format!("DTSTART;VALUE=DATE:{day}\r\n")));
    assert!(!calendar.contains("vendor") && calendar.contains(&case));

    let tomorrow = today().tomorrow().unwrap();
    for line in [
        format!("case event {case} acknowledged --on {tomorrow}"),
        format!("case event {case} acknowledged --until {later}"),
        format!("case event {case} embargo-until"),
        format!("case event {case} received"),
    ] {
        desk.run(&line).expect(2);
    }
}
