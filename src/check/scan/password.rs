//! Passwords and tokens in URLs (RFC 3986 section 3.2.1), and keys in settings.
//!
//! Serves `check`.

use super::{
    assigned::{assigned, reversed},
    stand_in::{is_stand_in, is_stand_in_host},
    token,
    view::{View, is_mixed, is_placeholder, is_random, is_word, run},
};

/// The kind that begins here, and its length.
pub(super) fn find(view: &View<'_>) -> Option<(&'static str, usize)> {
    if view.starts_with(URL) {
        url(view).map(|length| ("url-password", length))
    } else if view.is_name_start() {
        setting(view).or_else(|| pair(view))
    } else {
        None
    }
}

/// `scheme://user:password@host`, and `https://token@host`.
fn url(view: &View<'_>) -> Option<usize> {
    if !view.behind().last()?.is_ascii_alphanumeric() {
        return None;
    }
    let rest = view.ahead().get(URL.len()..)?;
    let end = |byte: u8| {
        byte.is_ascii_whitespace() || byte.is_ascii_control() || b"/?#\"'<>\\()`|^,".contains(&byte)
    };
    let authority = run(rest.get(..rest.len().min(AUTHORITY))?, |byte| !end(byte));
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    let (user, host) = (authority.get(..at)?, authority.get(at + 1..)?);
    let secret = match user.iter().position(|byte| *byte == b':') {
        Some(colon) => is_password(user.get(colon + 1..)?),
        None => is_token(view, user, host),
    };
    (secret && !is_stand_in_host(host)).then_some(URL.len() + at)
}

fn is_password(password: &[u8]) -> bool {
    let port = password.len() <= 5 && password.iter().all(u8::is_ascii_digit);
    let known = password.len() < 3 || port || is_stand_in(password);
    !known && !is_placeholder(password)
}

/// A user of the web whose name was made by chance. Tokens with a form of their own are found where they begin, and the
/// keys of Sentry's addresses stand in public pages.
fn is_token(view: &View<'_>, user: &[u8], host: &[u8]) -> bool {
    let web = view.behind().to_ascii_lowercase();
    let web = web.ends_with(b"http") || web.ends_with(b"https");
    let digits = user
        .iter()
        .all(|byte| is_word(*byte) || b"-~".contains(byte));
    let made = user.len() >= 16 && digits && is_mixed(user) && is_random(user);
    web && made && !token::is_known(user) && !host.ends_with(b"sentry.io")
}

/// `api_key = "…"`, `"clientSecret": "…"` and the like, with a value that was made by chance.
fn setting(view: &View<'_>) -> Option<(&'static str, usize)> {
    let (kind, rest) = NAMES
        .iter()
        .find_map(|(name, kind)| Some((*kind, after_words(view.ahead(), name)?)))?;
    let from_here = view.ahead().len() - rest.len();
    is_key(kind, assigned(rest, None)?).then_some((kind, from_here))
}

/// `"value": "…", "name": "api_key"`.
fn pair(view: &View<'_>) -> Option<(&'static str, usize)> {
    let (value, name) = reversed(view.after_name(b"value")?)?;
    let (_, kind) = NAMES
        .iter()
        .find(|(known, _)| after_words(name, known).is_some_and(<[u8]>::is_empty))?;
    is_key(kind, value).then_some((kind, value.len()))
}

/// What follows these words, which may be joined by `_`, `-` or nothing.
fn after_words<'a>(text: &'a [u8], words: &[u8]) -> Option<&'a [u8]> {
    let mut rest = text;
    for byte in words {
        rest = match (byte, rest) {
            (b'_', [b'_' | b'-', behind @ ..]) => behind,
            (b'_', _) => rest,
            (byte, [first, behind @ ..]) if first.eq_ignore_ascii_case(byte) => behind,
            _ => return None,
        };
    }
    Some(rest)
}

fn is_key(kind: &str, value: &[u8]) -> bool {
    let value = value.get(..value.len().min(LONGEST)).unwrap_or_default();
    let value = run(value, |byte| is_word(byte) || b"+/=.-".contains(&byte));
    let long = if kind == "aws-secret-key" {
        value.len() == 40
    } else {
        value.len() >= 20
    };
    let count = |is: fn(&u8) -> bool| value.iter().filter(|byte| is(byte)).count();
    let mixed = count(u8::is_ascii_digit) >= 2 && count(u8::is_ascii_alphabetic) >= 2;
    long && mixed && !is_path(value) && is_random(value)
}

/// Whether it is a path, a host or a chain of names rather than one key.
fn is_path(value: &[u8]) -> bool {
    let count = |wanted: u8| memchr::memchr_iter(wanted, value).count();
    let (dots, slashes) = (count(b'.'), count(b'/'));
    dots > 2 || value.starts_with(b"/") || value.starts_with(b".") || slashes > 4
}

impl View<'_> {
    /// Whether a name may begin here: what stands before is no letter or digit (`MY_API_KEY` has one inside), or a
    /// capital begins a word (`myApiKey`).
    fn is_name_start(&self) -> bool {
        let capital = self.ahead().first().is_some_and(u8::is_ascii_uppercase);
        let before = self.behind().last();
        !before.is_some_and(|byte| {
            byte.is_ascii_alphanumeric() && !(capital && byte.is_ascii_lowercase())
        })
    }
}

/// How names of settings begin, in each way in which their words are joined.
pub(super) fn names() -> Vec<Vec<u8>> {
    let joined = |name: &[u8], by: &[u8]| -> Vec<u8> {
        let words: Vec<&[u8]> = name.split(|byte| *byte == b'_').collect();
        words.join(by)
    };
    let each =
        |(name, _): &(&'static [u8], &str)| [&b"_"[..], b"-", b""].map(|by| joined(name, by));
    NAMES.iter().flat_map(each).collect()
}

/// How the part of a URL begins that may hold a password.
pub(super) const STARTS: &[&[u8]] = &[URL];

const URL: &[u8] = b"://";

/// Names of settings, in lower case, with `_` between words.
const NAMES: [(&[u8], &str); 21] = [
    (b"aws_secret_access_key", "aws-secret-key"),
    (b"aws_secret_key", "aws-secret-key"),
    (b"secret_access_key", "aws-secret-key"),
    (b"api_key", "key-in-text"),
    (b"api_token", "key-in-text"),
    (b"api_secret", "key-in-text"),
    (b"app_secret", "key-in-text"),
    (b"access_token", "key-in-text"),
    (b"auth_token", "key-in-text"),
    (b"refresh_token", "key-in-text"),
    (b"private_token", "key-in-text"),
    (b"bearer_token", "key-in-text"),
    (b"id_token", "key-in-text"),
    (b"client_secret", "key-in-text"),
    (b"consumer_secret", "key-in-text"),
    (b"webhook_secret", "key-in-text"),
    (b"secret_key", "key-in-text"),
    (b"session_token", "key-in-text"),
    (b"session_secret", "key-in-text"),
    (b"jwt_secret", "key-in-text"),
    (b"encryption_key", "key-in-text"),
];

/// How much of a value is looked at.
const LONGEST: usize = 512;

/// The longest part of a URL that is looked at.
const AUTHORITY: usize = 512;
