//! A repository's SECURITY.md: where it takes reports, and what it says of keys.
//!
//! Serves DESIGN.md, "Discovery and trust", for `github:OWNER/REPO`. It is Markdown for people, which anyone with
//! access to the repository writes: what is found here is a hint to be shown.

use url::Url;

use super::{
    link::{
        Speaks, has_key_word, is_key, is_report_form, mail_addresses, private_report, raw_file,
        written_in,
    },
    markdown::{Block, Link, blocks},
    prose::{self, Context, MAX_CONTACTS, push_new},
};
use crate::{
    openpgp::Fingerprint,
    program::{Contact, HttpsUrl, Repository},
};

/// What a SECURITY.md says, in its order, each once, few of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityMd {
    contacts: Vec<Contact>,
    keys: Vec<HttpsUrl>,
    fingerprints: Vec<Fingerprint>,
    holds_key: bool,
}

impl SecurityMd {
    /// Reads the file at `path` (such as `.github/SECURITY.md`) of a repository; relative links mean that place.
    /// Any text is read; the caller caps its size.
    #[must_use]
    pub fn read(text: &str, repository: &Repository, path: &str) -> Self {
        let path = path.trim_start_matches('/');
        let base = format!("https://github.com/{repository}/blob/HEAD/{path}");
        let reader = Reader {
            repository,
            base: Url::parse(&base).ok(),
        };
        let mut found = Self {
            holds_key: text.contains(ARMOUR),
            ..Self::default()
        };
        let mut spoke_of_keys = false;
        for block in blocks(text) {
            let speaks_of_keys = has_key_word(&block.text);
            let context = if speaks_of_keys || spoke_of_keys {
                Context::Keys
            } else {
                Context::Other
            };
            reader.read_block(&block, &mut found);
            for fingerprint in prose::fingerprints(&block.text, context) {
                push_new(&mut found.fingerprints, fingerprint, MAX_FINGERPRINTS);
            }
            spoke_of_keys = speaks_of_keys;
        }
        found
    }

    /// Mail addresses, private vulnerability reporting of a repository, and report forms.
    #[must_use]
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// Links that may lead to a key.
    #[must_use]
    pub fn keys(&self) -> &[HttpsUrl] {
        &self.keys
    }

    /// Fingerprints that are written out.
    #[must_use]
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// Whether an armoured certificate is in the text itself.
    #[must_use]
    pub fn holds_key(&self) -> bool {
        self.holds_key
    }
}

/// What one link turned out to be.
enum Meaning {
    Contact(Contact),
    Key(HttpsUrl),
}

/// Reads the links of one file.
struct Reader<'a> {
    repository: &'a Repository,
    base: Option<Url>,
}

impl Reader<'_> {
    fn read_block(&self, block: &Block, found: &mut SecurityMd) {
        // Code holds examples, and the comments of armoured keys.
        if block.is_code {
            return;
        }
        let context = Speaks::in_text(&block.text);
        let mut meanings: Vec<(usize, Meaning)> = Vec::new();
        for link in &block.links {
            let likely = self.meanings(link, context);
            meanings.extend(likely.map(|meaning| (link.at, meaning)));
            if let Some(digits) = written_in(link) {
                push_new(&mut found.fingerprints, digits, MAX_FINGERPRINTS);
            }
        }
        for (at, address) in prose::addresses(&block.text) {
            meanings.push((at, Meaning::Contact(Contact::Mail(address))));
        }
        for (at, url) in prose::links(&block.text) {
            let link = Link {
                at,
                label: String::new(),
                destination: url.as_str().to_owned(),
            };
            let likely = self.meanings(&link, context);
            meanings.extend(likely.map(|meaning| (at, meaning)));
        }
        meanings.sort_by_key(|(at, _)| *at);
        for (_, meaning) in meanings {
            match meaning {
                Meaning::Contact(contact) => push_contact(&mut found.contacts, contact),
                Meaning::Key(url) => push_new(&mut found.keys, url, MAX_KEYS),
            }
        }
    }

    /// What a link of a block means: several addresses, one other thing, or nothing.
    fn meanings(&self, link: &Link, context: Speaks) -> impl Iterator<Item = Meaning> + use<> {
        let mail = mail_addresses(&link.destination)
            .into_iter()
            .map(|address| Meaning::Contact(Contact::Mail(address)));
        mail.chain(self.web_meaning(link, context))
    }

    fn web_meaning(&self, link: &Link, context: Speaks) -> Option<Meaning> {
        let destination = link.destination.as_str();
        let is_relative = Url::parse(destination) == Err(url::ParseError::RelativeUrlWithoutBase);
        // From any folder this is meant to be the repository's own form, however many `../` there are.
        if is_relative && destination.ends_with(REPORT_FORM) {
            return Some(Meaning::Contact(Contact::GitHub(self.repository.clone())));
        }
        let url = match &self.base {
            Some(base) => base.join(destination).ok()?,
            None => Url::parse(destination).ok()?,
        };
        if let Some(repository) = private_report(&url, &link.label) {
            return Some(Meaning::Contact(Contact::GitHub(repository)));
        }
        let raw = raw_file(&url).unwrap_or(url);
        let https: HttpsUrl = raw.as_str().parse().ok()?;
        if is_key(&raw, &link.label) {
            return Some(Meaning::Key(https));
        }
        is_report_form(&raw, &link.label, context).then_some(Meaning::Contact(Contact::Web(https)))
    }
}

fn push_contact(contacts: &mut Vec<Contact>, contact: Contact) {
    let is_known = contacts.iter().any(|known| match (known, &contact) {
        (Contact::GitHub(known), Contact::GitHub(other)) => known.is_same(other),
        (known, other) => known.to_string().eq_ignore_ascii_case(&other.to_string()),
    });
    if !is_known {
        push_new(contacts, contact, MAX_CONTACTS);
    }
}

const REPORT_FORM: &str = "security/advisories/new";

const ARMOUR: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// How many links to keys are kept; each may cost a request.
const MAX_KEYS: usize = 8;

const MAX_FINGERPRINTS: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> SecurityMd {
        SecurityMd::read(text, &"owner/repo".parse().unwrap(), "SECURITY.md")
    }

    fn contacts(text: &str) -> Vec<String> {
        read(text)
            .contacts()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn keys(text: &str) -> Vec<String> {
        read(text)
            .keys()
            .iter()
            .map(|key| key.as_str().to_owned())
            .collect()
    }

    const HEX: &str = "EB85BB5FA33A75E15E944E63F231550C4F47E38E";

    #[test]
    fn a_usual_policy_is_read_in_its_order() {
        let text = "# Security Policy\n\n\
            | Version | Supported |\n| --- | --- |\n| 5.x | yes |\n\n\
            ## Reporting a Vulnerability\n\n\
            **Please do not report security vulnerabilities through [public GitHub issues](https://github.com/owner/repo/issues).**\n\n\
            Use [private reporting](../../security/advisories/new), or write to <security@example.org>, encrypted with our \
            [PGP key](./keys/security.asc) (fingerprint `EB85 BB5F A33A 75E1 5E94  4E63 F231 550C 4F47 E38E`).\n\
            Employees use [our form](https://example.org/vulnerability-report); SECURITY@example.org is the same list.\n\n\
            See [coordinated disclosure](https://en.wikipedia.org/wiki/Coordinated_vulnerability_disclosure) and\n\
            [how that works](https://docs.github.com/en/code-security/privately-reporting-a-security-vulnerability).\n";
        assert_eq!(
            contacts(text),
            [
                "github:owner/repo",
                "mailto:security@example.org",
                "https://example.org/vulnerability-report"
            ]
        );
        assert_eq!(
            keys(text),
            ["https://raw.githubusercontent.com/owner/repo/HEAD/keys/security.asc"]
        );
        let read = read(text);
        let fingerprints: Vec<_> = read
            .fingerprints()
            .iter()
            .map(Fingerprint::as_hex)
            .collect();
        assert_eq!(
            (fingerprints.as_slice(), read.holds_key()),
            ([HEX].as_slice(), false)
        );
    }

    #[test]
    fn contacts_are_told_from_other_links() {
        for (text, contact) in [
            (
                "[Report](https://github.com/Other/Project/security/advisories/new)",
                "github:Other/Project",
            ),
            (
                "https://github.com/other/project/security/advisories/new",
                "github:other/project",
            ),
            (
                "[Report a vulnerability](https://github.com/owner/repo/security)",
                "github:owner/repo",
            ),
            (
                "[x](mailto:security%40example.org?subject=A%20bug)",
                "mailto:security@example.org",
            ),
            (
                "Write to `security@example.org`.",
                "mailto:security@example.org",
            ),
            (
                "See https://hackerone.com/example.",
                "https://hackerone.com/example",
            ),
            ("<https://example.org/report>", "https://example.org/report"),
            (
                "To report one, use the [security contact](https://example.org/security).",
                "https://example.org/security",
            ),
            (
                "<a href=\"https://evil.example/report\">security@example.org</a>",
                "mailto:security@example.org",
            ),
        ] {
            assert_eq!(contacts(text), [contact], "{text}");
        }
    }

    #[test]
    fn other_links_are_no_contacts() {
        for text in [
            "[issues](https://example.org/report)",
            "[advisories](https://github.com/owner/repo/security/advisories)",
            "[report](http://example.org/report)",
            "[report](javascript:report())",
            "[report](https://user:secret@example.org/report)",
            "[security](https://example.org/security)",
            "[audit report](https://example.org/2024.pdf)",
            "```\nsecurity@example.org https://example.org/report\n```",
            "![report](https://example.org/report.png)",
            "",
        ] {
            assert_eq!(contacts(text), Vec::<String>::new(), "{text}");
        }
        let nested = SecurityMd::read(
            "[r](../../security/advisories/new)",
            &"owner/repo".parse().unwrap(),
            "/.github/SECURITY.md",
        );
        assert_eq!(nested.contacts().len(), 1);
    }

    #[test]
    fn keys_are_links_fingerprints_or_armour() {
        for (text, key) in [
            (
                "[our key](https://example.org/pgp.ASC?raw=1)",
                "https://example.org/pgp.ASC?raw=1",
            ),
            ("[OpenPGP](https://example.org/k)", "https://example.org/k"),
            (
                "https://example.org/keys/security.pub.",
                "https://example.org/keys/security.pub",
            ),
            (
                "[PGP](https://keys.openpgp.org/search?q=x)",
                "https://keys.openpgp.org/search?q=x",
            ),
            (
                "[GPG key](/owner/repo/blob/main/KEY)",
                "https://raw.githubusercontent.com/owner/repo/main/KEY",
            ),
            (
                "[key](https://github.com/someone.gpg)",
                "https://github.com/someone.gpg",
            ),
        ] {
            assert_eq!(keys(text), [key], "{text}");
            assert_eq!(contacts(text), Vec::<String>::new(), "{text}");
        }
        for text in [
            "[GnuPG](https://gnupg.org/)",
            "[PGP](http://example.org/a.asc)",
            "[PGP](ftp://example.org/a.asc)",
        ] {
            assert_eq!(keys(text), Vec::<String>::new(), "{text}");
        }
        let fingerprints = |text: &str| read(text).fingerprints().len();
        assert_eq!(
            fingerprints(&format!(
                "Our PGP key:\n\n```\npub rsa4096\n      {HEX}\n```"
            )),
            1
        );
        assert_eq!(fingerprints(&format!("Fixed in {HEX}.")), 0);
        assert_eq!(
            fingerprints(&format!("Use PGP.\n\nThanks.\n\nFixed in {HEX}.")),
            0
        );
        assert_eq!(fingerprints(&format!("[k](openpgp4fpr:{HEX})")), 1);
        assert_eq!(
            fingerprints(&format!(
                "[k](https://keys.example.org/pks/lookup?op=get&search=0x{HEX})"
            )),
            1
        );
        assert_eq!(
            fingerprints(&format!("[k](https://example.org/commit/{HEX})")),
            0
        );
        assert!(read("```\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n").holds_key());
    }

    #[test]
    fn a_flood_is_cut() {
        let blocks: Vec<_> = (0..5_000)
            .map(|n| format!("[PGP](https://example.org/{n}.asc) a{n}@example.org {n:040x} PGP"))
            .collect();
        let read = read(&blocks.join("\n\n"));
        assert_eq!(
            (
                read.contacts().len(),
                read.keys().len(),
                read.fingerprints().len()
            ),
            (MAX_CONTACTS, MAX_KEYS, MAX_FINGERPRINTS)
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|\n|\\[|\\]\\(|https://|mailto:|@|<|PGP ){0,60}", path in "\\PC{0,20}") {
            let read = SecurityMd::read(&text, &"owner/repo".parse().unwrap(), &path);
            prop_assert!(read.contacts().len() <= MAX_CONTACTS);
        }
    }
}
