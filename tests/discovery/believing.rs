//! Promise 27 at the door: a security.txt is judged by its place, its date and its signature, and what is void names no key.

use crate::{
    bench::TEXT,
    scenes::{
        CONTACT, KEYS, LINK, Place, WELL_KNOWN, World, YES, impostor, security_txt, side_by_side,
        vendor,
    },
};

/// A security.txt, whether it is void, its signature, and a finding.
struct Judged {
    text: String,
    void: Option<&'static str>,
    signature: &'static str,
    finding: Option<&'static str>,
}

fn judged(
    text: impl Into<String>,
    void: Option<&'static str>,
    signature: &'static str,
    finding: Option<&'static str>,
) -> Judged {
    let text = text.into();
    Judged {
        text,
        void,
        signature,
        finding,
    }
}

/// Files as a site may serve them, beside the vendor's own certificate.
fn files() -> Vec<Judged> {
    let own = "Canonical: https://example.test/.well-known/security.txt";
    let foreign = "Canonical: https://elsewhere.test/.well-known/security.txt";
    let base = [CONTACT, LINK];
    let with = |more: &[&str]| security_txt(&[&base[..], more].concat());
    let signed = vendor().sign(&with(&[own]));
    let past = "Expires: 2020-01-01T00:00:00Z";
    vec![
        judged(with(&[]), None, "unsigned", Some("unsigned")),
        judged(with(&[own]), None, "unsigned", None),
        judged(with(&[foreign, own]), None, "unsigned", None),
        judged(
            with(&[foreign]),
            Some("says that it belongs at"),
            "unsigned",
            Some("canonical-mismatch"),
        ),
        judged(
            with(&[past]),
            Some("expired"),
            "unsigned",
            Some("expires-repeated"),
        ),
        judged(
            format!("{CONTACT}\n{LINK}\n{past}\n"),
            Some("expired"),
            "unsigned",
            Some("expired"),
        ),
        judged(
            format!("{CONTACT}\n{LINK}\n"),
            None,
            "unsigned",
            Some("expires-missing"),
        ),
        judged(&*signed, None, "verified", None),
        judged(impostor().sign(&with(&[own])), None, "unknown-signer", None),
        judged(
            vendor().sign(&with(&[foreign])),
            Some("says that it belongs at"),
            "verified",
            None,
        ),
        judged(
            signed.replace("/key.asc", "/key.asc?"),
            Some("its signature is bad"),
            "bad",
            None,
        ),
        judged(
            format!("Contact: mailto:evil@evil.test\n{signed}"),
            None,
            "verified",
            Some("text-outside-signature"),
        ),
    ]
}

#[test]
fn p27_a_file_is_judged_by_its_place_its_date_and_its_signature() {
    side_by_side(&files(), 4, |file| {
        let world = World::new();
        world.publish(Place::Link, Some(&vendor().certificate));
        world.site().serve(WELL_KNOWN, TEXT, &file.text);
        let found = world.find(0, &["example.test"]);
        let read = &found["security_txt"];
        let what = format!("{}\n{found:#}", file.text);
        assert_eq!(read["signature"], file.signature, "{what}");
        let void = read["void"].as_str();
        assert_eq!(void.is_some(), file.void.is_some(), "{what}");
        assert!(
            void.unwrap_or_default()
                .contains(file.void.unwrap_or_default()),
            "{what}"
        );
        let findings = read["findings"].as_array().unwrap().iter();
        let mut codes = findings.map(|finding| finding["code"].as_str().unwrap());
        assert!(
            file.finding
                .is_none_or(|wanted| codes.any(|code| code == wanted)),
            "{what}"
        );
        let standing = if file.void.is_some() {
            "void"
        } else {
            "vouches"
        };
        assert_eq!(
            found["candidates"][0]["sources"][0]["standing"], standing,
            "{what}"
        );
        let signer = read["signed_by"].as_str();
        let verified = file.signature == "verified";
        assert_eq!(
            signer,
            verified.then_some(vendor().fingerprint.as_str()),
            "{what}"
        );
        // What stands outside a signature is nobody's word.
        assert!(
            !found["contacts"].to_string().contains("evil.test"),
            "{what}"
        );
        let sealed = world.seal(&[YES]);
        let code = if file.void.is_some() { 3 } else { 0 };
        assert_eq!(sealed.code, Some(code), "{what}: {}", sealed.stderr);
    });
}

/// A signature whose frame is damaged is a fault of the file; without its signature the file would say the same.
#[test]
fn p27_a_damaged_signature_is_told() {
    let world = World::new();
    world.publish(Place::Link, Some(&vendor().certificate));
    let signed = vendor().sign(&security_txt(&[CONTACT, LINK]));
    let cut = signed.split("-----BEGIN PGP SIGNATURE").next().unwrap();
    world
        .site()
        .serve(WELL_KNOWN, TEXT, cut)
        .serve("/key.asc", KEYS, &vendor().certificate);
    let found = world.find(0, &["example.test"]);
    let findings = found["security_txt"]["findings"].to_string();
    assert!(findings.contains("signature-damaged"), "{found:#}");
    assert_eq!(found["security_txt"]["strict"], false);
}
