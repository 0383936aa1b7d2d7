//! What the vendor's people see of reports that somebody else sent, or sent twice.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use crate::desk::Desk;

/// Posts sealed bytes for a case of one's own, as anybody can.
fn post(desk: &Desk, sealed: &[u8], case: char) {
    let case = case.to_string().repeat(42) + "A";
    let mut stream = TcpStream::connect(desk.at).unwrap();
    write!(
        stream,
        "POST /reports HTTP/1.1\r\nHost: x\r\nConnection: close\r\nSealpost-Case: {case}\r\n\
         Content-Type: application/pgp-encrypted\r\nContent-Length: {}\r\n\r\n",
        sealed.len()
    )
    .unwrap();
    stream.write_all(sealed).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[test]
fn the_same_bytes_under_two_ids_are_marked() {
    let desk = Desk::new();
    desk.run("seal report.md --key vendor/certificate.asc -o sealed.pgp")
        .expect(0);
    let sealed = fs::read(desk.path("sealed.pgp")).unwrap();
    post(&desk, &sealed, 'a');
    post(&desk, &sealed, 'b');
    desk.send(desk.at, "").expect(0);
    let reports = desk.reports();
    let twins = reports
        .iter()
        .filter(|report| report["same_as"] != serde_json::json!([]));
    let twins: Vec<_> = twins.collect();
    assert_eq!(twins.len(), 2, "{reports:?}");
    assert_eq!(twins[0]["same_as"][0], twins[1]["id"]);
    assert_eq!(twins[1]["same_as"][0], twins[0]["id"]);
    let list = format!("inbox list --intake http://{} --token-file token", desk.at);
    let listed = desk.run(&list).expect(0).stdout;
    assert_eq!(listed.matches("the same bytes as").count(), 2, "{listed}");
}

#[test]
fn without_a_key_to_answer_to_there_is_another_way() {
    let desk = Desk::new();
    desk.send(desk.at, "").expect(0);
    fs::write(desk.path("m"), "hello\n").unwrap();
    let id = desk.reports()[0]["id"].as_str().unwrap().to_owned();
    let at = format!("--intake http://{} --token-file token", desk.at);
    let reply = format!("inbox reply {id} --message m --unsigned {at}");
    let refused = desk.run(&reply).expect(1);
    refused.says(&format!("sealpost inbox event {id} acknowledged"));
    refused.says("--reporter CERT");
}
