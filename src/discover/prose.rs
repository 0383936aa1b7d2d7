//! What free text from strangers names: mail addresses, https links, fingerprints.
//!
//! Serves `security_md` and `csaf`. Rather too little is found than too much: each find may cost a request, and an
//! address is shown as the vendor's.

use crate::{
    openpgp::Fingerprint,
    program::{Contact, HttpsUrl, MailAddress},
};

/// Something found, with the place where it begins, in bytes.
pub(super) type Found<T> = (usize, T);

/// Whether 40 or 64 digits in one piece count: elsewhere they may be a commit or a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// The text speaks of keys.
    Keys,
    /// Only digits in groups, as people write fingerprints, count.
    Other,
}

/// The addresses and links of a text, in its order, each once, few.
pub(super) fn contacts(text: &str) -> Vec<Contact> {
    let mail = addresses(text)
        .into_iter()
        .map(|(at, address)| (at, Contact::Mail(address)));
    let links = links(text)
        .into_iter()
        .map(|(at, link)| (at, Contact::Web(link)));
    let mut found: Vec<_> = mail.chain(links).collect();
    found.sort_by_key(|(at, _)| *at);
    let mut contacts = Vec::new();
    for (_, contact) in found {
        push_new(&mut contacts, contact, MAX_CONTACTS);
    }
    contacts
}

/// Plain mail addresses: not `git@host:path`, not the user name of a URL, not one that nobody reads.
pub(super) fn addresses(text: &str) -> Vec<Found<MailAddress>> {
    text.match_indices('@')
        .filter_map(|(at, _)| {
            let (before, after) = text.split_at_checked(at)?;
            address_at(before, after.get(1..)?)
        })
        .take(MAX_FOUND)
        .collect()
}

fn address_at(before: &str, after: &str) -> Option<Found<MailAddress>> {
    let is_local = |c: char| c.is_ascii_alphanumeric() || "!#$&+-=_.".contains(c);
    let is_domain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let local_start = before
        .char_indices()
        .rev()
        .take(MAX_LOCAL)
        .take_while(|(_, c)| is_local(*c))
        .last()?
        .0;
    let (head, local) = before.split_at_checked(local_start)?;
    let local_part = local.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let domain_end = after.find(|c| !is_domain(c)).unwrap_or(after.len());
    let (domain, rest) = after.split_at_checked(domain_end)?;
    let domain = domain.trim_end_matches(['.', '-']);
    let last_label = domain.rsplit_once('.')?.1;
    let is_host = last_label.len() > 1 && last_label.bytes().all(|b| b.is_ascii_alphabetic());
    let is_mailbox = !UNREAD.contains(&local_part.to_ascii_lowercase().as_str());
    if !is_host
        || !is_mailbox
        || NOT_DOMAINS.contains(&last_label)
        || is_within(head)
        || goes_on(rest)
    {
        return None;
    }
    let address = format!("{local_part}@{domain}").parse().ok()?;
    Some((before.len() - local_part.len(), address))
}

/// Whether an address that begins after this text is a part of something: of a longer word, or of a URL or path.
fn is_within(head: &str) -> bool {
    let mut word = head.chars().rev().take_while(|c| !c.is_whitespace());
    let last = word.next();
    // Scripts with case write words with spaces between them; those without it may go on at once.
    last.is_some_and(|c| c.is_ascii_alphanumeric() || is_cased(c) || "@/".contains(c))
        || word.take(MAX_LOCAL).any(|c| c == '/')
}

/// Whether what follows an address is more of its domain, or a path on that host.
fn goes_on(rest: &str) -> bool {
    let mut rest = rest.chars();
    match rest.next() {
        Some(':') => rest.next().is_some_and(|c| !c.is_whitespace()),
        Some(c) => is_cased(c) || matches!(c, '@' | '/'),
        None => false,
    }
}

fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

/// https links as people write them in running text.
pub(super) fn links(text: &str) -> Vec<Found<HttpsUrl>> {
    text.match_indices("https://")
        .take(MAX_FOUND)
        .filter_map(|(at, _)| {
            let rest = text.get(at..)?;
            let stop = |c: char| c.is_whitespace() || c.is_control() || "<>\"'`\\|{}".contains(c);
            let end = rest
                .char_indices()
                .take(MAX_LINK)
                .find(|(_, c)| stop(*c))
                .map_or_else(|| rest.len().min(MAX_LINK), |(end, _)| end);
            let link = rest.get(..end)?;
            Some((at, without_closing(link).parse().ok()?))
        })
        .collect()
}

/// Without the punctuation that belongs to the sentence; a bracket stays where the link opened it.
fn without_closing(link: &str) -> &str {
    let link = link.trim_end_matches(|c| ".,;:!?*_]".contains(c));
    let closes_more = link.matches(')').count() > link.matches('(').count();
    match link.strip_suffix(')') {
        Some(shorter) if closes_more => shorter.trim_end_matches(['.', ',']),
        _ => link,
    }
}

/// Fingerprints: 40 or 64 hexadecimal digits in one piece, or in equal groups with white space between them.
pub(super) fn fingerprints(text: &str, context: Context) -> Vec<Fingerprint> {
    let mut found = Vec::new();
    for piece in text.split(|c: char| !c.is_alphanumeric() && !c.is_whitespace()) {
        let words: Vec<&str> = piece
            .split_whitespace()
            .map(|word| word.strip_prefix("0x").unwrap_or(word))
            .collect();
        for run in
            words.chunk_by(|one, other| one.len() == other.len() && is_hex(one) && is_hex(other))
        {
            for digits in whole_fingerprints(run, context) {
                if let Ok(fingerprint) = digits.parse() {
                    push_new(&mut found, fingerprint, MAX_FOUND);
                }
            }
        }
    }
    found
}

/// The fingerprints in words of one length, of which there is at least one.
fn whole_fingerprints(run: &[&str], context: Context) -> Vec<String> {
    let size = run.first().map_or(0, |word| word.len());
    if !run.first().is_some_and(|word| is_hex(word)) {
        return Vec::new();
    }
    if size > MAX_GROUP {
        return match context {
            Context::Keys => run.iter().map(|word| (*word).to_owned()).collect(),
            Context::Other => Vec::new(),
        };
    }
    let fits =
        |length: usize| length.is_multiple_of(size) && (size * run.len()).is_multiple_of(length);
    match LENGTHS.into_iter().find(|length| fits(*length)) {
        Some(length) => run.chunks(length / size).map(<[&str]>::concat).collect(),
        None => Vec::new(),
    }
}

fn is_hex(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Adds what is not there yet, up to a number.
pub(super) fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T, most: usize) {
    if list.len() < most && !list.contains(&item) {
        list.push(item);
    }
}

/// How many contacts are kept.
pub(super) const MAX_CONTACTS: usize = 16;

/// How many things of one kind are looked at in one piece of text.
const MAX_FOUND: usize = 64;

/// One character more than the local part of an address may have, so that a longer word is seen as such.
const MAX_LOCAL: usize = 65;

/// The longest link that is read, in bytes.
const MAX_LINK: usize = 2_000;

/// Lengths of fingerprints in digits: version 4, version 6.
const LENGTHS: [usize; 2] = [40, 64];

/// The longest group of digits in a fingerprint that is not in one piece.
const MAX_GROUP: usize = 20;

/// Endings of files that look like domains: `logo@2x.png`.
const NOT_DOMAINS: [&str; 6] = ["png", "jpg", "jpeg", "gif", "svg", "webp"];

/// Mailboxes that nobody reads.
const UNREAD: [&str; 4] = ["git", "noreply", "no-reply", "donotreply"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mail(text: &str) -> Vec<String> {
        addresses(text)
            .iter()
            .map(|(_, address)| address.to_string())
            .collect()
    }

    #[test]
    fn addresses_are_found_and_what_only_looks_like_one_is_not() {
        for (text, address) in [
            ("Write to security@example.org.", "security@example.org"),
            ("(security@example.org)", "security@example.org"),
            (
                "E-mail:security@example.org: always",
                "security@example.org",
            ),
            (
                "mailto:security@example.org?subject=x",
                "security@example.org",
            ),
            ("\"a.b+c@sub.example.org\",", "a.b+c@sub.example.org"),
            ("**_security@example.org_**", "security@example.org"),
            ("連絡先security@example.orgまで", "security@example.org"),
        ] {
            assert_eq!(mail(text), [address], "{text}");
        }
        for text in [
            "git clone git@github.com:owner/repo",
            "deploy@host.example:/srv",
            "https://user@example.org/",
            "https://user:secret@example.org/",
            "npm i @scope/package@1.2.3",
            "logo@2x.png",
            "noreply@example.org",
            "security at example.org",
            "security@localhost",
            "security@example.bücher",
            "security@foo.exämple",
            "ésecurity@example.org",
            "ssh://deploy@host.example/x",
            "a@b@example",
            "@",
        ] {
            assert_eq!(mail(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn links_end_where_the_sentence_goes_on() {
        for (text, link) in [
            (
                "(see https://example.org/a_(b)).",
                "https://example.org/a_(b)",
            ),
            ("see (https://example.org/a).", "https://example.org/a"),
            (
                "`https://example.org/a?b=c#d`,",
                "https://example.org/a?b=c#d",
            ),
            ("https://example.org\nhttps://", "https://example.org/"),
        ] {
            let found: Vec<_> = links(text)
                .iter()
                .map(|(_, link)| link.as_str().to_owned())
                .collect();
            assert_eq!(found, [link], "{text}");
        }
    }

    #[test]
    fn fingerprints_are_found_however_they_are_grouped() {
        const HEX: &str = "EB85BB5FA33A75E15E944E63F231550C4F47E38E";
        let grouped = |size: usize, gap: &str| {
            let bytes: Vec<_> = HEX
                .as_bytes()
                .chunks(size)
                .map(String::from_utf8_lossy)
                .collect();
            bytes.join(gap)
        };
        for text in [
            format!("Key fingerprint = {}", grouped(4, " ")),
            format!(
                "fingerprint: {}  {}",
                &grouped(4, " ")[..24],
                &grouped(4, " ")[25..]
            ),
            format!("Our key is {}\n", grouped(4, "\n    ").to_lowercase()),
            grouped(8, " "),
            grouped(2, "\u{a0}"),
        ] {
            for context in [Context::Keys, Context::Other] {
                let found = fingerprints(&text, context);
                assert_eq!(found.len(), 1, "{text}");
                assert_eq!(found[0].as_hex(), HEX, "{text}");
            }
        }
        for text in [
            HEX.to_owned(),
            format!("openpgp4fpr:{HEX}"),
            format!("[0x{HEX}](x)"),
            format!("https://keys.example.org/?search=0x{HEX}&op=get"),
        ] {
            assert_eq!(fingerprints(&text, Context::Keys).len(), 1, "{text}");
            assert_eq!(fingerprints(&text, Context::Other), [], "{text}");
        }
        assert_eq!(fingerprints(&"ab".repeat(32), Context::Keys).len(), 1);
        let two = format!(
            "{}\n{}",
            grouped(4, " "),
            grouped(4, " ").replace("EB85", "AAAA")
        );
        assert_eq!(fingerprints(&two, Context::Other).len(), 2);
        for text in [
            "4F47E38E",
            "F231550C4F47E38E",
            "dead beef",
            &"a".repeat(41),
            &"g".repeat(40),
            "",
        ] {
            assert_eq!(fingerprints(text, Context::Keys), [], "{text}");
        }
    }

    #[test]
    fn a_flood_is_cut() {
        let lines: Vec<_> = (0..10_000)
            .map(|n| format!("a{n}@example.org https://example.org/{n}"))
            .collect();
        let text = lines.join(" ");
        assert_eq!(contacts(&text).len(), MAX_CONTACTS);
        assert_eq!(addresses(&text).len(), MAX_FOUND);
        assert!(addresses(&"@".repeat(100_000)).is_empty());
        assert!(links(&"https://".repeat(10_000)).len() <= MAX_FOUND);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|[0-9a-f]{4} |@| ){0,60}") {
            let _ = (contacts(&text), fingerprints(&text, Context::Keys), fingerprints(&text, Context::Other));
            for (at, address) in addresses(&text) {
                prop_assert!(text[at..].starts_with(address.local()));
            }
        }
    }
}
