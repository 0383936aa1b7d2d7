//! Valid input for the doors of what others answer: receipts, pages, documents, dialogues, mailboxes, letters.

use sealpost::{
    bundle::Letter,
    case::Receipt,
    openpgp::{sign_cleartext, sign_receipt},
};

use crate::{
    doors::{KEY, now},
    seeds,
};

/// A receipt of the vendor, one for another certificate, one that nobody signed, and another text of the vendor's.
pub(crate) fn receipts() -> Vec<Vec<u8>> {
    let received = "2026-11-22T10:00:00Z".parse().unwrap();
    let receipt = |key: &str| {
        let id = "abcdefghijklmnopqrstuvwxya".to_owned();
        Receipt::new(id, &[7; 32], 4096, received, key.to_owned())
    };
    let given = |receipt: &Receipt| {
        let mut signer = KEY.signer(now(), &mut |_, _| Ok(None)).unwrap();
        sign_receipt(receipt, &mut signer, now()).unwrap()
    };
    let own = receipt(KEY.certificate().fingerprint().as_hex());
    let mut signer = KEY.signer(now(), &mut |_, _| Ok(None)).unwrap();
    let text = own.to_text().replace("receipt 1", "greeting");
    vec![
        given(&own),
        given(&receipt(&"AB".repeat(20))),
        own.to_text().into_bytes(),
        sign_cleartext(&text, &mut signer, now()).unwrap(),
    ]
}

/// Pages as they are made, saved and edited: with a key, with two, with markup in the armour, without any.
pub(crate) fn key_pages() -> Vec<Vec<u8>> {
    let armors = seeds::certificates()
        .into_iter()
        .map(|bytes| String::from_utf8(bytes).ok());
    let armors: Vec<_> = armors
        .flatten()
        .filter(|text| text.starts_with("-----BEGIN"))
        .collect();
    let page = |inside: &str| {
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>Key</title></head>\n<body>{inside}</body>\n</html>\n"
        );
        page.into_bytes()
    };
    let lines = armors[0].replace('\n', "<br>\n");
    let spaces = armors[0].replace('=', "&#61;").replace('\n', "\r\n");
    vec![
        page(&format!("<pre>{}</pre>", armors[0])),
        page(&format!(
            "<pre>{}</pre><hr><pre>{}</pre>",
            armors[0], armors[1]
        )),
        page(&format!("<p>{lines}</p>")),
        page(&format!("<textarea rows=\"9\">{spaces}</textarea>")),
        page("<p>Our key: see above.</p>"),
    ]
}

/// One of each document, and a `Location`; the first byte says which it is.
pub(crate) fn intake_answers() -> Vec<Vec<u8>> {
    let summary = r#""id": "abcdefghijklmnopqrstuvwxya", "state": "received", "received": "2026-11-22T10:00:00Z",
        "size": 4096, "sha256": "00", "recipients": ["0123456789ABCDEF"], "messages_from_reporter": 1,
        "messages_from_vendor": 0"#;
    let event = r#"{"kind": "embargo-until", "at": "2026-11-22T10:00:00Z", "until": "2027-02-20"}"#;
    let message = r#"{"id": "abcdefghijklmnopqrstuvwxya", "from": "vendor", "at": "2026-11-22T10:00:00.5Z",
        "size": 1, "sha256": "00"}"#;
    let bodies = [
        r#"{"type": "urn:sealpost:problem:no-space", "title": "full", "status": 507, "detail": "x"}"#.to_owned(),
        format!("{{\"reports\": [{{{summary}}}], \"next\": \"x\"}}"),
        format!("{{{summary}, \"timeline\": [{event}]}}"),
        format!("{{\"messages\": [{message}, {message}]}}"),
        event.to_owned(),
        "https://intake.example/reports/uploads/abcdefghijklmnopqrstuvwxya?x#y".to_owned(),
    ];
    let numbered = (0_u8..).zip(bodies);
    numbered
        .map(|(which, body)| [&[which], body.as_bytes()].concat())
        .collect()
}

/// An advisory, and a page of two, one of them with nothing but what there must be.
pub(crate) fn github_answers() -> Vec<Vec<u8>> {
    let full = r#"{"ghsa_id": "GHSA-aaaa-bbbb-cccc", "cve_id": null, "html_url": "https://github.example/a",
        "summary": "s", "description": "d\n\n<!-- sealpost:aaaaaaaaaaaaaaaaaaaaaaaaaa -->", "state": "triage",
        "created_at": "2026-11-22T10:00:00Z", "published_at": null,
        "credits": [{"login": "ada", "type": "reporter"}], "collaborating_users": [{"login": "bob"}],
        "private_fork": {"full_name": "o/r-ghsa", "html_url": "https://github.example/f"},
        "vulnerabilities": [{"package": {"ecosystem": "npm"}, "patched_versions": "1.2.3"}], "other": [1e9]}"#;
    let least = r#"{"ghsa_id": "", "html_url": "", "state": "withdrawn"}"#;
    vec![full.into(), format!("[{full}, {least}]").into()]
}

/// Whole sessions: one that takes the mail, one that wants TLS first, one that refuses.
pub(crate) fn smtp_sessions() -> Vec<Vec<u8>> {
    let good = "220 mx.example ready\r\n250-mx.example\r\n250-SIZE 1000\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME\r\n\
        235 welcome\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 taken as 1\r\n221 bye\r\n";
    let login = good.replace("AUTH LOGIN PLAIN", "AUTH LOGIN").replace(
        "235 welcome",
        "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 welcome",
    );
    let plain = "220-mx.example\r\n220 ready\r\n250-mx.example\r\n250 STARTTLS\r\n220 go ahead\r\n";
    let refusing = "220 mx.example\r\n250 mx.example\r\n535-no\r\n535 5.7.8 no\r\n";
    [good, &login, plain, refusing]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
}

/// A file of two mails, with a quoted line that looks like a third, and a single mail.
pub(crate) fn mailboxes() -> Vec<Vec<u8>> {
    let mail = "Subject: x\nFrom: a@example.org\n\nHello\n\n>From here on\n\n";
    let mbox = format!(
        "From a@example.org Mon Nov 23 10:00:00 2026\n{mail}From b@example.org Mon\n{mail}"
    );
    vec![mbox.replace('\n', "\r\n").into(), mbox.into(), mail.into()]
}

/// Texts, padded and not.
pub(crate) fn letters() -> Vec<Vec<u8>> {
    let letter = Letter::from_bytes("Größe: 7\n\nThank you.".as_bytes()).unwrap();
    vec![
        letter.padded(),
        b"\xef\xbb\xbfshort\r\n".to_vec(),
        b" \n\t".to_vec(),
    ]
}
