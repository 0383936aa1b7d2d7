//! docs/json.md names each member of what `find --json` prints, and no other.

use serde_json::json;

use crate::{
    bench::{Bench, TEXT, vendors},
    members::same,
};

/// A host with letters beyond ASCII, so that the document says how it could be mistaken.
const HOST: &str = "xn--bcher-kva.test";

#[test]
fn each_member_of_find_is_documented() {
    let bench = Bench::new();
    let signed = format!(
        "Contact: mailto:security@{HOST}\nExpires: 2025-01-01T00:00:00Z\nPolicy: https://{HOST}/policy\n\
         Encryption: https://{HOST}/key.asc\nEncryption: https://{HOST}/old.asc"
    );
    let vendor = vendors::vendor();
    let page = json!({
        "program": { "name": "Example", "id": HOST },
        "contact": [{ "uri": format!("mailto:security@{HOST}") }]
    });
    bench
        .web
        .host(HOST)
        .serve("/.well-known/security.txt", TEXT, vendor.sign(&signed))
        .serve("/key.asc", TEXT, &vendor.certificate)
        .serve("/old.asc", TEXT, vendors::expired())
        .serve("/program.json", "application/json", page.to_string())
        .status("/security.txt", 503);
    let pin = ["trust", HOST, "--fingerprint", &vendor.fingerprint];
    bench.run(pin).expect(0);
    let pinned = bench.find(&[HOST]).expect(0).json();
    bench.run(["trust", "--remove", HOST]).expect(0);
    let found = bench.find(&[HOST]).expect(0).json();
    same("find", &[pinned, found]);
}
