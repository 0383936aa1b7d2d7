//! Promise 12, and "delivered" is said of nothing whose receipt does not hold.

use std::{fs, time::SystemTime};

use sealpost::{
    case::Receipt,
    openpgp::{Certificate, read_certificates, read_secret_keys, sign_receipt},
};

use crate::{
    desk::Desk,
    liar::{Forge, ID, liar},
};

#[expect(
    clippy::disallowed_methods,
    reason = "the program reads the clock, too"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// What an intake holds: its secret and its certificate.
#[derive(Clone)]
struct Held {
    secret: Vec<u8>,
    certificate: Certificate,
}

impl Held {
    fn new(desk: &Desk, folder: &str) -> Self {
        let certificate = fs::read(desk.path(&format!("{folder}/certificate.asc"))).unwrap();
        let certificate = read_certificates(folder, &certificate).unwrap();
        Self {
            secret: fs::read(desk.path(&format!("{folder}/receipts.pgp"))).unwrap(),
            certificate: certificate[0].clone(),
        }
    }

    fn fingerprint(&self) -> String {
        self.certificate.fingerprint().to_string()
    }
}

fn sign(receipt: &Receipt, held: &Held) -> Vec<u8> {
    let keys = read_secret_keys("secret", &held.secret).unwrap();
    let signer = keys[0].signer_for(&held.certificate, now(), &mut |_, _| Ok(None));
    let mut signer = signer.unwrap();
    sign_receipt(receipt, &mut signer, now()).unwrap()
}

fn received() -> jiff::Timestamp {
    "2026-11-26T10:00:00Z".parse().unwrap()
}

/// What becomes of a report whose receipt is forged.
fn sent_to(desk: &Desk, forge: Box<Forge>) -> crate::desk::Ended {
    let key = fs::read(desk.path("vendor/certificate.asc")).unwrap();
    let at = liar(key, forge);
    let pin = format!("trust http://{at} --key vendor/certificate.asc");
    desk.run(&pin).expect(0);
    desk.send(at, "--patience 1")
}

#[test]
fn p12_only_a_receipt_of_the_vendor_for_these_bytes_counts() {
    let desk = Desk::without_server();
    desk.run("keygen --name O --email o@other.example -o other --no-passphrase")
        .expect(0);
    let (own, other) = (Held::new(&desk, "vendor"), Held::new(&desk, "other"));
    let (fingerprint, stranger) = (own.fingerprint(), other.fingerprint());
    let receipt = {
        let fingerprint = fingerprint.clone();
        move |id: &str, sha256: [u8; 32], size| {
            Receipt::new(
                id.to_owned(),
                &sha256,
                size,
                received(),
                fingerprint.clone(),
            )
        }
    };

    let (honest, secret) = (receipt.clone(), own.clone());
    let good = sent_to(
        &desk,
        Box::new(move |id, hash, size| sign(&honest(id, hash, size), &secret)),
    );
    let good = good.expect(0);
    good.says("delivered");
    // First what people compare, then what signed.
    good.says(&format!(
        "signed by the vendor's key {fingerprint} (its subkey "
    ));

    let honest = receipt.clone();
    let unsigned = sent_to(
        &desk,
        Box::new(move |id, hash, size| honest(id, hash, size).to_text().into_bytes()),
    );
    let unsigned = unsigned.expect(0);
    unsigned.says("NOT signed");
    assert!(!unsigned.stderr.contains("delivered:"), "{unsigned:?}");

    for (name, forge) in forgeries(&receipt, &own, &other, &stranger) {
        let before = desk.outbox().len();
        let ended = sent_to(&desk, forge);
        assert_eq!(ended.code, 6, "{name}: {ended:?}");
        ended.says("its receipt is not to be believed");
        assert!(!ended.stderr.contains("delivered:"), "{name}: {ended:?}");
        assert_eq!(desk.outbox().len(), before + 1, "{name}");
    }
}

fn forgeries(
    honest: &(impl Fn(&str, [u8; 32], u64) -> Receipt + Clone + Send + Sync + 'static),
    own: &Held,
    other: &Held,
    stranger: &str,
) -> Vec<(&'static str, Box<Forge>)> {
    let make = |change: fn(Receipt) -> Receipt, secret: &Held| -> Box<Forge> {
        let (honest, secret) = (honest.clone(), secret.clone());
        Box::new(move |id, hash, size| sign(&change(honest(id, hash, size)), &secret))
    };
    let rewritten = |from: &'static str, to: String| -> Box<Forge> {
        let (honest, secret) = (honest.clone(), own.clone());
        Box::new(move |id, hash, size| {
            let text = String::from_utf8(sign(&honest(id, hash, size), &secret)).unwrap();
            assert!(text.contains(from));
            text.replace(from, &to).into_bytes()
        })
    };
    let stranger = stranger.to_owned();
    let (honest_to, secret) = (honest.clone(), own.clone());
    let for_another: Box<Forge> = Box::new(move |id, hash, size| {
        let mut receipt = honest_to(id, hash, size);
        receipt.key.clone_from(&stranger);
        sign(&receipt, &secret)
    });
    vec![
        ("another's signature", make(|receipt| receipt, other)),
        ("another hash", make(another_hash, own)),
        ("another size", make(another_size, own)),
        ("another report", make(another_id, own)),
        ("another certificate", for_another),
        (
            "another purpose",
            rewritten("sealpost receipt 1", "sealpost letter 1".to_owned()),
        ),
        (
            "altered",
            rewritten("2026-11-26T10", "2025-11-26T10".to_owned()),
        ),
        (
            "text before it",
            rewritten(
                "-----BEGIN PGP SIGNED MESSAGE-----",
                "x\n-----BEGIN PGP SIGNED MESSAGE-----".to_owned(),
            ),
        ),
        ("nothing", Box::new(|_, _, _| Vec::new())),
        (
            "a web page",
            Box::new(|_, _, _| b"<html>thank you</html>".to_vec()),
        ),
        (
            "unsigned, of another",
            Box::new(|_, _, _| {
                Receipt::new(ID.to_owned(), &[1; 32], 7, received(), "AB".repeat(20))
                    .to_text()
                    .into_bytes()
            }),
        ),
    ]
}

fn another_hash(mut receipt: Receipt) -> Receipt {
    receipt.sha256 = "ab".repeat(32);
    receipt
}

fn another_size(mut receipt: Receipt) -> Receipt {
    receipt.size += 1;
    receipt
}

fn another_id(mut receipt: Receipt) -> Receipt {
    "bbbbbbbbbbbbbbbbbbbbbbbbba".clone_into(&mut receipt.report);
    receipt
}

#[test]
fn p22_words_of_an_intake_are_escaped() {
    let desk = Desk::without_server();
    let forge: Box<Forge> = Box::new(|_, _, _| b"\x1b]0;owned\x07\x1b[2J".to_vec());
    let ended = sent_to(&desk, forge).expect(6);
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
}
