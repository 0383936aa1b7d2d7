//! The door of the intake, over every cut, every split and real messages.

use std::{
    io::{Cursor, Read, Write},
    sync::LazyLock,
};

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{state::MAX_BEFORE, *};
use crate::openpgp::{
    Container, Envelope,
    fixtures::{keys, now},
    outside::Outside,
};

type Verdict = Result<Recipients, NotAdmitted>;

/// What becomes of a message that comes in these pieces; after each, another process goes on.
fn pieces<'a>(doorkeeper: &Doorkeeper, pieces: impl IntoIterator<Item = &'a [u8]>) -> Verdict {
    let mut admission = doorkeeper.begin();
    for piece in pieces {
        admission.feed(piece)?;
        admission = doorkeeper.resume(&admission.save()).unwrap();
    }
    admission.finish()
}

fn whole(doorkeeper: &Doorkeeper, message: &[u8]) -> Verdict {
    let mut admission = doorkeeper.begin();
    admission.feed(message)?;
    admission.finish()
}

fn seal(envelope: &Envelope, content: &[u8]) -> Vec<u8> {
    let mut sealing = envelope.seal(Vec::new(), None, now()).unwrap();
    sealing.write_all(content).unwrap();
    sealing.finish().unwrap()
}

/// Messages that are let in by the doorkeeper of both certificates, each with its doorkeeper.
static ADMITTED: LazyLock<Vec<(Doorkeeper, Vec<u8>)>> = LazyLock::new(|| {
    let [old, new] = keys().map(|key| key.certificate());
    let to = |certificates: &[&Certificate], container| {
        let recipients = certificates
            .iter()
            .map(|certificate| certificate.verdict(now()).recipient().unwrap());
        Envelope::to(recipients.collect(), container).unwrap()
    };
    let large = vec![7; 300_000];
    vec![
        (Doorkeeper::of(&old), seal(&to(&[&old], None), b"x")),
        (Doorkeeper::of(&old), seal(&to(&[&old], None), &large)),
        (Doorkeeper::of(&new), seal(&to(&[&new], None), b"")),
        (Doorkeeper::of(&new), seal(&to(&[&new], None), &large)),
        (
            Doorkeeper::of(&new),
            seal(&to(&[&new], Some(Container::Seipdv1)), b"x"),
        ),
        // Hidden, so that both doorkeepers let it in.
        (Doorkeeper::of(&new), seal(&to(&[&old, &new], None), b"x")),
        (Doorkeeper::of(&old), seal(&to(&[&old, &old], None), b"x")),
    ]
});

#[test]
fn lets_in_what_is_sealed_to_the_key_and_says_to_which() {
    let [old, new] = keys().map(|key| key.certificate());
    for (number, (doorkeeper, message)) in ADMITTED.iter().enumerate() {
        let recipients = whole(doorkeeper, message).unwrap();
        assert_eq!(recipients, opened(message).unwrap(), "message {number}");
        let named = doorkeeper.named(&recipients);
        assert_eq!(named.len(), recipients.keys.len(), "message {number}");
        assert_eq!(whole(&Doorkeeper::anyone(), message), Ok(recipients));
    }
    let elsewhere = whole(&Doorkeeper::of(&new), &ADMITTED[0].1);
    let Err(NotAdmitted::OtherKey { recipients }) = elsewhere else {
        panic!("{elsewhere:?}");
    };
    let fingerprint = old.cert().keys().last().unwrap().key().fingerprint();
    assert!(fingerprint.to_hex().ends_with(&recipients));
}

#[test]
fn passphrases_open_nothing_at_an_intake() {
    for container in [Container::Seipdv1, Container::Seipdv2] {
        let passphrase = Zeroizing::new("correct horse".to_owned()).into();
        let message = seal(&Envelope::with_passphrase(passphrase, container), b"x");
        let [old, _] = keys().map(|key| key.certificate());
        let refused = whole(&Doorkeeper::of(&old), &message);
        assert_eq!(refused, Err(NotAdmitted::PassphraseOnly));
        let anyone = whole(&Doorkeeper::anyone(), &message).unwrap();
        assert_eq!((anyone.passphrases, anyone.keys.len()), (1, 0));
    }
}

#[test]
fn every_cut_is_noticed_and_so_is_every_byte_behind_the_end() {
    for (doorkeeper, message) in ADMITTED.iter() {
        let mut admission = doorkeeper.begin();
        for (length, byte) in message.iter().enumerate() {
            if length < 2000 || length % 997 == 0 || length + 300 > message.len() {
                let cut = doorkeeper.resume(&admission.save()).unwrap().finish();
                let why = if length == 0 {
                    NotAdmitted::Empty
                } else {
                    NotAdmitted::CutShort
                };
                assert_eq!(cut, Err(why), "cut at {length}");
            }
            admission.feed(&[*byte]).unwrap();
        }
        for behind in [&b"\n"[..], message, &[0xca, 3, b'P', b'G', b'P']] {
            let longer = [message, behind].concat();
            assert_eq!(whole(doorkeeper, &longer), Err(NotAdmitted::Trailing));
        }
        assert!(admission.finish().is_ok());
    }
}

#[test]
fn refuses_with_a_reason_that_helps() {
    let partial = [&[0xd2, 0xe8][..], &[1; 300]].concat();
    for (bytes, why) in [
        (&b"-----BEGIN PGP MESSAGE-----\n"[..], NotAdmitted::Armored),
        (b"PK\x03\x04", NotAdmitted::NotOpenPgp),
        (&[0xff, 0xd8, 0xff, 0xe0], NotAdmitted::NotOpenPgp),
        (&[0x98, 0x33, 4], NotAdmitted::Key),
        (&[0xc5, 0x33, 4], NotAdmitted::Key),
        (&[0xcb, 7, b'b', 0], NotAdmitted::NotEncrypted),
        (&[0x88, 7], NotAdmitted::NotEncrypted),
        (&[0xa3, 1, 2], NotAdmitted::Compressed),
        (&[0xa4, 20, 2], NotAdmitted::OldContainer),
        (&[0xd4, 90, 1], NotAdmitted::GnuPgContainer),
        (&[0xd2, 90, 3], NotAdmitted::UnknownContainer),
        (&[0xd2, 90, 1], NotAdmitted::Nobody),
        (
            &partial,
            NotAdmitted::Malformed("its first part is too short"),
        ),
        (
            &[0xd2, 0],
            NotAdmitted::Malformed("there is nothing in its container"),
        ),
        (
            &[0xc1, 0xe9],
            NotAdmitted::Malformed("a packet other than the container comes in parts"),
        ),
        (&[0x87], NotAdmitted::Malformed("a packet in it has no end")),
        (&[0xc1, 0xff, 0, 1, 0, 0], NotAdmitted::TooMuchBefore),
        (
            &[0xca, 3, b'P', b'G', b'P', 0xcd],
            NotAdmitted::Malformed("something has no place before its container"),
        ),
    ] {
        for doorkeeper in [Doorkeeper::anyone(), ADMITTED[0].0.clone()] {
            let refused = whole(&doorkeeper, bytes);
            assert_eq!(refused, Err(why.clone()), "{bytes:x?}");
        }
    }
}

#[test]
fn what_nobody_opens_is_not_kept() {
    let (doorkeeper, message) = &ADMITTED[3];
    let head = message.windows(4).position(|bytes| bytes == [2, 9, 2, 10]);
    let head = head.unwrap();
    for (place, octet) in [(0, 3), (1, 2), (1, 14), (2, 4), (3, 17)] {
        let mut message = message.clone();
        message[head + place] = octet;
        let refused = whole(doorkeeper, &message);
        assert_eq!(refused, Err(NotAdmitted::UnknownContainer));
    }
    // A session key for the other container opens nothing.
    let mut message = message.clone();
    message[head] = 1;
    assert_eq!(whole(doorkeeper, &message), Err(NotAdmitted::Nobody));
}

#[test]
fn nothing_is_let_in_that_open_would_refuse_at_once() {
    for which in [0, 2, 6] {
        let (doorkeeper, message) = &ADMITTED[which];
        for place in 0..message.len().min(250) {
            for octet in (0..=255).step_by(5).chain([1, 2, 3, 168, 202]) {
                let mut damaged = message.clone();
                damaged[place] = octet;
                let verdict = whole(doorkeeper, &damaged);
                let agrees = verdict.is_err() || opened(&damaged).is_some();
                assert!(agrees, "message {which}: {octet} at {place}");
            }
        }
    }
}

#[test]
fn a_refusal_stays() {
    let mut admission = Doorkeeper::anyone().begin();
    assert!(admission.feed(b"x").is_err());
    assert!(admission.feed(&ADMITTED[0].1).is_err());
    assert!(admission.finish().is_err());
}

#[test]
fn markers_and_padding_are_passed_over() {
    let (doorkeeper, message) = &ADMITTED[0];
    let around = [
        &[0xca, 3, b'P', b'G', b'P', 0xd5, 2, 0, 0, 0xd5, 0],
        &message[..],
    ]
    .concat();
    assert!(whole(doorkeeper, &around).is_ok());
}

#[test]
fn what_is_kept_is_bounded() {
    let doorkeeper = Doorkeeper::anyone();
    // Session keys that name nobody, each as small as the parser takes one.
    let pkesk = [0xc1, 13, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1];
    let mut admission = doorkeeper.begin();
    let fed = admission.feed(&pkesk.repeat(4000));
    assert_eq!(fed, Err(NotAdmitted::TooMany));
    let padding = [&[0xd5, 0xff, 0, 0, 0xff, 0xf0][..], &vec![0; 0xfff0]].concat();
    let mut admission = doorkeeper.begin();
    let mut most = 0;
    for byte in padding {
        admission.feed(&[byte]).unwrap();
        most = most.max(admission.state.pending.len());
    }
    assert!(most <= MAX_BEFORE && admission.save().len() < 200);
    assert_eq!(
        admission.feed(&[0xd5, 100]),
        Err(NotAdmitted::TooMuchBefore)
    );
}

#[test]
fn only_what_was_saved_is_resumed() {
    let doorkeeper = Doorkeeper::anyone();
    for bad in [
        &b""[..],
        b"{}",
        br#"{"place":{"Small":{"size":9999999}},"pending":"","before":0,"session_keys":[],"passphrases":0,"version":0,"body":0}"#,
        br#"{"place":"End","pending":"YQ==","before":0,"session_keys":[],"passphrases":0,"version":0,"body":0}"#,
    ] {
        assert!(doorkeeper.resume(bad).is_err());
    }
}

/// What the reader of `open` says of the outside, and of the body's end.
fn opened(message: &[u8]) -> Option<Recipients> {
    let mut outside = Outside::read(Cursor::new(message.to_vec())).ok()?;
    std::io::copy(&mut outside.body.by_ref(), &mut std::io::sink()).ok()?;
    Some(Recipients::of(&outside.pkesks, outside.skesks.len()))
}

proptest! {
    #[test]
    fn any_pieces_give_the_same_verdict(
        which in 0..7_usize,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let (doorkeeper, message) = &ADMITTED[which];
        let mut message = message.clone();
        let head = message.len().min(400);
        for (place, byte) in changes {
            message[place.index(head)] = byte;
        }
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(message.len())).collect();
        cuts.extend([0, message.len()]);
        cuts.sort_unstable();
        let parts = cuts.windows(2).map(|pair| &message[pair[0]..pair[1]]);
        let verdict = pieces(doorkeeper, parts);
        prop_assert_eq!(&verdict, &whole(doorkeeper, &message));
        prop_assert_eq!(&verdict, &pieces(doorkeeper, message[..head].chunks(1).chain([&message[head..]])));
        // Nothing is let in that `open` would not begin to open.
        if let Ok(recipients) = verdict {
            let outside = opened(&message).unwrap();
            prop_assert!(recipients.keys.iter().all(|key| outside.keys.contains(key)));
        }
    }

    #[test]
    fn never_panics(bytes: Vec<u8>, saved: String) {
        let doorkeeper = Doorkeeper::anyone();
        let _verdict = whole(&doorkeeper, &bytes);
        let _state = doorkeeper.resume(saved.as_bytes());
    }
}

/// Real messages: what is let in is what `open` begins to open.
#[test]
fn agrees_with_open_on_the_corpus() {
    let Some(corpus) = std::env::var_os("SEALPOST_CORPUS") else {
        println!("skipped: SEALPOST_CORPUS is not set");
        return;
    };
    let mut folders = vec![std::path::PathBuf::from(corpus).join("openpgp")];
    let (mut admitted, mut files) = (0, 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let message = binary(std::fs::read(&path).unwrap());
            let verdict = whole(&Doorkeeper::anyone(), &message);
            let outside = opened(&message);
            match (&verdict, &outside) {
                (Ok(recipients), Some(outside)) => assert_eq!(recipients, outside, "{path:?}"),
                (Err(_), None) => {}
                (Err(why), Some(_)) => println!("{}: {why}", path.display()),
                (Ok(_), None) => panic!("{path:?} is let in, and cannot be opened"),
            }
            admitted += usize::from(verdict.is_ok());
        }
    }
    println!("{admitted} of {files} files are let in");
    assert!(admitted > 50);
}

/// Without the armour, if there is one.
fn binary(bytes: Vec<u8>) -> Vec<u8> {
    let is_armored = bytes.first().is_some_and(|octet| octet & 0x80 == 0);
    let mut content = Vec::new();
    let read = sequoia_openpgp::armor::Reader::from_bytes(&bytes, None).read_to_end(&mut content);
    if is_armored && read.is_ok() {
        content
    } else {
        bytes
    }
}
