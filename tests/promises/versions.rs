//! Promise 4: a revocation once seen stays seen, in whatever order the versions of a certificate
//! come, and whatever strangers add to them.

use std::time::Duration;

use proptest::prelude::*;
use sealpost::openpgp::{Certificate, MergeError, Verdict, read_certificates};
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::signature::subpacket::{NotationData, Subpacket, SubpacketValue};
use sequoia_openpgp::packet::{Signature, UserID};
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::types::{ReasonForRevocation, SignatureType};
use sequoia_openpgp::{Cert, Packet};

use crate::certificates::{with_subkey, x25519};
use crate::flood::{copies, flooded};
use crate::forge;
use crate::vendor::{DAY, YEAR, key, key_without_encryption, make, now, primary, stranger, vendor};

fn read(bytes: &[u8]) -> Certificate {
    let found = read_certificates("version", bytes).unwrap();
    <[_; 1]>::try_from(found).unwrap()[0].clone()
}

fn public(cert: &Cert) -> Certificate {
    read(&forge::binary(cert))
}

/// What a certificate says in the end: its bytes, and what is thought of it now and later.
fn outcome(certificate: &Certificate) -> (Vec<u8>, Vec<String>) {
    let thoughts = [now(), now() + YEAR / 2, now() + 3 * YEAR].map(|time| {
        let verdict = match certificate.verdict(time) {
            Verdict::Usable(recipient) => recipient.encryption_key().fingerprint.to_string(),
            Verdict::Refused(reasons) => format!("{reasons:?}"),
        };
        format!(
            "{verdict} {:?} {:?}",
            certificate.keys(time),
            certificate.addresses()
        )
    });
    (certificate.to_binary().unwrap(), thoughts.into())
}

fn is_revoked(certificate: &Certificate) -> bool {
    match certificate.verdict(now()) {
        Verdict::Usable(_) => false,
        Verdict::Refused(reasons) => reasons.iter().any(|reason| reason.code() == "revoked"),
    }
}

fn revocation(cert: &Cert, code: ReasonForRevocation) -> Signature {
    cert.revoke(&mut primary(cert), code, b"").unwrap()
}

/// Versions of one certificate, each with something that the others lack. The last two revoke it.
fn versions() -> Vec<Certificate> {
    let policy = StandardPolicy::new();
    let expired = key_without_encryption("Vendor <vendor@example.org>");
    let base = make(expired.set_validity_period(335 * DAY));
    let mut by = primary(&base);
    let when = now() + YEAR;
    let longer = base.set_expiration_time(&policy, now() - YEAR / 2, &mut by, Some(when));
    let longer = longer.unwrap().into_iter().map(Packet::from).collect();
    let subkey = x25519();
    let builder = || {
        SignatureBuilder::new(SignatureType::SubkeyBinding)
            .set_key_flags(crate::vendor::for_encryption())
            .unwrap()
    };
    let binding = subkey.bind(&mut by, &base, builder()).unwrap();
    let retired = SignatureBuilder::new(SignatureType::SubkeyRevocation)
        .set_reason_for_revocation(ReasonForRevocation::KeyCompromised, b"")
        .unwrap();
    let retired = subkey.bind(&mut by, &base, retired).unwrap();
    let second = x25519();
    let second_binding = second.bind(&mut by, &base, builder()).unwrap();
    let name = UserID::from("Vendor <psirt@example.org>");
    let certification = SignatureBuilder::new(SignatureType::PositiveCertification);
    let named = name.bind(&mut by, &base, certification).unwrap();
    let renamed = SignatureBuilder::new(SignatureType::CertificationRevocation)
        .set_signature_creation_time(now() + DAY)
        .unwrap();
    let renamed = name.bind(&mut by, &base, renamed).unwrap();
    let public = |packets: Vec<Packet>| self::public(&forge::with(&base, packets));
    vec![
        public(vec![]),
        public(longer),
        public(vec![subkey.clone().into(), binding.into()]),
        public(vec![subkey.into(), retired.into()]),
        public(vec![second.into(), second_binding.into()]),
        public(vec![name.clone().into(), named.into()]),
        public(vec![name.into(), renamed.into()]),
        read(&flooded(&base, copies(&own(&base), 400))),
        public(vec![
            revocation(&base, ReasonForRevocation::KeyRetired).into(),
        ]),
        public(vec![
            revocation(&base, ReasonForRevocation::KeyCompromised).into(),
        ]),
    ]
}

/// A signature by the owner over the first User ID.
fn own(cert: &Cert) -> Signature {
    let user_id = cert.userids().next().unwrap();
    user_id.self_signatures().next().unwrap().clone()
}

/// One of the ways to merge: which two come next, and whether what comes of them is published and
/// read again.
fn merged(mut versions: Vec<Certificate>, steps: &[(usize, bool)]) -> Certificate {
    let mut steps = steps.iter().cycle();
    while versions.len() > 1 {
        let (which, again) = steps.next().unwrap();
        let one = versions.swap_remove(which % versions.len());
        let other = versions.swap_remove(which % versions.len());
        let both = one.merge(other).unwrap();
        versions.push(match again {
            true => read(&both.to_armored().unwrap()),
            false => both,
        });
    }
    versions.remove(0)
}

#[test]
fn p04_any_order_of_versions_ends_in_the_same_state() {
    let versions = versions();
    let indices = prop::collection::vec(0..versions.len(), 1..14);
    let steps = prop::collection::vec((0..1000_usize, any::<bool>()), 1..14);
    let config = ProptestConfig::with_cases(150);
    proptest!(config, |(indices in indices, steps in steps)| {
        let mut sorted = indices.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let all = |indices: &[usize]| -> Vec<_> {
            // Once more, so that something is merged in any case.
            indices.iter().chain(&indices[..1]).map(|index| versions[*index].clone()).collect()
        };
        let one = merged(all(&indices), &steps);
        let other = merged(all(&sorted), &[(0, false)]);
        prop_assert_eq!(outcome(&one), outcome(&other));
        prop_assert_eq!(outcome(&read(&one.to_binary().unwrap())), outcome(&one));
        let last = versions.len() - 2;
        prop_assert_eq!(is_revoked(&one), indices.iter().any(|index| *index >= last));
        let compromised = indices.contains(&3);
        let chosen = one.keys(now()).into_iter().find(|key| key.is_chosen);
        let usable = indices.contains(&1) && !is_revoked(&one)
            && (indices.contains(&4) || indices.contains(&2) && !compromised);
        prop_assert_eq!(chosen.is_some(), usable);
    });
}

#[test]
fn p04_versions_of_different_certificates_stay_apart() {
    let refused = public(vendor()).merge(public(stranger()));
    assert!(matches!(refused, Err(MergeError::Different { .. })));
}

/// Copies with signatures in the owner's name leave nothing behind, however many they are, and a
/// copy in which a signature was inflated takes nobody's place.
#[test]
fn p04_no_strangers_copy_fills_a_certificate_up() {
    let sound = public(vendor());
    let mut kept = sound.clone().merge(sound.clone()).unwrap();
    let clean = kept.to_binary().unwrap();
    for round in 0..5_u32 {
        let false_ = copies(&own(vendor()), 450 + round);
        kept = read(&flooded(vendor(), false_)).merge(kept).unwrap();
        kept = kept.merge(inflated(round)).unwrap();
        assert!(kept.to_binary().unwrap() == clean, "{round}");
    }
    let revocation = revocation(vendor(), ReasonForRevocation::KeyCompromised);
    let revoked = public(&forge::with(vendor(), vec![revocation.into()]));
    assert!(is_revoked(&kept.merge(revoked).unwrap()));
}

/// A copy whose own signatures carry some sixty kilobytes that nobody signed.
fn inflated(round: u32) -> Certificate {
    let mut packets = Vec::new();
    for packet in vendor().clone().strip_secret_key_material().into_packets() {
        packets.push(match packet {
            Packet::Signature(mut signature) => {
                let noise = vec![u8::try_from(round).unwrap(); 60_000];
                let noise = NotationData::new("noise@example.org", noise, None);
                let noise = Subpacket::new(SubpacketValue::NotationData(noise), false).unwrap();
                let _full = signature.unhashed_area_mut().add(noise);
                signature.into()
            }
            other => other,
        });
    }
    let large = forge::bytes(&packets);
    assert!(large.len() > 100_000);
    read(&large)
}

/// The owner alone can make so many; the newest are kept, and every revocation.
#[test]
fn p04_what_is_kept_can_be_read_again() {
    let base = make(key("Vendor <vendor@example.org>"));
    let mut by = primary(&base);
    let user_id = base.userids().next().unwrap().userid().clone();
    let template = own(&base);
    let mut certify = |number: u64| -> Packet {
        let at = now() - YEAR / 2 + Duration::from_hours(number);
        let builder = SignatureBuilder::from(template.clone())
            .set_signature_creation_time(at)
            .unwrap();
        user_id.bind(&mut by, &base, builder).unwrap().into()
    };
    let many: Vec<Packet> = (0..900).map(&mut certify).collect();
    let versions: Vec<_> = many
        .chunks(300)
        .map(|part| public(&forge::with(&base, part.to_vec())))
        .collect();
    let revocation = revocation(&base, ReasonForRevocation::KeyRetired);
    let early = SignatureBuilder::from(revocation.clone())
        .set_signature_creation_time(now() - YEAR + DAY)
        .unwrap();
    let early = early
        .sign_direct_key(&mut primary(&base), base.primary_key().key())
        .unwrap();
    let revoked = public(&forge::with(&base, vec![early.into()]));
    let one = merged(
        [versions.clone(), vec![revoked.clone()]].concat(),
        &[(0, true)],
    );
    let other = merged([vec![revoked], versions].concat(), &[(1, false), (2, true)]);
    assert!(one.to_binary().unwrap() == other.to_binary().unwrap());
    let kept = Cert::try_from(sequoia_openpgp::PacketPile::from(packets(&one))).unwrap();
    assert_eq!(kept.primary_key().self_revocations().count(), 1);
    let user_id = kept.userids().next().unwrap();
    let newest = user_id.self_signatures().next().unwrap();
    let Packet::Signature(last) = &many[899] else {
        panic!("not a signature");
    };
    assert_eq!(
        newest.signature_creation_time(),
        last.signature_creation_time()
    );
    assert!(user_id.self_signatures().count() > 450);
}

fn packets(certificate: &Certificate) -> Vec<Packet> {
    use sequoia_openpgp::parse::Parse;
    let pile = sequoia_openpgp::PacketPile::from_bytes(&certificate.to_binary().unwrap());
    pile.unwrap().into_children().collect()
}

#[test]
fn p04_a_subkey_that_was_revoked_stays_so() {
    let subkey = x25519();
    let cert = with_subkey(subkey.clone(), |builder| builder);
    let revocation = SignatureBuilder::new(SignatureType::SubkeyRevocation);
    let revocation = subkey.bind(&mut primary(&cert), &cert, revocation).unwrap();
    let revoked = public(&forge::with(&cert, vec![revocation.into()]));
    let sound = public(&cert);
    assert!(matches!(sound.verdict(now()), Verdict::Usable(_)));
    for merged in [sound.clone().merge(revoked.clone()), revoked.merge(sound)] {
        let Verdict::Refused(reasons) = merged.unwrap().verdict(now()) else {
            panic!("a revoked subkey is encrypted to");
        };
        assert_eq!(reasons[0].code(), "encryption-subkey-revoked");
    }
}
