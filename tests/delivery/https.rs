//! From a vendor's name to a delivered report over https: security.txt names the intake and the key.

use crate::desk::{Desk, Ended};

/// The vendor's name, reached at the socket of these tests and nowhere else.
fn reporter(desk: &Desk, line: &str, trusts: &str) -> Ended {
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
