//! An armoured message inside a text that people read, and what stands around it.
//!
//! RFC 9580 section 6.2. Text around the armour was written by anybody: it is counted, not read.

use std::io::{self, Read};

use super::lines::Lines;

/// What a text holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Armoured messages that have an end.
    pub(super) messages: usize,
    /// Whether anything is there but them.
    pub(super) text_outside: bool,
}

/// Looks through a text.
pub(super) fn survey(text: impl Read) -> io::Result<Survey> {
    let mut lines = Lines::new(text);
    let mut survey = Survey::default();
    let mut inside = false;
    while let Some(line) = lines.next()? {
        let bare = line.bytes.trim_ascii();
        if !inside {
            inside = line.begins && bare == BEGIN;
            survey.text_outside |= !inside && !bare.is_empty();
        } else if line.begins && bare == END {
            inside = false;
            survey.messages += 1;
        }
    }
    survey.text_outside |= inside;
    Ok(survey)
}

/// Reads the first armoured message in a text, and nothing around it.
pub(super) struct ArmorOnly<R> {
    lines: Lines<R>,
    ready: Vec<u8>,
    given: usize,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    Behind,
}

impl<R: Read> ArmorOnly<R> {
    pub(super) fn new(text: R) -> Self {
        Self {
            lines: Lines::new(text),
            ready: Vec::new(),
            given: 0,
            place: Place::Before,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() && self.place != Place::Behind {
            let Some(line) = self.lines.next()? else {
                self.place = Place::Behind;
                return Ok(());
            };
            let bare = line.bytes.trim_ascii();
            if self.place == Place::Before && line.begins && bare == BEGIN {
                self.place = Place::Inside;
            }
            if self.place == Place::Inside {
                self.ready.extend_from_slice(line.bytes);
                if line.begins && bare == END {
                    self.place = Place::Behind;
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for ArmorOnly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        let mut waiting = self.ready.get(self.given..).unwrap_or_default();
        let count = waiting.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

/// The first line of an armoured message.
pub(super) const BEGIN: &[u8] = b"-----BEGIN PGP MESSAGE-----";

const END: &[u8] = b"-----END PGP MESSAGE-----";

#[cfg(test)]
mod tests {
    use super::*;

    const ARMOR: &str = "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n";

    #[test]
    fn text_around_an_armour_is_noticed() {
        let look = |text: &str| {
            let found = survey(text.as_bytes()).unwrap();
            (found.messages, found.text_outside)
        };
        assert_eq!(look(ARMOR), (1, false));
        assert_eq!(look(&format!("\n \n{ARMOR}\n")), (1, false));
        assert_eq!(look(&format!("Hello\n{ARMOR}")), (1, true));
        assert_eq!(look(&format!("{ARMOR}-- \nme")), (1, true));
        assert_eq!(look(&format!("{ARMOR}{ARMOR}")), (2, false));
        assert_eq!(look("-----BEGIN PGP MESSAGE-----\nx"), (0, true));
        assert_eq!(look(""), (0, false));
    }

    #[test]
    fn nothing_around_it_is_read() {
        let mut text = String::new();
        let whole = format!("Hello\n{ARMOR}bye\n{ARMOR}");
        ArmorOnly::new(whole.as_bytes())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, ARMOR);
    }
}
