//! Files with known faults, and hostile ones.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::program::HttpsUrl;

fn clock() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn read(bytes: &[u8]) -> SecurityTxt {
    let text = SourceText {
        bytes,
        first_line: 1,
        signed: false,
    };
    SecurityTxt::parse(&text, clock())
}

/// The codes with their lines, but for the one that every unsigned file has.
fn codes(file: &SecurityTxt) -> Vec<(&'static str, Option<usize>)> {
    let findings = file.findings().iter();
    findings
        .filter(|finding| finding.code() != Code::Unsigned)
        .map(|finding| (finding.code().as_str(), finding.line()))
        .collect()
}

#[test]
fn a_right_file_has_no_finding() {
    let bytes = b"# Ours\r\n\r\nContact: https://security.example/form\r\nEXPIRES: 2027-05-01T00:00:00z \n\
                  Encryption: openpgp4fpr:0123456789abcdef0123456789abcdef01234567\nX-Own: whatever\n\
                  Canonical: https://security.example/.well-known/security.txt\nPreferred-Languages: en ,de-CH\n";
    let text = SourceText {
        bytes,
        first_line: 4,
        signed: true,
    };
    let file = SecurityTxt::parse(&text, clock());
    assert_eq!(codes(&file), [("unknown-field", Some(9))]);
    assert!(file.is_strict());
    assert_eq!(file.contacts()[0].line(), 6);
    assert_eq!(file.languages(), ["en", "de-CH"]);
    let Encryption::Fingerprint(fingerprint) = file.encryption()[0].value() else {
        panic!("{file:?}");
    };
    assert_eq!(
        fingerprint.as_hex(),
        "0123456789ABCDEF0123456789ABCDEF01234567"
    );
}

#[test]
fn each_contact_is_what_it_is() {
    for (text, contact, code) in [
        ("mailto:a@vendor.example", "mailto:a@vendor.example", ""),
        (
            "a@vendor.example",
            "mailto:a@vendor.example",
            "bare-address",
        ),
        (
            "MAILTO:a%2Bb@vendor.example",
            "mailto:a+b@vendor.example",
            "",
        ),
        (
            "mailto://a@vendor.example",
            "mailto:a@vendor.example",
            "mailto-invalid",
        ),
        (
            "mailto: a@vendor.example",
            "mailto:a@vendor.example",
            "not-a-uri",
        ),
        (
            "mailto:a@vendor.example?bcc=b@c.d",
            "mailto:a@vendor.example",
            "mailto-query",
        ),
        ("mailto:a@b.example,c@d.example", "", "mailto-invalid"),
        ("mailto:a%0ABcc:c@d.example", "", "mailto-invalid"),
        ("https://vendor.example/a b", "", "not-a-uri"),
        (
            "https://vendor.example/ü",
            "https://vendor.example/%C3%BC",
            "not-a-uri",
        ),
        ("https://a:b@vendor.example/", "", "user-name-in-link"),
        ("https:vendor.example", "", "not-a-uri"),
        ("https:\\\\vendor.example", "", "not-a-uri"),
        ("http://vendor.example/", "", "not-https"),
        ("tel:+1-201-555-0123;ext=1", "tel:+1-201-555-0123", ""),
        ("+44 5555 555 555", "", "not-a-uri"),
        ("matrix:u/a:vendor.example", "", "contact-unusable"),
        ("us", "", "not-a-uri"),
    ] {
        let (read, fault) = value::contact(text);
        let read = read.map(|contact| contact.to_string());
        assert_eq!(read.as_deref().unwrap_or_default(), contact, "{text}");
        assert_eq!(fault.map_or("", Code::as_str), code, "{text}");
    }
}

#[test]
fn each_way_to_a_key_is_told() {
    let hash = "c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6";
    let owner = format!("{hash}._openpgpkey.example.com");
    let dns = format!("dns:{owner}?type=OPENPGPKEY");
    assert_eq!(
        value::encryption(&dns.to_uppercase()),
        (
            Encryption::Dns {
                owner: owner.clone()
            },
            None
        )
    );
    for (text, code) in [
        (format!("dns:{owner}"), Code::DnsInvalid),
        (
            format!("dns://192.0.2.1/{owner}?type=OPENPGPKEY"),
            Code::DnsInvalid,
        ),
        (
            format!("dns:{hash}.example.com?type=OPENPGPKEY"),
            Code::DnsInvalid,
        ),
        (
            "openpgp4fpr:0123456789abcdef".to_owned(),
            Code::FingerprintInvalid,
        ),
        ("openpgp4fpr:ü".to_owned(), Code::FingerprintInvalid),
        (
            "data:application/x-age-public-key,age1".to_owned(),
            Code::EncryptionUnusable,
        ),
        ("http://vendor.example/key".to_owned(), Code::NotHttps),
        ("Invalid".to_owned(), Code::NotAUri),
    ] {
        let (way, fault) = value::encryption(&text);
        assert_eq!(way, Encryption::Unusable(code), "{text}");
        assert_eq!(fault, Some(code), "{text}");
    }
}

#[test]
fn faults_are_told_with_their_lines() {
    for (file, expected) in [
        (
            "",
            &[("contact-missing", None), ("expires-missing", None)][..],
        ),
        (
            "<!DOCTYPE html>\n<p>Contact: mailto:a@b.example",
            &[("html-page", Some(1))],
        ),
        (
            "\u{feff}Contact : https://a.example/\nExpires: 2026-12-01",
            &[
                ("byte-order-mark", Some(1)),
                ("whitespace-before-colon", Some(1)),
                ("no-final-newline", Some(2)),
                ("expires-invalid", Some(2)),
                ("expires-soon", Some(2)),
            ],
        ),
        (
            "Contact: https://a.example/\rExpires: 2028-01-01T00:00:00Z\rExpires: 2025-01-01T00:00:00Z\r",
            &[
                ("line-ending", Some(1)),
                ("expires-repeated", Some(3)),
                ("expired", Some(3)),
            ],
        ),
        (
            "Contacts: [address]\nExpires: 2027-01-01T00:00:00Z\nCSAF: https://a.example/csaf.json\nPolizy: x\n",
            &[
                ("misspelt-field", Some(1)),
                ("placeholder", Some(1)),
                ("not-a-uri", Some(1)),
                ("csaf-file", Some(3)),
                ("unknown-field", Some(4)),
                ("contact-missing", None),
            ],
        ),
        (
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: https://a.example/\n\
             Expires: 2027-01-01T00:00:00Z\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\nBBBB\n",
            &[("signature-damaged", Some(1))],
        ),
        (
            "Contact: https://a.example/\nExpires: 2027-01-01T00:00:00Z\n\
             -----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n",
            &[("key-block", Some(3))],
        ),
    ] {
        assert_eq!(codes(&read(file.as_bytes())), expected, "{file}");
    }
}

#[test]
fn junk_makes_few_findings_and_is_still_no_strict_file() {
    let mut junk = vec![b'\n'; 1 << 20];
    junk.iter_mut().step_by(3).for_each(|byte| *byte = 0x07);
    let file = read(&junk);
    assert!(file.findings().len() < 210, "{}", file.findings().len());
    let more = file.findings().last().unwrap();
    assert_eq!(more.code(), Code::MoreFindings);
    // 350 thousand lines of two faults each.
    assert!(more.message().contains("(698"), "{}", more.message());

    let mut errors_last = "X-Own: a\n".repeat(300);
    errors_last.push_str("Contact: https://a.example/\nExpires: 2027-01-01T00:00:00Z\n");
    assert!(read(errors_last.as_bytes()).is_strict());
    errors_last.push_str("nothing\n");
    assert!(!read(errors_last.as_bytes()).is_strict());
}

/// Whatever is repeated a hundred thousand times, no line is looked at again for each other one.
#[test]
fn time_is_linear() {
    let lines = [
        "\r",
        ",",
        ":",
        "CSAF: a\n",
        "Contact: https://a.example/\n",
        "Expires: 1\n",
        "[",
        "%",
        "example.org",
        "-----BEGIN PGP X-----\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\n",
        "Preferred-Languages: en,en\n",
        "\u{ff1a}",
    ];
    for line in lines {
        for before in ["", "Contact: ", "Preferred-Languages: ", "Expires: "] {
            let mut file = before.to_owned();
            file.push_str(&line.repeat(100_000));
            read(file.as_bytes());
        }
    }
}

#[test]
fn a_draft_reads_back_strictly_right() {
    let draft = draft();
    let text = draft.text(clock()).unwrap();
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .collect();
    let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "Contact",
            "Contact",
            "Contact",
            "Contact",
            "Expires",
            "Encryption",
            "Encryption",
            "Acknowledgments",
            "Preferred-Languages",
            "Canonical",
            "Policy",
            "Hiring",
            "CSAF"
        ]
    );
    let file = read(text.as_bytes());
    assert_eq!(codes(&file), [], "{text}");
    assert_eq!(file.contacts()[0].value().as_ref(), draft.contacts.first());
    assert_eq!(file.expires(), Some(draft.expires));
    let at = "https://vendor.example/.well-known/security.txt";
    assert_eq!(file.authority(&at.parse().unwrap()), Ok(()));
}

#[test]
fn a_draft_refuses_what_cannot_stand_there() {
    let refused = |change: &dyn Fn(&mut Draft)| {
        let mut draft = draft();
        change(&mut draft);
        draft.text(clock()).unwrap_err()
    };
    assert_eq!(
        refused(&|draft| draft.contacts.clear()),
        DraftError::NoContact
    );
    assert_eq!(
        refused(&|draft| draft.contacts.push(Contact::GitHubUnnamed)),
        DraftError::UnnamedRepository
    );
    assert_eq!(
        refused(&|draft| draft.expires = clock()),
        DraftError::Expired(clock())
    );
    let injected = "en\nContact: mailto:evil@example.net".to_owned();
    assert_eq!(
        refused(&|draft| draft.languages.push(injected.clone())),
        DraftError::Language(injected.clone())
    );
    let owner = format!("{}._openpgpkey.a.example\nContact: x", "0".repeat(56));
    for way in [
        Encryption::Unusable(Code::NotHttps),
        Encryption::Dns { owner },
        Encryption::Https("http://vendor.example/key".parse().unwrap()),
    ] {
        assert_eq!(
            refused(&|draft| draft.encryption.push(way.clone())),
            DraftError::Encryption(way.clone())
        );
    }
    let csaf: HttpsUrl = "https://vendor.example/csaf/".parse().unwrap();
    assert_eq!(
        refused(&|draft| draft.csaf.push(csaf.clone())),
        DraftError::Csaf(csaf.clone())
    );
}

fn draft() -> Draft {
    let links = |text: &str| vec![text.parse().unwrap()];
    let contacts = [
        "mailto:a/b#c&d{e}@vendor.example",
        "https://vendor.example/report?a={b}|c",
        "tel:+49-30-(123)456",
        "github:example/repo",
    ];
    Draft {
        contacts: contacts.map(|text| text.parse().unwrap()).to_vec(),
        expires: "2027-06-01T00:00:00Z".parse().unwrap(),
        encryption: vec![
            Encryption::Https("https://vendor.example/key.asc".parse().unwrap()),
            Encryption::Fingerprint("0".repeat(64).parse().unwrap()),
        ],
        acknowledgments: links("https://vendor.example/thanks"),
        languages: vec!["en".to_owned(), "de-CH".to_owned()],
        canonical: links("https://vendor.example/.well-known/security.txt"),
        policy: links("https://vendor.example/policy"),
        hiring: links("https://vendor.example/jobs"),
        csaf: links("https://vendor.example/.well-known/csaf/provider-metadata.json"),
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, first_line: usize, signed: bool) {
        let text = SourceText { bytes: &bytes, first_line, signed };
        let _ = SecurityTxt::parse(&text, clock());
        let _ = around_signature(&bytes);
    }

    #[test]
    fn no_field_panics(fields in prop::collection::vec((0_usize..9, "\\PC{0,40}|[-0-9:TZ+. ]{0,30}"), 0..8)) {
        let names = ["Contact", "Expires", "Encryption", "Preferred-Languages", "Canonical", "CSAF", "Contact: mailto",
            "Encryption: dns", "Encryption: openpgp4fpr"];
        let mut text = String::new();
        for (name, value) in fields {
            let _ = write!(text, "{}: {value}\r\n", names[name]);
        }
        let file = read(text.as_bytes());
        let strict = file.findings().iter().all(|finding| finding.severity() == Severity::Recommendation);
        prop_assert_eq!(file.is_strict(), strict);
    }

    #[test]
    fn what_a_draft_links_to_reads_back(path in "\\PC{0,40}") {
        if let Ok(link) = format!("https://vendor.example/{path}").parse::<HttpsUrl>() {
            let draft = Draft { policy: vec![link], ..draft() };
            let text = draft.text(clock()).unwrap();
            prop_assert!(read(text.as_bytes()).is_strict(), "{}", text);
        }
    }
}
