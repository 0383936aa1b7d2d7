//! Peers that follow RFC 9580: sq, rsop and OpenPGP.js read both containers, and `open` reads what
//! they encrypt.

use super::peer::{BOTH, Kind, Means, Peer, Version};

#[test]
#[ignore = "needs sq; .ci/run runs it"]
fn sq_reads_what_is_sealed() {
    let Some(peer) = Peer::find(Kind::Sq) else {
        return;
    };
    peer.vendor_key("rfc4880");
    peer.vendor_key("rfc9580");
    peer.own_key("own4", Version::One);
    peer.own_key("own6", Version::Two);
    peer.reads(Means::Key("rfc4880"), &[Version::One]);
    peer.reads(Means::Key("rfc9580"), &BOTH);
    peer.reads(Means::Key("own4"), &BOTH);
    peer.reads(Means::Key("own6"), &BOTH);
    peer.reads(Means::Key(&peer.locked_key("rfc9580")), &[Version::Two]);
    peer.reads(Means::Passphrase, &BOTH);
}

#[test]
#[ignore = "needs rsop; .ci/run runs it"]
fn rsop_reads_what_is_sealed() {
    let Some(peer) = Peer::find(Kind::Rsop) else {
        return;
    };
    for profile in ["rfc4880", "rfc9580", "pqc"] {
        peer.vendor_key(profile);
    }
    peer.reads(Means::Key("rfc4880"), &[Version::One]);
    peer.reads(Means::Key("rfc9580"), &BOTH);
    peer.reads(Means::Key("pqc"), &BOTH);
    peer.reads(Means::Key(&peer.locked_key("pqc")), &[Version::Two]);
    for (name, profile) in RSOP_KEYS {
        peer.rsop_key(name, profile);
        peer.reads(Means::Key(name), &[peer.container(name)]);
    }
    peer.reads(Means::Passphrase, &BOTH);
}

#[test]
#[ignore = "needs OpenPGP.js; .ci/run runs it"]
fn openpgpjs_reads_what_is_sealed() {
    let Some(peer) = Peer::find(Kind::OpenPgpJs) else {
        return;
    };
    peer.vendor_key("rfc4880");
    peer.own_key("own4", Version::One);
    peer.own_key("own6", Version::Two);
    peer.reads(Means::Key("rfc4880"), &[Version::One]);
    peer.reads(Means::Key("own4"), &[Version::One]);
    peer.reads(Means::Key("own6"), &BOTH);
    peer.reads(Means::Key(&peer.locked_key("rfc4880")), &[Version::One]);
    peer.reads(Means::Passphrase, &BOTH);
    // It parses no secret key of which a part is kept elsewhere, though RFC 9580 section 10.2 has
    // public subkeys beside secret ones; for GnuPG version 4 marks them with a secret stub.
    peer.vendor_key("rfc9580");
    peer.seal(Means::Key("rfc9580"), Version::Two);
    peer.decrypt(Means::Key("rfc9580"), "sealed.pgp", "sealed.tar", None)
        .fails(1, "Unexpected packet type: 14");
}

#[test]
#[ignore = "needs sq; .ci/run runs it"]
fn what_sq_encrypts_is_opened() {
    let Some(peer) = Peer::find(Kind::Sq) else {
        return;
    };
    peer.vendor_key("rfc4880");
    peer.vendor_key("rfc9580");
    peer.own_key("own6", Version::Two);
    peer.is_read(Means::Key("rfc4880"), Version::One);
    peer.is_read(Means::Key("rfc9580"), Version::Two);
    peer.is_read(Means::Key("own6"), Version::Two);
    peer.is_read(Means::Passphrase, Version::One);
    peer.is_read(Means::Passphrase, Version::Two);
    for compression in ["zip", "zlib", "bzip2", "none"] {
        let line = format!(
            "--batch --overwrite encrypt --for-file rfc9580.asc --compression {compression} \
             --signer-file own6.sec --output signed.pgp noise.bin"
        );
        peer.run(&line).ok();
        peer.desk
            .sealpost("open signed.pgp --key rfc9580.sec --signer own6.asc -o signed")
            .says("verified (a certificate that you named)");
        let files = peer.desk.files("signed");
        assert_eq!(
            files.into_values().next(),
            Some(peer.desk.read("noise.bin"))
        );
        std::fs::remove_dir_all(peer.desk.path("signed")).unwrap();
    }
}

#[test]
#[ignore = "needs rsop; .ci/run runs it"]
fn what_rsop_encrypts_is_opened() {
    let Some(peer) = Peer::find(Kind::Rsop) else {
        return;
    };
    for profile in ["rfc4880", "rfc9580", "pqc"] {
        peer.vendor_key(profile);
        peer.is_read(Means::Key(profile), peer.container(profile));
    }
    for (name, profile) in RSOP_KEYS {
        peer.rsop_key(name, profile);
        peer.is_read(Means::Key(name), peer.container(name));
    }
    peer.is_read(Means::Passphrase, Version::One);
    peer.is_read(Means::Passphrase, Version::Two);
}

#[test]
#[ignore = "needs OpenPGP.js; .ci/run runs it"]
fn what_openpgpjs_encrypts_is_opened() {
    let Some(peer) = Peer::find(Kind::OpenPgpJs) else {
        return;
    };
    for profile in ["rfc4880", "rfc9580"] {
        peer.vendor_key(profile);
        peer.is_read(Means::Key(profile), peer.container(profile));
    }
    peer.own_key("own4", Version::One);
    peer.own_key("own6", Version::Two);
    peer.is_read(Means::Key("own4"), Version::One);
    peer.is_read(Means::Key("own6"), Version::Two);
    peer.is_read(Means::Passphrase, Version::One);
    peer.is_read(Means::Passphrase, Version::Two);
}

/// sq needs OpenSSL 3.5 for it, and OpenPGP.js 6 does not have it.
#[test]
#[ignore = "needs sq; .ci/run runs it"]
fn who_cannot_do_post_quantum_says_so() {
    for kind in [Kind::Sq, Kind::OpenPgpJs] {
        let Some(peer) = Peer::find(kind) else {
            return;
        };
        peer.vendor_key("pqc");
        peer.desk.seal("--key pqc.asc -o sealed.pgp").ok();
        peer.decrypt(Means::Key("pqc"), "sealed.pgp", "sealed.tar", None)
            .fails_somehow();
    }
}

/// Whatever is sealed is a whole number of chunks here, one byte more there: no peer may notice.
#[test]
#[ignore = "needs sq, rsop and OpenPGP.js; .ci/run runs it"]
fn every_peer_reads_every_size() {
    let peers: Vec<_> = [Kind::Sq, Kind::Rsop, Kind::OpenPgpJs]
        .into_iter()
        .filter_map(Peer::find)
        .collect();
    let Some(first) = peers.first() else {
        return;
    };
    first.desk.write("tall.md", REPORT.as_bytes());
    for size in SIZES {
        first.desk.write("one", &vec![size.to_be_bytes()[7]; size]);
        for version in BOTH {
            let profile = version.profile();
            let line = format!(
                "seal tall.md -a one --passphrase --passphrase-file passphrase --profile {profile} --unsigned --force -o all.pgp"
            );
            first.desk.sealpost(&line).ok();
            for peer in &peers {
                peer.desk.write("all.pgp", &first.desk.read("all.pgp"));
                peer.decrypt(Means::Passphrase, "all.pgp", "all.tar", None)
                    .ok();
                peer.desk.untar("all.tar", "all");
                let content = peer.desk.read("all/attachments/one");
                let expected = first.desk.read("one");
                assert!(content == expected, "{:?}: {size}, {version:?}", peer.kind);
                std::fs::remove_dir_all(peer.desk.path("all")).unwrap();
            }
        }
    }
}

#[test]
#[ignore = "needs sq, rsop and OpenPGP.js; .ci/run runs it"]
fn p05_every_peer_refuses_what_is_refused_here() {
    for kind in [Kind::Sq, Kind::Rsop, Kind::OpenPgpJs] {
        let Some(peer) = Peer::find(kind) else {
            continue;
        };
        for version in BOTH {
            peer.seal(Means::Passphrase, version);
            let whole = peer.desk.read("sealed.pgp");
            let (half, last) = (whole.len() / 2, whole.len() - 1);
            let mut flipped = whole.clone();
            flipped[half] ^= 1;
            for bytes in [&whole[..last], &whole[..half], &flipped[..]] {
                peer.desk.write("damaged.pgp", bytes);
                peer.decrypt(Means::Passphrase, "damaged.pgp", "no.tar", None)
                    .fails_somehow();
                peer.desk
                    .sealpost("--passphrase-file passphrase open damaged.pgp -o never")
                    .fails(5, "damaged");
                assert!(!peer.desk.path("never").exists());
            }
        }
    }
}

/// Names, and the profiles of rsop that make those keys.
const RSOP_KEYS: [(&str, &str); 4] = [
    ("v4", "default"),
    ("v6", "performance"),
    ("v6pq", "security"),
    ("v4pq", "rfc9980-v4"),
];

const MIB: usize = 1 << 20;

/// Around the sizes of buffers, chunks and partial bodies.
const SIZES: [usize; 9] = [
    0,
    3_500,
    65_536,
    262_144,
    MIB - 5_000,
    MIB,
    2 * MIB,
    4 * MIB + 1,
    9 * MIB,
];

const REPORT: &str = "---\ntitle: T\nassets:\n  - https://example.org/\n---\n";
