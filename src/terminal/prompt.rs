//! Asks for passphrases, on the terminal itself or from `--passphrase-file`.
//!
//! Serves `--passphrase-file FILE`, and promise 15: no secret is ever an argument.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use zeroize::Zeroizing;

use super::escape::escape;
use super::{Hint, Secret, console};

/// Where passphrases come from.
#[derive(Debug)]
pub struct Passphrases(Source);

#[derive(Debug)]
enum Source {
    Terminal,
    /// Read once, so that a pipe works as well.
    File {
        path: PathBuf,
        read: OnceLock<Secret>,
    },
}

/// No passphrase was had.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Nobody can be asked.
    #[error("there is no terminal to ask for a passphrase on")]
    NoTerminal,
    /// Ctrl-C; the program ends without a word.
    #[error("interrupted")]
    Interrupted,
    /// The terminal was closed, or Ctrl-D was typed.
    #[error("no passphrase was given")]
    NotGiven,
    /// The terminal failed.
    #[error("cannot read a passphrase from the terminal")]
    Terminal(#[source] io::Error),
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    Empty,
    /// Asked as often as allowed, and never the same twice.
    #[error("the two passphrases differ")]
    Differ,
    /// `-` would take the report's place on stdin.
    #[error("a passphrase file may not be -, which stands for standard input")]
    StandardInput,
    /// The file cannot be read.
    #[error("cannot read the passphrase file {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no passphrase file.
    #[error("the passphrase file {path} {fault}")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: &'static str,
    },
}

impl PromptError {
    /// The same where something else than a passphrase is asked for, which has a hint of its own.
    #[must_use]
    pub fn of_another_secret(self) -> anyhow::Error {
        match self {
            Self::NoTerminal => anyhow::anyhow!("there is no terminal to ask on"),
            why => why.into(),
        }
    }

    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::NoTerminal => Some(Hint::words(
                "put the passphrase into a file and name it with --passphrase-file FILE",
            )),
            Self::StandardInput => Some(Hint::words(
                "name a file, or a pipe as in --passphrase-file <(pass show NAME)",
            )),
            _ => None,
        }
    }
}

impl Passphrases {
    /// From the file of `--passphrase-file`, else from the terminal.
    ///
    /// # Errors
    /// The file is `-`.
    pub fn resolve(file: Option<PathBuf>) -> Result<Self, PromptError> {
        match file {
            Some(path) if path == Path::new("-") => Err(PromptError::StandardInput),
            Some(path) => Ok(Self(Source::File {
                path,
                read: OnceLock::new(),
            })),
            None => Ok(Self(Source::Terminal)),
        }
    }

    /// Whether a person is asked, rather than a file.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self.0, Source::Terminal)
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Source::Terminal => None,
            Source::File { path, .. } => Some(path),
        }
    }

    /// How often it makes sense to ask for the passphrase of one thing.
    #[must_use]
    pub fn attempts(&self) -> usize {
        match self.0 {
            Source::Terminal => 3,
            Source::File { .. } => 1,
        }
    }

    /// Asks once; `prompt` without a colon, such as `passphrase for secret.pgp`.
    ///
    /// # Errors
    /// Nobody to ask, nothing given, or a bad file.
    pub fn ask(&self, prompt: &str) -> Result<Secret, PromptError> {
        match &self.0 {
            Source::Terminal => ask_terminal(prompt),
            Source::File { path, read } => {
                if read.get().is_none() {
                    let _already = read.set(first_line(path)?);
                }
                read.get().cloned().ok_or(PromptError::NotGiven)
            }
        }
    }

    /// Asks for a new passphrase: twice, and again when the two differ or are empty, three times
    /// at most. A file is read once.
    ///
    /// # Errors
    /// As [`Passphrases::ask`], or never the same and never more than nothing.
    pub fn ask_twice(&self, prompt: &str) -> Result<Secret, PromptError> {
        match self.0 {
            Source::Terminal => ask_twice_with(prompt, ask_terminal),
            Source::File { .. } => self.ask(prompt),
        }
    }
}

fn ask_terminal(prompt: &str) -> Result<Secret, PromptError> {
    if !console::is_reachable() {
        return Err(PromptError::NoTerminal);
    }
    rpassword::prompt_password(format!("{}: ", escape(prompt)))
        .map(Secret::new)
        .map_err(|error| match error.kind() {
            ErrorKind::Interrupted => PromptError::Interrupted,
            ErrorKind::UnexpectedEof => PromptError::NotGiven,
            _ => PromptError::Terminal(error),
        })
}

fn ask_twice_with(
    prompt: &str,
    mut ask: impl FnMut(&str) -> Result<Secret, PromptError>,
) -> Result<Secret, PromptError> {
    let mut outcome = PromptError::Empty;
    let mut complaint = "";
    for _ in 0..ATTEMPTS {
        let first = ask(&format!("{complaint}{prompt}"))?;
        if first.is_empty() {
            (outcome, complaint) = (PromptError::Empty, "it may not be empty; ");
            continue;
        }
        if ask(&format!("{prompt} (again)"))?.expose() == first.expose() {
            return Ok(first);
        }
        (outcome, complaint) = (PromptError::Differ, "the two differ; ");
    }
    Err(outcome)
}

/// The first line of a file, without its end.
fn first_line(path: &Path) -> Result<Secret, PromptError> {
    let unfit = |fault| PromptError::Unfit {
        path: path.to_owned(),
        fault,
    };
    let bytes = File::open(path).and_then(read_capped);
    let bytes = bytes.map_err(|source| PromptError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    if bytes.len() > LARGEST_FILE {
        return Err(unfit("is larger than 64 KiB"));
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match str::from_utf8(line) {
        Ok("") => Err(unfit("has an empty first line")),
        Ok(line) => Ok(Secret::new(line.to_owned())),
        Err(_) => Err(unfit("is not UTF-8 text")),
    }
}

/// Reads up to one byte more than allowed, into memory that never moves and is overwritten.
fn read_capped(mut file: File) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; LARGEST_FILE + 1]);
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

const ATTEMPTS: usize = 3;
const LARGEST_FILE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn from_file(contents: &[u8]) -> Result<Secret, PromptError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(contents).unwrap();
        Passphrases::resolve(Some(file.path().to_owned()))?.ask("x")
    }

    fn typed(answers: &[&str]) -> (Result<Secret, PromptError>, Vec<String>) {
        let mut answers = answers.iter();
        let mut prompts = Vec::new();
        let outcome = ask_twice_with("new passphrase", |prompt| {
            prompts.push(prompt.to_owned());
            let answer = answers.next().ok_or(PromptError::NotGiven)?;
            Ok(Secret::new((*answer).to_owned()))
        });
        (outcome, prompts)
    }

    #[test]
    fn a_file_gives_its_first_line() {
        for contents in ["p\u{e9} 1", "p\u{e9} 1\n", "p\u{e9} 1\r\nmore\n"] {
            assert_eq!(
                from_file(contents.as_bytes()).unwrap().expose(),
                "p\u{e9} 1"
            );
        }
    }

    #[test]
    fn unfit_files_are_named_and_told_apart() {
        let fault = |contents: &[u8]| from_file(contents).unwrap_err().to_string();
        assert!(fault(b"").ends_with("has an empty first line"));
        assert!(fault(b"\nx").ends_with("has an empty first line"));
        assert!(fault(b"\xff\n").ends_with("is not UTF-8 text"));
        assert!(fault(&vec![b'a'; LARGEST_FILE + 1]).ends_with("is larger than 64 KiB"));
        assert!(from_file(&vec![b'a'; LARGEST_FILE]).is_ok());
        let missing = Passphrases::resolve(Some("/nowhere/at-all".into())).unwrap();
        let error = missing.ask("x").unwrap_err().to_string();
        assert_eq!(error, "cannot read the passphrase file /nowhere/at-all");
        let folder = Passphrases::resolve(Some("/".into())).unwrap();
        assert!(matches!(
            folder.ask("x"),
            Err(PromptError::Unreadable { .. })
        ));
    }

    #[test]
    fn standard_input_is_not_a_passphrase_file() {
        let refused = Passphrases::resolve(Some("-".into()));
        assert!(matches!(refused, Err(PromptError::StandardInput)));
    }

    #[test]
    fn a_file_is_read_once() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"first\n").unwrap();
        let source = Passphrases::resolve(Some(file.path().to_owned())).unwrap();
        assert_eq!(source.ask("x").unwrap().expose(), "first");
        file.close().unwrap();
        assert_eq!(source.ask_twice("x").unwrap().expose(), "first");
        assert_eq!(source.attempts(), 1);
    }

    #[test]
    fn a_new_passphrase_is_asked_until_it_is_the_same_twice() {
        let (outcome, prompts) = typed(&["a", "b", "", "c", "c"]);
        assert_eq!(outcome.unwrap().expose(), "c");
        let wanted = [
            "new passphrase",
            "new passphrase (again)",
            "the two differ; new passphrase",
            "it may not be empty; new passphrase",
            "new passphrase (again)",
        ];
        assert_eq!(prompts, wanted);
    }

    #[test]
    fn three_attempts_are_the_end() {
        let (outcome, prompts) = typed(&["a", "b", "a", "b", "a", "b", "c", "c"]);
        assert!(matches!(outcome, Err(PromptError::Differ)));
        assert_eq!(prompts.len(), 6);
        assert!(matches!(typed(&["", "", ""]).0, Err(PromptError::Empty)));
        assert!(matches!(typed(&[]).0, Err(PromptError::NotGiven)));
    }
}

#[cfg(all(test, unix))]
mod terminal_tests {
    use super::*;
    use crate::terminal::confirm;
    use expectrl::{Eof, Expect as _, Session, process::Termios as _, session::OsSession};
    use std::process::Command;
    use std::thread;
    use std::time::Duration;

    const CHILD: &str = "SEALPOST_TEST_CHILD";

    /// Runs the one ignored test below in a process of its own.
    fn child(program: &str, prefix: &[&str]) -> Command {
        let mut command = Command::new(program);
        let test = concat!(module_path!(), "::child_asks");
        let test = test.split_once("::").unwrap().1;
        command.args(prefix).args(["--exact", test]);
        command.args(["--ignored", "--nocapture", "--test-threads=1"]);
        command.env(CHILD, "1");
        command
    }

    fn this_binary() -> String {
        std::env::current_exe()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    #[ignore = "the other side of the tests below"]
    fn child_asks() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        let source = Passphrases::resolve(None).unwrap();
        match source.ask_twice("pass\u{1b}[2Jphrase") {
            Ok(secret) => println!("length {}", secret.expose().len()),
            Err(error) => println!("refused: {error}"),
        }
        println!("confirmed {}", confirm("go on\u{202e}?"));
    }

    fn type_hidden(session: &mut OsSession, line: &str) {
        while session.is_echo().unwrap() {
            thread::sleep(Duration::from_millis(5));
        }
        session.send_line(line).unwrap();
    }

    #[test]
    fn p15_p22_a_terminal_sees_neither_the_passphrase_nor_raw_escapes() {
        // The session makes its terminal without echo, which would hide what this is about.
        let shell = ["-c", "stty echo; exec \"$0\" \"$@\"", &this_binary()];
        let mut session = Session::spawn(child("sh", &shell)).unwrap();
        session.set_expect_timeout(Some(Duration::from_secs(20)));
        session.expect("pass\\u{1b}[2Jphrase: ").unwrap();
        type_hidden(&mut session, "canary-7");
        session.expect("(again): ").unwrap();
        type_hidden(&mut session, "canary-7");
        let heard = session.expect("length 8").unwrap();
        let heard = String::from_utf8_lossy(heard.before()).into_owned();
        assert!(!heard.contains("canary"), "{heard:?}");
        session.expect("go on\\u{202e}? [y/N] ").unwrap();
        session.send_line("y").unwrap();
        session.expect("confirmed true").unwrap();
        session.expect(Eof).unwrap();
    }

    #[test]
    fn without_a_terminal_there_is_a_typed_error_and_a_no() {
        // A new session has no controlling terminal.
        let mut command = child("setsid", &["--wait", &this_binary()]);
        let Ok(done) = command.output() else {
            println!("no setsid here");
            return;
        };
        let said = String::from_utf8_lossy(&done.stdout);
        let refusal = format!("refused: {}", PromptError::NoTerminal);
        assert!(said.contains(&refusal), "{said}");
        assert!(said.contains("confirmed false"), "{said}");
    }
}
