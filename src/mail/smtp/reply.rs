//! What a server answers.
//!
//! RFC 5321 section 4.2: three digits, and lines of text, which are a stranger's.

use std::fmt;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    /// Takes the next line; tells whether it was the last. None for a line that is no answer.
    pub(super) fn line(&mut self, line: &[u8]) -> Option<bool> {
        let code = std::str::from_utf8(line.get(..3)?).ok()?;
        let code: u16 = code.parse().ok().filter(|code| (200..600).contains(code))?;
        let (last, text) = match line.get(3) {
            None => (true, &[][..]),
            Some(b' ') => (true, line.get(4..)?),
            Some(b'-') => (false, line.get(4..)?),
            Some(_) => return None,
        };
        if !self.lines.is_empty() && self.code != code {
            return None;
        }
        self.code = code;
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        Some(last)
    }

    pub(super) fn empty() -> Self {
        Self {
            code: 0,
            lines: Vec::new(),
        }
    }

    /// Whether it agrees.
    pub(super) fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether it wants to hear more.
    pub(super) fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// Whether it says to come back later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.code / 100 == 4
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The lines of the text.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.lines.join(" ").trim_end())
    }
}
