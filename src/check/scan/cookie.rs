//! Credentials in headers of HTTP: Authorization (RFC 9110 section 11.6.2), Cookie and Set-Cookie (RFC 6265).
//!
//! Serves `check`: requests that people paste into a report, and captures.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::{
    assigned::{LONGEST, Quote, assigned, reversed},
    stand_in::is_stand_in,
    view::{View, is_mixed, is_random, is_word, run},
};

/// A header that may carry a credential.
pub(super) struct Header<'a> {
    kind: Kind,
    length: usize,
    value: &'a [u8],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Credential,
    Cookies,
    NewCookie,
}

impl<'a> Header<'a> {
    /// The header that begins here, as it is sent, as code writes it, or as one of a HAR 1.2 archive.
    pub(super) fn at(view: &View<'a>) -> Option<Self> {
        if !view.is_word_start() {
            return None;
        }
        let found = NAMES
            .iter()
            .find_map(|(name, kind)| Some((name.len(), *kind, view.after_name(name)?)));
        let Some((name, kind, rest)) = found else {
            return Self::behind_its_value(view);
        };
        let value = assigned(rest, Quote::at_end(view.behind()))?;
        let value = value.get(..value.len().min(LONGEST))?;
        let value = run(value, |byte| !matches!(byte, b'\r' | b'\n'));
        let length = name + value.len();
        Some(Self {
            kind,
            length,
            value,
        })
    }

    /// `"value": "…", "name": "Cookie"`.
    fn behind_its_value(view: &View<'a>) -> Option<Self> {
        let (value, name) = reversed(view.after_name(b"value")?)?;
        let (_, kind) = NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(Self {
            kind: *kind,
            length: value.len(),
            value,
        })
    }

    /// Bytes of name and value.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The kind of secret in it.
    pub(super) fn secret(&self) -> Option<&'static str> {
        let mut pairs = self.value.split(|byte| *byte == b';');
        match self.kind {
            Kind::Credential => is_credential(self.value).then_some("authorization"),
            Kind::Cookies => holds_session(self.value).then_some("cookie"),
            Kind::NewCookie => pairs.next().is_some_and(is_session).then_some("cookie"),
        }
    }
}

/// Whether one of these cookies is a session.
pub(super) fn holds_session(cookies: &[u8]) -> bool {
    cookies.split(|byte| *byte == b';').any(is_session)
}

/// `Bearer …`, `Basic …`, or a key alone.
fn is_credential(value: &[u8]) -> bool {
    let mut words = value.split(|byte| byte.is_ascii_whitespace() || b"\"'".contains(byte));
    let mut words = words.by_ref().filter(|word| !word.is_empty());
    let token = |word| run(word, |byte| is_word(byte) || b"-.~+/=".contains(&byte));
    let is_key = |word: &[u8]| word.len() >= 16 && is_mixed(word) && is_random(word);
    let (first, second) = (words.next().map(token), words.next().map(token));
    match (first, second) {
        (Some(scheme), Some(pair)) if scheme.eq_ignore_ascii_case(b"basic") => is_pair(pair),
        (first, second) => first.is_some_and(is_key) || second.is_some_and(is_key),
    }
}

/// A name and a password (RFC 7617), other than the examples.
fn is_pair(pair: &[u8]) -> bool {
    let Ok(pair) = BASE64.decode(pair).map(Zeroizing::new) else {
        return false;
    };
    let mut parts = pair.splitn(2, |byte| *byte == b':').skip(1);
    parts
        .next()
        .is_some_and(|password| !is_stand_in(password) && password != b"open sesame")
}

/// `name=value` with a value that nobody could guess, of a cookie that is not for counting visitors.
fn is_session(pair: &[u8]) -> bool {
    let Some(at) = pair.iter().position(|byte| *byte == b'=') else {
        return false;
    };
    let (name, value) = pair.split_at(at);
    let name = name.trim_ascii();
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    let value = run(value, |byte| {
        is_word(byte) || b"-.~+/=%:|!*".contains(&byte)
    });
    let counting = COUNTING.iter().any(|known| name.starts_with(known));
    value.len() >= 16 && is_mixed(value) && is_random(value) && !counting
}

/// How such headers begin.
pub(super) fn names() -> Vec<&'static [u8]> {
    NAMES.iter().map(|(name, _)| *name).collect()
}

/// The headers, in lower case.
const NAMES: [(&[u8], Kind); 10] = [
    (b"authorization", Kind::Credential),
    (b"proxy-authorization", Kind::Credential),
    (b"x-api-key", Kind::Credential),
    (b"x-auth-token", Kind::Credential),
    (b"x-access-token", Kind::Credential),
    (b"x-session-token", Kind::Credential),
    (b"x-vault-token", Kind::Credential),
    (b"private-token", Kind::Credential),
    (b"cookie", Kind::Cookies),
    (b"set-cookie", Kind::NewCookie),
];

/// Cookies of analytics and consent, by the beginnings of their names.
const COUNTING: [&[u8]; 10] = [
    b"_ga",
    b"_gid",
    b"_gat",
    b"_fbp",
    b"__utm",
    b"_hj",
    b"ajs_",
    b"amplitude",
    b"OptanonConsent",
    b"CookieConsent",
];
