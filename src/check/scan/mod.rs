//! Secrets and telling metadata in a file of any size, in one pass with bounded memory.
//!
//! Serves `check`. Nothing that is found is kept or shown: only what kind of thing it is, and where. What lies inside a
//! compressed file is not seen.

mod assigned;
mod command;
mod cookie;
mod key;
mod metadata;
mod password;
mod stand_in;
mod start;
mod token;
mod view;
mod wide;
mod words;

use std::io::{self, Read};

use zeroize::Zeroizing;

use self::view::View;
use super::finding::{Code, Finding, Place};

/// Reads a file to its end. `file` is the name for the findings; `progress` is told how many bytes came.
///
/// # Errors
/// Those of the reader.
pub fn scan(
    file: &str,
    reader: &mut dyn Read,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Vec<Finding>> {
    let mut scanner = Scanner::new(file);
    let mut buffer = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(scanner.finish()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        scanner.feed(buffer.get(..count).unwrap_or_default());
        progress(count as u64);
    }
}

/// A scan under way.
pub struct Scanner {
    /// What came last: at least [`BACK`] bytes that were looked at, then those that were not.
    window: Zeroizing<Vec<u8>>,
    /// The first byte in the window that was not looked at.
    at: usize,
    /// The place of the window's first byte in the file.
    start: u64,
    /// The line of the byte [`Self::counted`] of the window.
    line: u64,
    counted: usize,
    form: Form,
    watch: Watch,
    found: Found,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Unknown,
    Text,
    /// UTF-16: its zero bytes are left out, and what remains of Latin text is that text.
    Wide,
    Binary,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hit {
    what: What,
    /// How many bytes to go on behind.
    length: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// A secret, by its kind.
    Secret(&'static str),
    /// What the file tells beside its content, by its kind and in words.
    Metadata(&'static str, String),
}

impl Scanner {
    /// A scan of what will be fed. `file` is the name for the findings.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self {
            window: Zeroizing::new(Vec::with_capacity(BACK + LOOK + 2 * CHUNK)),
            at: 0,
            start: 0,
            line: 1,
            counted: 0,
            form: Form::Unknown,
            watch: Watch::default(),
            found: Found::new(file),
        }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(CHUNK) {
            if self.form == Form::Wide {
                self.window.extend(chunk.iter().filter(|byte| **byte != 0));
            } else {
                self.window.extend_from_slice(chunk);
            }
            if self.form == Form::Unknown && self.window.len() >= HEAD {
                self.decide();
            }
            if self.form != Form::Unknown {
                self.look(self.window.len().saturating_sub(LOOK));
                self.forget();
            }
        }
    }

    /// Looks at what is left.
    #[must_use]
    pub fn finish(mut self) -> Vec<Finding> {
        if self.form == Form::Unknown {
            self.decide();
        }
        self.look(self.window.len());
        self.found.findings()
    }

    fn decide(&mut self) {
        let head = self.window.get(..self.window.len().min(HEAD));
        self.form = if wide::is_wide(head.unwrap_or_default()) {
            self.window.retain(|byte| *byte != 0);
            Form::Wide
        } else if self.window.iter().take(HEAD).any(|byte| *byte == 0) {
            Form::Binary
        } else {
            Form::Text
        };
    }

    /// Looks at every place before `end`.
    fn look(&mut self, end: usize) {
        while self.at < end {
            let next = self.next(end);
            let words =
                self.watch
                    .words
                    .find(&self.window, self.at..next.unwrap_or(end), self.start);
            let (place, hit) = match (words, next) {
                (Some((place, length)), _) => (place, Some(Hit::secret("recovery-words", length))),
                (None, Some(next)) => (next, self.ask(next)),
                (None, None) => {
                    self.at = end;
                    return;
                }
            };
            self.at = place + hit.as_ref().map_or(1, |hit| hit.length.max(1));
            if let Some(hit) = hit {
                self.count(place);
                let offset = self.start + place as u64;
                self.found.add(hit.what, self.line, offset, self.form);
            }
        }
    }

    /// The next place where anything but words may begin. A file may begin with anything.
    fn next(&self, end: usize) -> Option<usize> {
        if self.start == 0 && self.at == 0 {
            return Some(0);
        }
        start::next(&self.window, self.at, end)
    }

    fn ask(&mut self, place: usize) -> Option<Hit> {
        let view = View::new(&self.window, place, self.start == 0);
        self.watch.find(&view, self.start + place as u64)
    }

    /// Counts the lines up to a place in the window.
    fn count(&mut self, place: usize) {
        if let Some(passed) = self.window.get(self.counted..place) {
            self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
            self.counted = place;
        }
    }

    /// Lets go of what lies too far back.
    fn forget(&mut self) {
        if self.at < CHUNK {
            return;
        }
        let gone = self.at - BACK;
        self.count(gone);
        self.window.drain(..gone);
        self.at -= gone;
        self.counted -= gone;
        self.start += gone as u64;
    }
}

impl Hit {
    fn secret(kind: &'static str, length: usize) -> Self {
        let what = What::Secret(kind);
        Self { what, length }
    }
}

/// What is known of the file beside the window.
#[derive(Default)]
struct Watch {
    inside: metadata::Inside,
    words: words::Words,
    command: command::Command,
    /// Up to where headers were read already.
    read: u64,
}

impl Watch {
    /// What begins here, `place` bytes into the file.
    fn find(&mut self, view: &View<'_>, place: u64) -> Option<Hit> {
        let secret = key::find(view)
            .or_else(|| token::find(view))
            .or_else(|| password::find(view))
            .or_else(|| self.header(view, place))
            .or_else(|| self.command.find(view, place));
        let hit = secret.map(|(kind, length)| Hit::secret(kind, length));
        hit.or_else(|| self.inside.find(view))
    }

    /// A header with a credential. A line is read once, however many headers it seems to hold.
    fn header(&mut self, view: &View<'_>, place: u64) -> Option<(&'static str, usize)> {
        if place < self.read {
            return None;
        }
        let header = cookie::Header::at(view)?;
        self.read = place + header.length() as u64;
        header.secret().map(|kind| (kind, header.length()))
    }
}

/// The findings of one file: one a kind and line for secrets, one a kind for metadata.
struct Found {
    file: String,
    findings: Vec<Finding>,
    more: usize,
}

impl Found {
    fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            findings: Vec::new(),
            more: 0,
        }
    }

    fn add(&mut self, what: What, line: u64, offset: u64, form: Form) {
        let binary = form == Form::Binary;
        let place = Place {
            file: self.file.clone(),
            line: (!binary).then_some(line),
            offset: binary.then_some(offset),
        };
        let finding = match what {
            What::Secret(token::STRIPE_TEST) => {
                let message = "this looks like a key of Stripe for tests: it moves no money, but it \
                               says whose account it is";
                Finding::new(Code::TestSecret, place, message).about(token::STRIPE_TEST)
            }
            What::Secret(kind) => {
                let message = format!(
                    "this looks like {}: take it out, or say why it stays",
                    named(kind)
                );
                Finding::new(Code::Secret, place, message).about(kind)
            }
            What::Metadata(kind, words) => {
                Finding::new(Code::Metadata, Place::file(&self.file), words).about(kind)
            }
        };
        if self.findings.contains(&finding) {
            return;
        }
        if self.findings.len() < MOST {
            self.findings.push(finding);
        } else if finding.code == Code::Secret {
            self.more += 1;
        }
    }

    fn findings(mut self) -> Vec<Finding> {
        if self.more > 0 {
            let message = format!("{} more things that look like secrets", self.more);
            let finding = Finding::new(Code::Secret, Place::file(&self.file), message);
            self.findings.push(finding.about("more"));
        }
        self.findings
    }
}

/// The kind in words, with its article.
fn named(kind: &str) -> String {
    let words = match kind {
        "private-key" => "a private key",
        "key-file" => "a file of keys",
        "age-key" => "an age identity",
        "aws-access-key" => "an access key of AWS",
        "aws-secret-key" => "a secret key of AWS",
        "jwt" => "a signed token (JWT)",
        "url-password" => "a password or token in a URL",
        "password-argument" => "a password on a command line",
        "azure-signature" => "the signature of a shared access to Azure",
        "telegram-token" => "the token of a Telegram bot",
        "authorization" => "a credential in an Authorization header",
        "cookie" => "a session in a cookie",
        "key-in-text" => "a key or token in a setting",
        "recovery-words" => "the words of a case or wallet",
        kind => return format!("a credential ({kind})"),
    };
    words.to_owned()
}

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// How far ahead of a place is looked: the longest secret.
const LOOK: usize = 8 * 1024;

/// How far behind a place is looked.
const BACK: usize = 256;

/// Bytes that decide whether a file is text.
const HEAD: usize = 4 * 1024;

/// The most findings of one file.
const MOST: usize = 50;

#[cfg(test)]
mod tests;
