//! Promise 30: what a flooded certificate costs.

use std::time::{Duration, Instant};

use sealpost::openpgp::{Certificate, read_certificates};
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::{Signature, Tag, UserID};
use sequoia_openpgp::serialize::{Serialize, SerializeInto};
use sequoia_openpgp::types::{ReasonForRevocation, SignatureType};
use sequoia_openpgp::{Cert, Packet};

use crate::certificates::x25519;
use crate::dump::{Dump, Opener};
use crate::forge::binary;
use crate::scene::Scene;
use crate::vendor::{key, make, primary, public, stranger, vendor};
use crate::watch::watched;

/// The packets of a certificate, with `flood` behind its first User ID.
pub(crate) fn flooded(cert: &Cert, flood: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut flood = Some(flood);
    for packet in cert.clone().strip_secret_key_material().into_packets() {
        packet.serialize(&mut bytes).unwrap();
        if let (Packet::UserID(_), Some(flood)) =
            (&packet, flood.take_if(|_| packet.tag() == Tag::UserID))
        {
            flood.for_each(|one| bytes.extend(one));
        }
    }
    bytes
}

/// So many copies of a signature, each with another number at its end.
pub(crate) fn copies(signature: &Signature, count: u32) -> impl Iterator<Item = Vec<u8>> + use<> {
    let packet = Packet::from(signature.clone()).to_vec().unwrap();
    (0..count).map(move |number| {
        let mut copy = packet.clone();
        let end = copy.len() - 4;
        copy[end..].copy_from_slice(&number.to_be_bytes());
        copy
    })
}

fn certification() -> Signature {
    let user_id = vendor().userids().next().unwrap().userid().clone();
    user_id
        .certify(
            &mut primary(stranger()),
            vendor(),
            SignatureType::GenericCertification,
            None,
            None,
        )
        .unwrap()
}

/// Seals to it within bounds, and says how that ended.
fn sealed_within_bounds(certificate: &[u8], what: &str) -> i32 {
    let scene = Scene::new();
    scene.write("flooded.pgp", certificate);
    let seal = [
        "seal",
        "report.md",
        "-o",
        "sealed.pgp",
        "--key",
        "flooded.pgp",
    ];
    let (run, took, peak) = watched(scene.command(&seal));
    println!(
        "{what}, {} KiB: exit {}, {took:?}, {peak} MiB",
        certificate.len() >> 10,
        run.code
    );
    assert!(took < Duration::from_secs(20), "{what}: {took:?}");
    assert!(peak < 300, "{what}: {peak} MiB");
    match run.code {
        0 => {
            inspect(&scene.read("sealed.pgp"));
        }
        3 => {
            let reasons = ["flooded with signatures", "several certificates"];
            let told = reasons.iter().any(|reason| run.stderr.contains(reason));
            assert!(told, "{what}: {run:?}");
        }
        _ => panic!("{what}: {run:?}"),
    }
    run.code
}

fn inspect(message: &[u8]) {
    assert!(
        !Dump::of(message, &Opener::Key(vendor()))
            .plaintext
            .is_empty()
    );
}

#[test]
fn p30_certifications_by_others_cost_only_their_reading() {
    let flood = flooded(vendor(), copies(&certification(), 150_000));
    assert_eq!(sealed_within_bounds(&flood, "150,000 certifications"), 0);
}

#[test]
fn p30_signatures_in_the_owners_name_are_bounded() {
    let own = vendor()
        .userids()
        .next()
        .unwrap()
        .self_signatures()
        .next()
        .unwrap()
        .clone();
    let many = flooded(vendor(), copies(&own, 5_000));
    assert_eq!(
        sealed_within_bounds(&many, "5,000 false self-signatures"),
        3
    );
    let most = flooded(vendor(), copies(&own, 450));
    assert_eq!(sealed_within_bounds(&most, "450 false self-signatures"), 0);
    // Nobody but the owner revokes, whoever may claim to be them.
    let revocation = vendor()
        .revoke(
            &mut primary(stranger()),
            ReasonForRevocation::KeyCompromised,
            b"",
        )
        .unwrap();
    let false_ = flooded(vendor(), copies(&revocation, 1_900));
    assert_eq!(sealed_within_bounds(&false_, "1,900 false revocations"), 0);
}

/// Anybody may put signatures beside a revocation, at a key server too: it counts though nothing else of that
/// copy does.
#[test]
fn p04_no_flood_hides_a_revocation() {
    let id = vendor().userids().next().unwrap();
    let own = id.self_signatures().next().unwrap().clone();
    let code = ReasonForRevocation::KeyCompromised;
    let real = vendor()
        .revoke(&mut primary(vendor()), code, b"stolen")
        .unwrap();
    let real = Packet::from(real).to_vec().unwrap();
    // In the owner's name, and about another key.
    let junk = SignatureBuilder::new(SignatureType::KeyRevocation)
        .set_issuer(vendor().keyid())
        .unwrap()
        .set_issuer_fingerprint(vendor().fingerprint())
        .unwrap()
        .sign_direct_key(&mut primary(stranger()), stranger().primary_key().key())
        .unwrap();
    for (what, flood) in [("self-signatures", own), ("revocations", junk)] {
        let copies = copies(&flood, 600).chain([real.clone()]);
        let scene = Scene::new();
        scene.write("flooded.pgp", flooded(vendor(), copies));
        let seal = ["seal", "report.md", "-o", "s", "--key", "flooded.pgp"];
        let run = scene.run(&seal);
        assert_eq!(run.code, 3, "{what}: {run:?}");
        assert!(
            run.stderr.contains("revoked by its owner"),
            "{what}: {run:?}"
        );
        // It is remembered from then on.
        let run = scene.run(&["seal", "report.md", "-o", "s", "--key", "vendor.asc"]);
        assert_eq!(run.code, 3, "{what}: {run:?}");
    }
}

/// What a vendor's site and key servers say of one certificate becomes one, at the price of reading.
#[test]
fn p30_merging_a_flooded_certificate_stays_cheap() {
    let read = |bytes: &[u8]| -> Certificate {
        let found = read_certificates("flooded", bytes).unwrap();
        <[_; 1]>::try_from(found).unwrap()[0].clone()
    };
    let foreign = flooded(vendor(), copies(&certification(), 150_000));
    let own = vendor().userids().next().unwrap();
    let own = own.self_signatures().next().unwrap().clone();
    let began = Instant::now();
    let sound = read(&public(vendor()));
    let mut merged = sound.clone().merge(read(&foreign)).unwrap();
    for round in 0..10 {
        let false_ = flooded(vendor(), copies(&own, 480 + round));
        merged = merged.merge(read(&false_)).unwrap();
    }
    let took = began.elapsed();
    println!("150,000 certifications and ten times 480 false self-signatures: {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    let clean = sound.clone().merge(sound).unwrap();
    assert!(merged.to_binary().unwrap() == clean.to_binary().unwrap());
}

/// Signatures in the owner's name that match nothing where they stand are tried elsewhere: on all
/// the keys and User IDs of a certificate, of all its copies and of all the others in a file.
#[test]
fn p30_what_is_out_of_place_is_bounded() {
    let own = vendor().userids().next().unwrap();
    let own = own.self_signatures().next().unwrap().clone();
    let false_: Vec<u8> = copies(&own, 490).flatten().collect();
    let user_id = |number: u32| {
        let user_id = UserID::from(format!("Nobody {number} <nobody@example.org>"));
        Packet::from(user_id).to_vec().unwrap()
    };
    let bare: Vec<u8> = (0..100_000).flat_map(user_id).collect();
    let all = flooded(vendor(), [false_.clone(), bare].into_iter());
    sealed_within_bounds(&all, "490 false self-signatures and 100,000 User IDs");
    let each = copies(&own, 1).next().unwrap();
    let signed = (0..100_000).flat_map(|number| [user_id(number), each.clone()]);
    sealed_within_bounds(
        &flooded(vendor(), signed),
        "one of them behind each of 100,000",
    );
    let many = copies(&own, 490)
        .zip(0..)
        .flat_map(|(one, number)| [user_id(number), one]);
    let many = flooded(vendor(), many);
    let mut copied = many.clone();
    for round in 0..200_u32 {
        let end = copied.len();
        copied.extend_from_slice(&many);
        let length = copied.len();
        copied[end.max(length - 2)..].copy_from_slice(&round.to_be_bytes()[2..]);
    }
    sealed_within_bounds(&copied, "the same in 200 copies");
    let others = (0..200).flat_map(|_| {
        let other = make(key("Other <other@example.org>"));
        let own = other
            .userids()
            .next()
            .unwrap()
            .self_signatures()
            .next()
            .unwrap()
            .clone();
        let many = copies(&own, 490)
            .zip(0..)
            .flat_map(|(one, number)| [user_id(number), one]);
        flooded(&other, many)
    });
    let others: Vec<u8> = binary(vendor()).into_iter().chain(others).collect();
    sealed_within_bounds(&others, "the same for 200 others");
    let revocation = vendor().revoke(&mut primary(vendor()), ReasonForRevocation::KeyRetired, b"");
    let false_ = copies(&revocation.unwrap(), 100_000).flatten();
    let block = binary(stranger()).into_iter().chain(false_);
    let both: Vec<u8> = binary(vendor()).into_iter().chain(block).collect();
    sealed_within_bounds(&both, "100,000 false revocations on another certificate");
}

#[test]
fn p30_other_packets_are_bounded() {
    let user_ids = (0..100_000).map(|number| {
        let user_id = UserID::from(format!("Nobody {number} <nobody@example.org>"));
        Packet::from(user_id).to_vec().unwrap()
    });
    sealed_within_bounds(&flooded(vendor(), user_ids), "100,000 User IDs");
    let subkey = Packet::from(x25519().take_secret().0).to_vec().unwrap();
    let subkeys = (0..20_000_u32).map(|number| {
        let mut copy = subkey.clone();
        let middle = copy.len() - 12;
        copy[middle..middle + 4].copy_from_slice(&number.to_be_bytes());
        copy
    });
    sealed_within_bounds(&flooded(vendor(), subkeys), "20,000 subkeys");
}
