//! From a vendor's name to a delivered report over https: security.txt names the intake and the key.

use std::time::Duration;

use expectrl::{Eof, Expect as _, Session};

use crate::desk::{Desk, Ended};

/// The vendor's name, reached at the socket of these tests and nowhere else.
pub(crate) fn reporter(desk: &Desk, line: &str, trusts: &str) -> Ended {
    let at = desk.at;
    let network = format!("--connect-to *={at} --dns-server 127.0.0.1:9 --vks none --hkp none");
    let mut command = desk.command(&format!("{line} {network}"));
    command.env("SSL_CERT_FILE", desk.path(trusts));
    Ended::of(&command.output().unwrap())
}

#[test]
fn a_name_is_enough() {
    let mut desk = Desk::without_server();
    desk.serve_https();
    desk.attachment(3_000_000);
    let line = "send report.md -a big.bin --to vendor.example --yes-trust-first-use";
    let sent = reporter(&desk, line, "tls.pem").expect(0);
    sent.says("delivered: the report is at https://vendor.example/reports");
    sent.says("receipt: signed by the vendor's key");
    let cases = desk.cases();
    assert_eq!(cases.len(), 1, "{cases:?}");
    let synced = reporter(&desk, "case sync", "tls.pem").expect(0);
    synced.says("received");
}

/// Promises 1 and 29: a server that cannot prove its name gets nothing, and no other way is tried.
#[test]
fn p01_p29_a_server_that_proves_nothing_gets_nothing() {
    let mut desk = Desk::without_server();
    desk.serve_https();
    let other = rcgen::generate_simple_self_signed(vec!["other.example".to_owned()]).unwrap();
    std::fs::write(desk.path("other.pem"), other.cert.pem()).unwrap();
    // The key is known beforehand, so that only TLS can refuse.
    desk.run("trust vendor.example --key vendor/certificate.asc --offline")
        .expect(0);
    let refused = reporter(&desk, "send report.md --to vendor.example", "other.pem");
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(!refused.stderr.contains("delivered:"), "{refused:?}");
    assert_eq!(desk.cases(), Vec::<serde_json::Value>::new());
    assert_eq!(desk.outbox(), Vec::<std::path::PathBuf>::new());
    let objects = std::fs::read_dir(desk.path("data/objects")).unwrap();
    assert_eq!(objects.count(), 0);
}

/// The words open a case, so what is made of them goes to nobody whom the person did not confirm.
#[test]
fn recovering_names_the_host_before_it_gets_the_token() {
    let mut desk = Desk::without_server();
    desk.serve_https();
    let line = "send report.md --to vendor.example --yes-trust-first-use --leave-no-trace";
    let sent = reporter(&desk, line, "tls.pem").expect(0);
    let words = sent
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("case words: "));
    std::fs::write(desk.path("words"), words.unwrap()).unwrap();
    let at = desk.at;
    let recover = format!(
        "case recover --to vendor.example --yes-trust-first-use --words-file words \
         --connect-to *={at} --dns-server 127.0.0.1:9 --vks none --hkp none"
    );
    let refused = desk.unasked(&recover).expect(3);
    refused.says("the token of case ");
    refused.says("would go to vendor.example");
    refused.says("which one source alone names");
    assert!(desk.cases().is_empty());
    let elsewhere = format!("{recover} --intake http://vendor.example/");
    desk.unasked(&elsewhere).expect(1).says("http: is not used");
    // On a terminal the person is asked.
    let mut command = desk.command(&recover);
    command.env("SSL_CERT_FILE", desk.path("tls.pem"));
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(30)));
    session
        .expect("intake: https://vendor.example/reports")
        .unwrap();
    session.expect(" to vendor.example? [y/N] ").unwrap();
    session.send_line("y").unwrap();
    session.expect(Eof).unwrap();
    let case = desk.cases()[0]["case"].as_str().unwrap().to_owned();
    desk.run(&format!("case forget {case} --yes")).expect(0);
    desk.unasked(&format!("{recover} --yes")).expect(0);
    let case = desk.cases()[0]["case"].as_str().unwrap().to_owned();
    desk.run(&format!("case forget {case} --yes")).expect(0);
    let typed = format!("{recover} --intake https://vendor.example");
    desk.unasked(&typed).expect(0);
}
