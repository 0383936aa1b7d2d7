//! Credentials on a command line: `curl -u user:password`, `curl --user`, `curl -b`, `--cookie`.
//!
//! Serves `check`: steps to reproduce are often a call of curl.

use super::{
    assigned::quote,
    cookie::holds_session,
    stand_in::is_stand_in,
    view::{View, is_placeholder, run},
};

/// The call of curl that is read.
#[derive(Default)]
pub(super) struct Command {
    /// Where in the file it ends.
    end: u64,
}

impl Command {
    /// The kind of credential that begins here, `place` bytes into the file, and its length.
    pub(super) fn find(&mut self, view: &View<'_>, place: u64) -> Option<(&'static str, usize)> {
        if place >= self.end && is_curl(view) {
            self.end = place + length(view.ahead()) as u64;
            return None;
        }
        let (name, what) = OPTIONS
            .iter()
            .find(|(name, _)| view.starts_with(name) && is_option(name, view.ahead()))?;
        let rest = view.ahead().get(name.len()..)?;
        let found = match what {
            Flag::Cookie => holds_session(value(rest)),
            Flag::CurlCookie if place < self.end => holds_session(value(rest)),
            Flag::User if place < self.end => is_login(value(rest)),
            Flag::CurlCookie | Flag::User => false,
        };
        let kind = match what {
            Flag::User => "password-argument",
            Flag::Cookie | Flag::CurlCookie => "cookie",
        };
        found.then_some((kind, name.len() + value(rest).len()))
    }
}

fn is_curl(view: &View<'_>) -> bool {
    let behind = view.is_word_start().then(|| view.after_name(b"curl"));
    let behind = behind.flatten().unwrap_or_default();
    matches!(behind.first(), Some(b' ' | b'\t')) || behind.starts_with(b".exe")
}

/// Up to the end of the line, or of the last of those that go on behind a backslash.
fn length(text: &[u8]) -> usize {
    let text = text.get(..text.len().min(LONGEST)).unwrap_or_default();
    let ends = |at: &usize| {
        let line = text.get(..*at).unwrap_or_default().trim_ascii_end();
        !line.ends_with(b"\\") && !line.ends_with(b"^") && !line.ends_with(b"`")
    };
    memchr::memchr_iter(b'\n', text)
        .find(ends)
        .unwrap_or(text.len())
}

/// A long option ends with its name; a short one may have its value right behind.
fn is_option(name: &[u8], text: &[u8]) -> bool {
    let behind = text.get(name.len()).copied();
    !name.starts_with(b" --") || matches!(behind, Some(b' ' | b'=' | b'\t'))
}

/// The value of an option, without its quotes.
fn value(text: &[u8]) -> &[u8] {
    let text = text.get(..text.len().min(VALUE)).unwrap_or_default();
    let text = text.strip_prefix(b"=").unwrap_or(text);
    match quote(text.trim_ascii_start()) {
        (Some(mark), inside) => mark.inside(inside),
        (None, text) => run(text, |byte| !byte.is_ascii_whitespace()),
    }
}

/// `user:password`, other than an example and an address.
fn is_login(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |byte| *byte == b':').skip(1);
    let password = parts.next().unwrap_or_default();
    let known = is_stand_in(password) || is_placeholder(password);
    password.len() >= 3 && !password.starts_with(b"//") && !known
}

#[derive(Clone, Copy)]
enum Flag {
    /// Cookies, in whatever program.
    Cookie,
    /// Cookies, of curl only.
    CurlCookie,
    /// Name and password, of curl only.
    User,
}

/// How curl and its options begin.
pub(super) fn starts() -> Vec<&'static [u8]> {
    let options = OPTIONS.iter().map(|(name, _)| *name);
    options.chain([&b"curl"[..]]).collect()
}

/// The options, as they stand behind a blank. The short ones that are written together are those that people use.
const OPTIONS: [(&[u8], Flag); 12] = [
    (b" --cookie", Flag::Cookie),
    (b" --user", Flag::User),
    (b" --proxy-user", Flag::User),
    (b" -b", Flag::CurlCookie),
    (b" -u", Flag::User),
    (b" -su", Flag::User),
    (b" -ku", Flag::User),
    (b" -iu", Flag::User),
    (b" -vu", Flag::User),
    (b" -sku", Flag::User),
    (b" -sb", Flag::CurlCookie),
    (b" -kb", Flag::CurlCookie),
];

/// The longest call that is looked at.
const LONGEST: usize = 4096;

/// The longest value of an option.
const VALUE: usize = 2048;
