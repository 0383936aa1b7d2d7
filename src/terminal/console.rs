//! The terminal of the person, whatever stdin and stdout are: questions with yes or no.
//!
//! Questions go to the terminal itself, so that stdin and stdout stay free for a report.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};

use super::escape::escape;

/// Asks a question that is answered `no` unless a person types `y` or `yes`; without a terminal
/// the answer is no.
#[must_use]
pub fn confirm(question: &str) -> bool {
    let (Ok(input), Ok(mut output)) = (
        File::open(CONSOLE_IN),
        OpenOptions::new().write(true).open(CONSOLE_OUT),
    ) else {
        return false;
    };
    let asked = write!(output, "{} [y/N] ", escape(question)).and_then(|()| output.flush());
    asked.is_ok() && says_yes(input)
}

fn says_yes(input: impl Read) -> bool {
    let mut answer = String::new();
    let read = BufReader::new(input.take(LONGEST_ANSWER)).read_line(&mut answer);
    let answer = answer.trim().to_ascii_lowercase();
    read.is_ok() && matches!(answer.as_str(), "y" | "yes")
}

/// Whether there is a terminal to ask on.
pub(super) fn is_reachable() -> bool {
    File::open(CONSOLE_IN).is_ok()
}

const LONGEST_ANSWER: u64 = 1024;
const CONSOLE_IN: &str = if cfg!(windows) { "CONIN$" } else { "/dev/tty" };
const CONSOLE_OUT: &str = if cfg!(windows) { "CONOUT$" } else { "/dev/tty" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", "YES\r\n", " yes "] {
            assert!(says_yes(yes.as_bytes()), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "yess\n", "\u{1b}y\n", "\u{ff}"] {
            assert!(!says_yes(no.as_bytes()), "{no:?}");
        }
    }
}
