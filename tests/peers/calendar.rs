//! The Python package icalendar reads the file of `case embargo --ics`.
//!
//! `SEALPOST_SECTXT` names a Python that has the package.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use sealpost::case::CalendarEntry;

use crate::sectxt::python;

const READ: &str = "
import sys, icalendar
calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
for event in calendar.walk('VEVENT'):
    assert not event.errors, event.errors
    alarms = [str(alarm['TRIGGER'].dt) for alarm in event.walk('VALARM')]
    print(event['SUMMARY'], event['DTSTART'].dt, event['DTEND'].dt, event['SEQUENCE'], alarms, sep='|')
";

#[test]
#[ignore = "needs the Python package icalendar: .ci/run"]
fn icalendar_reads_the_end_of_an_embargo() {
    let Some(python) = python() else { return };
    let entry = |case: &str, ends: &str| CalendarEntry {
        case: case.to_owned(),
        ends: ends.parse().unwrap(),
        moved: 2,
    };
    let long = "é".repeat(90);
    let file = CalendarEntry::file(
        &[
            entry("k3v7x2qd", "2026-12-31"),
            entry(&format!("a; b, c\\ {long}"), "2027-02-28"),
        ],
        "2026-11-26T10:11:12Z".parse().unwrap(),
    );
    let mut child = Command::new(python)
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(file.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let alarms = "['-7 days, 0:00:00', '-1 day, 0:00:00']";
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!(
            "The embargo of k3v7x2qd ends|2026-12-31|2027-01-01|2|{alarms}\n\
             The embargo of a; b, c\\ {long} ends|2027-02-28|2027-03-01|2|{alarms}\n"
        )
    );
}
