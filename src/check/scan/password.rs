//! Passwords in URLs (RFC 3986 section 3.2.1), and keys in settings.
//!
//! Serves `check`.

use super::view::{View, is_placeholder, is_random, is_word, run};

/// The kind that begins here, and its length.
pub(super) fn find(view: &View<'_>) -> Option<(&'static str, usize)> {
    if view.starts_with(URL) {
        url(view).map(|length| ("url-password", length))
    } else if view.is_word_start_of_name() {
        setting(view)
    } else {
        None
    }
}

/// `scheme://user:password@host`.
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
    let colon = user.iter().position(|byte| *byte == b':')?;
    let password = user.get(colon + 1..)?;
    let port = password.len() <= 5 && password.iter().all(u8::is_ascii_digit);
    let known = password.len() < 3 || port || is_stand_in(password) || is_stand_in_host(host);
    (!known && !is_placeholder(password)).then_some(URL.len() + at)
}

/// Whether it is what people write where a password would stand, or nothing.
pub(super) fn is_stand_in(password: &[u8]) -> bool {
    let lower = password.to_ascii_lowercase();
    let marks = password
        .iter()
        .any(|byte| b"{}$*[]<>%".contains(byte) && !is_percent(password));
    let same = password.iter().all(|byte| Some(byte) == password.first());
    marks || same || STAND_INS.contains(&lower.as_slice())
}

/// Whether every `%` of it begins an escape.
fn is_percent(text: &[u8]) -> bool {
    let hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let mut places = text.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let escaped = places.all(|(at, _)| hex(text.get(at + 1)) && hex(text.get(at + 2)));
    escaped && !text.iter().any(|byte| b"{}$*[]<>".contains(byte))
}

fn is_stand_in_host(host: &[u8]) -> bool {
    let host = host.to_ascii_lowercase();
    let host = host.split(|byte| *byte == b':').next().unwrap_or_default();
    let ends = |ending: &[u8]| host.ends_with(ending);
    host.is_empty()
        || [
            &b"example"[..],
            b"example.com",
            b"example.org",
            b"example.net",
            b"localhost",
            b".test",
            b".invalid",
        ]
        .into_iter()
        .any(ends)
        || host == b"127.0.0.1"
        || host == b"host"
}

/// `api_key = "…"`, `"client_secret": "…"` and the like, with a value that was made by chance.
fn setting(view: &View<'_>) -> Option<(&'static str, usize)> {
    let (kind, rest) = NAMES
        .iter()
        .find_map(|(name, kind)| Some((*kind, view.after_name(name)?)))?;
    let value = assigned(rest)?;
    let value = value.get(..value.len().min(LONGEST + 1))?;
    let value = run(value, |byte| is_word(byte) || b"+/=.-".contains(&byte));
    let aws = kind == "aws-secret-key";
    let long = if aws {
        value.len() == 40
    } else {
        (20..=LONGEST).contains(&value.len())
    };
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = value
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let mixed = digits >= 2 && letters >= 2 && !is_path(value);
    let from_here = view.ahead().len() - rest.len();
    (long && mixed && is_random(value)).then_some((kind, from_here))
}

/// What stands behind `=`, `:`, `=>` or `:=`, in quotes or not.
fn assigned(text: &[u8]) -> Option<&[u8]> {
    let blank = |byte: u8| matches!(byte, b' ' | b'\t');
    let skip = |text: &'_ [u8]| run(text, blank).len();
    let text = text
        .strip_prefix(b"\"")
        .or_else(|| text.strip_prefix(b"'"))
        .unwrap_or(text);
    let text = text.get(skip(text)..)?;
    let text = [&b"=>"[..], b":=", b"=", b":"]
        .into_iter()
        .find_map(|sign| text.strip_prefix(sign))?;
    let text = text.get(skip(text)..)?;
    Some(
        text.strip_prefix(b"\"")
            .or_else(|| text.strip_prefix(b"'"))
            .unwrap_or(text),
    )
}

/// Whether it is a path, a host or a chain of names rather than one key.
fn is_path(value: &[u8]) -> bool {
    let count = |wanted: u8| memchr::memchr_iter(wanted, value).count();
    let (dots, slashes) = (count(b'.'), count(b'/'));
    dots > 2 || value.starts_with(b"/") || value.starts_with(b".") || slashes > 4
}

impl View<'_> {
    /// Whether a name may begin here: what stands before is no letter or digit (`MY_API_KEY` has one inside).
    fn is_word_start_of_name(&self) -> bool {
        !self.behind().last().is_some_and(u8::is_ascii_alphanumeric)
    }
}

/// How names of settings begin.
pub(super) fn names() -> Vec<&'static [u8]> {
    NAMES.iter().map(|(name, _)| *name).collect()
}

/// How the part of a URL begins that may hold a password.
pub(super) const STARTS: &[&[u8]] = &[URL];

const URL: &[u8] = b"://";

/// Names of settings, in lower case; the longer of two that begin alike first.
const NAMES: [(&[u8], &str); 17] = [
    (b"aws_secret_access_key", "aws-secret-key"),
    (b"aws_secret_key", "aws-secret-key"),
    (b"secretaccesskey", "aws-secret-key"),
    (b"api_key", "key-in-text"),
    (b"api-key", "key-in-text"),
    (b"apikey", "key-in-text"),
    (b"api_token", "key-in-text"),
    (b"api_secret", "key-in-text"),
    (b"access_token", "key-in-text"),
    (b"auth_token", "key-in-text"),
    (b"refresh_token", "key-in-text"),
    (b"private_token", "key-in-text"),
    (b"client_secret", "key-in-text"),
    (b"secret_key", "key-in-text"),
    (b"session_token", "key-in-text"),
    (b"session_secret", "key-in-text"),
    (b"encryption_key", "key-in-text"),
];

const STAND_INS: [&[u8]; 20] = [
    b"password",
    b"passwd",
    b"pass",
    b"pwd",
    b"pw",
    b"secret",
    b"token",
    b"user",
    b"username",
    b"test",
    b"foo",
    b"bar",
    b"hunter2",
    b"admin",
    b"root",
    b"guest",
    b"credentials",
    b"key",
    b"passphrase",
    b"pass123",
];

/// The longest value of a setting that counts as a key.
const LONGEST: usize = 200;

/// The longest part of a URL that is looked at.
const AUTHORITY: usize = 512;
