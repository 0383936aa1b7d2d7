//! The values of fields: links, contacts, ways to a key.
//!
//! Serves RFC 9116 §2.5 (values are URIs, web URIs are https), RFC 3986, RFC 6068 (`mailto:`), RFC 4501 (`dns:`) and
//! RFC 7929 §3 (the owner name of an OPENPGPKEY record).

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::code::Code;
use crate::program::{Contact, Fingerprint, MailAddress};

/// A value with the line that holds it, and its text as written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    line: usize,
    text: String,
    value: T,
}

/// Where a vendor says that its key is (RFC 9116 §2.5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// At an address: a key, or a page that holds one.
    Https(Url),
    /// `openpgp4fpr:`: the certificate's fingerprint, and nothing of where the certificate is.
    Fingerprint(Fingerprint),
    /// `dns:`: an OPENPGPKEY record.
    Dns {
        /// The record's owner name, in lower case and without a last dot.
        owner: String,
    },
    /// Nowhere that leads to an OpenPGP key; the code says why.
    Unusable(Code),
}

impl<T> Entry<T> {
    pub(super) fn new(line: usize, text: &str, value: T) -> Self {
        Self {
            line,
            text: text.to_owned(),
            value,
        }
    }

    /// The number of the line in the file as served, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The value as written: hostile text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was read in it.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }
}

/// The https link that a text is, and its fault. Both may be there: a link in which characters are not encoded can
/// still be followed.
pub(super) fn link(text: &str) -> (Option<Url>, Option<Code>) {
    match scheme(text).as_deref() {
        Some("https") => https(text),
        Some("http") => (None, Some(Code::NotHttps)),
        _ => (None, not_a_uri(text)),
    }
}

/// The contact that a text is, if it is one that can be used, and its fault.
pub(super) fn contact(text: &str) -> (Option<Contact>, Option<Code>) {
    match scheme(text).as_deref() {
        Some("https") => {
            let (url, fault) = https(text);
            let contact = url.and_then(|url| url.as_str().parse().ok());
            (contact.map(Contact::Web), fault)
        }
        Some("http") => (None, Some(Code::NotHttps)),
        Some("mailto") => mailto(text),
        Some("tel") => {
            let number = text.get("tel:".len()..).unwrap_or_default();
            let number = number.split(';').next().unwrap_or_default();
            let contact = number.parse().ok().map(Contact::Telephone);
            let unusable = contact.is_none().then_some(Code::ContactUnusable);
            (contact, not_a_uri(text).or(unusable))
        }
        Some(_) => (None, not_a_uri(text).or(Some(Code::ContactUnusable))),
        None => match text.parse() {
            Ok(address) => (Some(Contact::Mail(address)), Some(Code::BareAddress)),
            Err(_) => (None, Some(Code::NotAUri)),
        },
    }
}

/// The way to a key that a text is, and its fault.
pub(super) fn encryption(text: &str) -> (Encryption, Option<Code>) {
    let (way, fault) = match scheme(text).as_deref() {
        Some("https" | "http") => {
            let (url, fault) = link(text);
            (url.map(Encryption::Https), fault)
        }
        Some("openpgp4fpr") => {
            let digits = text.get("openpgp4fpr:".len()..).unwrap_or_default();
            let fingerprint = digits.parse().ok().map(Encryption::Fingerprint);
            (fingerprint, Some(Code::FingerprintInvalid))
        }
        Some("dns") => {
            let owner = text.get("dns:".len()..).and_then(openpgpkey_owner);
            let way = owner.map(|owner| Encryption::Dns { owner });
            (way, Some(Code::DnsInvalid))
        }
        _ => (None, None),
    };
    let Some(way) = way else {
        let reason = fault
            .or(not_a_uri(text))
            .unwrap_or(Code::EncryptionUnusable);
        return (Encryption::Unusable(reason), Some(reason));
    };
    let fault = not_a_uri(text);
    (way, fault)
}

fn mailto(text: &str) -> (Option<Contact>, Option<Code>) {
    let rest = text.get("mailto:".len()..).unwrap_or_default();
    let (address, query) = match rest.split_once('?') {
        Some((address, _)) => (address, Some(Code::MailtoQuery)),
        None => (rest, None),
    };
    let (address, slashes) = match address.strip_prefix("//") {
        Some(address) => (address, Some(Code::MailtoInvalid)),
        None => (address, None),
    };
    let decoded = percent_decode_str(address.trim()).decode_utf8_lossy();
    match decoded.parse::<MailAddress>() {
        Ok(address) => {
            let fault = slashes.or(not_a_uri(text)).or(query);
            (Some(Contact::Mail(address)), fault)
        }
        Err(_) => (None, not_a_uri(text).or(Some(Code::MailtoInvalid))),
    }
}

fn https(text: &str) -> (Option<Url>, Option<Code>) {
    let broken = (None, Some(Code::NotAUri));
    // The parser of browsers takes a lot for a link that is none, or leads elsewhere than it seems.
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
    let slashes = text.get("https:".len()..);
    if !plain || !slashes.is_some_and(|rest| rest.starts_with("//") && !rest.starts_with("///")) {
        return broken;
    }
    let Ok(url) = Url::parse(text) else {
        return broken;
    };
    if !url.username().is_empty() || url.password().is_some() {
        return (None, Some(Code::UserNameInLink));
    }
    (Some(url), not_a_uri(text))
}

/// Reads what follows `dns:`. A URI that names a server of its own is refused.
fn openpgpkey_owner(text: &str) -> Option<String> {
    let (name, query) = text.split_once('?')?;
    let is_type = |part: &str| part.eq_ignore_ascii_case("type=OPENPGPKEY");
    let name = name.strip_suffix('.').unwrap_or(name);
    let (hash, rest) = name.split_once('.')?;
    let (label, domain) = rest.split_once('.')?;
    let hash_fits = hash.len() == 56 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !query.split(';').any(is_type) || !hash_fits || !label.eq_ignore_ascii_case("_openpgpkey") {
        return None;
    }
    match Host::parse(domain).ok()? {
        Host::Domain(domain)
            if domain
                .split('.')
                .all(|label| (1..=63).contains(&label.len())) =>
        {
            let owner = format!("{}._openpgpkey.{domain}", hash.to_ascii_lowercase());
            (owner.len() <= 253).then_some(owner)
        }
        _ => None,
    }
}

/// The scheme of a URI, in lower case; `None` for whatever has none.
fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once(':')?;
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let valid =
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(inner);
    valid.then(|| scheme.to_ascii_lowercase())
}

fn not_a_uri(text: &str) -> Option<Code> {
    let valid = scheme(text).is_some() && encode(text) == text;
    (!valid).then_some(Code::NotAUri)
}

/// A text with every byte that RFC 3986 does not allow in a URI written as `%XX`.
pub(super) fn encode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut encoded = String::with_capacity(text.len());
    for (at, byte) in bytes.iter().enumerate() {
        let escape = || {
            let digits = bytes.get(at + 1..at + 3);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        let allowed = byte.is_ascii_alphanumeric()
            || b"-._~:/?#[]@!$&'()*+,;=".contains(byte)
            || (*byte == b'%' && escape());
        if allowed {
            encoded.push(char::from(*byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(nibble), 16);
                encoded.extend(digit.map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

/// Whether a value was copied from an example and never filled in.
pub(super) fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let word = PLACEHOLDERS.iter().any(|word| lower.contains(word));
    // An address of IPv6 stands in brackets too.
    let bracket = lower.contains('[') && !lower.contains("//[");
    let host = EXAMPLE_DOMAINS.iter().any(|domain| {
        lower.match_indices(domain).any(|(at, _)| {
            let before = lower
                .get(..at)
                .and_then(|before| before.chars().next_back());
            before.is_none_or(|c| matches!(c, '@' | '/' | '.'))
        })
    });
    word || bracket || host
}

const EXAMPLE_DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

const PLACEHOLDERS: [&str; 11] = [
    "<",
    "{",
    "date_exp",
    "yourdomain",
    "your-domain",
    "your_domain",
    "yourcompany",
    "your-company",
    "changeme",
    "change-me",
    "todo",
];
