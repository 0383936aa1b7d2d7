//! What whoever runs an intake can do to the vendor's people who list its reports: promise 31.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use sequoia_openpgp::{
    Cert,
    parse::Parse,
    policy::StandardPolicy,
    serialize::stream::{Encryptor, Message},
};
use serde_json::{Value, json};

use crate::bench::{keys, place::PROGRAM};

/// Lists the reports of an intake that gives its pages by their number, without end.
fn list(page: fn(usize) -> Vec<Value>, arguments: &[&str]) -> (Output, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "A".repeat(43)).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let began = Instant::now();
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .args(["inbox", "list", "--intake"])
        .arg(format!("http://{}", endless(page)))
        .arg("--token-file")
        .arg(&token)
        .env("SEALPOST_HOME", folder.path().join("home"))
        .env("GNUPGHOME", folder.path())
        .env_remove("SEALPOST_OFFLINE");
    (command.output().unwrap(), began.elapsed())
}

fn endless(page: fn(usize) -> Vec<Value>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let reports = page(number);
            let next = format!("x{number}");
            let _gone = answer(
                stream,
                &json!({"reports": reports, "next": next}).to_string(),
            );
        }
    });
    at
}

fn answer(mut stream: TcpStream, body: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Packets of any kind, encrypted to the vendor.
pub(crate) fn encrypted(packets: &[u8]) -> Vec<u8> {
    let certificate = keys::file(keys::VENDOR, "certificate.asc");
    let certificate = Cert::from_file(certificate).unwrap();
    let policy = StandardPolicy::new();
    let keys = certificate.keys().with_policy(&policy, None);
    let keys = keys.for_transport_encryption().for_storage_encryption();
    let mut sealed = Vec::new();
    let message = Encryptor::for_recipients(Message::new(&mut sealed), keys);
    let mut message = message.build().unwrap();
    message.write_all(packets).unwrap();
    message.finalize().unwrap();
    sealed
}

/// A page of a thousand reports, all with the same bytes.
fn page(number: usize) -> Vec<Value> {
    let reports = number * 1000..(number + 1) * 1000;
    let report = |number: usize| {
        // Hexadecimal digits as letters that ids are made of; 128 bits have a last letter of few bits.
        let digits = format!("{number:025x}a");
        let id: String = digits
            .chars()
            .map(|c| {
                if c.is_ascii_digit() {
                    char::from(c as u8 + b'g' - b'0')
                } else {
                    c
                }
            })
            .collect();
        json!({
            "id": id, "state": "received", "received": "2026-11-26T10:00:00Z", "size": 1,
            "sha256": "00".repeat(32), "recipients": ["C602C3A7279DE10C"],
            "messages_from_reporter": 0, "messages_from_vendor": 0,
        })
    };
    reports.map(report).collect()
}

#[test]
fn p31_pages_without_end_come_to_one() {
    let (output, took) = list(page, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("more than 100000 reports"), "{said}");
    let lines = output.stdout.split(|byte| *byte == b'\n').count();
    assert_eq!(lines, 100_000 + 2, "a head, and what follows the last line");
    println!("100,000 reports: {took:?}");

    let (output, _) = list(|_| page(7), &["--json"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("twice"), "{said}");
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed["reports"].as_array().unwrap().len(), 1000);
}

/// Anybody can post one report many times: each names a few of the others, not all.
#[test]
fn p31_equal_reports_do_not_multiply() {
    let (output, took) = list(|number| page(number.min(3)), &["--json"]);
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let reports = listed["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 4000);
    for report in reports {
        assert_eq!(report["same_as"].as_array().unwrap().len(), 16);
        assert_eq!(report["same_as_count"], 3999);
        let own = &report["id"];
        assert!(!report["same_as"].as_array().unwrap().contains(own));
    }
    println!("4,000 reports: {took:?}, {} bytes", output.stdout.len());
    assert!(output.stdout.len() < 8 << 20);
}
