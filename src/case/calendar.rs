//! The end of an embargo for a calendar: one event of one day, with alarms before it.
//!
//! RFC 5545: sections 3.1 (lines of at most 75 octets, CRLF), 3.3.11 (escaping), 3.6.1 (events), 3.6.6 (alarms). A
//! calendar is often kept on somebody's server, so the text says nothing of the finding or the vendor; whoever wants
//! more there writes it in themselves. The identity follows from the case, so that importing it again moves the event.

use std::fmt::Write;

use data_encoding::HEXLOWER;
use jiff::{Timestamp, ToSpan, civil::Date};
use sha2::{Digest, Sha256};

/// One end of an embargo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarEntry {
    /// The name of the case, which both sides know it by.
    pub case: String,
    /// The first day on which the finding may be published.
    pub ends: Date,
    /// How often the end has moved so far: a calendar takes the higher number.
    pub moved: usize,
}

impl CalendarEntry {
    /// The file with these entries, in UTF-8. `written` is now.
    #[must_use]
    pub fn file(entries: &[Self], written: Timestamp) -> String {
        let mut file = File::default();
        file.line("BEGIN", "VCALENDAR");
        file.line("VERSION", "2.0");
        file.line("PRODID", "-//sealpost//embargo//EN");
        file.line("CALSCALE", "GREGORIAN");
        file.line("METHOD", "PUBLISH");
        for entry in entries {
            entry.write(&mut file, written);
        }
        file.line("END", "VCALENDAR");
        file.0
    }

    fn write(&self, file: &mut File, written: Timestamp) {
        let case = &self.case;
        let next = self.ends.checked_add(1.day()).unwrap_or(self.ends);
        let day = |date: Date| date.strftime("%Y%m%d").to_string();
        file.line("BEGIN", "VEVENT");
        file.line("UID", &self.identity());
        file.line("DTSTAMP", &written.strftime("%Y%m%dT%H%M%SZ").to_string());
        file.line("SEQUENCE", &self.moved.to_string());
        file.line("DTSTART;VALUE=DATE", &day(self.ends));
        file.line("DTEND;VALUE=DATE", &day(next));
        file.text("SUMMARY", &format!("The embargo of {case} ends"));
        file.text(
            "DESCRIPTION",
            "From this day on it may be published.\nTo move the day, agree with the other side first.",
        );
        file.line("CLASS", "PRIVATE");
        file.line("TRANSP", "TRANSPARENT");
        for days in ALARMS {
            file.line("BEGIN", "VALARM");
            file.line("ACTION", "DISPLAY");
            file.line("TRIGGER", &format!("-P{days}D"));
            let left = if days == 1 {
                "1 day".to_owned()
            } else {
                format!("{days} days")
            };
            file.text(
                "DESCRIPTION",
                &format!("The embargo of {case} ends in {left}"),
            );
            file.line("END", "VALARM");
        }
        file.line("END", "VEVENT");
    }

    /// The same for the same case, without its name.
    fn identity(&self) -> String {
        let digest = Sha256::digest(format!("sealpost embargo 1: {}", self.case).as_bytes());
        let digest = HEXLOWER.encode(&digest);
        format!("{}@embargo.sealpost", digest.get(..32).unwrap_or_default())
    }
}

#[derive(Default)]
struct File(String);

impl File {
    /// A property whose value needs no escaping, folded.
    fn line(&mut self, name: &str, value: &str) {
        let mut room = OCTETS;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = OCTETS - 1;
            }
            room -= c.len_utf8();
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }

    /// A property of text, escaped and folded. Control characters are left out.
    fn text(&mut self, name: &str, text: &str) {
        let mut escaped = String::new();
        for c in text.chars() {
            match c {
                '\n' => escaped.push_str("\\n"),
                '\\' | ';' | ',' => {
                    let _infallible = write!(escaped, "\\{c}");
                }
                c if c.is_control() => {}
                c => escaped.push(c),
            }
        }
        self.line(name, &escaped);
    }
}

/// Octets of the longest line, without its end.
const OCTETS: usize = 75;

/// Days before the end on which a calendar rings.
const ALARMS: [u32; 2] = [7, 1];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(case: &str) -> CalendarEntry {
        CalendarEntry {
            case: case.to_owned(),
            ends: "2026-12-31".parse().unwrap(),
            moved: 2,
        }
    }

    fn file(entries: &[CalendarEntry]) -> String {
        CalendarEntry::file(entries, "2026-11-26T10:11:12.5Z".parse().unwrap())
    }

    /// Name (with parameters) and value of each unfolded line, by the grammar of section 3.1.
    fn read(file: &str) -> Vec<(String, String)> {
        assert!(
            file.ends_with("\r\n") && file.matches('\n').count() == file.matches("\r\n").count()
        );
        for line in file.split("\r\n") {
            assert!(line.len() <= 75, "{line:?}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        let unfolded = file.replace("\r\n ", "");
        let lines = unfolded.trim_end().split("\r\n");
        lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap();
                assert!(
                    name.bytes()
                        .all(|b| b.is_ascii_uppercase() || b"-;=".contains(&b)),
                    "{name}"
                );
                (name.to_owned(), value.to_owned())
            })
            .collect()
    }

    fn unescaped(value: &str) -> String {
        let mut text = String::new();
        let mut chars = value.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next().unwrap() {
                    'n' | 'N' => text.push('\n'),
                    c @ ('\\' | ';' | ',') => text.push(c),
                    other => panic!("\\{other}"),
                },
                ';' | ',' => panic!("{c} is not escaped"),
                c => text.push(c),
            }
        }
        text
    }

    #[test]
    fn the_whole_file() {
        let lines = read(&file(&[entry("Ada's; case, 7\\"), entry("b")]));
        let names: Vec<&str> = lines.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names[..6],
            ["BEGIN", "VERSION", "PRODID", "CALSCALE", "METHOD", "BEGIN"]
        );
        let value = |name: &str| {
            lines
                .iter()
                .find(|(known, _)| known == name)
                .unwrap()
                .1
                .as_str()
        };
        assert_eq!(value("DTSTAMP"), "20261126T101112Z");
        assert_eq!(value("DTSTART;VALUE=DATE"), "20261231");
        assert_eq!(value("DTEND;VALUE=DATE"), "20270101");
        assert_eq!(value("SEQUENCE"), "2");
        assert_eq!(
            unescaped(value("SUMMARY")),
            "The embargo of Ada's; case, 7\\ ends"
        );
        let mut open = Vec::new();
        for (name, value) in &lines {
            match name.as_str() {
                "BEGIN" => open.push(value),
                "END" => assert_eq!(open.pop(), Some(value)),
                _ => {}
            }
        }
        assert!(open.is_empty());
        assert_eq!(
            lines.iter().filter(|(_, value)| value == "VALARM").count(),
            8
        );
    }

    #[test]
    fn the_identity_is_the_cases_and_hides_it() {
        let uid = |case: &str| entry(case).identity();
        assert_eq!(uid("a"), uid("a"));
        assert_ne!(uid("a"), uid("b"));
        assert!(!uid("case-17").contains("case-17"));
    }

    proptest! {
        #[test]
        fn any_name_is_folded_and_escaped(case in "\\PC{0,120}|[;,\\\\\n\r é食]{0,90}") {
            let lines = read(&file(&[entry(&case)]));
            let summary = &lines.iter().find(|(name, _)| name == "SUMMARY").unwrap().1;
            let plain: String = case.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
            prop_assert_eq!(unescaped(summary), format!("The embargo of {plain} ends"));
        }
    }
}
