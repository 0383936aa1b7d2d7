//! Where words go: results to stdout, notes to stderr, each escaped on its way.
//!
//! Serves the global options `--json`, `-q`, `-v` and `--color`, resolved once into an [`Output`].
//! Text is handed in raw: what was escaped before would be escaped twice.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anstream::{AutoStream, ColorChoice};
use indicatif::{MultiProgress, ProgressDrawTarget};
use owo_colors::OwoColorize;
use serde::Serialize;

use super::Hint;
use super::escape::{escape, escape_lines};
use super::json::inert_json;

/// What stdout carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines for a person.
    Text,
    /// One JSON document, and nothing else.
    Json,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// `-q`: warnings and failures only.
    Quiet,
    /// The usual notes, and progress on a terminal.
    Normal,
    /// `-v`, as often as it was given: details up to this level.
    Verbose(u8),
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal that can, unless the environment (`NO_COLOR`, `TERM`) says no.
    Auto,
    /// Also into files and pipes.
    Always,
    /// None.
    Never,
}

/// The streams of this process, and what may be said on them.
pub struct Output {
    format: Format,
    volume: Volume,
    stdout: Mutex<Stream>,
    stderr: Mutex<AutoStream<Stream>>,
    stdout_used: AtomicBool,
    bars: MultiProgress,
    repeated: Vec<OsString>,
}

type Stream = Box<dyn Write + Send>;

/// Writing a result failed.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Whoever read our stdout has seen enough; the program ends quietly.
    #[error("standard output was closed by its reader")]
    Closed,
    /// Stdout is broken in another way.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// The result has no JSON form.
    #[error("cannot write the result as JSON")]
    Json(#[source] serde_json::Error),
}

impl Output {
    /// The streams of this process.
    #[must_use]
    pub fn new(format: Format, volume: Volume, colour: Colour) -> Self {
        let stderr = io::stderr();
        let choice = match colour {
            Colour::Auto => AutoStream::choice(&stderr),
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        };
        let shows_progress =
            format == Format::Text && volume != Volume::Quiet && stderr.is_terminal();
        let target = if shows_progress {
            ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            format,
            volume,
            stdout: Mutex::new(Box::new(io::stdout())),
            stderr: Mutex::new(AutoStream::new(Box::new(stderr), choice)),
            stdout_used: AtomicBool::new(false),
            bars: MultiProgress::with_draw_target(target),
            repeated: Vec::new(),
        }
    }

    /// The same output, which puts these arguments behind every command that it suggests: what was typed
    /// about where things are kept and how the network is reached holds for the next step, too.
    #[must_use]
    pub fn repeating(mut self, arguments: Vec<OsString>) -> Self {
        self.repeated = arguments;
        self
    }

    /// The hint with what its command needs of this one.
    #[must_use]
    pub fn completed(&self, hint: &Hint) -> Hint {
        hint.repeating(&self.repeated)
    }

    /// A note that suggests a command; silent as [`Output::say`].
    pub fn suggest(&self, hint: &Hint) {
        self.say(self.completed(hint));
    }

    /// The same output into other streams, without progress: for tests of commands.
    #[must_use]
    pub fn redirected(mut self, stdout: Stream, stderr: Stream) -> Self {
        let choice = locked(&self.stderr).current_choice();
        self.stdout = Mutex::new(stdout);
        self.stderr = Mutex::new(AutoStream::new(stderr, choice));
        self.bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        self
    }

    /// Whether stdout carries one JSON document.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// A note on stderr, on one line; silent with `-q` and `--json`.
    pub fn say(&self, note: impl Display) {
        if self.volume != Volume::Quiet && !self.is_json() {
            let note = note.to_string();
            self.on_stderr(|stderr| writeln!(stderr, "{}", escape(&note)));
        }
    }

    /// A warning on stderr, on one line; never silent.
    pub fn warn(&self, warning: impl Display) {
        let warning = warning.to_string();
        let label = "warning:".yellow().bold().to_string();
        self.on_stderr(|stderr| writeln!(stderr, "{label} {}", escape(&warning)));
    }

    /// A warning of this machine rather than of the work, on one line; silent with `-q`.
    pub fn caution(&self, warning: impl Display) {
        if self.volume != Volume::Quiet {
            self.warn(warning);
        }
    }

    /// A note on stderr that must not be lost, on one line; silent never.
    pub fn notice(&self, note: impl Display) {
        let note = note.to_string();
        self.on_stderr(|stderr| writeln!(stderr, "{}", escape(&note)));
    }

    /// A detail on stderr, on one line, shown when `-v` was given at least `level` times.
    pub fn detail(&self, level: u8, detail: impl Display) {
        if matches!(self.volume, Volume::Verbose(given) if given >= level) {
            let detail = detail.to_string();
            self.on_stderr(|stderr| writeln!(stderr, "{}", escape(&detail)));
        }
    }

    /// One line of a result on stdout; nothing with `--json`.
    ///
    /// # Errors
    /// Stdout is closed or cannot be written to.
    pub fn print(&self, line: impl Display) -> Result<(), OutputError> {
        self.result_text(&format!("{}\n", escape(&line.to_string())))
    }

    /// A text of several lines on stdout, ended by a newline; nothing with `--json`.
    ///
    /// # Errors
    /// Stdout is closed or cannot be written to.
    pub fn print_lines(&self, text: &str) -> Result<(), OutputError> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        self.result_text(&format!("{}\n", escape_lines(text)))
    }

    /// Lines of `key: value` on stdout, with the values below one another; nothing with `--json`.
    ///
    /// # Errors
    /// Stdout is closed or cannot be written to.
    pub fn print_fields(&self, fields: &[(&str, String)]) -> Result<(), OutputError> {
        let keys = fields.iter().map(|(key, _)| key.chars().count());
        let width = keys.max().unwrap_or(0).saturating_add(1);
        let mut text = String::new();
        for (key, value) in fields {
            let key = format!("{}:", escape(key));
            let line = format!("{key:<width$} {}", escape(value));
            text.push_str(line.trim_end());
            text.push('\n');
        }
        self.result_text(&text)
    }

    /// The result as the one JSON document on stdout; nothing without `--json`. Characters that
    /// could act on a terminal are written as `\uXXXX`, which says the same in JSON.
    ///
    /// # Errors
    /// The value has no JSON form, or stdout is closed or cannot be written to.
    pub fn json(&self, result: &impl Serialize) -> Result<(), OutputError> {
        if self.is_json() {
            let document = inert_json(result).map_err(OutputError::Json)?;
            self.document(&document)?;
        }
        Ok(())
    }

    /// Stdout for bytes as they are, such as a sealed report: a failure then goes to stderr, even
    /// with `--json`. Unescaped: never for text that a terminal may show.
    #[must_use]
    pub fn bytes(&self) -> Bytes<'_> {
        self.stdout_used.store(true, Ordering::Relaxed);
        Bytes(self)
    }

    /// A whole document for stdout, as it is. A reader that has had enough, such as `head`, is no
    /// failure.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn document(&self, bytes: &[u8]) -> Result<(), OutputError> {
        self.stdout_used.store(true, Ordering::Relaxed);
        let write = || {
            let mut stdout = locked(&self.stdout);
            stdout.write_all(bytes)?;
            stdout.flush()
        };
        self.bars
            .suspend(write)
            .map_err(|error| match error.kind() {
                ErrorKind::BrokenPipe => OutputError::Closed,
                _ => OutputError::Write(error),
            })
    }

    /// Writes a failure's document, if stdout is for JSON and has none yet; else says `false`.
    pub(super) fn json_failure(&self, document: &impl Serialize) -> bool {
        self.is_json()
            && !self.stdout_used.load(Ordering::Relaxed)
            && inert_json(document).is_ok_and(|document| self.document(&document).is_ok())
    }

    /// Writes to stderr around the progress bars, all at once. That stderr is broken can be told to
    /// nobody.
    pub(super) fn on_stderr(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let mut text = Vec::new();
        let written = write(&mut text);
        self.bars.suspend(|| {
            let mut stderr = locked(&self.stderr);
            let _unheard = written
                .and_then(|()| stderr.write_all(&text))
                .and_then(|()| stderr.flush());
        });
    }

    /// Does something on the terminal, such as asking, without a progress bar in its way.
    pub fn without_progress<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bars.suspend(act)
    }

    /// Where progress bars are drawn; hidden unless they were asked for.
    pub(super) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    fn result_text(&self, text: &str) -> Result<(), OutputError> {
        if self.is_json() {
            return Ok(());
        }
        self.document(text.as_bytes())
    }
}

/// Stdout, unescaped; see [`Output::bytes`].
pub struct Bytes<'a>(&'a Output);

impl Write for Bytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        locked(&self.0.stdout).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        locked(&self.0.stdout).flush()
    }
}

fn locked<T>(stream: &Mutex<T>) -> MutexGuard<'_, T> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

const DRAWS_PER_SECOND: u8 = 8;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    pub(in crate::terminal) struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        pub(in crate::terminal) fn text(&self) -> String {
            String::from_utf8(locked(&self.0).clone()).unwrap()
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            locked(&self.0).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(in crate::terminal) fn captured(
        format: Format,
        volume: Volume,
        colour: Colour,
    ) -> (Output, Captured, Captured) {
        let (stdout, stderr) = (Captured::default(), Captured::default());
        let output = Output::new(format, volume, colour)
            .redirected(Box::new(stdout.clone()), Box::new(stderr.clone()));
        (output, stdout, stderr)
    }

    #[test]
    fn p22_every_way_out_escapes() {
        let (output, stdout, stderr) = captured(Format::Text, Volume::Verbose(1), Colour::Never);
        let hostile = "a\u{1b}]0;x\u{7}\nb";
        output.say(hostile);
        output.warn(hostile);
        output.detail(1, hostile);
        output.detail(2, "not shown");
        output.print(hostile).unwrap();
        output.print_lines(hostile).unwrap();
        output.print_fields(&[("k", hostile.to_owned())]).unwrap();
        let line = r"a\u{1b}]0;x\u{7}\nb";
        assert_eq!(stderr.text(), format!("{line}\nwarning: {line}\n{line}\n"));
        let lines = "a\\u{1b}]0;x\\u{7}\nb";
        assert_eq!(stdout.text(), format!("{line}\n{lines}\nk: {line}\n"));
    }

    #[test]
    fn quiet_leaves_warnings_and_results() {
        let (output, stdout, stderr) = captured(Format::Text, Volume::Quiet, Colour::Never);
        output.say("note");
        output.detail(1, "detail");
        output.caution("old");
        output.warn("careful");
        output.print("result").unwrap();
        assert_eq!(stderr.text(), "warning: careful\n");
        assert_eq!(stdout.text(), "result\n");
    }

    #[test]
    fn json_leaves_one_document_on_stdout() {
        let (output, stdout, _) = captured(Format::Json, Volume::Normal, Colour::Never);
        output.print("line").unwrap();
        output.print_fields(&[("key", "value".to_owned())]).unwrap();
        output.json(&["x\u{7f}\u{9b}\u{202e}\u{e0041}"]).unwrap();
        let shown = "[\"x\\u007f\\u009b\\u202e\\udb40\\udc41\"]\n";
        assert_eq!(stdout.text(), shown);
    }

    #[test]
    fn fields_stand_below_one_another() {
        let (output, stdout, _) = captured(Format::Text, Volume::Normal, Colour::Never);
        let fields = [("for", "a".to_owned()), ("signed by", String::new())];
        output.print_fields(&fields).unwrap();
        assert_eq!(stdout.text(), "for:       a\nsigned by:\n");
    }

    #[test]
    fn a_closed_stdout_is_told_from_a_broken_one() {
        struct Broken(ErrorKind);
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let print = |kind| {
            Output::new(Format::Text, Volume::Normal, Colour::Never)
                .redirected(Box::new(Broken(kind)), Box::new(io::sink()))
                .print("x")
        };
        let closed = print(ErrorKind::BrokenPipe);
        assert!(matches!(closed, Err(OutputError::Closed)));
        let broken = print(ErrorKind::StorageFull);
        assert!(matches!(broken, Err(OutputError::Write(_))));
    }
}
