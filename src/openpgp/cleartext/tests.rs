//! Texts signed, changed, and judged.

use std::time::Duration;

use sequoia_openpgp::types::HashAlgorithm;

use super::*;
use crate::openpgp::{
    Fingerprint, GeneratedKey, KeyProfile, SecretKey, fixtures::now, generate, read_secret_keys,
};

const DAY: Duration = Duration::from_hours(24);

fn key(profile: KeyProfile, change: impl FnOnce(&mut GeneratedKey)) -> SecretKey {
    let mut wanted = GeneratedKey::new("Vendor", "security@example.org").unwrap();
    wanted.profile = profile;
    change(&mut wanted);
    let made = generate(&wanted, now() - DAY).unwrap();
    read_secret_keys("receipts", &made.receipts)
        .unwrap()
        .remove(0)
}

fn vendor() -> SecretKey {
    key(KeyProfile::Rfc4880, |_| {})
}

fn signer(key: &SecretKey) -> Signer {
    key.signer(now(), &mut |_, _| Ok(None)).unwrap()
}

fn signed(key: &SecretKey, text: &str) -> String {
    String::from_utf8(sign_cleartext(text, &mut signer(key), now()).unwrap()).unwrap()
}

fn verdict(file: &str, keys: &[&SecretKey]) -> SignatureVerdict {
    let certificates: Vec<_> = keys.iter().map(|key| key.certificate()).collect();
    let certificates: Vec<_> = certificates.iter().collect();
    read_cleartext(file.as_bytes())
        .unwrap()
        .verify(&certificates, now())
}

fn verified_by(verdict: &SignatureVerdict) -> Option<Fingerprint> {
    match verdict {
        SignatureVerdict::Verified { signer, .. } => Some(signer.clone()),
        _ => None,
    }
}

fn is_bad(verdict: &SignatureVerdict, words: &str) -> bool {
    matches!(verdict, SignatureVerdict::Bad { why } if why.contains(words))
}

const TEXT: &str = "Contact: mailto:a@example.org\n- dash\n\nFrom here \u{20ac}\n";

#[test]
fn every_profile_signs_and_verifies() {
    let mut profiles = vec![KeyProfile::Rfc4880, KeyProfile::Rfc9580];
    // The library that the feature `openssl` finds may be too old for it.
    profiles.extend(cfg!(feature = "crypto-rust").then_some(KeyProfile::PostQuantum));
    for profile in profiles {
        let key = key(profile, |_| {});
        let file = signed(&key, TEXT);
        let has_hash = file.contains("\nHash: SHA256\n");
        assert_eq!(has_hash, profile == KeyProfile::Rfc4880, "{file}");
        let text = read_cleartext(file.as_bytes()).unwrap();
        assert_eq!(text.text(), TEXT.trim_end_matches('\n'));
        let fingerprint = key.certificate().fingerprint();
        let verdict = verdict(&file, &[&vendor(), &key]);
        assert_eq!(verified_by(&verdict), Some(fingerprint), "{verdict:?}");
        let [issuer] = &text.issuers()[..] else {
            panic!("{:?}", text.issuers());
        };
        assert!(key.certificate().has_key(issuer));
        for file in [file.replace('\n', "\r\n"), format!("\u{feff}\n{file}more")] {
            assert!(verified_by(&self::verdict(&file, &[&key])).is_some());
        }
    }
}

#[test]
fn what_was_changed_is_bad_and_who_is_unknown_stays_unknown() {
    let key = vendor();
    let file = signed(&key, TEXT);
    for (from, to) in [
        ("a@example", "b@example"),
        ("\n- - dash", "\n- - -dash"),
        ("\n- - dash", "\ndash"),
        ("\n\n- From", "\n- From"),
        ("- From here", "-  From here"),
    ] {
        assert!(file.contains(from));
        let verdict = verdict(&file.replace(from, to), &[&key]);
        assert!(is_bad(&verdict, "does not match"), "{to}: {verdict:?}");
    }
    assert!(verified_by(&verdict(&file.replace("- From", "From"), &[&key])).is_some());
    let end = file.find("-----BEGIN PGP SIGNATURE").unwrap();
    for at in (0..end).filter(|at| file.as_bytes()[*at].is_ascii_alphanumeric()) {
        let mut changed = file.clone().into_bytes();
        changed[at] ^= 0x01;
        let verdict =
            read_cleartext(&changed).map(|text| text.verify(&[&key.certificate()], now()));
        let header = file[..at].matches('\n').count() == 1;
        assert!(
            header || !matches!(verdict, Ok(SignatureVerdict::Verified { .. })),
            "{at}"
        );
    }
    let unknown = verdict(&file, &[&vendor()]);
    assert!(matches!(&unknown, SignatureVerdict::UnknownSigner { issuers } if issuers.len() == 1));
}

#[test]
fn white_space_at_the_end_of_a_line_is_not_signed() {
    let key = vendor();
    let file = signed(&key, "a  \nb\t");
    let padded = file.replace("\na\n", "\na \t \r\n");
    assert!(verified_by(&verdict(&padded, &[&key])).is_some());
    assert_eq!(read_cleartext(padded.as_bytes()).unwrap().text(), "a\nb");
}

#[test]
fn a_signature_that_cannot_be_read_is_bad() {
    let key = vendor();
    let file = signed(&key, TEXT);
    let begin = file.find("-----BEGIN PGP SIGNATURE").unwrap();
    let with = |body: &str| {
        format!(
            "{}-----BEGIN PGP SIGNATURE-----\n\n{body}\n-----END PGP SIGNATURE-----\n",
            &file[..begin]
        )
    };
    // Nothing, nonsense, a marker packet, and a cut signature.
    for body in ["", "!", "ygNQR1A=", "wnUEARYI"] {
        let verdict = verdict(&with(body), &[&key]);
        assert!(is_bad(&verdict, "cannot be read"), "{body}: {verdict:?}");
        assert!(
            read_cleartext(with(body).as_bytes())
                .unwrap()
                .issuers()
                .is_empty()
        );
    }
}

#[test]
fn signatures_are_bounded_and_one_bad_one_is_enough() {
    let (key, other) = (vendor(), vendor());
    let (one, two) = (signed(&key, TEXT), signed(&other, TEXT));
    let packets = |file: &str| {
        let begin = file.find("-----BEGIN PGP SIGNATURE").unwrap();
        let mut reader = armor::Reader::from_bytes(&file.as_bytes()[begin..], None);
        let mut packets = Vec::new();
        reader.read_to_end(&mut packets).unwrap();
        packets
    };
    let content = frame::canonical(TEXT.trim_end_matches('\n').as_bytes());
    let judge = |packets: &[u8], keys: &[&SecretKey]| {
        let certificates: Vec<_> = keys.iter().map(|key| key.certificate()).collect();
        let certificates: Vec<_> = certificates.iter().collect();
        verify_detached(packets, &content, &certificates, now())
    };
    let both = [packets(&one), packets(&two)].concat();
    let first = Some(key.certificate().fingerprint());
    assert_eq!(verified_by(&judge(&both, &[&key, &other])), first);
    assert_eq!(verified_by(&judge(&both, &[&key])), first);
    let wrong = packets(&signed(&other, "another text"));
    let wrong = [packets(&one), wrong].concat();
    assert!(is_bad(&judge(&wrong, &[&key, &other]), "does not match"));
    assert!(is_bad(&judge(&both.repeat(20), &[&key]), "more than"));
    assert!(is_bad(&judge(b"", &[&key]), "cannot be read"));
}

/// A signature made with whatever `change` does to it.
fn detached(by: &SecretKey, content: &[u8], typ: SignatureType) -> Vec<u8> {
    let mut by = signer(by);
    let signature = SignatureBuilder::new(typ)
        .set_hash_algo(HashAlgorithm::SHA512)
        .set_signature_creation_time(now())
        .unwrap()
        .sign_message(by.key(), content)
        .unwrap();
    let mut packet = Vec::new();
    Packet::from(signature).serialize(&mut packet).unwrap();
    packet
}

#[test]
fn signatures_beside_a_file_are_binary_or_text() {
    let key = vendor();
    let certificate = key.certificate();
    let judge = |signature: &[u8], content: &[u8]| {
        let verdict = verify_detached(signature, content, &[&certificate], now());
        verified_by(&verdict).is_some()
    };
    let binary = detached(&key, b"a\r\nb\n", SignatureType::Binary);
    assert!(judge(&binary, b"a\r\nb\n"));
    assert!(!judge(&binary, b"a\nb\n"));
    let text = detached(&key, b"a\r\nb\r\n", SignatureType::Text);
    assert!(judge(&text, b"a\nb\n") && judge(&text, b"a\r\nb\n"));
    assert!(!judge(&text, b"a\nb"));
    let mut armored = armor::Writer::new(Vec::new(), armor::Kind::Signature).unwrap();
    std::io::Write::write_all(&mut armored, &binary).unwrap();
    assert!(judge(&armored.finalize().unwrap(), b"a\r\nb\n"));
    let unknown = SignatureType::Unknown(0x77);
    assert!(!judge(&detached(&key, b"a", unknown), b"a"));
}

#[test]
fn a_key_that_expired_since_verifies_and_tells_so() {
    let key = key(KeyProfile::Rfc4880, |wanted| {
        wanted.lifetime = Some(3 * DAY);
    });
    let text = signed(&key, TEXT);
    let text = read_cleartext(text.as_bytes()).unwrap();
    let later = now() + 30 * DAY;
    let certificate = key.certificate();
    let verdict = text.verify(&[&certificate], later);
    assert!(verified_by(&verdict).is_some(), "{verdict:?}");
    let mut keys = certificate.keys(later).into_iter();
    let signing = keys
        .find(|key| text.issuers()[0].names(&key.fingerprint))
        .unwrap();
    assert_eq!(signing.condition, crate::openpgp::KeyCondition::Expired);
    let before = text.verify(&[&certificate], now() - 30 * DAY);
    assert!(
        matches!(before, SignatureVerdict::Bad { .. }),
        "it is from the future"
    );
}

#[test]
fn nobody_spoils_a_signature_by_claiming_its_key() {
    let key = vendor();
    let certificate = key.certificate();
    let signing = certificate.cert().keys().subkeys();
    let signing = signing
        .map(|ka| ka.key().clone())
        .find(|k| k.pk_algo().for_signing());
    // A stranger binds the vendor's key to a certificate of their own.
    let stranger = vendor();
    let claimed = certificate_with(&stranger, signing.unwrap().into());
    let text = signed(&key, TEXT);
    let text = read_cleartext(text.as_bytes()).unwrap();
    assert!(text.issuers().iter().all(|name| claimed.has_key(name)));
    let alone = text.verify(&[&claimed], now());
    assert!(matches!(alone, SignatureVerdict::Bad { .. }));
    let both = text.verify(&[&claimed, &certificate], now());
    assert_eq!(verified_by(&both), Some(certificate.fingerprint()));
}

/// The certificate of `owner` with a subkey that its binding does not match.
fn certificate_with(owner: &SecretKey, subkey: Packet) -> Certificate {
    let cert = owner.certificate().cert().clone();
    let binding = cert
        .keys()
        .subkeys()
        .flat_map(|ka| ka.self_signatures())
        .next();
    let binding = Packet::from(binding.unwrap().clone());
    Certificate::new(cert.insert_packets([subkey, binding]).unwrap().0)
}
