//! Val Town, which publishes an address and no key: from "there is no key" over the question for it
//! to a report in its mailbox.

use std::{fs, io::Cursor};

use sealpost::{
    bundle::{ExtractOptions, Limits},
    mail::read::Content,
};

use crate::{
    bench::{ended, vendors::Vendor},
    keys,
    office::{CANARY, FROM, Office, PASSWORD_FILE},
    scene::pgp_mime,
    server::{MailServer, Manner, NAME},
};

/// A reporter of a finding at Val Town, with nothing but its shipped profile.
fn office() -> Office {
    let office = Office::without_key();
    office.bench.web.host("val.town");
    let report = fs::read_to_string(office.path("report.md")).unwrap();
    let report = report.replace("https://example.test/", "https://www.val.town/search");
    office.bench.write("report.md", report);
    office
}

/// The program, led to the reporter's mail server.
fn with_server(office: &Office, server: &MailServer, args: &[&str]) -> crate::bench::Ended {
    let to = format!("--connect-to={NAME}={}", server.address());
    let url = format!("--smtp=smtps://reporter%40example.org@{NAME}");
    office.run(&[args, &[&to, &url, PASSWORD_FILE]].concat())
}

/// What the vendor finds in the question: the key to answer to.
fn enclosed_key(question: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let options = ExtractOptions {
        limits: Limits::new(1 << 20),
        suggested_name: None,
        checksums: false,
    };
    let mut mail = Cursor::new(question);
    let content = Content::read(&mut mail).unwrap();
    let contents = content.extract(&mut mail, folder.path(), &options).unwrap();
    contents.reporter.unwrap()
}

/// The vendor's answer: its key, in a mail encrypted to the reporter's.
fn answer(to: &[u8], key: &str) -> String {
    let payload = format!(
        "Content-Type: multipart/mixed; boundary=\"i\"; protected-headers=\"v1\"\r\n\
         Subject: Re: Your OpenPGP key\r\nFrom: security@val.town\r\n\r\n\
         --i\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n\
         --i\r\nContent-Type: application/pgp-keys\r\n\
         Content-Disposition: attachment; filename=\"valtown.asc\"\r\n\r\n{key}\r\n--i--\r\n"
    );
    pgp_mime(&keys::sealed_to(to, payload.as_bytes()))
}

#[test]
fn p01_without_a_key_both_ways_are_told_and_neither_is_gone() {
    let (office, server) = (office(), MailServer::start(Manner::Implicit));
    let before = office.names(".");
    for via in [&["--via", "mail"][..], &["--via", "intake"], &[]] {
        let line = [&["send", "report.md", "--to", "val.town"], via].concat();
        let refused = if via.first() == Some(&"--via") && via[1] == "mail" {
            with_server(&office, &server, &line)
        } else {
            office.run(&line)
        };
        let refused = refused.expect(3).says(&[
            "nothing is sent in the clear",
            "sealpost request-key val.town",
            "sealpost seal REPORT --to val.town --passphrase",
        ]);
        assert!(!refused.stderr.contains(CANARY));
    }
    assert_eq!(server.accepted(), 0);
    assert_eq!(office.names("."), before);
    assert!(!office.bench.web.saw(CANARY));
}

#[test]
fn from_the_question_for_a_key_to_a_report_in_the_mailbox() {
    let (office, server) = (office(), MailServer::start(Manner::Implicit));
    let asked = with_server(&office, &server, &["request-key", "val.town", "--json"]);
    let asked = asked.expect(0).json();
    assert_eq!(asked["to"], "security@val.town");
    let question = server.mail();
    let text = String::from_utf8_lossy(&question).into_owned();
    assert!(text.contains("\r\nTo: security@val.town\r\n"));
    for word in [CANARY, "sealpost", "sequoia", "val.town/search"] {
        assert!(!text.contains(word), "{word}: {text}");
    }

    let vendor = Vendor::generate("security@val.town");
    let mail = answer(&enclosed_key(&question), &vendor.certificate);
    office.bench.write("answer.eml", mail);
    let words = asked["case_words"].as_str().unwrap();
    office.bench.write("words", words);
    let open = [
        "open",
        "answer.eml",
        "--words",
        "--passphrase-file",
        "words",
    ];
    let opened = office.local(&[&open[..], &["-o", "answer", "--json"]].concat());
    let opened = opened.expect(0).json();
    assert_eq!(
        opened["reports"][0]["mail"]["subject"],
        "Re: Your OpenPGP key"
    );
    // Whoever took the mailbox over could have written that: the answer is not signed by anybody.
    assert_eq!(opened["reports"][0]["signature"]["verdict"], "unsigned");
    let pinned = [
        "trust",
        "val.town",
        "--key",
        "answer/attachments/valtown.asc",
    ];
    let pinned = [&pinned[..], &["--fingerprint", &vendor.fingerprint]].concat();
    office.run(&pinned).expect(0);

    let line = ["send", "report.md", "--to", "val.town", "--via", "mail"];
    with_server(&office, &server, &line).expect(0);
    let mails = server.heard().mails;
    assert_eq!(mails.len(), 2);
    office.bench.write("vendor.key", &vendor.secret);
    let opened = office.open(&mails[1], "report");
    assert_eq!(opened["signature"]["verdict"], "verified");
    assert_eq!(opened["program"], "val.town");
    let sent = fs::read(office.path("report.md")).unwrap();
    assert_eq!(fs::read(office.path("report/report.md")).unwrap(), sent);
    let cases = office.cases();
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0]["destination"], "security@val.town");
    assert_eq!(cases[0]["state"], "handed-over");
}

/// A mail is the only thing that is asked for: nobody else hears of it.
#[test]
fn p34_the_question_says_nothing_and_asks_nobody() {
    let office = office();
    let asked = office
        .run(&["request-key", "val.town", "--eml", "a.eml"])
        .expect(0);
    assert!(
        asked.stderr.contains("nothing was sent"),
        "{}",
        asked.stderr
    );
    let one = fs::read(office.path("a.eml")).unwrap();
    let named = ["request-key", "val.town", "--eml", "-", "--from", FROM];
    let other = office.run(&named).expect(0).stdout;
    let text = |mail: &[u8]| {
        let mail = String::from_utf8_lossy(mail).into_owned();
        let text = mail.split("quoted-printable\r\n\r\n").nth(1).unwrap();
        text.split("\r\n--").next().unwrap().to_owned()
    };
    assert_eq!(text(&one), text(&other), "the same words for everybody");
    assert_eq!(office.bench.web.asked(), [""; 0]);
    assert!(office.bench.dns.asked().is_empty());
    assert_eq!(office.names("home/outbox").len(), 0);
}

#[test]
fn nobody_is_asked_for_a_key_that_is_published() {
    let office = Office::new();
    let refused = office.run(&["request-key", "example.test", "--eml", "a.eml"]);
    let refused = refused.expect(1);
    assert!(
        refused.stderr.contains("has published a key"),
        "{}",
        refused.stderr
    );
    assert!(!office.path("a.eml").exists());
    let mut unknown = office.command(&["request-key", "nowhere.test", "--eml", "a.eml"]);
    unknown.env("LANG", "C");
    let said = ended(unknown).expect(1);
    assert!(
        said.stderr.contains("no source names a mail address"),
        "{}",
        said.stderr
    );
}
