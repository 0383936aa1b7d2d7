//! Promise 8, the other half: what is signed is the one literal inside the one container.

use std::io::Write;

use sequoia_openpgp::Packet;
use sequoia_openpgp::packet::OnePassSig;
use sequoia_openpgp::serialize::SerializeInto;
use sequoia_openpgp::serialize::stream::{Message, Signer};

use crate::forge::{bundle, bytes, encrypted, literal, one_pass, signature, signed};
use crate::signatures::{Wanted, judge, signed_by, unchanged};
use crate::vendor::{reporter, signing, stranger, vendor};

#[test]
fn p08_one_literal_and_one_signature_over_it() {
    let (content, other) = (bundle(&[reporter()], &[]), bundle(&[], &[]));
    let good = signature(signing(reporter()), &content, unchanged);
    let whole = signed(good.clone(), &content);
    let announced: Packet = one_pass(&good).into();
    let after = |more: &[Packet]| [&whole[..], &bytes(more)].concat();
    let before = |more: &[Packet]| [&bytes(more), &whole[..]].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("another literal after it", after(&[literal(&other)])),
        ("another literal before it", before(&[literal(&other)])),
        ("two signed literals", [&whole[..], &whole].concat()),
        (
            "two literals in one signature",
            bytes(&[
                announced.clone(),
                literal(&other),
                literal(&content),
                good.clone().into(),
            ]),
        ),
        ("over other content", signed(good.clone(), &other)),
        (
            "detached, behind",
            bytes(&[literal(&content), good.clone().into()]),
        ),
        (
            "announced and never given",
            bytes(&[announced.clone(), literal(&content)]),
        ),
        (
            "given and never announced, behind another",
            after(&[good.clone().into()]),
        ),
        ("a signature alone", bytes(&[good.clone().into()])),
        ("nothing at all", Vec::new()),
        (
            "a signature over a signature",
            bytes(&[
                announced.clone(),
                announced,
                literal(&content),
                good.clone().into(),
                good.into(),
            ]),
        ),
    ];
    for (what, inner) in cases {
        judge(what, &encrypted(vendor(), &inner), &Wanted::Refused);
    }
}

#[test]
fn p08_other_kinds_of_signatures_are_not_over_the_content() {
    let content = bundle(&[reporter()], &[]);
    let user_id = reporter().userids().next().unwrap();
    let certification = user_id.self_signatures().next().unwrap().clone();
    let message = encrypted(vendor(), &signed(certification, &content));
    judge("a certification", &message, &Wanted::Refused);
    // The number of the hash is at octet 3 of a signature and at octet 2 of its announcement.
    let good = signature(signing(reporter()), &content, unchanged);
    let mut announced = bytes(&[one_pass(&good).into()]);
    let mut packet = Packet::from(good).to_vec().unwrap();
    (announced[2 + 2], packet[2 + 3]) = (99, 99);
    let inner = [&announced[..], &bytes(&[literal(&content)]), &packet].concat();
    judge(
        "an unknown hash",
        &encrypted(vendor(), &inner),
        &Wanted::Refused,
    );
}

#[test]
fn p08_a_signature_outside_the_encryption_counts_for_nothing() {
    let content = bundle(&[reporter()], &[]);
    let unsigned = encrypted(vendor(), &bytes(&[literal(&content)]));
    let good = signature(signing(reporter()), &content, unchanged);
    let around = signature(signing(reporter()), &unsigned, unchanged);
    for over in [good, around] {
        let (announced, over) = (one_pass(&over), Packet::from(over));
        let message = [&bytes(&[announced.into()]), &unsigned[..], &bytes(&[over])].concat();
        judge("around the container", &message, &Wanted::Refused);
    }
    let inner = encrypted(vendor(), &signed_by(reporter(), &content));
    judge(
        "a container in a container",
        &encrypted(vendor(), &inner),
        &Wanted::Refused,
    );
    judge(
        "not encrypted",
        &signed_by(reporter(), &content),
        &Wanted::Refused,
    );
    judge("signed in clear text", &clear_text(), &Wanted::Refused);
    judge("no signature", &unsigned, &Wanted::Unsigned);
}

fn clear_text() -> Vec<u8> {
    let mut text = Vec::new();
    let message = Message::new(&mut text);
    let signer = Signer::new(message, signing(reporter()))
        .unwrap()
        .cleartext();
    let mut message = signer.build().unwrap();
    message.write_all(b"verified\n").unwrap();
    message.finalize().unwrap();
    text
}

#[test]
fn p08_a_bad_signature_beside_a_good_one_is_bad() {
    let content = bundle(&[stranger(), reporter()], &[]);
    let good = signature(signing(stranger()), &content, unchanged);
    let bad = signature(signing(reporter()), b"another content", unchanged);
    let mut second = one_pass(&bad);
    if let OnePassSig::V3(first) = &mut second {
        first.set_last(false);
    }
    let inner = bytes(&[
        second.into(),
        one_pass(&good).into(),
        literal(&content),
        good.into(),
        bad.into(),
    ]);
    judge(
        "good and bad",
        &encrypted(vendor(), &inner),
        &Wanted::Refused,
    );
}
