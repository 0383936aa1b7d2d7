//! `send --via mail`: to a mail server, over TLS alone, with nothing around the report that says
//! more than it must.

use std::{
    net::SocketAddr,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    bench::{ca::Leaf, proxy::Proxy},
    office::{CANARY, FROM, Office, PASSWORD, SEND, noise},
    server::{Fate, MailServer, Manner, Meddler, NAME},
};

fn contains(bytes: &[u8], needle: &str) -> bool {
    let mut windows = bytes.windows(needle.len());
    windows.any(|window| window == needle.as_bytes())
}

/// The names of the fields before the first empty line.
fn fields(mail: &[u8]) -> Vec<String> {
    let mail = String::from_utf8_lossy(mail);
    let header = mail.split("\r\n\r\n").next().unwrap();
    let begins = header.lines().filter(|line| !line.starts_with(' '));
    begins
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
}

/// The key in the Autocrypt field.
fn key_data(mail: &str) -> Vec<u8> {
    let behind = mail.split("keydata=").nth(1).unwrap();
    let lines = behind
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with(' '));
    let base64: String = lines.map(str::trim).collect();
    data_encoding::BASE64.decode(base64.as_bytes()).unwrap()
}

const OUTSIDE: [&str; 8] = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Autocrypt",
    "MIME-Version",
    "Content-Type",
];

#[test]
fn a_report_goes_over_tls_and_opens() {
    for (manner, scheme) in [(Manner::Implicit, "smtps"), (Manner::StartTls, "smtp")] {
        let (office, server) = (Office::new(), MailServer::start(manner));
        let attached = format!("{CANARY}.png");
        let sent = office.send(scheme, &server, &["-a", &attached]).expect(0);
        assert!(sent.stderr.contains("handed over"), "{}", sent.stderr);
        let opened = office.open(&server.mail(), "out");
        assert_eq!(opened["signature"]["verdict"], "verified");
        assert_eq!(
            opened["mail"]["subject"],
            format!("The {CANARY} of the search")
        );
        assert_eq!(opened["program"], "example.test");
        let same = |name: &str, there: &str| {
            let (here, there) = (office.path(name), office.path(there));
            std::fs::read(here).unwrap() == std::fs::read(there).unwrap()
        };
        assert!(same(&attached, &format!("out/attachments/{attached}")));
        assert!(same("report.md", "out/report.md"));
        let cases = office.cases();
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0]["state"], "handed-over");
        assert_eq!(cases[0]["channel"], "mail");
        assert_eq!(cases[0]["destination"], "security@example.test");
        assert_eq!(office.names("home/outbox").len(), 0);
    }
}

/// Promises 34 and 35: neither the dialogue nor what is outside the encryption names the machine,
/// the user, the zone, the program or the finding.
#[test]
fn p34_p35_nothing_outside_says_who_or_what() {
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    for (manner, scheme) in [(Manner::Implicit, "smtps"), (Manner::StartTls, "smtp")] {
        let (office, server) = (Office::new(), MailServer::start(manner));
        let attached = format!("{CANARY}.png");
        let to = format!("--connect-to={NAME}={}", server.address());
        let url = format!("{scheme}://reporter%40example.org@{NAME}");
        let own = ["--smtp", &url, "--smtp-password-file=password", &to];
        let line = [&SEND[..], &own[..], &["-a", &attached]].concat();
        let mut command = office.command(&line);
        for (name, value) in [
            ("USER", "canary-user"),
            ("LOGNAME", "canary-user"),
            ("HOSTNAME", "canary-host"),
            ("TZ", "Pacific/Chatham"),
            ("LANG", "de_DE.UTF-8"),
            ("EMAIL", "canary@example.org"),
        ] {
            command.env(name, value);
        }
        crate::bench::ended(command).expect(0);
        let (heard, mail) = (server.heard(), server.mail());
        assert_eq!(fields(&mail), OUTSIDE);
        let text = String::from_utf8_lossy(&mail).into_owned();
        assert!(text.contains("\r\nSubject: [...]\r\n"), "{text}");
        let date = text
            .lines()
            .find(|line| line.starts_with("Date: "))
            .unwrap();
        assert!(date.ends_with(":00:00 +0000"), "{date}");
        let id = text.lines().find(|line| line.starts_with("Message-ID"));
        assert!(id.unwrap().ends_with("@example.org>"), "{id:?}");
        let hello = "EHLO [127.0.0.1]".to_owned();
        let before = if manner == Manner::StartTls {
            vec![hello.clone(), "STARTTLS".to_owned()]
        } else {
            Vec::new()
        };
        assert_eq!(heard.in_the_clear, before);
        let dialogue = &heard.lines;
        assert_eq!(dialogue.len(), 6, "{dialogue:?}");
        assert_eq!(dialogue[0], hello);
        assert!(dialogue[1].starts_with("AUTH PLAIN "));
        assert!(dialogue[2].starts_with(&format!("MAIL FROM:<{FROM}> SIZE=")));
        assert_eq!(
            dialogue[3..],
            ["RCPT TO:<security@example.test>", "DATA", "QUIT"]
        );
        let key = key_data(&text);
        assert!(key.starts_with(b"\xc6"), "{key:?}");
        let key = String::from_utf8_lossy(&key);
        let outside = text.split("-----BEGIN PGP").next().unwrap();
        let all = format!("{outside}{dialogue:?}{key}").to_lowercase();
        let hostname = hostname.trim().to_lowercase();
        for word in ["canary", "sealpost", "sequoia", "rust", "search", ".png"] {
            assert!(!all.contains(word), "{word}: {all}");
        }
        // A name of a letter or two says nothing.
        assert!(hostname.len() < 4 || !all.contains(&hostname), "{hostname}");
    }
}

/// Makes a line of another.
type Change = fn(&str) -> String;

/// What somebody on the way makes of the lines of a server that offers STARTTLS, so that it stays
/// out, and what the program says to it.
const MEDDLING: [(Change, &str); 4] = [
    (
        |said| {
            let strip = said.contains("STARTTLS");
            if strip {
                String::new()
            } else {
                format!("{said}\r\n")
            }
        },
        "offers no encryption",
    ),
    (
        |said| format!("{}\r\n", said.replace("STARTTLS", "XXXXXXXA")),
        "offers no encryption",
    ),
    (
        |said| format!("{}\r\n", said.replace("220 go", "454 TLS not available")),
        "offers no encryption",
    ),
    // As if the answer to the next command had come before the encryption.
    (
        |said| {
            let more = if said == "220 go" { "250 fine\r\n" } else { "" };
            format!("{said}\r\n{more}")
        },
        "before the encryption began",
    ),
];

/// Tries to send through whatever is at this socket; the mail waits, and `why` is said.
fn refuses(office: &Office, (scheme, at): (&str, SocketAddr), why: &str) {
    let to = format!("--connect-to={NAME}={at}");
    let url = format!("{scheme}://reporter%40example.org@{NAME}");
    let own = ["--smtp", &url, "--smtp-password-file=password", &to];
    let line = [&SEND[..], &own[..]].concat();
    office.run(&line).expect(6).says(&[why]);
    let outbox = office.names("home/outbox");
    let name = outbox.first().expect("it waits, sealed");
    let waits = std::fs::read(office.path(&format!("home/outbox/{name}/sealed.pgp")));
    assert!(!contains(&waits.unwrap(), CANARY));
    office.local(&["case", "forget", name, "--yes"]).expect(0);
}

/// Promise 45: where there is no encryption, there is no mail.
#[test]
fn p45_without_tls_no_mail() {
    let office = Office::new();
    let plain = MailServer::start(Manner::Plain);
    refuses(&office, ("smtp", plain.address()), "offers no encryption");
    assert_eq!(plain.heard().in_the_clear, ["EHLO [127.0.0.1]"]);
    // Where TLS is expected at once, nothing is said to a server that waits for it.
    refuses(&office, ("smtps", plain.address()), NAME);
    let behind = MailServer::start(Manner::StartTls);
    for (change, why) in MEDDLING {
        let between = Meddler::before(behind.address(), change);
        refuses(&office, ("smtp", between.address()), why);
        let said = between.heard();
        for word in ["AUTH", "MAIL", CANARY, PASSWORD] {
            assert!(!contains(&said, word), "{said:?}");
        }
    }
    assert!(plain.heard().mails.is_empty() && behind.heard().mails.is_empty());
}

/// Promises 29 and 45: and none where the server cannot prove its name.
#[test]
fn p29_p45_without_proof_no_mail() {
    let office = Office::new();
    for leaf in [Leaf::Expired, Leaf::WrongHost, Leaf::SelfSigned] {
        for (manner, scheme) in [(Manner::Implicit, "smtps"), (Manner::StartTls, "smtp")] {
            let server = MailServer::with(manner, leaf);
            refuses(&office, (scheme, server.address()), NAME);
            assert_eq!(server.heard().lines, [""; 0], "{leaf:?}");
        }
    }
}

/// Promise 45: nothing that was typed or found ends a line of the dialogue or a field of the mail.
#[test]
fn p45_nothing_injects_a_line() {
    let (office, server) = (Office::new(), MailServer::start(Manner::Implicit));
    for from in [
        "a@b.example\r\nBcc: v@x.example",
        "a@b.example>\r\nRCPT TO:<v@x.example",
        "a b@c.example",
    ] {
        office.send("smtps", &server, &["--from", from]).expect(2);
    }
    let report = std::fs::read_to_string(office.path("report.md")).unwrap();
    let title = format!("title: The {CANARY} of the search");
    let hostile = "title: \"x\\r\\nBcc: v@x.example\\r\\n\\r\\nbody\"";
    office
        .bench
        .write("report.md", report.replace(&title, hostile));
    let name = "a\r\nBcc: v@x.example\r\n\r\nb.txt";
    office.bench.write(name, "x");
    let sent = office.send("smtps", &server, &["-a", name]);
    // Either it was refused, or it became text.
    if sent.code == Some(0) {
        let mail = server.mail();
        assert_eq!(fields(&mail), OUTSIDE);
        office.open(&mail, "out");
    }
    let lines = server.heard().lines;
    let recipients = lines.iter().filter(|line| line.starts_with("RCPT"));
    assert!(recipients.count() <= 1, "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.contains("x.example")),
        "{lines:?}"
    );
}

#[test]
fn what_is_not_taken_waits_and_goes_on() {
    let (office, server) = (Office::new(), MailServer::start(Manner::Implicit));
    let to = format!("--connect-to={NAME}={}", server.address());
    let resume = ["send", "--resume", "--smtp-password-file", "password", &to];
    for (fate, says) in [
        (Fate::Later, "452 full"),
        (Fate::Refused, "550 no such user"),
        (Fate::TooLarge, "1000 bytes at most"),
        (Fate::Silence, "may have taken it"),
    ] {
        server.set(fate);
        let kept = office.send("smtps", &server, &[]).expect(6);
        assert!(kept.stderr.contains(says), "{}", kept.stderr);
        assert!(kept.stderr.contains("case words: "), "{}", kept.stderr);
        assert!(!kept.stderr.contains(PASSWORD));
    }
    assert_eq!(office.names("home/outbox").len(), 4);
    assert!(office.cases().iter().all(|case| case["state"] == "kept"));
    server.set(Fate::Taken);
    office.run(&resume).expect(0);
    assert_eq!(office.names("home/outbox").len(), 0);
    assert!(
        office
            .cases()
            .iter()
            .all(|case| case["state"] == "handed-over")
    );
    let heard = server.heard();
    assert_eq!(heard.mails.len(), 4);
    for (number, mail) in heard.mails.iter().enumerate() {
        let opened = office.open(mail, &format!("out{number}"));
        assert_eq!(opened["signature"]["verdict"], "verified");
    }
}

/// Once the mail was sent to its end, neither an interruption nor a server that clings to the
/// connection makes it one that was not sent.
#[test]
fn what_the_server_may_have_is_not_called_unsent() {
    let (office, server) = (Office::new(), MailServer::start(Manner::Implicit));
    server.set(Fate::Pondering);
    let mut command = office.sending("smtps", &server, &[]);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while server.heard().mails.is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(1), "no mail came");
        thread::sleep(Duration::from_millis(5));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let cut = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&cut.stderr);
    assert_eq!(cut.status.code(), Some(143), "{said}");
    assert!(said.contains("may have taken it"), "{said}");
    assert!(said.contains("look whether it arrived"), "{said}");
    server.set(Fate::Clinging);
    let begun = Instant::now();
    office.send("smtps", &server, &[]).expect(0);
    assert!(begun.elapsed() < Duration::from_secs(40));
}

#[test]
fn a_mail_that_is_too_large_is_not_even_sealed() {
    let (office, server) = (Office::new(), MailServer::start(Manner::Implicit));
    office.bench.write("big.bin", noise(200_000));
    let more = ["-a", "big.bin", "--max-mail-size", "200kB"];
    let said = office.send("smtps", &server, &more).expect(1);
    let said = said.says(&[
        "200000 is the most",
        "attach less",
        "sealpost seal",
        "--max-mail-size",
    ]);
    assert!(!said.stderr.contains("case words"));
    assert_eq!(server.accepted(), 0);
    assert_eq!(office.names("home/outbox").len(), 0);
    assert_eq!(office.cases().len(), 0);
    let more = ["-a", "big.bin", "--max-mail-size", "400kB"];
    office.send("smtps", &server, &more).expect(0);
    assert!(server.mail().len() < 400_000);
}

#[test]
fn mails_go_through_the_proxy_and_names_with_them() {
    let office = Office::new();
    for (manner, scheme, port) in [
        (Manner::Implicit, "smtps", 465),
        (Manner::StartTls, "smtp", 587),
    ] {
        let server = MailServer::start(manner);
        for proxy in [
            Proxy::http(server.address()),
            Proxy::socks5(server.address()),
        ] {
            let url = format!("{scheme}://reporter%40example.org@{NAME}");
            let own = [
                "--smtp",
                &url,
                "--smtp-password-file=password",
                "--proxy",
                &proxy.url(),
                "--fingerprint",
                &crate::bench::vendors::vendor().fingerprint,
            ];
            // The vendor's site is behind the proxy as well, and cannot be reached there.
            let mut command = office.bench.command();
            command.args([
                "send",
                "report.md",
                "--to",
                "security@example.test",
                "--via",
                "mail",
            ]);
            command.args(own);
            crate::bench::ended(command).expect(0);
            let asked = proxy.hosts();
            assert!(asked.contains(&format!("{NAME}:{port}")), "{asked:?}");
            assert!(!proxy.saw(CANARY) && !proxy.saw(PASSWORD));
        }
        assert_eq!(server.heard().mails.len(), 2);
    }
    let asked = office.bench.dns.asked();
    assert!(
        !asked.iter().any(|(name, _)| name.contains(NAME)),
        "{asked:?}"
    );
}

#[test]
fn without_a_way_the_mail_becomes_a_file() {
    let office = Office::new();
    let said = office.run(&SEND).expect(0);
    assert!(said.stderr.contains("nothing was sent"), "{}", said.stderr);
    let mail = std::fs::read(office.path("report.eml")).unwrap();
    // Whoever sends it puts their address in.
    let anonymous: Vec<_> = OUTSIDE
        .into_iter()
        .filter(|name| !["From", "Autocrypt"].contains(name))
        .collect();
    assert_eq!(fields(&mail), anonymous);
    assert_eq!(
        office.open(&mail, "out")["signature"]["verdict"],
        "verified"
    );
    assert_eq!(office.cases()[0]["state"], "unsent");
    let said = office.run(&SEND).expect(1);
    assert!(said.stderr.contains("exists already"), "{}", said.stderr);
    let named = office.run(&[&SEND[..], &["--eml", "-", "--from", FROM]].concat());
    let mail = named.expect(0).stdout;
    assert_eq!(fields(&mail), OUTSIDE);
    office.open(&mail, "other");
    for line in [
        &[
            "send",
            "report.md",
            "--to",
            "example.test",
            "--eml",
            "fourth.eml",
        ][..],
        &[&SEND[..], &["--smtp-password-file", "password"]].concat(),
        &[&SEND[..], &["--smtp", "smtp://u:p@mail.test"]].concat(),
    ] {
        office.run(line).expect(2);
    }
    let plan = [&SEND[..], &["--eml", "third.eml", "--dry-run"]].concat();
    let plan = office.run(&plan).expect(0);
    assert!(String::from_utf8_lossy(&plan.stdout).contains("security@example.test"));
    assert!(!office.path("third.eml").exists());
}

#[test]
fn no_trace_is_left_where_none_is_wanted() {
    let (office, server) = (Office::new(), MailServer::start(Manner::Implicit));
    let before = office.names("home");
    let sent = office
        .send("smtps", &server, &["--leave-no-trace"])
        .expect(0);
    assert!(sent.stderr.contains("case words: "), "{}", sent.stderr);
    server.set(Fate::Later);
    office
        .send("smtps", &server, &["--leave-no-trace"])
        .expect(1);
    assert_eq!(office.names("home"), before);
    office.open(&server.mail(), "out");
}

/// Promise 1: without a key nothing is sent, written or tried.
#[test]
fn p01_without_a_key_there_is_no_mail() {
    let (office, server) = (Office::without_key(), MailServer::start(Manner::Implicit));
    let before = office.names(".");
    let refused = office.send("smtps", &server, &[]).expect(3);
    let refused = refused.says(&["no published key was found", "sealpost request-key"]);
    assert!(!refused.stderr.contains(CANARY));
    office.run(&SEND).expect(3);
    office
        .run(&[&SEND[..], &["--eml", "x.eml"]].concat())
        .expect(3);
    assert_eq!(server.accepted(), 0);
    assert_eq!(office.names("."), before);
    assert_eq!(office.names("home/outbox").len(), 0);
    assert!(!office.bench.web.saw(CANARY));
}

/// The mail system of this machine goes its own way to the world, so it is not used where that was ruled out.
#[test]
fn sendmail_is_refused_where_it_would_go_around_the_proxy() {
    let office = Office::new();
    let mut send = SEND;
    send[3] = "security@example.test";
    for option in ["--offline", "--proxy=socks5h://127.0.0.1:9"] {
        let more = ["--sendmail", "--from", FROM, option];
        let refused = office.run(&[&send[..], &more].concat()).expect(2);
        let name = option.split('=').next().unwrap();
        assert!(refused.stderr.contains(name), "{}", refused.stderr);
        assert!(office.cases().is_empty());
    }
}
