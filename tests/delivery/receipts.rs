//! Promise 12, and "delivered" is said of nothing whose receipt does not hold.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use sealpost::{
    case::Receipt,
    openpgp::{read_secret_keys, sign_receipt},
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
    SystemTime::now() - Duration::from_secs(5)
}

fn sign(receipt: &Receipt, secret: &[u8]) -> Vec<u8> {
    let keys = read_secret_keys("secret", secret).unwrap();
    let mut signer = keys[0].signer(now(), &mut |_, _| Ok(None)).unwrap();
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
    let own = fs::read(desk.path("vendor/receipts.pgp")).unwrap();
    let other = fs::read(desk.path("other/receipts.pgp")).unwrap();
    let keys = read_secret_keys("own", &own).unwrap();
    let fingerprint = keys[0].certificate().fingerprint().to_string();
    let others = read_secret_keys("other", &other).unwrap();
    let stranger = others[0].certificate().fingerprint().to_string();
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
    good.expect(0).says("delivered");

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

type Honest = dyn Fn(&str, [u8; 32], u64) -> Receipt;

fn forgeries(
    honest: &(impl Fn(&str, [u8; 32], u64) -> Receipt + Clone + Send + Sync + 'static),
    own: &[u8],
    other: &[u8],
    stranger: &str,
) -> Vec<(&'static str, Box<Forge>)> {
    let _shape: &Honest = honest;
    let make = |change: fn(Receipt) -> Receipt, secret: &[u8]| -> Box<Forge> {
        let (honest, secret) = (honest.clone(), secret.to_vec());
        Box::new(move |id, hash, size| sign(&change(honest(id, hash, size)), &secret))
    };
    let rewritten = |from: &'static str, to: String| -> Box<Forge> {
        let (honest, secret) = (honest.clone(), own.to_vec());
        Box::new(move |id, hash, size| {
            let text = String::from_utf8(sign(&honest(id, hash, size), &secret)).unwrap();
            assert!(text.contains(from));
            text.replace(from, &to).into_bytes()
        })
    };
    let hash = |mut receipt: Receipt| {
        receipt.sha256 = "ab".repeat(32);
        receipt
    };
    let size = |mut receipt: Receipt| {
        receipt.size += 1;
        receipt
    };
    let id = |mut receipt: Receipt| {
        receipt.report = "bbbbbbbbbbbbbbbbbbbbbbbbba".to_owned();
        receipt
    };
    let stranger = stranger.to_owned();
    let (honest_to, secret) = (honest.clone(), own.to_vec());
    let for_another: Box<Forge> = Box::new(move |id, hash, size| {
        let mut receipt = honest_to(id, hash, size);
        receipt.key.clone_from(&stranger);
        sign(&receipt, &secret)
    });
    vec![
        ("another's signature", make(|receipt| receipt, other)),
        ("another hash", make(hash, own)),
        ("another size", make(size, own)),
        ("another report", make(id, own)),
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

#[test]
fn p22_words_of_an_intake_are_escaped() {
    let desk = Desk::without_server();
    let forge: Box<Forge> = Box::new(|_, _, _| b"\x1b]0;owned\x07\x1b[2J".to_vec());
    let ended = sent_to(&desk, forge).expect(6);
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
}
