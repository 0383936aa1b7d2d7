//! Valid input for the doors of discovery: what vendors publish, and what people type.

use sealpost::{openpgp::sign_cleartext, program};

use crate::doors::{KEY, now};

/// The shipped profiles in their JSON form.
pub(crate) fn profiles() -> Vec<Vec<u8>> {
    let json = |shipped: &program::Shipped| serde_json::to_vec(&shipped.program().unwrap());
    let shipped = program::shipped().iter();
    shipped.map(|shipped| json(shipped).unwrap()).collect()
}

/// A file that keeps to the letter, and one with every kind of fault.
pub(crate) fn security_txts() -> Vec<Vec<u8>> {
    let strict = "Contact: mailto:security@example.com\nExpires: 2027-06-01T00:00:00Z\n\
        Encryption: https://example.com/key.asc\nCanonical: https://example.org/.well-known/security.txt\n";
    let lenient = "\u{feff}# faults\r\nContact: security@example.org\rContact : https://example.org/report\n\
        Encryption: openpgp4fpr:0123456789abcdef0123456789abcdef01234567\n\
        Encryption: dns:c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6._openpgpkey.example.org?type=OPENPGPKEY\n\
        Encryption: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n\
        Expires: 2025-01-01\nExpires: Thu, 31 Dec 2026 18:37:07 -0800\nPreferred-Languages: en, xx-, de\n\
        Canonical: http://example.org/security.txt\nCSAF: https://example.org/csaf\n\u{ff1a}Hiring\n";
    let strict_text = strict.as_bytes().to_vec();
    let framed = signed(&lenient.replace(['\r', '\u{feff}'], ""));
    vec![strict_text, lenient.into(), framed]
}

/// Texts in a frame, one of them changed after it was signed.
pub(crate) fn signed_texts() -> Vec<Vec<u8>> {
    let good = signed("Contact: mailto:security@example.org\n- dash\n\nlast");
    let changed = String::from_utf8(good.clone())
        .unwrap()
        .replace("last", "lost");
    vec![good, changed.into()]
}

fn signed(text: &str) -> Vec<u8> {
    let mut signer = KEY.signer(now(), &mut |_, _| Ok(None)).unwrap();
    sign_cleartext(text, &mut signer, now()).unwrap()
}

/// Metadata with keys of every shape.
pub(crate) fn provider_metadata() -> Vec<Vec<u8>> {
    let json = r#"{"canonical_url": "https://example.org/.well-known/csaf/provider-metadata.json",
        "publisher": {"name": "Example", "contact_details": "mail security@example.org or https://example.org/report"},
        "public_openpgp_keys": [
            {"fingerprint": "0123456789ABCDEF0123456789ABCDEF01234567", "url": "https://example.org/a.asc"},
            {"url": "https://example.org/b.asc"}, {"fingerprint": "0", "url": "ftp://example.org"}, 7]}"#;
    vec![json.into()]
}

/// A policy with contacts, keys and what merely looks like them.
pub(crate) fn security_mds() -> Vec<Vec<u8>> {
    let text = "# Security policy\n\nReport to <security@example.org> or \
        [privately](https://github.com/owner/repo/security/advisories/new).\n\n\
        | key | |\n| --- | --- |\n| PGP | `0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567` |\n\n\
        [PGP key](keys/security.asc) <!-- hidden@example.org -->\n\n\
        ```\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxjMEY+\n-----END PGP PUBLIC KEY BLOCK-----\n```\n";
    vec![text.into()]
}

/// Every kind of target, and two that are none.
pub(crate) fn targets() -> Vec<Vec<u8>> {
    let all = [
        "example.org:8443",
        "https://shop.example.co.uk/cart?x=1#y",
        "security@example.org",
        "github:owner/repo",
        "http://127.0.0.1:8080/",
        "B\u{fc}cher.example",
        "http://example.org/",
        "user:word@host:1",
    ];
    all.map(|text| text.as_bytes().to_vec()).into()
}
