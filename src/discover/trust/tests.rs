//! Every case of the decision: voices, pins, typed fingerprints.

use std::{sync::LazyLock, time::Duration};

use super::*;
use crate::{
    discover::{Authority, Kind},
    openpgp::{Certificate, GeneratedKey, generate, read_certificates},
};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn certificate(address: &str, lifetime: Option<Duration>) -> Certificate {
    let mut wanted = GeneratedKey::new("Vendor", address).unwrap();
    wanted.lifetime = lifetime;
    let key = generate(&wanted, now() - Duration::from_hours(48)).unwrap();
    read_certificates("test", &key.certificate)
        .unwrap()
        .remove(0)
}

/// The vendor's key, another for the same address, a colleague's, and one that expired.
static KEYS: LazyLock<[Certificate; 4]> = LazyLock::new(|| {
    [
        certificate("security@example.org", None),
        certificate("security@example.org", None),
        certificate("somebody@example.org", None),
        certificate("security@example.org", Some(Duration::from_hours(24))),
    ]
});
const GOOD: usize = 0;
const OTHER: usize = 1;
const COLLEAGUE: usize = 2;
const EXPIRED: usize = 3;

fn fingerprint(key: usize) -> Fingerprint {
    KEYS[key].fingerprint()
}

/// What `kind` at `host` says: for reports as such, or for an address.
fn says(kind: Kind, host: &str, keys: &[usize]) -> Statement {
    let address = match (kind, keys) {
        (Kind::Wkd | Kind::Vks, [COLLEAGUE]) => Some("somebody@example.org"),
        (Kind::Wkd | Kind::Vks, _) => Some("security@example.org"),
        _ => None,
    };
    Statement {
        kind,
        at: format!("https://{host}/"),
        address: address.map(|address| address.parse().unwrap()),
        authority: Authority::Web {
            host: host.to_owned(),
            peers: Vec::new(),
        },
        given: address == Some("security@example.org"),
        standing: Standing::Vouches,
        keys: keys.iter().map(|key| fingerprint(*key)).collect(),
    }
}

fn decided(statements: &[Statement], pin: Option<usize>, typed: Option<usize>) -> String {
    let evidence = Evidence {
        statements: statements.to_vec(),
        certificates: KEYS.to_vec(),
    };
    let known = Known {
        typed: typed.map(fingerprint),
        pinned: pin.map(fingerprint).into_iter().collect(),
        mailbox: None,
    };
    match decide(&evidence, &known, now()) {
        Err(stop) => stop.code().to_owned(),
        Ok(decision) => {
            let key = decision.recipient().certificate().fingerprint();
            let key = KEYS.iter().position(|known| known.fingerprint() == key);
            format!("{} {}", decision.code(), key.unwrap())
        }
    }
}

/// The file of the vendor's site, and a second voice.
fn file(keys: &[usize]) -> Statement {
    says(Kind::SecurityTxt, "example.org", keys)
}

fn second(keys: &[usize]) -> Statement {
    says(Kind::Vks, "keys.example.net", keys)
}

#[test]
fn what_two_voices_say() {
    let void = Statement {
        standing: Standing::Void("expired".to_owned()),
        ..file(&[GOOD])
    };
    let carried = Statement {
        standing: Standing::Carries,
        ..second(&[GOOD])
    };
    for (statements, expected) in [
        (vec![], "no-key"),
        (vec![file(&[GOOD])], "one-source 0"),
        (vec![second(&[GOOD])], "one-source 0"),
        (vec![file(&[GOOD]), second(&[GOOD])], "agreed 0"),
        (vec![file(&[GOOD]), second(&[OTHER])], "disagree"),
        (vec![file(&[GOOD, OTHER]), second(&[OTHER])], "agreed 1"),
        (vec![file(&[GOOD, OTHER])], "several-keys"),
        (vec![file(&[EXPIRED])], "unusable"),
        (vec![file(&[EXPIRED]), second(&[GOOD])], "one-source 0"),
        (vec![file(&[EXPIRED, GOOD]), second(&[GOOD])], "agreed 0"),
        (vec![void.clone()], "not-believed"),
        (vec![void, second(&[GOOD])], "one-source 0"),
        (vec![carried.clone()], "nobody-vouches"),
        (vec![file(&[GOOD]), carried], "one-source 0"),
        // A colleague's key is beside the point, unless it is all there is.
        (
            vec![file(&[GOOD]), second(&[GOOD]), second(&[COLLEAGUE])],
            "agreed 0",
        ),
        (vec![second(&[COLLEAGUE])], "one-source 2"),
    ] {
        assert_eq!(
            decided(&statements, None, None),
            expected,
            "{statements:#?}"
        );
    }
}

#[test]
fn two_names_of_one_site_are_one_voice() {
    let wkd = says(Kind::Wkd, "openpgpkey.example.org", &[GOOD]);
    assert_eq!(
        decided(&[file(&[GOOD]), wkd.clone()], None, None),
        "one-source 0"
    );
    assert_eq!(decided(&[file(&[OTHER]), wkd], None, None), "disagree");
}

#[test]
fn a_pin_is_never_replaced_by_what_is_published() {
    for (statements, expected) in [
        (vec![], "pinned 0"),
        (vec![file(&[GOOD])], "pinned 0"),
        (vec![file(&[OTHER]), second(&[GOOD])], "pinned 0"),
        (vec![file(&[OTHER])], "pin-changed"),
        (vec![file(&[OTHER]), second(&[OTHER])], "pin-changed"),
        (vec![file(&[EXPIRED])], "pinned 0"),
    ] {
        assert_eq!(
            decided(&statements, Some(GOOD), None),
            expected,
            "{statements:#?}"
        );
    }
    assert_eq!(decided(&[], Some(EXPIRED), None), "pin-unusable");
    assert_eq!(
        decided(&[file(&[EXPIRED])], Some(EXPIRED), None),
        "pin-unusable"
    );
}

#[test]
fn a_typed_fingerprint_settles_all_but_fitness() {
    let conflict = [file(&[GOOD]), second(&[OTHER])];
    assert_eq!(decided(&conflict, None, Some(OTHER)), "typed 1");
    assert_eq!(decided(&conflict, Some(GOOD), Some(OTHER)), "typed 1");
    assert_eq!(decided(&conflict, None, Some(EXPIRED)), "unusable");
    let elsewhere = Known {
        typed: Some("00".repeat(20).parse().unwrap()),
        pinned: vec![],
        mailbox: None,
    };
    let stop = decide(&Evidence::default(), &elsewhere, now()).unwrap_err();
    assert_eq!(stop.code(), "not-found");
}

/// Promise 2 over every pair: where two voices name different keys, none is used unasked.
#[test]
fn no_pair_of_voices_gives_a_key_that_one_of_them_denies() {
    let sets: [&[usize]; 6] = [
        &[],
        &[GOOD],
        &[OTHER],
        &[EXPIRED],
        &[GOOD, EXPIRED],
        &[OTHER, EXPIRED],
    ];
    for one in sets {
        for other in sets {
            let statements = [file(one), second(other)];
            let statements: Vec<_> = statements
                .into_iter()
                .filter(|s| !s.keys.is_empty())
                .collect();
            let decided = decided(&statements, None, None);
            let usable = |keys: &[usize]| keys.iter().copied().find(|key| *key != EXPIRED);
            match (usable(one), usable(other)) {
                (Some(a), Some(b)) if a != b => assert_eq!(decided, "disagree"),
                (Some(a), Some(_)) => assert_eq!(decided, format!("agreed {a}")),
                (Some(a), None) | (None, Some(a)) => {
                    assert_eq!(decided, format!("one-source {a}"));
                }
                (None, None) => assert!(["no-key", "unusable"].contains(&decided.as_str())),
            }
        }
    }
}

/// Of a typed mailbox its own key is meant, whatever key the vendor's site has for reports.
#[test]
fn a_mailbox_has_its_own_key() {
    let decided = |statements: &[Statement], mailbox: &str| {
        let evidence = Evidence {
            statements: statements.to_vec(),
            certificates: KEYS.to_vec(),
        };
        let known = Known {
            mailbox: Some(mailbox.to_owned()),
            ..Known::default()
        };
        decide(&evidence, &known, now()).map(|decision| {
            let certificate = decision.recipient().certificate().fingerprint();
            KEYS.iter()
                .position(|known| known.fingerprint() == certificate)
        })
    };
    let own = Statement {
        given: true,
        ..second(&[COLLEAGUE])
    };
    let somebody = "somebody@example.org";
    assert_eq!(
        decided(&[file(&[GOOD]), own], somebody),
        Ok(Some(COLLEAGUE))
    );
    assert_eq!(decided(&[file(&[GOOD])], somebody), Ok(Some(GOOD)));
    // A page that offers another key for that very mailbox stands against it.
    let stop = decided(&[file(&[OTHER]), second(&[GOOD])], "security@example.org");
    assert_eq!(stop.unwrap_err().code(), "disagree");
}
