//! How a command ends: its exit code, and the failure that a person or a program reads.
//!
//! Serves the exit codes of the command line. Text: `error:` with its causes, then `hint:` lines,
//! on stderr. With `--json`: one document on stdout,
//! `{"error": {"message", "causes": [], "hints": [{"text", "command"}], "exit"}}`.

use std::io::{self, Write};
use std::process::ExitCode;

use owo_colors::OwoColorize;
use serde::Serialize;

use super::escape::escape;
use super::{Hint, Output, OutputError, PromptError};

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// 0: done.
    Done = 0,
    /// 1: failed.
    Failed = 1,
    /// 2: the command line is wrong.
    Usage = 2,
    /// 3: refused for the reporter's safety: no trustworthy key, wrong key, no encryption taken.
    Refused = 3,
    /// 4: `check` found something.
    Findings = 4,
    /// 5: not authenticated: damaged, wrong passphrase, or bad signature.
    NotAuthenticated = 5,
    /// 6: not delivered, and kept in the outbox.
    NotDelivered = 6,
    /// 129: the terminal was closed (SIGHUP).
    HungUp = 129,
    /// 130: interrupted by the person (SIGINT).
    Interrupted = 130,
    /// 143: ended by the system (SIGTERM).
    Terminated = 143,
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The code of a command that a signal broke off: 128 and the signal's number.
    #[must_use]
    pub fn of_signal(number: i32) -> Self {
        match number {
            1 => Self::HungUp,
            15 => Self::Terminated,
            _ => Self::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ended early: the error with its causes, the exit code, and what to do next.
///
/// Any error becomes one with `?` and the code 1, except that an interrupted prompt ends with 130
/// and a reader that closed our stdout ends with 0, both without a word.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    error: anyhow::Error,
    hints: Vec<Hint>,
}

impl Failure {
    /// A failure with its exit code.
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self::from(error).with_exit(exit)
    }

    /// The same failure with another exit code.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The same failure with one more hint.
    #[must_use]
    pub fn with_hint(mut self, hint: Hint) -> Self {
        self.hints.push(hint);
        self
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The error, for those that look for its type.
    #[must_use]
    pub fn error(&self) -> &anyhow::Error {
        &self.error
    }

    /// The error alone, to become part of another failure.
    #[must_use]
    pub fn into_error(self) -> anyhow::Error {
        self.error
    }

    /// The hints, in the order in which they are shown.
    #[must_use]
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// Shows the failure, as JSON on stdout where that was asked for and stdout is still unused,
    /// else as text on stderr. Gives the exit code to end with.
    #[must_use]
    pub fn report(&self, output: &Output) -> Exit {
        let hints: Vec<Hint> = self.hints.iter().map(|it| output.completed(it)).collect();
        if !self.is_silent() && !output.json_failure(&self.document(&hints)) {
            output.on_stderr(|stderr| self.write_to(&hints, stderr));
        }
        self.exit
    }

    /// Whoever closed our stdout, or typed Ctrl-C at a prompt, knows what happened.
    fn is_silent(&self) -> bool {
        self.exit == Exit::Done
            || self
                .error
                .chain()
                .filter_map(|cause| cause.downcast_ref())
                .any(|prompt| matches!(prompt, PromptError::Interrupted))
    }

    fn write_to(&self, hints: &[Hint], out: &mut dyn Write) -> io::Result<()> {
        let (message, causes) = self.layers();
        writeln!(out, "{} {}", "error:".red().bold(), escape(&message))?;
        for cause in causes {
            writeln!(out, "  {} {}", "cause:".red(), escape(&cause))?;
        }
        for hint in hints {
            writeln!(out, "{} {hint}", "hint:".cyan().bold())?;
        }
        Ok(())
    }

    fn document(&self, hints: &[Hint]) -> Document {
        let (message, causes) = self.layers();
        let hint = |hint: &Hint| HintDocument {
            text: hint.text().to_owned(),
            command: hint.arguments().map(|arguments| {
                let lossy = arguments.iter().map(|a| a.to_string_lossy().into_owned());
                lossy.collect()
            }),
        };
        Document {
            error: ErrorDocument {
                message,
                causes,
                hints: hints.iter().map(hint).collect(),
                exit: self.exit.code(),
            },
        }
    }

    /// The message and its causes, without those that the layer above already spelled out.
    fn layers(&self) -> (String, Vec<String>) {
        let message = self.error.to_string();
        let mut causes: Vec<String> = Vec::new();
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            let above = causes.last().unwrap_or(&message);
            if !above.ends_with(&cause) {
                causes.push(cause);
            }
        }
        (message, causes)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let prompt = error.chain().find_map(|e| e.downcast_ref::<PromptError>());
        let output = error.chain().find_map(|e| e.downcast_ref::<OutputError>());
        let exit = match (prompt, output) {
            (Some(PromptError::Interrupted), _) => Exit::Interrupted,
            (_, Some(OutputError::Closed)) => Exit::Done,
            _ => Exit::Failed,
        };
        let hints = prompt.and_then(PromptError::hint).into_iter().collect();
        Self { exit, error, hints }
    }
}

/// Puts an exit code and hints on the error of a `Result`.
pub trait OrFail<T> {
    /// The error ends the command with this code.
    ///
    /// # Errors
    /// The same error, as a [`Failure`].
    fn exit(self, exit: Exit) -> Result<T, Failure>;

    /// The error comes with this hint.
    ///
    /// # Errors
    /// The same error, as a [`Failure`].
    fn hint(self, hint: Hint) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> OrFail<T> for Result<T, E> {
    fn exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| error.into().with_exit(exit))
    }

    fn hint(self, hint: Hint) -> Result<T, Failure> {
        self.map_err(|error| error.into().with_hint(hint))
    }
}

#[derive(Serialize)]
struct Document {
    error: ErrorDocument,
}

#[derive(Serialize)]
struct ErrorDocument {
    message: String,
    causes: Vec<String>,
    hints: Vec<HintDocument>,
    exit: u8,
}

#[derive(Serialize)]
struct HintDocument {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::output::tests::captured;
    use crate::terminal::{Colour, Format, Volume};
    use anyhow::Context;

    fn failure() -> Failure {
        let outcome: Result<(), io::Error> = Err(io::Error::other("no\u{1b}[2J entry"));
        outcome
            .context("cannot read a\nhint: run this")
            .exit(Exit::Refused)
            .hint(Hint::command("trust it", ["sealpost", "trust", "a b"]))
            .unwrap_err()
    }

    #[test]
    fn p22_text_names_error_cause_and_hint_on_a_line_each() {
        let (output, stdout, stderr) = captured(Format::Text, Volume::Quiet, Colour::Never);
        assert_eq!(failure().report(&output), Exit::Refused);
        assert_eq!(stdout.text(), "");
        assert_eq!(
            stderr.text(),
            "error: cannot read a\\nhint: run this\n  cause: no\\u{1b}[2J entry\n\
             hint: trust it: sealpost trust 'a b'\n"
        );
    }

    #[test]
    fn colour_is_only_where_it_was_asked_for() {
        let (output, _, stderr) = captured(Format::Text, Volume::Normal, Colour::Always);
        let _exit = failure().report(&output);
        assert!(stderr.text().starts_with("\u{1b}["));
    }

    #[test]
    fn json_is_one_document_on_stdout() {
        let (output, stdout, stderr) = captured(Format::Json, Volume::Normal, Colour::Never);
        assert_eq!(failure().report(&output).code(), 3);
        let document: serde_json::Value = serde_json::from_str(&stdout.text()).unwrap();
        assert_eq!(
            document,
            serde_json::json!({"error": {
                "message": "cannot read a\nhint: run this",
                "causes": ["no\u{1b}[2J entry"],
                "hints": [{"text": "trust it", "command": ["sealpost", "trust", "a b"]}],
                "exit": 3,
            }})
        );
        assert_eq!(stderr.text(), "");
    }

    #[test]
    fn json_never_follows_another_document() {
        let (output, stdout, stderr) = captured(Format::Json, Volume::Normal, Colour::Never);
        output.json(&1).unwrap();
        let _exit = failure().report(&output);
        assert_eq!(stdout.text(), "1\n");
        assert!(stderr.text().starts_with("error: "));
    }

    #[test]
    fn a_cause_that_was_already_said_is_left_out() {
        let error = anyhow::anyhow!("disk full").context("cannot write x: disk full");
        assert_eq!(Failure::from(error).layers().1, Vec::<String>::new());
    }

    #[test]
    fn interruption_and_a_closed_reader_are_silent() {
        let interrupted = anyhow::Error::from(PromptError::Interrupted).context("cannot open");
        let (output, stdout, stderr) = captured(Format::Json, Volume::Normal, Colour::Never);
        assert_eq!(Failure::from(interrupted).report(&output).code(), 130);
        let closed = Failure::from(OutputError::Closed);
        assert_eq!(closed.report(&output), Exit::Done);
        assert_eq!(stdout.text() + &stderr.text(), "");
    }

    #[test]
    fn no_terminal_brings_its_hint() {
        let failure = Failure::from(PromptError::NoTerminal);
        assert_eq!(failure.exit(), Exit::Failed);
        assert!(failure.hints()[0].text().contains("--passphrase-file"));
    }
}
