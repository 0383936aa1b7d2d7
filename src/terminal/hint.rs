//! What to do next, as data: words, and perhaps a command.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display, Write};

use super::escape::{escape, escape_bytes, is_hidden};

/// One next action after a failure, shown as `hint: …`.
///
/// A suggested command is kept as its arguments, so that a test can parse it with our own command
/// line, and is quoted for the shell only when it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    words: String,
    command: Vec<OsString>,
}

impl Hint {
    /// A hint in words.
    pub fn words(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            command: Vec::new(),
        }
    }

    /// Words, then a command with all its arguments, the program's name first.
    pub fn command<I>(words: impl Into<String>, arguments: I) -> Self
    where
        I: IntoIterator<Item: Into<OsString>>,
    {
        Self {
            words: words.into(),
            command: arguments.into_iter().map(Into::into).collect(),
        }
    }

    /// The same hint, with these arguments behind those of a suggested command of ours.
    #[must_use]
    pub(super) fn repeating(&self, arguments: &[OsString]) -> Self {
        let mut hint = self.clone();
        if hint
            .command
            .first()
            .is_some_and(|program| program == "sealpost")
        {
            hint.command.extend_from_slice(arguments);
        }
        hint
    }

    /// The words alone, not escaped.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.words
    }

    /// The suggested command, the program's name first; `None` for a hint in words.
    #[must_use]
    pub fn arguments(&self) -> Option<&[OsString]> {
        (!self.command.is_empty()).then_some(&self.command)
    }
}

/// Escaped: safe to write to a terminal as it is.
impl Display for Hint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.words).fmt(out)?;
        for (index, argument) in self.command.iter().enumerate() {
            out.write_str(if index == 0 { ": " } else { " " })?;
            quote(out, argument)?;
        }
        Ok(())
    }
}

/// Quotes for a POSIX shell; what may not be shown raw goes into `$'…'` as octal bytes.
fn quote(out: &mut fmt::Formatter<'_>, argument: &OsStr) -> fmt::Result {
    let bytes = argument.as_encoded_bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(b);
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return escape_bytes(bytes).fmt(out);
    }
    match argument.to_str() {
        Some(text) if !text.chars().any(is_hidden) => {
            write!(out, "'{}'", text.replace('\'', r"'\''"))
        }
        _ => quote_bytes(out, bytes),
    }
}

fn quote_bytes(out: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    out.write_str("$'")?;
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b" -_./:@%+=,".contains(&byte) {
            out.write_char(char::from(byte))?;
        } else {
            write!(out, "\\{byte:03o}")?;
        }
    }
    out.write_str("'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_quoted_when_shown_and_kept_as_it_is() {
        let arguments = ["sealpost", "open", "my report.pgp", "it's", ""];
        let hint = Hint::command("open it", arguments);
        assert_eq!(
            hint.to_string(),
            r"open it: sealpost open 'my report.pgp' 'it'\''s' ''"
        );
        assert_eq!(hint.arguments().unwrap(), arguments.map(OsString::from));
        assert_eq!(Hint::words("wait").arguments(), None);
    }

    #[test]
    fn p22_hostile_names_in_a_command_stay_inert() {
        let hint = Hint::command("try\u{1b}", ["sealpost", "a\u{1b}$(x)\u{202e}'"]);
        assert_eq!(
            hint.to_string(),
            r"try\u{1b}: sealpost $'a\033\044\050x\051\342\200\256\047'"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        use std::os::unix::ffi::OsStringExt;
        let name = OsString::from_vec(b"a\x1b\xff'\\ b\n$HOME".to_vec());
        let hint = Hint::command("x", [OsString::from("printf"), "%s".into(), name.clone()]);
        let script = hint.to_string().replacen("x: ", "", 1);
        let Ok(done) = std::process::Command::new("bash")
            .args(["-c", &script])
            .output()
        else {
            println!("no bash here");
            return;
        };
        assert_eq!(OsString::from_vec(done.stdout), name);
    }
}
